#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# slow-disk.sh: an ext4 file system on a disk whose reads take longer.
#
# usage: slow-disk.sh make MS DIR | remove DIR
# $BENCH_SLOW_DEVICE (/dev/vdb), a blank disk, under device-mapper's delay.

set -euo pipefail

device=${BENCH_SLOW_DEVICE:-/dev/vdb}
name=bench-slow

make_disk() {
	local sectors
	[ -b "$device" ] || { echo "slow-disk.sh: no $device: run.sh -x 256M" >&2; exit 1; }
	modprobe -q dm-delay || true
	sectors=$(blockdev --getsz "$device")
	dmsetup create "$name" --table "0 $sectors delay $device 0 $1 $device 0 0"
	dmsetup mknodes "$name"
	mkfs.ext4 -q -F "/dev/mapper/$name"
	mkdir -p "$2"
	mount "/dev/mapper/$name" "$2"
}

remove_disk() {
	! mountpoint -q "$1" || umount "$1"
	! dmsetup info "$name" >/dev/null 2>&1 || dmsetup remove --retry "$name"
}

case ${1-} in
make)	make_disk "$2" "$3" ;;
remove)	remove_disk "$2" ;;
*)	sed -n '/^# usage:/p' "$0" >&2; exit 2 ;;
esac
