#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# demo.sh: a first look at coldsend; "make demo" runs it in the test machine.
#
# One big cold file goes through a TCP connection twice, under two policies. Each
# time the received bytes are compared, and the page cache is looked at.

set -euo pipefail

dir=${1:-/mnt/disk}
mib=256
cold=$dir/cold.bin hot=$dir/hot.bin
work=$(mktemp -d)
received=/dev/shm/received.bin
clean_up() {
	# shellcheck disable=SC2046 # a list of words
	kill $(jobs -p) 2>/dev/null || true
	rm -rf "$work" "$received"
}
trap clean_up EXIT

title() { printf '\n== %s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# Seeded bytes that nothing can compress: the same ones in every run.
make_file() {
	head -c "$2" /dev/zero |
		openssl enc -aes-128-ctr -nosalt -pass "pass:$1" -md sha256 2>/dev/null >"$1"
}

# Only the hot file is in the page cache after this. Pages that the network has not
# let go of yet cannot be dropped: try again.
drop_caches() {
	local deadline=$((SECONDS + 10))
	sync
	while echo 3 >/proc/sys/vm/drop_caches; [ "$(resident "$cold")" != 0 ]; do
		[ "$SECONDS" -lt "$deadline" ] || break
		ping -q -c 2 -i 0.2 127.0.0.1 >/dev/null 2>&1 || sleep 0.2
	done
	cat "$hot" >/dev/null
}

# The port that the receiver names, as soon as it does.
port() {
	local deadline=$((SECONDS + 20)) port
	while [ "$SECONDS" -lt "$deadline" ]; do
		port=$(sed -n 's/.*listening on .*port \([0-9]*\).*/\1/p' "$work/said" 2>/dev/null)
		[ -z "$port" ] || { echo "$port"; return 0; }
		sleep 0.1
	done
	fail "the receiver did not listen: $(cat "$work/said")"
}

# Send the cold file under POLICY. What comes goes to memory, not to the disk, and
# is hashed after: so the receiver is not what limits the speed.
transfer() {
	local policy=$1 receiver number sum
	rm -f "$work/said"
	coldsend receive 0 "$received" 2>"$work/said" & receiver=$!
	number=$(port)
	coldsend send "$cold" 127.0.0.1 "$number" --policy "$policy" ||
		fail "coldsend send --policy $policy failed"
	wait "$receiver" || fail "the receiver failed: $(cat "$work/said")"
	sum=$(sha256sum "$received" | cut -d ' ' -f 1)
	rm -f "$received"
	[ "$sum" = "$expected" ] || fail "received $sum, sent $expected"
	echo "the receiver got the same $mib MiB: SHA-256 ${expected:0:16}…"
}

# How many pages of FILE are in the page cache.
resident() { coldsend residency "$1" | awk 'NR == 2 { print $2 }'; }

try() {
	local policy=$1 before
	title "policy $policy: $2"
	drop_caches
	before=$(resident "$cold")
	echo "-- page cache before"
	coldsend residency "$cold" "$hot"
	echo "-- coldsend send cold.bin --policy $policy"
	transfer "$policy"
	echo "-- page cache after"
	coldsend residency "$cold" "$hot"
	added[$policy]=$(($(resident "$cold") - before))
}

declare -A added
title "two files on a fresh ext4 disk, on Linux $(uname -r)"
make_file "$cold" $((mib << 20))
make_file "$hot" $((4 << 20))
expected=$(sha256sum "$cold" | cut -d ' ' -f 1)
echo "$cold  $mib MiB, cold: nobody reads it but us"
echo "$hot     4 MiB, hot: it should stay in the page cache"

try cached "page-cache pages go to the socket, like sendfile, and stay"
try direct "the disk is read past the page cache, which stays as it was"

title "/sys/kernel/debug/coldsend/files: one row a file"
cat /sys/kernel/debug/coldsend/files

title "in short"
pages=$((mib * 256))
for policy in cached direct; do
	printf '%-7s sent %d pages and added %5d to the page cache\n' \
		"$policy" "$pages" "${added[$policy]}"
done
[ "${added[direct]}" = 0 ] || fail "direct should have added none"
[ "${added[cached]}" = "$pages" ] || fail "cached should have added all"
[ "$(resident "$hot")" = 1024 ] || fail "the hot file was pushed out"
echo "the hot file stayed. Next: make check, make bench, and README.md"
