# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# guest-qemu.sh: what guest.sh has to know of QEMU.

# QEMU's disks are /dev/vda and on by themselves.
name_disks() { :; }

mount_results() {
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,cache=none \
		results /mnt/results
}

# The port NAME of the virtio console.
stream_of() {
	local node
	for node in /sys/class/virtio-ports/*; do
		[ "$(<"$node/name")" != "$1" ] || echo "/dev/${node##*/}"
	done
}
