# SPDX-License-Identifier: GPL-2.0
# servers/lib.sh: what the tests of real servers share. To be sourced first.
#
#   curl, 100 of them, slow ones, some that leave ──► server, under "coldsend run"
#                                                        │ sendfile
#                                                     module
#
# A script writes a configuration, starts its server by serve, calls fetches for what
# any HTTP server must do, each answer counted by the module, and stop_server.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034 # used by those who source this
port=8080
parallel=100
# Bytes at the start of each answer that a server sends itself.
apart=0
# Of a range of 1003 bytes how many come by the module: 0 where a server reads so few itself.
short=1003
site=$tmp/site

# Files: too small for the module, its smallest, and larger than any buffer.
declare -A sizes=([small]=4096 [edge]=262144 [odd]=1000003 [large]=33554509)
declare -A sums

make_site() {
	local name
	chmod 755 "$tmp"
	mkdir -p "$site"
	for name in "${!sizes[@]}"; do
		xfer make "$site/$name" "${sizes[$name]}" "${#name}"
		sums[$name]=$(sha256sum <"$site/$name" | cut -d ' ' -f 1)
	done
	chmod 644 "$site"/*
	make_cold
}

make_cold() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

answers() { curl -sk -o "$tmp/answer" --max-time 5 "$1"; }

up() {
	wait_for 60 answers "$1" || { cat "$tmp/errors"; return 1; }
}

# Bytes that the module has sent: a transfer is counted when it ends.
sent() {
	wait_for 10 not transfers_run
	total bytes_sent
}

# serve WHAT URL OPTIONS… -- COMMAND…: starts it, and waits until it answers. In a
# session of its own: Apache stops all of its process group.
serve() {
	local what=$1 url=$2
	shift 2
	sent_before=$(sent)
	setsid coldsend run --json "$@" >"$tmp/served" 2>"$tmp/errors" </dev/null & server=$!
	at_exit kill "$server"
	check "$what: starts" up "$url"
}

# Some end by themselves when they are told to, others of it.
ended() { [ "$1" = 0 ] || [ "$1" = 143 ] || { echo "exit status $1"; cat "$tmp/errors"; return 1; }; }

# What coldsend run says that the module served is what the module says.
counted() { same "bytes served" "$1" "$(tail -n 5 "$tmp/served" | jq .bytes_served)"; }

# stop_server WHAT: that serve has started.
stop_server() {
	local status=0
	kill "$server" || true
	wait "$server" || status=$?
	check "$1: ends as it is told" ended "$status"
	check "$1: what is served is counted" counted $(($(sent) - sent_before))
}

at_least() { [ "$2" -ge "$3" ] || { echo "$1: $2, expected $3 or more"; return 1; }; }

# file NAME URL OPTIONS…: it comes as it is on the disk.
file() {
	local name=$1 url=$2
	shift 2
	same "SHA-256 of $name" "${sums[$name]}" \
		"$(curl -sk --max-time 120 "$@" "$url/$name" | sha256sum | cut -d ' ' -f 1)"
}

# range NAME FROM TO URL: that part of it, and nothing else.
range() {
	local name=$1 from=$2 to=$3 url=$4
	curl -sk --max-time 60 -r "$from-$to" -o "$tmp/part" -w '%{http_code}' "$url/$name" >"$tmp/code" || return 1
	[[ $url != http* ]] || same "status" 206 "$(<"$tmp/code")" || return 1
	cmp "$tmp/part" <(tail -c "+$((from + 1))" "$site/$name" | head -c $((to - from + 1)))
}

# by_module ANSWERS BYTES COMMAND…: it works; of each answer at least so many bytes come
# by the module, but for those that a server sends itself.
by_module() {
	local bytes=$(($1 * ($2 - apart))) before
	before=$(sent)
	shift 2
	"$@" || return 1
	at_least "bytes by the module" $(($(sent) - before)) "$bytes"
}

# head_only URL: the size is told, and no bytes come.
head_only() {
	curl -sIk --max-time 60 "$1/large" >"$tmp/head" || return 1
	grep -qi "^content-length: ${sizes[large]}.\?$" "$tmp/head" || { cat "$tmp/head"; return 1; }
	# What comes behind the head, if anything does, is told by who counts.
	curl -sk -X HEAD -o "$tmp/nothing" --ignore-content-length -w '%{size_download}' \
		-H 'Connection: close' --max-time 60 "$1/large" >"$tmp/bytes" || return 1
	same "bytes" 0 "$(<"$tmp/bytes")"
}

# Of the file, what is in the page cache as part of it, by the module's own count.
cached_bytes() {
	wait_for 10 not transfers_run
	coldsend files --json | jq --arg f "$site/$1" '[.[] | select(.file.path == $f) | .counters.bytes_cached] | add // 0'
}

# hot NAME URL: what is in the page cache comes out of it.
hot() {
	local before
	cat "$site/$1" >/dev/null
	before=$(cached_bytes "$1")
	file "$1" "$2" || return 1
	at_least "bytes out of the page cache" $(($(cached_bytes "$1") - before)) $((sizes[$1] * 9 / 10))
}

# leaves_none NAME URL: what is not there does not get there.
leaves_none() {
	# What the network still has of it, another processor may be about to let go of.
	xfer cold "$site/$1" || return 1
	file "$1" "$2" || return 1
	same "pages left" 0 "$(coldsend residency --json "$site/$1" | jq 'map(.resident) | add')"
}

# Many requests on many connections, none of which fails.
under_load() {
	local before requests
	before=$(sent)
	wrk -t1 -c20 -d3 --timeout 60s "$1/odd" >"$tmp/load" || return 1
	not grep -E 'Non-2xx|Socket errors' "$tmp/load" || { cat "$tmp/load"; return 1; }
	requests=$(awk '/ requests in / { print $1 }' "$tmp/load")
	at_least "requests" "$requests" 1 || return 1
	at_least "bytes by the module" $(($(sent) - before)) $((requests * (sizes[odd] - apart)))
}

# One connection for many files.
keep_alive() {
	local i urls=()
	for ((i = 0; i < 10; i++)); do urls+=("$1/odd" -o "$tmp/kept.$i"); done
	curl -sk --max-time 120 -w '%{num_connects}\n' "${urls[@]}" >"$tmp/connects" || return 1
	same "connections" 1 "$(awk '{ n += $1 } END { print n }' "$tmp/connects")" || return 1
	for ((i = 0; i < 10; i++)); do
		cmp "$site/odd" "$tmp/kept.$i" || return 1
	done
}

# All at once; a file of each, which is compared.
many() {
	local i failed=0
	for ((i = 0; i < parallel; i++)); do
		echo "url = \"$1/odd\""
		echo "output = \"$tmp/many.$i\""
	done >"$tmp/urls"
	curl -sk --parallel --parallel-immediate --parallel-max "$parallel" --max-time 300 -K "$tmp/urls" || return 1
	for ((i = 0; i < parallel; i++)); do
		cmp "$site/odd" "$tmp/many.$i" || failed=1
	done
	rm -f "$tmp"/many.*
	return $failed
}

# Slow ones get all of it while others leave in the middle.
slow_and_leaving() {
	local i pids=() status=0
	for i in 1 2 3 4; do
		curl -sk --max-time 120 --limit-rate 4M "$1/large" | sha256sum | cut -d ' ' -f 1 >"$tmp/slow.$i" & pids+=($!)
		curl -sk --max-time 120 "$1/large" | head -c 100000 >/dev/null &
	done
	for i in "${pids[@]}"; do wait "$i" || true; done
	for i in 1 2 3 4; do
		same "SHA-256 at a slow client" "${sums[large]}" "$(<"$tmp/slow.$i")" || status=1
	done
	return $status
}

# fetches WHAT URL: all of the above but hot and leaves_none, which policies differ in.
fetches() {
	local what=$1 url=$2 name
	make_cold
	check "$what: small, cold" file small "$url"
	check "$what: small, again" file small "$url"
	for name in edge odd large; do
		make_cold
		check "$what: $name, cold" by_module 1 "${sizes[$name]}" file $name "$url"
		check "$what: $name, again" by_module 1 "${sizes[$name]}" file $name "$url"
	done
	check "$what: range inside" by_module 1 2000000 range large 1000001 3000000 "$url"
	check "$what: range of one byte" range large 700000 700000 "$url"
	check "$what: range at the end" by_module 1 $short range odd 999000 1000002 "$url"
	check "$what: HEAD" head_only "$url"
	check "$what: keep-alive" by_module 10 "${sizes[odd]}" keep_alive "$url"
	check "$what: $parallel at once" by_module $parallel "${sizes[odd]}" many "$url"
	check "$what: slow clients and such that leave" by_module 4 "${sizes[large]}" slow_and_leaving "$url"
	check "$what: under load" under_load "$url"
}
