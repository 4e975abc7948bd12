# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh sets them
# qemu.sh: the machine of run.sh that QEMU runs, on a kernel of Debian or of our own.

# One processor, whose clock is the number of its instructions; rep movsb would
# count as one a byte.
counting=(-accel "tcg,thread=single" -cpu "max,-erms,-fsrm" -icount "shift=0,sleep=off")

# Nobody attacks this machine. Guarding its processor would take a tenth of the time;
# and code is translated anew for each address that it is found at: a process that
# starts where the one before did takes half as long.
unguarded="mitigations=off norandmaps"

find_machine() {
	command -v qemu-system-x86_64 >/dev/null || die "no QEMU: make setup"
	[ -z "${COLDSEND_DISK-}" ] || die "COLDSEND_DISK is for um"
	initramfs=$("$vm/initramfs.sh" "$kernel")
	if [ -n "$instructions" ]; then
		cpus=1 accel=("${counting[@]}") unguarded=
		return
	fi
	read -ra accel < <("$vm/accel.sh" "$kernel/boot/vmlinuz-$release" "$initramfs")
}

# -x disks as words for QEMU.
extra_disks() {
	local n block
	for n in "${!extra[@]}"; do
		block=${extra[n]#*:}
		[ "$block" != "${extra[n]}" ] || block=512
		qemu_words+=(-drive "file=$work/disk$n,if=none,id=x$n,format=raw,cache=unsafe"
			-device "virtio-blk-pci,drive=x$n,logical_block_size=$block,physical_block_size=$block")
	done
}

qemu_command() {
	# shellcheck disable=SC2054 # QEMU's commas
	qemu_words=(qemu-system-x86_64 "${accel[@]}" -m "$mem" -smp "$cpus"
		-nodefaults -display none -no-reboot -no-user-config
		-kernel "$kernel/boot/vmlinuz-$release" -initrd "$initramfs"
		-append "console=ttyS0 no_timer_check nmi_watchdog=0 $unguarded $kernel_words"
		-chardev "file,id=console,path=$console" -serial chardev:console
		-fsdev "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"
		-device virtio-9p-pci,fsdev=root,mount_tag=hostroot
		-fsdev "local,id=job,path=$work/job,security_model=none"
		-device virtio-9p-pci,fsdev=job,mount_tag=job
		-fsdev "local,id=results,path=$top/build/results,security_model=none"
		-device virtio-9p-pci,fsdev=results,mount_tag=results
		-device virtio-serial-pci
		-chardev "file,id=out,path=$work/out" -device virtserialport,chardev=out,name=out
		-chardev "file,id=err,path=$work/err" -device virtserialport,chardev=err,name=err
		-drive "file=$work/disk,if=none,id=disk,format=raw,cache=unsafe"
		-device virtio-blk-pci,drive=disk)
	extra_disks
}

start_machine() {
	qemu_command
	mkfifo "$work/out" "$work/err"
	drain <"$work/out" & readers=($!)
	drain <"$work/err" >&2 & readers+=($!)
	setpriv --pdeathsig KILL "${qemu_words[@]}" </dev/null >"$work/said" 2>&1 & machine=$!
}

stop_machine() {
	kill -9 "$machine" 2>/dev/null || true
	# A QEMU that never opened them would leave their readers waiting.
	: <>"$work/out" <>"$work/err"
}
