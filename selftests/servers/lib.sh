# SPDX-License-Identifier: GPL-2.0
# servers/lib.sh: what the tests of real servers share. To be sourced first.
#
#   curl, 100 of them, slow ones, some that leave ──► server, under "coldsend run"
#                                                        │ sendfile
#                                                     module
#
# A script writes a configuration, starts its server by serve, calls fetches for
# what any HTTP server must do, and stop_server to see what the module served.
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# shellcheck disable=SC2034 # used by those who source this
port=8080
parallel=100
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

# serve WHAT URL OPTIONS… -- COMMAND…: starts it, and waits until it answers. In a
# session of its own: Apache stops all of its process group.
serve() {
	local what=$1 url=$2
	shift 2
	setsid coldsend run --json "$@" >"$tmp/served" 2>"$tmp/errors" </dev/null & server=$!
	at_exit kill "$server"
	check "$what: starts" up "$url"
}

# And what the module served is in $served.
stop_server() {
	kill "$server" || true
	wait "$server" || true
	# shellcheck disable=SC2034 # used by those who source this
	served=$(tail -n 5 "$tmp/served" | jq .bytes_served)
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
	same "status" 206 "$(<"$tmp/code")" || return 1
	cmp "$tmp/part" <(tail -c "+$((from + 1))" "$site/$name" | head -c $((to - from + 1)))
}

# head_only URL: the size is told, and no bytes come.
head_only() {
	curl -sIk --max-time 60 "$1/large" >"$tmp/head" || return 1
	grep -qi "^content-length: ${sizes[large]}" "$tmp/head" || { cat "$tmp/head"; return 1; }
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

# fetches WHAT URL: all of the above.
fetches() {
	local what=$1 url=$2 name
	for name in small edge odd large; do
		make_cold
		check "$what: $name, cold" file $name "$url"
		check "$what: $name, again" file $name "$url"
	done
	check "$what: range inside" range large 1000001 3000000 "$url"
	check "$what: range of one byte" range large 700000 700000 "$url"
	check "$what: range at the end" range odd 999000 1000002 "$url"
	check "$what: HEAD" head_only "$url"
	check "$what: keep-alive" keep_alive "$url"
	check "$what: $parallel at once" many "$url"
	check "$what: slow clients and such that leave" slow_and_leaving "$url"
}

# What fetches makes pass through the module at least, of files it takes whole.
# shellcheck disable=SC2034 # used by those who source this
fetched=$((2 * (sizes[odd] + sizes[large]) + (10 + parallel) * sizes[odd] + 4 * sizes[large]))
