# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# disk.sh: a disk of the device mapper, whose table can be changed while it is
# in use. To be sourced after lib.sh.
#
#	file ---- ext4 at $dir ---- dm $disk ---- loop $loop

need dmsetup losetup
modprobe -q dm-mod || skip "no device mapper in this kernel"
modprobe -q loop || skip "no loop devices in this kernel"

disk=coldsend-test-$$
# shellcheck disable=SC2154 # lib.sh sets it
dir=$tmp/dir

# Linux 7.3 reads 8 MiB ahead, all of a file before the disk is slow or dead; each
# table asks for that again. As disk.c has it.
disk_do() { dmsetup --noudevsync --readahead 256 "$@" "$disk"; }

# make_disk: of 64 MiB; sets loop, sectors and device.
make_disk() {
	truncate -s 64M "$tmp/image"
	loop=$(losetup -f --show "$tmp/image")
	at_exit losetup -d "$loop"
	sectors=$(blockdev --getsz "$loop")
	echo "0 $sectors linear $loop 0" | disk_do create
	at_exit disk_do remove
	dmsetup mknodes
	device=$(readlink -f "/dev/mapper/$disk")
	mkfs.ext4 -q -b 4096 "$device"
	mkdir "$dir"
	mount -o noatime "$device" "$dir"
	at_exit umount "$dir"
}

# set_disk: has it the table that comes on standard input from now on.
set_disk() {
	disk_do suspend
	disk_do reload
	disk_do resume
}
