#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bytes-xfs.sh: the bytes test again, on xfs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# xfs on a disk of its own if there is one: a loop device is a file of ext4.
mount_xfs() {
	mkdir -p "$tmp/xfs"
	modprobe -q xfs || true
	grep -qw xfs /proc/filesystems || { echo "this kernel has no xfs"; return 1; }
	[ -b /dev/vdb ] || { mount_image xfs 400M mkfs.xfs -q -f --; return; }
	command -v mkfs.xfs >/dev/null || { echo "no mkfs.xfs"; return 1; }
	mkfs.xfs -q -f /dev/vdb || { echo "mkfs.xfs failed"; return 1; }
	mount /dev/vdb "$tmp/xfs" || { echo "mount failed"; return 1; }
	at_exit umount "$tmp/xfs"
}

need_module
mount_xfs >"$tmp/reason" 2>&1 || skip "$(tr '\n' ' ' <"$tmp/reason")"
CS_DIR=$tmp/xfs "$programs/bytes"
