# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # job.sh sets them
# guest-um.sh: what guest.sh has to know of User-Mode Linux.

# Node ubdN under the name that it has in QEMU. Its sectors are of 512 bytes; a
# loop device makes larger ones.
name_disk() {
	local node=/dev/ubd$1 name=/dev/vd$1 block=$2
	if [ "$block" != 512 ]; then
		node=$(losetup --find --show --direct-io=on --sector-size "$block" "$node") || return 1
	fi
	[ -b "$node" ] && ln -s "$node" "$name"
}

name_disks() {
	local letters=(b c d e f g h i j k l m n o p) n block
	name_disk a 512 || return 1
	for n in "${!extra[@]}"; do
		block=${extra[n]#*:}
		[ "$block" != "${extra[n]}" ] || block=512
		name_disk "${letters[n]}" "$block" || return 1
	done
}

mount_results() { mount -t hostfs -o "$top/build/results" results /mnt/results; }

# Each write goes to the host at once.
stream_of() { echo "/run/job/$1"; }
