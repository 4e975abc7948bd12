#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fallback.sh: file systems without direct I/O, or without it for this file:
# the bytes arrive all the same, and what happened is told and counted. And
# those with it, which must not fall back: read-only mounts, overlayfs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq taskset

size=1234567
seed=7

# Sends FILE by policy direct; what xfer says is in $tmp/said.
send_direct() { xfer send -p direct "$@" "$seed" >"$tmp/said"; }

field() { value "$1" <"$tmp/said"; }

fallbacks() { echo $(($(total fallback_no_direct) + $(total fallback_direct_refused) + $(total fallback_buffered))); }

# Of the file's row in the netlink table: jq's FILTER of it.
row() {
	coldsend files --json |
		jq -r --argjson ino "$(stat -c %i "$1")" "last(.[] | select(.file.ino == \$ino)) | $2"
}

# FILE falls back: every byte arrives, and ioctl, netlink and debugfs say why.
falls_back() {
	local file=$1 before reason
	before=$(fallbacks)
	send_direct "$file" || { cat "$tmp/said"; return 1; }
	same sent "$size" "$(field sent)" || return 1
	same policy_used drop-behind "$(field policy_used)" || return 1
	reason=$(field fallback)
	echo "reason: $reason"
	[ "$reason" != none ] || return 1
	same "fallbacks counted" $((before + 1)) "$(fallbacks)" || return 1
	same "reason in the file's row" "$reason" "$(row "$file" .file.fallback)" || return 1
	same "count of that reason in the row" 1 \
		"$(row "$file" ".counters.fallback_${reason//-/_}")"
}

stays_direct() {
	local before
	before=$(fallbacks)
	xfer cold "$1" || return 1
	send_direct -s "$1" || { cat "$tmp/said"; return 1; }
	same sent "$size" "$(field sent)" || return 1
	same policy_used direct "$(field policy_used)" || return 1
	same fallback none "$(field fallback)" || return 1
	same "fallbacks counted" "$before" "$(fallbacks)" || return 1
	same "pages in the page cache" 0 "$(xfer resident "$1")"
}

refused_if_strict() {
	local status=0
	send_direct -s "$1" || status=$?
	same "xfer's exit status" 3 "$status" || return 1
	same error EOPNOTSUPP "$(field error)" || return 1
	same received 0 "$(field received)"
}

cached_right() {
	xfer send -p cached "$1" "$seed" >"$tmp/said" || { cat "$tmp/said"; return 1; }
	same sent "$size" "$(field sent)" || return 1
	same policy_used cached "$(field policy_used)"
}

any_policy_right() {
	check "$1: cached" cached_right "$2"
	check "$1: direct falls back" falls_back "$2"
	check "$1: direct with STRICT is refused" refused_if_strict "$2"
}

unmounts() { umount "$1"; }

xfer make "$tmp/plain" $size $seed
check "ext4: direct does not fall back" stays_direct "$tmp/plain"

if mount_image journal 64M mkfs.ext4 -q -F -b 4096 -- -o data=journal >"$tmp/reason"; then
	xfer make "$tmp/journal/file" $size $seed
	any_policy_right "ext4 data=journal" "$tmp/journal/file"
	check "ext4 data=journal: nothing keeps it busy" unmounts "$tmp/journal"
else
	check "ext4 data=journal # SKIP $(<"$tmp/reason")" true
fi

size=100
if mount_image inline 64M mkfs.ext4 -q -F -b 4096 -I 256 -O inline_data -- >"$tmp/reason"; then
	xfer make "$tmp/inline/file" $size $seed
	any_policy_right "ext4 inline data" "$tmp/inline/file"
	check "ext4 inline data: nothing keeps it busy" unmounts "$tmp/inline"
else
	check "ext4 inline data # SKIP $(<"$tmp/reason")" true
fi
size=1234567

# Blocks smaller than a page: pages of which a part is up to date.
if mount_image small 64M mkfs.ext4 -q -F -b 1024 -- >"$tmp/reason"; then
	xfer make "$tmp/small/file" $size $seed
	check "ext4 with blocks of 1 KiB: cached" cached_right "$tmp/small/file"
	check "ext4 with blocks of 1 KiB: direct" stays_direct "$tmp/small/file"
	check "ext4 with blocks of 1 KiB: cached when cold" cached_right "$tmp/small/file"
	check "ext4 with blocks of 1 KiB: nothing keeps it busy" unmounts "$tmp/small"
else
	check "ext4 with blocks of 1 KiB # SKIP $(<"$tmp/reason")" true
fi

mkdir "$tmp/tmpfs"
mount -t tmpfs none "$tmp/tmpfs"
at_exit umount "$tmp/tmpfs"
xfer make "$tmp/tmpfs/file" $size $seed
any_policy_right tmpfs "$tmp/tmpfs/file"
check "tmpfs: nothing keeps it busy" unmounts "$tmp/tmpfs"

if mount_image readonly 64M mkfs.ext4 -q -F -b 4096 -- >"$tmp/reason"; then
	xfer make "$tmp/readonly/file" $size $seed
	mount -o remount,ro "$tmp/readonly"
	check "read-only mount: cached" cached_right "$tmp/readonly/file"
	check "read-only mount: direct does not fall back" stays_direct "$tmp/readonly/file"
	check "read-only mount: nothing keeps it busy" unmounts "$tmp/readonly"
else
	check "read-only mount # SKIP $(<"$tmp/reason")" true
fi

mkdir "$tmp"/{lower,upper,work,overlay}
xfer make "$tmp/lower/file" $size $seed
modprobe -q overlay || true
if mount -t overlay -o "lowerdir=$tmp/lower,upperdir=$tmp/upper,workdir=$tmp/work" \
		none "$tmp/overlay" 2>"$tmp/reason"; then
	at_exit umount "$tmp/overlay"
	check "overlayfs: cached" cached_right "$tmp/overlay/file"
	xfer cold "$tmp/lower/file"
	check "overlayfs: direct" send_direct "$tmp/overlay/file"
	note "overlayfs: direct went $(field policy_used), fallback $(field fallback)"
	if [ "$(field fallback)" = none ]; then
		check "overlayfs: direct adds no page" same pages 0 "$(xfer resident "$tmp/lower/file")"
	fi
	check "overlayfs: nothing keeps it busy" unmounts "$tmp/overlay"
else
	check "overlayfs # SKIP $(<"$tmp/reason")" true
fi

# The file system of the machine that runs this one, 9p or hostfs, has to be asked.
copied() {
	local before
	before=$(total fallback_copied)
	xfer send -p "$1" "$2" "$seed" >"$tmp/said" || { cat "$tmp/said"; return 1; }
	same sent "$size" "$(field sent)" || return 1
	same fallback copied "$(field fallback)" || return 1
	same "bytes copied" "$size" "$(field bytes_copied)" || return 1
	same "fallbacks counted" $((before + 1)) "$(total fallback_copied)" || return 1
	same "reason in the file's row" copied "$(row "$2" .file.fallback)"
}
if mountpoint -q "${COLDSEND_RESULTS:-/none}"; then
	shared=$(mktemp -d "$COLDSEND_RESULTS/fallback.XXXXXX")
	at_exit rm -rf "$shared"
	xfer make "$shared/file" $size $seed
	for policy in cached drop-behind; do
		check "shared by a host: $policy is copied" copied "$policy" "$shared/file"
	done
else
	check "shared by a host # SKIP no directory of this machine is" true
fi

# Only what the first read brought, and is asked for then: 2 MiB of 16.
is_little() { [ "$(xfer resident "$1")" -le 512 ]; }

# On one processor: what comes over loopback from another may be kept there.
little_stays() {
	local i
	taskset -pc 0 "$BASHPID" >/dev/null
	for i in 1 2 3; do
		listen 127.0.0.1 --discard || return 1
		coldsend send -p direct "$1" 127.0.0.1 "$port" >/dev/null || return 1
		wait "$receiver" || return 1
	done
	wait_for 10 is_little "$1" || { echo "$(xfer resident "$1") pages stay"; return 1; }
}

if mount_image btrfs 200M mkfs.btrfs -q -f -- -o compress-force=zstd >"$tmp/reason"; then
	# Compressible, so that btrfs reads it through the page cache.
	yes coldsend | head -c $size >"$tmp/btrfs/text" || true
	sync "$tmp/btrfs/text"
	xfer cold "$tmp/btrfs/text"
	listen 127.0.0.1 "$tmp/copy"
	at_exit kill "$receiver"
	check "btrfs, compressed: direct" coldsend send -p direct --json "$tmp/btrfs/text" 127.0.0.1 "$port"
	wait "$receiver"
	check "btrfs, compressed: bytes" cmp "$tmp/btrfs/text" "$tmp/copy"
	check "btrfs, compressed: counted" same fallback buffered "$(row "$tmp/btrfs/text" .file.fallback)"
	yes coldsend | head -c 16M >"$tmp/btrfs/long" || true
	sync "$tmp/btrfs/long"
	xfer cold "$tmp/btrfs/long"
	check "btrfs, compressed: little stays, however often" little_stays "$tmp/btrfs/long"
	xfer make "$tmp/btrfs/file" $size $seed
	check "btrfs: cached" cached_right "$tmp/btrfs/file"
	check "btrfs: direct" send_direct "$tmp/btrfs/file"
	check "btrfs: nothing keeps it busy" unmounts "$tmp/btrfs"
else
	check "btrfs # SKIP $(<"$tmp/reason")" true
fi
finish
