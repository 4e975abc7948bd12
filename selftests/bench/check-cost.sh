#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check-cost.sh: counts coldsend's instructions and compares them with cost.tsv.
#
# usage: check-cost.sh [--record]
# Fails if a method of coldsend takes 5 % more than recorded; says where they go.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
recorded=$here/cost.tsv
counted=$top/build/results/bench/cost.tsv

rm -f "$counted"
mkdir -p "$top/build/log"
# The machine's clock jumps whenever it waits, so only the host's tells a deadline.
timeout 1500 "$top/selftests/vm/run.sh" -k 6.12 -m 1G -d 64M -i -t 10000000 -- "$here/cost.sh" 2>"$top/build/log/cost" ||
	{ tail -n 20 "$top/build/log/cost"; exit 1; }

if [ "${1-}" = --record ]; then
	cp "$counted" "$recorded"
	echo "recorded in ${recorded#"$top"/}"
	exit 0
fi

echo "instructions of the sender per MiB (guest, Linux 6.12, one processor)"
awk -F '\t' '
	NR == FNR { recorded[$1 FS $2] = $3; next }
	{
		was = recorded[$1 FS $2]
		change = was ? sprintf("%+.1f%%", 100 * ($3 - was) / was) : "new"
		worse = was && $3 > was * 1.05 && $2 ~ /^coldsend/
		printf "%-14s %-20s %10d %10s %s\n", $1, $2, $3, change, worse ? "WORSE" : ""
		bad += worse
	}
	END { exit bad > 0 }' "$recorded" "$counted" || bad=1
echo "instructions of a cached send of 64 KiB, by the rules that are looked at"
awk -F '\t' 'NR == 1 { none = $2 } {
		added = 100 * ($2 - none) / none
		printf "%-34s %10d %+9.1f%% %s\n", $1, $2, added, added < 2 ? "reached" : "MISSED"
	}' "$top/build/results/bench/rules.tsv"
cat "$top/build/results/bench/where.txt"
[ -z "${bad-}" ] || { echo "check-cost: more instructions than recorded in selftests/bench/cost.tsv"; exit 1; }
