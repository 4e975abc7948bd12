#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench.sh: runs the benchmark in a machine and draws what came of it.
#
# usage: bench.sh KERNEL [OPTION…]     KERNEL as for run.sh, options as for run.sh
#                                      of this directory
# The results are in build/bench: table.txt, results.json, one SVG a plot.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
out=$top/build/bench
kernel=$1
shift

# Emulated, everything takes ten times as long: less of it.
case $kernel in
um*)	size=() deadline=2700 ;;
*)	size=(-c 256 -g 512) deadline=5400 ;;
esac

rm -rf "$out" "$top/build/results/bench"
mkdir -p "$out"
status=0
"$top/selftests/vm/run.sh" -k "$kernel" -m 3G -d 6G -x 256M -t "$deadline" -- \
	"$here/run.sh" "${size[@]}" "$@" | tee "$out/table.txt" || status=$?
cp "$top/build/results/bench/results.json" "$out/"
"$here/plot.sh" "$out/results.json"
echo
echo "results: $out/table.txt, results.json and $(find "$out" -name '*.svg' | wc -l) plots"
exit "$status"
