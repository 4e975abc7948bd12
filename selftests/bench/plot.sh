#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# plot.sh: draws the medians of results.json as SVG, beside it.
#
# usage: plot.sh RESULTS.JSON
# Bars with least and most of all rounds; what coldsend did is darker. A red
# line is the limit. Growth and sizes are lines over the bytes of a request.

set -euo pipefail

results=$1
out=$(dirname "$results")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# rows SCENARIO FIELD: method, median, least, most; coldsend's last.
rows() {
	jq -r --arg scenario "$1" --arg field "$2" '
		def median: sort | if length % 2 == 1 then .[length / 2 | floor]
			else (.[length / 2 - 1] + .[length / 2]) / 2 end;
		map(select(.scenario == $scenario and .[$field] != null))
		| group_by(.method)
		| map({ method: .[0].method, values: map(.[$field]) })
		| sort_by((.method | startswith("coldsend")), (.values | median)) | .[]
		| [.method, (.values | median, min, max)] | @tsv' "$results"
}

scenarios() { jq -r '[.[].scenario] | unique | .[]' "$results"; }

machine() { jq -r '.[0] | "\(.machine), Linux \(.kernel)"' "$results"; }

# gnuplot_with NAME: the script on stdin, after what all plots share.
gnuplot_with() {
	{
		echo "set terminal svg noenhanced size 900,520 font 'sans,12' background rgb 'white'"
		echo "set output '$out/$1.svg'"
		echo 'set datafile separator tab'
		echo "set grid ytics"
		cat
	} | gnuplot
}

# bars SCENARIO FIELD UNIT
bars() {
	local data=$work/$1-$2 limit line=
	rows "$1" "$2" | grep -v '^nothing' >"$data.all" || true
	grep -v '^limit' "$data.all" >"$data" || true
	[ -s "$data" ] || return 0
	limit=$(awk -F '\t' '$1 == "limit" { print $2 }' "$data.all")
	[ -z "$limit" ] || line="set arrow from graph 0, first $limit to graph 1, first $limit \
nohead lc rgb 'red' lw 2; set label 'limit' at graph 0.01, first $limit offset 0,0.6 tc rgb 'red'"
	gnuplot_with "$1-$2" <<-END
		set title "$1: $3 ($(machine))"
		set ylabel "$3"
		set yrange [0:*]
		set style fill solid 0.8
		set boxwidth 0.7
		set xtics rotate by 40 right
		set key off
		$line
		colour(name) = name[1:8] eq "coldsend" ? 0x1f5f8b : 0xa8b8c8
		plot '$data' using 0:2:(colour(strcol(1))):xtic(1) with boxes lc rgb variable, \
			'' using 0:2:3:4 with yerrorbars lc rgb 'black' pt 7 ps 0
	END
}

bytes_of() { numfmt --from=iec "${1^^}"; }

# lines KIND FIELD UNIT AXIS: a line a method over the scenarios KIND-SIZE.
lines() {
	local scenario method width
	for scenario in $(scenarios | grep "^$1-[0-9]"); do
		rows "$scenario" "$2" | sed "s/^/$(bytes_of "${scenario##*-}")\t/"
	done | sort -n >"$work/lines"
	[ -s "$work/lines" ] || return 0
	local -a plots=()
	while read -r method; do
		awk -F '\t' -v m="$method" '$2 == m' OFS='\t' "$work/lines" >"$work/$method.line"
		width=1
		[[ $method != coldsend* ]] || width=3
		plots+=("'$work/$method.line' using 1:3 with linespoints lw $width title '$method'")
	done < <(cut -f 2 "$work/lines" | sort -u | grep -v '^limit:')
	gnuplot_with "$1-$2" <<-END
		set title "$1: $3 ($(machine))"
		set ylabel "$3"
		set xlabel "$4"
		set logscale xy
		set key outside
		plot $(IFS=,; echo "${plots[*]}")
	END
}

for scenario in $(scenarios); do
	case $scenario in
	hot-*|growth-*|many-*|cost-*) continue ;;
	scan)	bars scan p99_us "p99 of hot requests, µs"
		bars scan hot_kept_ratio "share of hot pages kept" ;;
	esac
	bars "$scenario" mb_s "MB/s"
	bars "$scenario" sender_cpu_s_per_gb "CPU seconds of the sender per GB"
	bars "$scenario" cache_pages_added "pages added to the page cache"
done
lines hot mb_s "MB/s" "bytes of a request"
lines hot sender_cpu_s_per_gb "CPU seconds of the sender per GB" "bytes of a request"
lines many mb_s "MB/s of all streams" "streams"
lines many sender_cpu_s_per_gb "CPU seconds of the sender per GB" "streams"
lines growth sender_cpu_s_per_gb "CPU seconds of the sender per GB" "bytes of a request"
