#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh: runs the tests on each kernel and counts.
#
# usage: check.sh 'KERNEL…' [TEST…]
# COLDSEND_DEADLINE: seconds for all tests on a kernel; COLDSEND_TIMEOUT: for each test.
# Prints the KTAP of each kernel and, last, "N passed, N failed, N skipped".
#
# User-Mode Linux has one processor, and an emulated machine leaves as much of two
# unused: it runs beside the others, and what it says comes last.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0

# run KERNEL [TEST…]: KTAP, which stays in results beside run.sh's status and the seconds.
run() {
	local kernel=$1 status=0
	shift
	SECONDS=0
	echo "# kernel $kernel"
	"$vm/run.sh" -k "$kernel" -m 2G -d 4G -x 2G -t "${COLDSEND_DEADLINE:-3000}" -- selftests/run-tests.sh "$@" |
		tee "$results/$kernel.ktap" || status=${PIPESTATUS[0]}
	echo "$status $SECONDS" >"$results/$kernel.ended"
}

# Add up the top-level results of a kernel.
count() {
	local kernel=$1 ktap=$results/$1.ktap status seconds p f s
	read -r status seconds <"$results/$kernel.ended"
	s=$(grep -cE '^ok [0-9]+.*# SKIP' "$ktap") || true
	p=$(($(grep -cE '^ok [0-9]+' "$ktap" || true) - s))
	f=$(grep -cE '^not ok [0-9]+' "$ktap") || true
	if [ "$status" -ge 2 ] || { [ "$status" != 0 ] && [ "$f" = 0 ]; } || [ $((p + f + s)) = 0 ]; then
		echo "not ok - the run on $kernel ended with status $status"
		f=$((f + 1))
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	echo "# $kernel: $p passed, $f failed, $s skipped in $seconds s"
}

in_turn=() beside=()
for kernel in $1; do
	case $kernel in
	um*)	beside+=("$kernel") ;;
	*)	in_turn+=("$kernel") ;;
	esac
done
if [ ${#in_turn[@]} = 0 ]; then in_turn=("${beside[@]}") beside=(); fi
shift
cd "$top"
results=build/results
mkdir -p $results
for kernel in "${beside[@]}"; do run "$kernel" "$@"; done >$results/beside 2>&1 &
# Ctrl-C does not reach what runs in the background.
background=$!
trap 'pkill -P $background || true' EXIT
for kernel in "${in_turn[@]}"; do run "$kernel" "$@"; done
wait
trap - EXIT
cat $results/beside
for kernel in "${in_turn[@]}" "${beside[@]}"; do count "$kernel"; done
echo "$passed passed, $failed failed, $skipped skipped" | tee $results/summary
[ "$failed" = 0 ]
