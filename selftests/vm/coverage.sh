#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# coverage.sh: which lines of the module the tests run.
#
# usage: coverage.sh [TEST…]        (none: all)
# COLDSEND_DEADLINE: seconds for all of them (4000); what was counted until a minute
# before it is not lost.
# Prints each file's share and the whole; build/results/coverage has the sources,
# with '#####' before each line that never ran. Exit: 0, or that of run.sh.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Puts the counters where the host sees them, never half of one. The kernel adds up
# what all insertions of the module counted.
collect() {
	local file to
	find /sys/kernel/debug/gcov -path '*/build/coverage/*' -name '*.gcda' | while read -r file; do
		to=/mnt/results/coverage/${file##*/}
		cat "$file" >"$to.new" && mv "$to.new" "$to"
	done
}

# In the machine: runs the tests.
if [ "${1-}" = --in-machine ]; then
	shift
	status=0
	while sleep 60; do collect; done &
	collector=$!
	"$top/selftests/run-tests.sh" "$@" || status=$?
	kill $collector
	wait $collector || true
	collect
	exit "$status"
fi

dir=$top/build/coverage
results=$top/build/results/coverage
"$vm/build-module.sh" "$("$vm/kernels.sh" um-debug)/kdir" "$dir" GCOV_PROFILE=y >/dev/null
rm -rf "$results"
mkdir -p "$results"
status=0
"$vm/run.sh" -k um-debug -M "$dir/coldsend.ko" -m 2G -d 4G -x 2G -t "${COLDSEND_DEADLINE:-4000}" -- \
	env CS_MODULE="$dir/coldsend.ko" "$vm/coverage.sh" --in-machine "$@" || status=$?

# gcov finds the notes of the compiler beside the counters.
cp "$dir"/kmod/*.gcno "$results/"
cd "$results"
gcov-12 -- *.gcda >summary.txt 2>&1 || die "gcov failed: $results/summary.txt"
# Of each pair of lines "File 'NAME'" and "Lines executed:P% of N", those of ours.
awk -v FS="[':% ]+" '
	/^File / { ours = match($2, /kmod\/[a-z_-]*\.[ch]$/) ? substr($2, RSTART) : "" }
	/^Lines executed/ && ours { lines[ours] = $5; ran[ours] = $3 * $5 / 100 }
	END {
		for (name in lines) {
			printf "%5.1f %% of %4d lines  %s\n", 100 * ran[name] / lines[name],
				lines[name], name | "sort -n"
			all += lines[name]; some += ran[name]
		}
		close("sort -n")
		if (all) printf "%5.1f %% of %4d lines  in all\n", 100 * some / all, all
	}' summary.txt
exit "$status"
