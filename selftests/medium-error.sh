#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# medium-error.sh: a SCSI disk with a bad place in the middle of a file.  What such
# disks say is not EIO; who sends the file is told that all the same.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq filefrag
modprobe -q sd_mod || skip "no SCSI disks in this kernel"
modprobe -q scsi_debug dev_size_mb=32 delay=0 || skip "no scsi_debug in this kernel"
at_exit modprobe -r scsi_debug

driver=/sys/bus/pseudo/drivers/scsi_debug
parameters=/sys/module/scsi_debug/parameters
dir=$tmp/dir
file=$dir/file
bad=$((5 << 20))

find_disk() { disk=$(grep -ls scsi_debug /sys/block/*/device/model) && disk=${disk%/device/model} && disk=/dev/${disk##*/} && [ -b "$disk" ]; }

make_bad() {
	local first
	wait_for 10 find_disk || { echo "no disk came"; return 1; }
	mkfs.ext4 -q -b 4096 "$disk"
	mkdir "$dir"
	mount -o noatime "$disk" "$dir"
	at_exit umount "$dir"
	head -c 8M /dev/urandom >"$file"
	sync "$file"
	first=$(filefrag -v -b512 "$file" | awk '$1 == "0:" { print $4 + 0 }')
	echo 8 >$parameters/medium_error_count
	echo $((first + bad / 512)) >$parameters/medium_error_start
	echo 2 >$driver/opts
}

# What dd sees is what the disk says.
says_otherwise() {
	xfer cold "$file" || return 1
	! dd if="$file" of=/dev/null bs=4096 skip=$((bad / 4096)) count=1 iflag=direct 2>"$tmp/said" || return 1
	! grep -q "Input/output error" "$tmp/said"
}

told_eio() {
	local receiver port status=0
	xfer cold "$file" || return 1
	listen 127.0.0.1 --discard || return 1
	coldsend send --json --policy "$1" "$file" 127.0.0.1 "$port" >"$tmp/sent" 2>/dev/null || status=$?
	wait "$receiver"
	same "exit status" 1 "$status" && same error EIO "$(jq -r .error "$tmp/sent")"
}

make_bad || exit 1
check "the disk says something else" says_otherwise
for policy in cached direct drop-behind hybrid; do
	check "$policy: EIO" told_eio "$policy"
done
echo 0 >$driver/opts
finish
