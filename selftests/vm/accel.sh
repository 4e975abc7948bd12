#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# accel.sh: decides once per boot of the host whether KVM really runs a guest.
#
# usage: accel.sh KERNEL INITRAMFS     prints the words for QEMU
# A /dev/kvm that aborts or hangs QEMU exists: only a booted guest counts.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

kvm=(-accel kvm -cpu host)
# rep movsb is emulated a byte at a time, and each walk of page tables takes as long as
# they have levels: hide the one and the fifth level from the guest.
tcg=(-accel "tcg,thread=multi" -cpu "max,-erms,-fsrm,-la57")

boots() {
	timeout -k 1 8 qemu-system-x86_64 "${kvm[@]}" -m 256M -nodefaults -nographic \
		-no-reboot -serial stdio -kernel "$1" -initrd "$2" \
		-append "console=ttyS0 panic=-1 quiet coldsend.probe" \
		</dev/null 2>/dev/null | grep 'probe ok' >/dev/null
}

[ -w /dev/kvm ] || { echo "${tcg[@]}"; exit 0; }

lock accel
verdict=$cache/.kvm-$(cat /proc/sys/kernel/random/boot_id)
if [ ! -e "$verdict" ]; then
	rm -f "$cache"/.kvm-*
	if boots "$1" "$2"; then echo yes; else echo no; fi >"$verdict.new"
	mv "$verdict.new" "$verdict"
fi
if [ "$(<"$verdict")" = yes ]; then echo "${kvm[@]}"; else echo "${tcg[@]}"; fi
