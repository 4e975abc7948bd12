#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# initramfs.sh: packs busybox, init.sh and the boot modules of one cached kernel.
#
# usage: initramfs.sh KERNEL_DIR     prints the path of the archive

set -euo pipefail
. "$(dirname "$0")/lib.sh"

modules=(virtio_pci virtio_blk virtio_console 9p 9pnet_virtio overlay ext4 crc32c_generic)

kernel=$1
release=$(<"$kernel/release")
key=$(cat "$vm/init.sh" "$vm/initramfs.sh" | sha256sum | cut -c 1-16)
archive=$kernel/initramfs-$key.cpio

# Paths of the boot modules and of what they need, in the order of loading.
load_order() {
	local module
	for module in "${modules[@]}"; do
		modprobe -q -d "$kernel" -S "$release" --show-depends "$module" || true
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

pack() {
	local root=$1 n=100 path
	mkdir -p "$root"/{bin,proc,sys,dev,modules,lower,upper,root}
	cp "$(command -v busybox)" "$root/bin/busybox"
	install -m 755 "$vm/init.sh" "$root/init"
	while read -r path; do
		case $path in
		*.xz)	xz -dc "$path" ;;
		*)	cat "$path" ;;
		esac >"$root/modules/$((n++))-$(basename "${path%.xz}")"
	done < <(load_order)
	(cd "$root" && find . | cpio --quiet -o -H newc)
}

lock initramfs
if [ ! -e "$archive" ]; then
	stage=$(mktemp -d "$cache/.stage.XXXXXX")
	trap 'rm -rf "$stage"' EXIT
	pack "$stage/root" >"$stage/cpio"
	mv "$stage/cpio" "$archive"
	# Others are another checkout's, or were once.
	find "$kernel" -name 'initramfs-*.cpio' ! -samefile "$archive" -mtime +7 -delete
fi
echo "$archive"
