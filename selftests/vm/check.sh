#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh: runs the tests on each kernel and counts.
#
# usage: check.sh 'KERNEL…' [TEST…]
# COLDSEND_DEADLINE: seconds for all tests on a kernel; COLDSEND_TIMEOUT: for each test.
# Prints the KTAP of each kernel and, last, "N passed, N failed, N skipped".
#
# A machine keeps about one processor busy: as many run at once as there are. The
# first one is heard while it runs, the others afterwards.

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

# What the failed tests of a kernel said, without the parts that passed.
failures() {
	awk '/^ok [0-9]/ { n = 0; next }
		/^# (ok |# +(RUN|OK) )/ { next }
		{ line[n++] = $0 }
		/^not ok [0-9]/ {
			print "# failed on " kernel ":"
			for (i = n > 40 ? n - 40 : 0; i < n; i++) print line[i]
			n = 0
		}' kernel="$1" "$results/$1.ktap"
}

read -ra kernels <<<"$1"
shift
cd "$top"
results=build/results
mkdir -p $results
# Ctrl-C does not reach what runs in the background.
trap 'pkill -P "$(jobs -p | paste -sd,)" || true' EXIT
at_once=$(nproc)
for kernel in "${kernels[@]}"; do
	[ $((at_once--)) -gt 0 ] || wait -n
	if [ "$kernel" = "${kernels[0]}" ]; then
		run "$kernel" "$@" &
	else
		run "$kernel" "$@" >"$results/$kernel.output" 2>&1 &
	fi
done
wait
trap - EXIT
for kernel in "${kernels[@]:1}"; do cat "$results/$kernel.output"; done
for kernel in "${kernels[@]}"; do failures "$kernel"; done
for kernel in "${kernels[@]}"; do count "$kernel"; done
echo "$passed passed, $failed failed, $skipped skipped" | tee $results/summary
[ "$failed" = 0 ]
