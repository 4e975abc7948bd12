#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench-nginx.sh: what cold downloads do to an nginx that serves hot files, by each
# way to send the cold ones.
#
#   wrk: hot files, and how long each takes ──► nginx, in a group whose memory ◄── disk
#   8 clients: cold files, again and again  ──►  holds the hot set and a little
#
# usage: bench-nginx.sh [ROUNDS]      BENCH_SECONDS=8 a measurement (of small files
# half), BENCH_POLICY=hybrid
# Tables, and what must be reached, come out here; bench-nginx.json and .svg go to
# $COLDSEND_RESULTS. Figures are medians of rounds. "limit" is no way to serve them:
# it is sendfile where memory holds all files, so that downloads cost hot files
# nothing but the processor's time.

set -euo pipefail
export LC_ALL=C.UTF-8

top=$(cd "$(dirname "$0")/../.." && pwd)
export PATH=$top/build/user:$top/build/selftests:$PATH
results=${COLDSEND_RESULTS:-/mnt/results}
rounds=${1:-3}
seconds=${BENCH_SECONDS:-8}
policy=${BENCH_POLICY:-hybrid}
work=$(mktemp -d /mnt/disk/bench-nginx.XXXXXX)
group=/sys/fs/cgroup/bench-nginx
port=8080
url=http://127.0.0.1:$port

# The hot set, files of 64 KiB; and what the group has.
hot_files=1536
hot_size=65536
memory=$((160 << 20))
cold_files=8
cold_size=$((128 << 20))
cold_clients=8
# Of each, where a client's line is what limits it: together 1 Gbit/s.
paced_rate=$((125000000 / cold_clients))
methods=(limit sendfile sendfile+aio coldsend coldsend+auto directio directio+aio)

# What nginx is told about cold files.
declare -A lines=(
	[sendfile+aio]="aio threads;"
	[directio]="directio 4m; output_buffers 2 512k;"
	[directio+aio]="directio 4m; output_buffers 2 512k; aio threads;"
)

clean_up() {
	# shellcheck disable=SC2046 # a list of words
	kill $(jobs -p) 2>/dev/null || true
	wait 2>/dev/null || true
	rm -rf "$work"
	rmdir $group 2>/dev/null || true
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

say() { printf '%s\n' "$*" >&2; }

make_group() {
	mountpoint -q /sys/fs/cgroup || mount -t cgroup2 cgroup2 /sys/fs/cgroup
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir -p $group
}

make_files() {
	local i
	chmod 755 "$work"
	mkdir "$work/hot" "$work/cold" "$work/small"
	for ((i = 0; i < hot_files; i++)); do
		head -c $hot_size /dev/urandom >"$work/hot/$i"
	done
	for ((i = 0; i < cold_files; i++)); do
		xfer make "$work/cold/$i" $cold_size "$i"
	done
	head -c 4096 /dev/urandom >"$work/small/4K"
	head -c 65536 /dev/urandom >"$work/small/64K"
	chmod -R a+rX "$work"
	sync
	cat >"$work/hot.lua" <<-END
		math.randomseed(os.time())
		request = function()
			return wrk.format("GET", "/hot/" .. math.random(0, $((hot_files - 1))))
		end
	END
}

# start METHOD: nginx in its group, by the module only for coldsend.
start() {
	local command=(nginx -c "$work/nginx.conf")
	local most=$memory
	method=$1
	[ "$1" != limit ] || most=max
	echo $most >$group/memory.max
	case $1 in
	coldsend)	command=(coldsend run --policy "$policy" -- "${command[@]}") ;;
	coldsend+auto)	command=(coldsend run --policy auto -- "${command[@]}") ;;
	esac
	cat >"$work/nginx.conf" <<-END
		user www-data;
		worker_processes 1;
		worker_rlimit_nofile 16384;
		daemon off;
		pid $work/nginx.pid;
		error_log $work/error.log;
		events { worker_connections 512; }
		http {
			access_log off;
			keepalive_requests 1000000;
			open_file_cache max=4000;
			client_body_temp_path $work/body;
			proxy_temp_path $work/proxy;
			fastcgi_temp_path $work/fastcgi;
			uwsgi_temp_path $work/uwsgi;
			scgi_temp_path $work/scgi;
			sendfile on;
			sendfile_max_chunk 8m;
			server {
				listen 127.0.0.1:$port;
				root $work;
				location /cold/ { ${lines[$1]-} }
			}
		}
	END
	( echo "$BASHPID" >$group/cgroup.procs; exec "${command[@]}" ) & server=$!
	curl -s -o /dev/null --retry 60 --retry-connrefused --retry-delay 1 --retry-max-time 60 "$url/small/4K" ||
		{ cat "$work/error.log" >&2; exit 1; }
}

