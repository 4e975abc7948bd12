#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh: runs the tests on each kernel and counts.
#
# usage: check.sh 'KERNEL…' [TEST…]
# COLDSEND_DEADLINE: seconds for the tests of a machine; COLDSEND_TIMEOUT: for each test;
# COLDSEND_SOAK_SECONDS: for soak.sh on the last kernel, since one long one is enough.
# Prints the KTAP of each machine and, last, "N passed, N failed, N skipped".
#
# A machine keeps about one processor busy: as many run at once as there are. The
# first one is heard while it runs, the others afterwards. The list of all tests is
# the work of two machines, so that none works long after the others have ended.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0

# run MACHINE [ARG…]: run-tests.sh with ARGs on a machine, KERNEL or KERNEL-partK: its KTAP,
# which stays in results beside run.sh's status and the seconds.
run() {
	local machine=$1 status=0
	shift
	SECONDS=0
	rm -f "$results/$machine.ended"
	: >"$results/$machine.ktap"
	echo "# machine $machine"
	[ "${machine%-part?}" = "$last" ] || unset COLDSEND_SOAK_SECONDS
	"$vm/run.sh" -k "${machine%-part?}" -m 2G -d 4G -x 2G -t "${COLDSEND_DEADLINE:-4000}" -- \
		selftests/run-tests.sh "$@" |
		tee "$results/$machine.ktap" || status=${PIPESTATUS[0]}
	echo "$status $SECONDS" >"$results/$machine.ended"
}

# What was skipped on a machine: tests, and TEST:PART of those that ran, with _ for a blank.
skipped() {
	awk '/^# ok [0-9]+ .*# SKIP/ {
			sub(/^# ok [0-9]+ /, ""); sub(/ *# SKIP.*/, ""); gsub(/ /, "_")
			parts[n++] = $0
		}
		/^ok [0-9]+ .*# SKIP/ { print $3; n = 0 }
		/^ok [0-9]+ / { for (i = 0; i < n; i++) print $3 ":" parts[i] }
		/^(not )?ok [0-9]+ / { n = 0 }' "$results/$1.ktap"
}

# What of that is not to be, where that is known: the file skips has patterns.
wrongly_skipped() {
	local may=() name pattern
	read -ra may < <(sed -n "s/^${1%-part?}\t//p" "$vm/skips" | xargs)
	[ ${#may[@]} -gt 0 ] || return 0
	skipped "$1" | while read -r name; do
		for pattern in "${may[@]}"; do
			# shellcheck disable=SC2053 # a pattern
			[[ $name != $pattern ]] || continue 2
		done
		echo "$name"
	done
}

# Add up the top-level results of a machine.
count() {
	local machine=$1 ktap=$results/$1.ktap status=99 seconds=0 planned p f s name
	[ ! -e "$results/$machine.ended" ] || read -r status seconds <"$results/$machine.ended"
	s=$(grep -cE '^ok [0-9]+.*# SKIP' "$ktap") || true
	p=$(($(grep -cE '^ok [0-9]+' "$ktap" || true) - s))
	f=$(grep -cE '^not ok [0-9]+' "$ktap") || true
	if [ "$status" -ge 2 ] || { [ "$status" != 0 ] && [ "$f" = 0 ]; } || [ $((p + f + s)) = 0 ]; then
		echo "not ok - the run on $machine ended with status $status"
		f=$((f + 1))
	fi
	planned=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$ktap")
	if [ $((p + f + s)) -lt "${planned:-1}" ]; then
		echo "not ok - $((p + f + s)) of ${planned:-any} tests ran on $machine"
		f=$((f + 1))
	fi
	for name in $(wrongly_skipped "$machine"); do
		echo "not ok - $name was skipped on $machine, where it should not be"
		f=$((f + 1))
	done
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	echo "# $machine: $p passed, $f failed, $s skipped in $seconds s"
}

# What the failed tests of a machine said, without the parts that passed.
failures() {
	awk '/^ok [0-9]/ { n = 0; next }
		/^# (ok |# +(RUN|OK) )/ { next }
		{ line[n++] = $0 }
		/^not ok [0-9]/ {
			print "# failed on " machine ":"
			for (i = n > 40 ? n - 40 : 0; i < n; i++) print line[i]
			n = 0
		}' machine="$1" "$results/$1.ktap"
}

read -ra machines <<<"$1"
last=${machines[-1]}
shift
[ $# -gt 0 ] || read -ra machines <<<"${machines[*]/%/-part1} ${machines[*]/%/-part2}"
cd "$top"
results=build/results
mkdir -p $results
# Ctrl-C does not reach what runs in the background.
trap 'pkill -P "$(jobs -p | paste -sd,)" || true' EXIT
at_once=$(nproc)
for machine in "${machines[@]}"; do
	[ $((at_once--)) -gt 0 ] || wait -n
	case $machine in
	*-part?)	set -- --part "${machine#*-part}/2" ;;
	esac
	if [ "$machine" = "${machines[0]}" ]; then
		run "$machine" "$@" &
	else
		run "$machine" "$@" >"$results/$machine.output" 2>&1 &
	fi
done
wait
trap - EXIT
for machine in "${machines[@]:1}"; do cat "$results/$machine.output"; done
for machine in "${machines[@]}"; do failures "$machine"; done
for machine in "${machines[@]}"; do count "$machine"; done
echo "$passed passed, $failed failed, $skipped skipped" | tee $results/summary
[ "$failed" = 0 ]
