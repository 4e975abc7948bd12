#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# largest.sh: the end of the largest file there can be, 2^63 - 1 bytes of nothing on
# xfs, where positions end, too: no sum of theirs is taken for one before the file.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq
use_xfs
size=$((2 ** 63 - 1))
file=$tmp/xfs/largest
truncate -s $size "$file" || skip "xfs has no such file"

# sends POLICY OFFSET LENGTH: zeros are no bytes that xfer knows, but it counts them.
sends() {
	local status=0
	timeout 30 xfer send -p "$1" -o "$2" -l "$3" "$file" 1 >"$tmp/said" || status=$?
	[ "$status" -le 1 ] || { echo "status $status"; cat "$tmp/said"; return 1; }
	same received "$3" "$(sed -n 's/^received //p' "$tmp/said")"
}
is_cold() { [ "$(coldsend residency --json "$file" | jq '.[0].resident')" = 0 ]; }
sends_all() {
	local back
	for back in 1 4096 65535 3000000; do
		sends "$1" $((size - back)) "$back" && sends "$1" $((size - back)) "$back" || return 1
	done
}
# Those first that leave nothing: what is there would not be read.
for policy in drop-behind direct hybrid auto cached; do
	check "$policy, not up to the end" sends $policy $((size - 65535)) 61440
	check "$policy, up to the end, each twice" sends_all $policy
	[ $policy = cached ] || check "$policy left nothing" wait_for 10 is_cold
done
check "cached, from what is there" sends cached $((size - 65535)) 61440
finish
