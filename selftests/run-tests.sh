#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run-tests.sh: runs the tests as root on a machine with the module loaded.
#
# usage: run-tests.sh [NAME…]        (none: all)
#        run-tests.sh --part K/N     the K-th of N parts of all, for N machines
# Prints KTAP version 1: a line for each program or script, its output before
# that as comments. A test fails too if the kernel complains while it runs.
# Exit: 0 all passed or were skipped, 1 not.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The last one unloads the module that all others have used, which must find
# that everything was given back: each part ends with it.
all=(bytes bytes-xfs.sh segments.sh errors errors32 args args32 socket streams
	tls families file-changes retransmit.sh residency fallback.sh recycle
	disk-errors.sh medium-error.sh async async-end async-pass async-crowd many hybrid drop drop-held drop-cpus drop-mounts
	residue residue-xfs.sh blocks.sh largest.sh refault.sh park ahead pinned limits slow-peers threads auto doorkeeper switches pressure.sh faults.sh edge.sh starved.sh counts.sh table.sh rows netlink
	rules.sh rules-budget.sh rules-files.sh admission.sh trace.sh views.sh events.sh cli.sh library library.sh shim.sh seccomp.sh random
	holders rights stuck stalled lock-held stale.sh alloc-fail alloc-fail-send alloc-fail-insmod.sh fuzz/fuzz.sh soak.sh rmmod.sh)

# part K N: every N-th name but the last, from the K-th on; and the last.
part() {
	local i
	for ((i = $1 - 1; i < ${#all[@]} - 1; i += $2)); do echo "${all[i]}"; done
	echo "${all[-1]}"
}

passed=0 failed=0 skipped=0 number=0
# shellcheck source=settings
. "$selftests/settings"
timeout=${COLDSEND_TIMEOUT:-$timeout}

# Seconds after a kill that a process may take to go.
grace=15

find_test() {
	local path
	for path in "$selftests/$1" "$programs/$1"; do
		[ -f "$path" ] && [ -x "$path" ] && echo "$path" && return
	done
	return 1
}

# Not every kernel runs 32-bit programs. (Listing its cases does nothing else.)
runs_here() {
	case $1 in
	*32)	"$1" -l >/dev/null 2>&1 || [ $? != 126 ] ;;
	esac
}

# shellcheck disable=SC2317 # called by within
gone() { ! kill -0 "$1" 2>/dev/null; }

# Everything of a test's session, children in process groups of their own too.
kill_session() { pkill -KILL -s "$1" || true; }

# Seconds that test NAME has: how long it was asked to run comes on top.
deadline_of() {
	case $1 in
	fuzz/fuzz.sh)	echo $((timeout + ${COLDSEND_FUZZ_SECONDS:-0})) ;;
	soak.sh)	echo $((timeout + ${COLDSEND_SOAK_SECONDS:-0})) ;;
	*)		echo "$timeout" ;;
	esac
}

# run_with_deadline PROGRAM SECONDS: its exit status; 124 too late, 125 can't be killed.
# Nothing of ours runs meanwhile.
run_with_deadline() {
	local pid alarm first status=0
	setsid "$1" </dev/null >"$tmp/output" 2>&1 & pid=$!
	sleep "$2" >/dev/null 2>&1 & alarm=$!
	wait -n -p first $pid $alarm 2>/dev/null || status=$?
	if [ "$first" = $alarm ]; then
		kill_session $pid
		within $grace gone $pid || return 125
		wait $pid 2>/dev/null || true
		status=124
	else
		kill $alarm 2>/dev/null || true
		wait $alarm 2>/dev/null || true
	fi
	kill_session $pid
	return $status
}

# Lines of the kernel's log since the marker that mean trouble.
complaints() {
	dmesg | awk -v marker="$1" 'index($0, marker) { seen = 1 } seen' |
		grep -E "$kernel_trouble"
}

# Why a test was skipped, if it was: as it says, or because all its parts were.
skip_reason() {
	awk -v whole=$((${1} == exit_skip)) '
		/# SKIP/ && reason == "" { reason = $0; sub(/.*# SKIP */, "", reason) }
		/^not ok / || (/^ok / && !/# SKIP/) { whole = -1 }
		/^ok .*# SKIP/ && !whole { whole = 1 }
		END { if (whole == 1) print reason == "" ? "no reason given" : reason }
	' "$tmp/output"
}

report() {
	local result=$1 name=$2 directive=${3:+ # $3}
	echo "$result $number $name$directive"
	case $result,$directive in
	ok,*SKIP*)	skipped=$((skipped + 1)) ;;
	ok,*)		passed=$((passed + 1)) ;;
	*)		failed=$((failed + 1)) ;;
	esac
}

run_test() {
	local name=$1 marker program status=0 started=$SECONDS reason deadline
	deadline=$(deadline_of "$name")
	number=$((number + 1))
	marker="coldsend-selftests: $number $name"
	program=$(find_test "$name") || { report "not ok" "$name" "not built"; return; }
	runs_here "$program" || { report ok "$name" "SKIP no 32-bit programs on this kernel"; return; }
	[ -c /dev/coldsend ] || { report "not ok" "$name" "the module is gone"; return; }
	echo "$marker" >/dev/kmsg
	run_with_deadline "$program" "$deadline" || status=$?
	sed 's/^/# /' "$tmp/output"
	echo "# $name: exit $status after $((SECONDS - started)) s"
	reason=$(skip_reason $status)
	if complaints "$marker" >"$tmp/complaints"; then
		sed 's/^/# kernel: /' "$tmp/complaints"
		report "not ok" "$name" "the kernel complained"
	elif [ -n "$reason" ] && { [ $status = 0 ] || [ $status = $exit_skip ]; }; then
		report ok "$name" "SKIP $reason"
	elif [ $status = 0 ] && ! grep -q '^ok ' "$tmp/output"; then
		report "not ok" "$name" "it says nothing"
	elif [ $status = 0 ]; then
		report ok "$name"
	else
		report "not ok" "$name" "$(explain $status "$deadline")"
	fi
	[ $status != 125 ] || { echo "Bail out! $name can't be killed"; exit 1; }
}

explain() {
	case $1 in
	124) echo "TIMEOUT $2 seconds" ;;
	125) echo "still runs after SIGKILL" ;;
	*) echo "exit=$1" ;;
	esac
}

[ "$(id -u)" = 0 ] || { echo "Bail out! not root"; exit 1; }
[ -c /dev/coldsend ] || { echo "Bail out! /dev/coldsend is not there: load the module"; exit 1; }
[ $# -gt 0 ] || set -- "${all[@]}"
if [ "$1" = --part ]; then
	mapfile -t names < <(part "${2%/*}" "${2#*/}")
	set -- "${names[@]}"
fi

echo "KTAP version 1"
echo "1..$#"
for name; do
	run_test "$name"
done
echo "# $passed passed, $failed failed, $skipped skipped on $(uname -r) in $SECONDS s"
exit $((failed > 0))