stop() {
	kill -QUIT $server
	wait $server || true
}

# Nothing of the disk in memory but the hot set, charged to the group; all, for limit.
warm() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	[ "$method" != limit ] || cat "$work"/cold/* >/dev/null
	seq -f "url = \"$url/hot/%g\"" 0 $((hot_files - 1)) | sed 'p;s/.*/output = "\/dev\/null"/' >"$work/urls"
	curl -s -K "$work/urls"
}

# latency FILE: wrk's "50% 1.23ms" as milliseconds.
latency() {
	awk -v want="$2%" '$1 == want {
		v = $2 + 0
		if ($2 ~ /us$/) v /= 1000; else if ($2 !~ /ms$/) v *= 1000
		print v }' "$1"
}

rate() { awk '/^Requests\/sec/ { print $2 }' "$1"; }

resident() {
	coldsend residency --json "$work"/hot/* |
		jq '100 * ([.[].resident] | add) / ([.[].pages] | add)'
}

# requests FILE SECONDS WRK-ARGUMENTS…: wrk's words go to FILE. An answer that takes too long
# is one that was slow; any other that is none ends the benchmark.
requests() {
	wrk -t1 -d "$2" --latency "${@:3}" >"$1"
	! grep -E 'Non-2xx|Socket errors:.*(connect|read|write) [1-9]' "$1" >&2 || exit 1
}

# hot_requests FILE: to all hot files, in any order.
hot_requests() { requests "$1" "$seconds" -c4 -s "$work/hot.lua" "$url"; }

# hot_with_downloads PHASE RATE: the same while clients take cold files, each at
# RATE bytes a second (0: as fast as they come).
hot_with_downloads() {
	local pid
	warm
	download $port $cold_clients $((seconds + 1)) "$2" "${cold_paths[@]}" >"$work/$1.bytes" & pid=$!
	hot_requests "$work/$1"
	wait $pid
	resident >"$work/$1.resident"
}

# of_phase PHASE: what was measured, as JSON.
of_phase() {
	jq -nc --argjson p50 "$(latency "$work/$1" 50)" --argjson p99 "$(latency "$work/$1" 99)" \
		--argjson resident "$(cat "$work/$1.resident")" --argjson rate "$(rate "$work/$1")" \
		--argjson cold "$(awk -v t=$((seconds + 1)) '{ print $1 / t / 1e6 }' "$work/$1.bytes")" \
		'{hot_p50_ms: $p50, hot_p99_ms: $p99, hot_resident_percent: $resident,
		  hot_requests_per_second: $rate, cold_mb_per_second: $cold}'
}

# One method: idle, then with downloads at the speed of clients, then of the machine.
measure() {
	start "$1"
	warm
	hot_requests "$work/idle"
	hot_with_downloads paced $paced_rate
	hot_with_downloads flat 0
	jq -nc --arg method "$1" --argjson idle_p99 "$(latency "$work/idle" 99)" \
		--argjson paced "$(of_phase paced)" --argjson flat "$(of_phase flat)" \
		'{scenario: "downloads", method: $method, idle_p99_ms: $idle_p99, paced: $paced, flat: $flat}'
	stop
}

# Small hot files, one after the other, by sendfile and by the shim.
measure_small() {
	local method=$1 size
	start "$method"
	for size in 4K 64K; do
		requests "$work/small.out" $((seconds / 2)) -c8 "$url/small/$size"
		jq -nc --arg method "$method" --arg size $size --argjson rate "$(rate "$work/small.out")" \
			'{scenario: "small", method: $method, size: $size, requests_per_second: $rate}'
	done
	stop
}

# median SCENARIO METHOD FIELD [SIZE]: FIELD may be PHASE.FIELD
median() {
	jq -rs --arg s "$1" --arg m "$2" --arg f "$3" --arg z "${4:-}" \
		'[.[] | select(.scenario == $s and .method == $m and ($z == "" or .size == $z)) | getpath($f / ".")]
		 | sort | .[(length - 1) / 2 | floor]' \
		"$results/bench-nginx.json"
}

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", (b > 0 ? a / b : 0) }'; }

# reached WHAT RATIO OPERATOR BOUND
reached() {
	local word=missed
	if awk -v r="$2" -v b="$4" -v o="$3" 'BEGIN { exit !(o == ">=" ? r >= b : r <= b) }'; then word=reached; fi
	printf '%-66s %8s (%s %s) %s\n' "$1" "$2" "$3" "$4" $word
}

# table PHASE
table() {
	local method
	printf '%-14s %12s %12s %12s %10s %10s\n' method "idle p99 ms" "p50 ms" "p99 ms" "hot kept %" "cold MB/s"
	for method in "${methods[@]}"; do
		printf '%-14s %12.2f %12.2f %12.2f %10.1f %10.1f\n' "$method" \
			"$(median downloads "$method" idle_p99_ms)" "$(median downloads "$method" "$1.hot_p50_ms")" \
			"$(median downloads "$method" "$1.hot_p99_ms")" "$(median downloads "$method" "$1.hot_resident_percent")" \
			"$(median downloads "$method" "$1.cold_mb_per_second")"
	done
}

report() {
	local method size phase
	printf '\nHot files while %d clients download cold ones over lines of %d Mbit/s\n' $cold_clients $((paced_rate / 125000))
	table paced
	printf '\nHot files while %d clients download cold ones as fast as they come\n' $cold_clients
	table flat
	printf '\nSmall hot files, requests a second\n%-14s %12s %12s\n' method 4K 64K
	for method in sendfile coldsend; do
		printf '%-14s %12.0f %12.0f\n' $method "$(median small $method requests_per_second 4K)" \
			"$(median small $method requests_per_second 64K)"
	done
	printf '\nHot p99 with paced downloads, of the idle machine'"'"'s:'
	for method in "${methods[@]}"; do
		printf ' %s %s' "$method" "$(ratio "$(median downloads "$method" paced.hot_p99_ms)" "$(median downloads "$method" idle_p99_ms)")"
	done
	printf '\n\n'
	for phase in paced flat; do
		reached "hot p99 with $phase downloads, of the idle machine's" \
			"$(ratio "$(median downloads coldsend $phase.hot_p99_ms)" "$(median downloads coldsend idle_p99_ms)")" "<=" 1.2
		reached "hot set kept with $phase downloads, %" \
			"$(median downloads coldsend $phase.hot_resident_percent)" ">=" 99
	done
	reached "cold MB/s, of nginx directio's" \
		"$(ratio "$(median downloads coldsend flat.cold_mb_per_second)" "$(median downloads directio flat.cold_mb_per_second)")" ">=" 1.5
	for size in 4K 64K; do
		reached "requests a second of $size, of those without the shim" \
			"$(ratio "$(median small coldsend requests_per_second $size)" "$(median small sendfile requests_per_second $size)")" ">=" 0.98
	done
}

plot() {
	local method
	command -v gnuplot >/dev/null || { say "no gnuplot: no $results/bench-nginx.svg"; return 0; }
	for method in "${methods[@]}"; do
		echo "$method $(median downloads "$method" idle_p99_ms) $(median downloads "$method" paced.hot_p99_ms)" \
			"$(median downloads "$method" flat.hot_p99_ms)"
	done >"$work/plot"
	gnuplot <<-END
		set terminal svg size 800,480
		set output '$results/bench-nginx.svg'
		set title 'Hot files of nginx while $cold_clients clients download cold ones'
		set style data histograms
		set style fill solid 0.6
		set logscale y
		set ylabel 'p99, ms'
		set grid y
		plot '$work/plot' using 2:xtic(1) title 'idle', '' using 3 title 'with downloads over lines of $((paced_rate / 125000)) Mbit/s', \
			'' using 4 title 'with downloads as fast as they come'
	END
}

make_group
make_files
mapfile -t cold_paths < <(seq -f '/cold/%g' 0 $((cold_files - 1)))
: >"$results/bench-nginx.json"
for ((round = 1; round <= rounds; round++)); do
	for method in $(shuf -e "${methods[@]}"); do
		say "round $round of $rounds: $method"
		measure "$method" >>"$results/bench-nginx.json"
	done
	# Short and often: what is to be told apart is less than one time differs from the next.
	for time in 1 2 3; do
		for method in $(shuf -e sendfile coldsend); do
			say "round $round of $rounds: small files, $method, $time of 3"
			measure_small "$method" >>"$results/bench-nginx.json"
		done
	done
done
report
plot
