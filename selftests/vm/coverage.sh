#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: which lines of the module the tests run.
#
# usage: coverage.sh [TEST…]
# None: all of them on um, and on um-debug those that need faults on demand.
# COLDSEND_DEADLINE: seconds for each machine (4000); what was counted until a minute
# before it is not lost. COLDSEND_TIMEOUT: for each test (900).
# Prints each file's share and the whole. build/results/coverage: missed has the lines
# that never ran, a directory for each kernel what gcov says. Exit: 0, or that of run.sh.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

on_debug=(alloc-fail alloc-fail-send alloc-fail-insmod.sh fuzz/fuzz.sh)

# Puts the counters where the host sees them, never half of one. The kernel adds up
# what all insertions of the module counted.
collect() {
	local file to
	find /sys/kernel/debug/gcov -path "*/build/coverage-$1/*" -name '*.gcda' | while read -r file; do
		to=/mnt/results/coverage/$1/${file##*/}
		cat "$file" >"$to.new" && mv "$to.new" "$to"
	done
}

# In the machine of a kernel: runs the tests.
if [ "${1-}" = --in-machine ]; then
	kernel=$2 status=0
	shift 2
	while sleep 60; do collect "$kernel"; done &
	collector=$!
	"$top/selftests/run-tests.sh" "$@" || status=$?
	kill $collector
	wait $collector || true
	collect "$kernel"
	exit "$status"
fi

results=$top/build/results/coverage

# run_on KERNEL [TEST…]: tests a module that counts, and has gcov explain the counters.
run_on() {
	local kernel=$1 dir=$top/build/coverage-$1 status=0
	shift
	"$vm/build-module.sh" "$("$vm/kernels.sh" "$kernel")/kdir" "$dir" GCOV_PROFILE=y >/dev/null
	mkdir -p "$results/$kernel"
	"$vm/run.sh" -k "$kernel" -M "$dir/coldsend.ko" -m 2G -d 4G -x 2G \
		-t "${COLDSEND_DEADLINE:-4000}" -- \
		env CS_MODULE="$dir/coldsend.ko" COLDSEND_TIMEOUT="${COLDSEND_TIMEOUT:-900}" \
		"$vm/coverage.sh" --in-machine "$kernel" "$@" || status=$?
	# gcov finds the notes of the compiler beside the counters.
	cp "$dir"/kmod/*.gcno "$results/$kernel/"
	(cd "$results/$kernel" && gcov-12 -- *.gcda >gcov.log 2>&1) ||
		die "gcov failed: $results/$kernel/gcov.log"
	return "$status"
}

# A line is "COUNT:NUMBER:TEXT", where a count of ##### means never, and - no code.
# Those count that have code on um, without what lockdep and others add; what ran on
# one of the kernels ran.
sum_up() {
	awk -F: -v base="$results/um/" -v missed="$results/missed" '
		$2 + 0 == 0 && $3 == "Source" {
			ours = match($4, /kmod\/[a-z_-]*\.[ch]$/) ? substr($4, RSTART) : ""
			next
		}
		!ours || $2 + 0 == 0 || $1 ~ /-/ { next }
		{
			line = ours ":" $2 + 0
			if (index(FILENAME, base) == 1)
				text[line] = substr($0, length($1) + length($2) + 3)
			if ($1 !~ /#|=/) ran[line] = 1
		}
		END {
			for (line in text) {
				name = substr(line, 1, index(line, ":") - 1)
				lines[name]++; all++
				if (line in ran) { good[name]++; some++; continue }
				print line ":" text[line] | "sort -t: -k1,1 -k2,2n >\"" missed "\""
			}
			for (name in lines)
				printf "%5.1f %% of %4d lines  %s\n", 100 * good[name] / lines[name],
					lines[name], name | "sort -n"
			close("sort -n")
			if (all) printf "%5.1f %% of %4d lines  in all\n", 100 * some / all, all
		}' "$results"/*/*.gcov
}

rm -rf "$results"
status=0
if [ $# -gt 0 ]; then
	run_on um "$@" || status=$?
else
	run_on um || status=$?
	run_on um-debug "${on_debug[@]}" || status=$?
fi
sum_up
exit "$status"
