#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# blocks.sh: blocks larger than a page, which xfs may have from Linux 6.12 on, come
# into the page cache as a whole: drop-behind takes all of it out again, direct and
# hybrid bring none, wherever a range begins and ends.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
modprobe -q xfs || true
block=16384 size=$((3 * 1024 * 1024 + 5000))
mount_image xfs 400M mkfs.xfs -q -f -b size=$block -- >"$tmp/reason" 2>&1 ||
	skip "no xfs with blocks larger than pages: $(tr '\n' ' ' <"$tmp/reason")"
file=$tmp/xfs/file
xfer make "$file" $size 5

left() { same "pages left" "$1" "$(xfer resident "$file")"; }
settles_at() { wait_for 10 left "$1" >/dev/null || left "$1"; }
# leaves_none POLICY OFFSET LENGTH
leaves_none() {
	xfer cold "$file"
	xfer send -p "$1" -o "$2" -l "$3" "$file" 5 >"$tmp/said" || { cat "$tmp/said"; return 1; }
	settles_at 0
}
# What somebody else has brought stays, all of its block.
leaves_what_was_there() {
	xfer cold "$file"
	dd if="$file" of=/dev/null bs=1 skip=100 count=1 2>/dev/null
	local there
	there=$(xfer resident "$file")
	[ "$there" -ge $((block / 4096)) ] || { echo "only $there pages of a block"; return 1; }
	xfer send -p "$1" "$file" 5 >/dev/null || return 1
	settles_at "$there"
}

for policy in drop-behind direct hybrid; do
	for range in "0 $size" "0 5000" "5000 5000" "20000 1" "1000000 1100000" "$((size - 1)) 1"; do
		# shellcheck disable=SC2086 # two words
		check "$policy leaves nothing of ${range/ /, } bytes" leaves_none $policy $range
	done
	check "$policy leaves what was there" leaves_what_was_there $policy
done
finish
