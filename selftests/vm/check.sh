#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check.sh: runs the tests on each kernel and counts.
#
# usage: check.sh 'KERNEL…' [TEST…]
# COLDSEND_DEADLINE: seconds for all tests on a kernel; COLDSEND_TIMEOUT: for each test.
# Prints the KTAP of each kernel and, last, "N passed, N failed, N skipped".

set -euo pipefail
. "$(dirname "$0")/lib.sh"

passed=0 failed=0 skipped=0

# Add up the top-level results of one kernel; STATUS is what run.sh said.
count() {
	local ktap=$1 status=$2 p f s
	s=$(grep -cE '^ok [0-9]+.*# SKIP' "$ktap") || true
	p=$(($(grep -cE '^ok [0-9]+' "$ktap" || true) - s))
	f=$(grep -cE '^not ok [0-9]+' "$ktap") || true
	if [ "$status" -ge 2 ] || { [ "$status" != 0 ] && [ "$f" = 0 ]; } || [ $((p + f + s)) = 0 ]; then
		echo "not ok - the run on $kernel ended with status $status"
		f=$((f + 1))
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	echo "# $kernel: $p passed, $f failed, $s skipped in $SECONDS s"
}

kernels=$1
shift
cd "$top"
mkdir -p build/results
for kernel in $kernels; do
	echo "# kernel $kernel"
	SECONDS=0 status=0
	ktap=build/results/$kernel.ktap
	"$vm/run.sh" -k "$kernel" -m 2G -d 4G -x 2G -t "${COLDSEND_DEADLINE:-2000}" -- selftests/run-tests.sh "$@" |
		tee "$ktap" || status=${PIPESTATUS[0]}
	count "$ktap" "$status"
done
echo "$passed passed, $failed failed, $skipped skipped" | tee build/results/summary
[ "$failed" = 0 ]
