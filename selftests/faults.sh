#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# faults.sh: the test faults, or those that are its arguments, on a disk whose reads take
# half a second.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq
# shellcheck source=disk.sh
. "$selftests/disk.sh"
modprobe -q dm-delay || skip "no dm-delay in this kernel"
modprobe -q dm-flakey || skip "no dm-flakey in this kernel"

# Small reads, so that a transfer has not read all when it waits for its socket.
keep_tunables
coldsend policy set --segment-size 128K

make_disk
export CS_DISK=$disk CS_SLOW_DIR=$dir CS_DIR=$tmp
export CS_DISK_SLOW="0 $sectors delay $loop 0 500 $loop 0 0"
export CS_DISK_SLOWISH="0 $sectors delay $loop 0 200 $loop 0 0"
export CS_DISK_FAST="0 $sectors linear $loop 0"
export CS_DISK_DEAD="0 $sectors flakey $loop 0 0 3600"
for place in "$dir" "$tmp"; do
	xfer make "$place/faults.bin" 2098386 161
done
xfer make "$dir/large.bin" 6292690 161
# Of so many pieces that where they are is told by a block of its own, written back.
xfer make "$dir/pieces.bin" 524288 162
for ((i = 1; i < 128; i += 2)); do
	fallocate --punch-hole -o $((i * 4096)) -l 4096 "$dir/pieces.bin"
done
mount -o remount,ro "$dir"
mount -o remount,rw "$dir"
set_disk <<<"$CS_DISK_SLOW"
if memory_cgroups; then
	export CS_CGROUP=$cgroup/sender
	mkdir "$CS_CGROUP"
	at_exit rmdir "$CS_CGROUP"
fi

# Skipped only if none of them runs here.
status=$exit_skip
for program in "${@:-faults}"; do
	got=0
	"$programs/$program" || got=$?
	case $got in
	0)		[ "$status" = 1 ] || status=0 ;;
	"$exit_skip")	;;
	*)		status=1 ;;
	esac
done
umounts() { wait_for 20 umount "$dir"; }
if ! umounts; then
	echo "not ok - something keeps the file system busy"
	status=1
fi
exit "$status"
