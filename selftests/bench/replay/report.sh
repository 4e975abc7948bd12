#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# report.sh: medians of a replay as a table, what must be reached, and plots.
#
# usage: report.sh REPLAY.TSV OUT-DIRECTORY
# Exit: 1 if a figure that must be reached is not.

set -euo pipefail
export LC_ALL=C.UTF-8

tsv=$1
out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# medians PERCENT: way, hit ratio and its least and most, disk bytes and theirs,
# seconds; in the order of their hit ratio.
medians() {
	awk -F '\t' -v OFS='\t' -v percent="$1" '
		function median(text,    v, n, i, j, t) {
			n = split(text, v, " ")
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j] + 0 < v[j - 1] + 0; j--) {
					t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
				}
			least = v[1]; most = v[n]
			return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
		}
		$1 != percent { next }
		{ hit[$3] = hit[$3] " " $5; disk[$3] = disk[$3] " " $6; time[$3] = time[$3] " " $8 }
		END {
			for (way in hit) {
				m = median(hit[way]); line = way OFS m OFS least OFS most
				m = median(disk[way]); line = line OFS m OFS least OFS most
				print line, median(time[way])
			}
		}' "$tsv" | sort -t "$(printf '\t')" -k2,2n
}

plot() {
	gnuplot <<-END
		set terminal svg noenhanced size 900,520 font 'sans,12' background rgb 'white'
		set output '$out/replay-$1.svg'
		set datafile separator tab
		set title "Memory for $1 % of the hot files: hits, and what the disk read"
		set ylabel "hit ratio of the hot files"
		set y2label "GiB read from disk"
		set yrange [0:1]
		set y2range [0:*]
		set ytics nomirror
		set y2tics
		set style fill solid 0.8
		set boxwidth 0.35
		set xtics rotate by 30 right
		plot '$work/$1' using (\$0 - 0.2):2 with boxes lc rgb '#1f5f8b' title 'hit ratio', \
			'' using 0:(NaN):xtic(1) notitle, \
			'' using (\$0 + 0.2):(\$5 / 2**30) axes x1y2 with boxes lc rgb '#c8a078' title 'GiB read'
	END
}

# Auto against each other way: hits not fewer, bytes of the disk not more.
verdict() {
	awk -F '\t' -v percent="$1" '
		{ hit[$1] = $2; disk[$1] = $5 }
		END {
			for (way in hit) {
				if (way ~ /auto/)
					continue
				good = hit["coldsend auto"] >= hit[way]
				less = disk["coldsend auto"] < disk[way]
				printf "%s  %3d %%, auto and %-28s hits %.4f : %.4f   disk %.2f\n",
					good && less ? "reached" : "MISSED ", percent, way,
					hit["coldsend auto"], hit[way],
					disk["coldsend auto"] / disk[way]
				bad += !(good && less)
			}
			exit bad > 0
		}' "$work/$1"
}

status=0
while read -r percent; do
	medians "$percent" >"$work/$percent"
	echo
	echo "memory for $percent % of the hot files ($(awk -F '\t' -v p="$percent" '$1 == p { print $2; exit }' "$tsv") MiB)"
	awk -F '\t' 'BEGIN { printf "%-28s %9s %17s %9s %8s\n", "way", "hit ratio", "least and most", "disk GiB", "seconds" }
		{ printf "%-28s %9.4f   %.4f - %.4f %9.2f %8.1f\n", $1, $2, $3, $4, $5 / 2^30, $8 }' "$work/$percent"
	plot "$percent"
	verdict "$percent" || status=1
done < <(cut -f 1 "$tsv" | sort -nu)
exit $status
