#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh: runs a command as root in a virtual machine on a stock Debian kernel.
#
# usage: run.sh [options] -- COMMAND [ARG…]
#   -k KERNEL  6.1, 6.12 or a release as uname -r prints it       (6.12)
#   -m MEM     memory                                             (1G)
#   -c CPUS    processors                                         (2)
#   -d SIZE    the ext4 disk at /mnt/disk, fresh, sparse          (4G)
#   -x SIZE[:BLOCK]  one more blank disk, /dev/vdb and on, BLOCK bytes a sector
#   -t SECONDS deadline of COMMAND                                (600)
#   -n         do not insert the module
#   -R         do not remove the module at the end
#
# In the machine: the host's files at their paths (writes stay in the machine;
# /proc /sys /dev /run are its own), the directory this was called in, coldsend
# inserted, CLI and test programs on PATH, debugfs and tracefs, loopback, the
# variables COLDSEND_*, /mnt/results (the host's build/results, writable).
# COMMAND's output comes out here, the kernel's goes to a file in build/log.
#
# exit: COMMAND's own status, or
#    99  the kernel complained, or the module did not leave cleanly
#   124  the deadline passed
#   125  the machine did not do its part
# A kernel complaint wins over COMMAND's status.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

# What must not be in the kernel's log, and what looks like it but may be.
bad='WARNING: |BUG: |BUG at |Oops|Call Trace:|general protection|Kernel panic|blocked for more than|stalls on CPU|detected stall|soft lockup|hard LOCKUP|KASAN|UBSAN|refcount_t:|list_(add|del) corruption|bad page state|Out of memory:|coldsend: leak'
fine='WARNING: Spectre v2|RETBleed: WARNING|Show Blocked State'

usage() { sed -n '/^# usage:/,/^$/s/^# \{0,1\}//p' "$0"; exit "$1"; }

parse() {
	kernel_name=6.12 mem=1G cpus=2 disk=4G extra=() deadline=600 insert=1 keep_module=
	while getopts k:m:c:d:x:t:nRh option; do
		case $option in
		k)	kernel_name=$OPTARG ;;
		m)	mem=$OPTARG ;;
		c)	cpus=$OPTARG ;;
		d)	disk=$OPTARG ;;
		x)	extra+=("$OPTARG") ;;
		t)	deadline=$OPTARG ;;
		n)	insert= ;;
		R)	keep_module=1 ;;
		h)	usage 0 ;;
		*)	usage 125 >&2 ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -gt 0 ] || usage 125 >&2
	command=("$@")
}

# Everything that must be there before a machine can start.
find_parts() {
	command -v qemu-system-x86_64 >/dev/null || die "no QEMU: make setup"
	kernel=$("$vm/kernels.sh" "$kernel_name")
	release=$(<"$kernel/release")
	module=
	if [ -n "$insert" ]; then
		module=$top/build/$release/coldsend.ko
		[ -e "$module" ] || die "no $module: make module-$release, or -n"
	fi
	initramfs=$("$vm/initramfs.sh" "$kernel")
	read -ra accel < <("$vm/accel.sh" "$kernel/boot/vmlinuz-$release" "$initramfs")
	mkdir -p "$top/build/log" "$top/build/results"
	console=$top/build/log/$release-$(date +%H%M%S)-$$.log
}

clean_up() {
	trap - EXIT INT TERM HUP
	# shellcheck disable=SC2046 # a list of words
	{ kill -9 $(jobs -p); wait; } 2>/dev/null || true
	[ -z "${work-}" ] || rm -rf "$work"
}

environment() {
	local name
	environment=(HOME=/root TERM=dumb LANG=C.UTF-8 USER=root LOGNAME=root SHELL=/bin/bash
		"PATH=$top/build/user:$top/build/selftests:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
		COLDSEND_RESULTS=/mnt/results "COLDSEND_KERNEL=$release" "COLDSEND_TOP=$top"
		"COLDSEND_CACHE=$cache")
	for name in "${!COLDSEND_@}"; do environment+=("$name=${!name}"); done
}

# The directory that is shared with the machine and what is in it.
make_job() {
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/coldsend-vm.XXXXXX")
	mkdir "$work/job"
	cp "$vm/guest.sh" "$work/job/"
	local cwd=$PWD
	environment
	declare -p top release kernel module deadline keep_module cwd command environment \
		>"$work/job/job.sh"
	mkfifo "$work/out" "$work/err"
	truncate -s "$disk" "$work/disk"
	mkfs.ext4 -q -F "$work/disk"
}

# -x disks as words for QEMU.
extra_disks() {
	local n=0 spec block
	for spec in "${extra[@]}"; do
		block=${spec#*:}
		[ "$block" != "$spec" ] || block=512
		truncate -s "${spec%%:*}" "$work/disk$n"
		qemu_words+=(-drive "file=$work/disk$n,if=none,id=x$n,format=raw,cache=unsafe"
			-device "virtio-blk-pci,drive=x$n,logical_block_size=$block,physical_block_size=$block")
		n=$((n + 1))
	done
}

qemu_command() {
	# shellcheck disable=SC2054 # QEMU's commas
	qemu_words=(qemu-system-x86_64 "${accel[@]}" -m "$mem" -smp "$cpus"
		-nodefaults -display none -no-reboot -no-user-config
		-kernel "$kernel/boot/vmlinuz-$release" -initrd "$initramfs"
		-append "console=ttyS0 loglevel=5 panic=-1 log_buf_len=8M rcupdate.rcu_cpu_stall_timeout=120 nmi_watchdog=0 watchdog_thresh=60"
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

# Pass everything on, and read on when nobody wants it any more.
drain() { cat || cat >/dev/null; }

# The machine has the command's time, and a minute each to come up and to go down.
boot() {
	local out err qemu alarm
	drain <"$work/out" & out=$!
	drain <"$work/err" >&2 & err=$!
	setpriv --pdeathsig KILL "${qemu_words[@]}" </dev/null >"$work/qemu" 2>&1 & qemu=$!
	sleep $((deadline + 120)) & alarm=$!
	wait -n "$qemu" "$alarm" || true
	kill -9 "$qemu" "$alarm" 2>/dev/null || true
	# A QEMU that never opened them would leave their readers waiting.
	: <>"$work/out" <>"$work/err"
	wait "$qemu" "$alarm" "$out" "$err" 2>/dev/null || true
}

# The lines of the kernel's log that must not be there: of the whole log when the
# machine could save it, else of its console.
complaints() {
	local log=$work/job/dmesg
	[ -s "$log" ] || log=$console
	grep -aE "$bad" "$log" | grep -avE "$fine" | tr -d '\r' | sort -u
}

verdict() {
	local status=125 lines
	[ ! -s "$work/job/status" ] || status=$(<"$work/job/status")
	if [ -s "$work/job/trouble" ]; then
		say "$(<"$work/job/trouble")"
		[ "$status" = 124 ] || status=99
	fi
	if lines=$(complaints); then
		say "the kernel complained (log: $console):"
		printf '%s\n' "$lines" | head -n 20 >&2
		[ "$status" = 124 ] || status=99
	fi
	[ ! -e "$work/job/dmesg" ] || cat "$work/job/dmesg" >>"$console"
	case $status in
	124)	say "deadline of $deadline s passed (log: $console)" ;;
	125)	[ -e "$work/job/up" ] && say "the machine went down before the command ended"
		say "no result from the machine (log: $console)"
		cat "$work/qemu" >&2
		tail -n 20 "$console" >&2 || true ;;
	esac
	exit "$status"
}

parse "$@"
find_parts
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
make_job
qemu_command
boot
verdict
