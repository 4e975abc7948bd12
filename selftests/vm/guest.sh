#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# guest.sh: what process 1 of the test machine does with the host's root:
# prepares the machine, runs the command, reports, powers off.
#
# /run/job is shared with run.sh: job.sh (what to do) comes in, status (how the
# command ended), trouble (what else went wrong) and dmesg go out.

# shellcheck disable=SC2154 # job.sh sets them
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Sets: top kernel kind extra module deadline keep_module cwd command environment
# shellcheck source=/dev/null
. /run/job/job.sh
# Where the kinds of machine differ: name_disks, mount_results, stream_of
# shellcheck source=guest-qemu.sh source=guest-um.sh
. "/run/job/guest-$kind.sh"

trouble() { echo "$*" >>/run/job/trouble; }

halt() {
	sync
	echo "coldsend-vm: done" >/dev/console
	echo o >/proc/sysrq-trigger
	while :; do sleep 1; done
}

# The whole kernel log, also what someone cleared from dmesg's view.
save_log() {
	dd if=/dev/kmsg iflag=nonblock bs=8192 2>/dev/null |
		sed -E '/^ /d; s/^[0-9]+,[0-9]+,([0-9]+)([0-9]{6}),[^;]*;/[\1.\2] /;
			s/^[0-9]+,[0-9]+,([0-9]+),[^;]*;/[0.\1] /' >/run/job/dmesg
}

prepare() {
	mount -o remount,rw / 2>/dev/null
	mkdir -p /lib/modules /mnt/disk /mnt/results /dev/pts /dev/shm
	mount -t devpts devpts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
	ln -sf fd/0 /dev/stdin; ln -sf fd/1 /dev/stdout; ln -sf fd/2 /dev/stderr
	mount --bind "$kernel/lib/modules" /lib/modules || trouble "no modules"
	mount -t debugfs debugfs /sys/kernel/debug || trouble "no debugfs"
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	name_disks || trouble "not all disks are there"
	mount -t ext4 /dev/vda /mnt/disk || trouble "cannot mount the disk"
	mount_results || trouble "cannot mount the results"
	ip link set lo up || trouble "no loopback"
	echo coldsend-vm >/proc/sys/kernel/hostname
	echo 60 >/proc/sys/kernel/hung_task_timeout_secs
	[ -z "$module" ] || insmod "$module" 2>>/run/job/trouble || trouble "insmod $module failed"
}

# All processes but ourselves, kernel threads and the two that carry output.
leftovers() {
	local p
	for p in /proc/[0-9]*; do
		p=${p#/proc/}
		case " 1 $$ $carriers " in *" $p "*) continue ;; esac
		! readlink "/proc/$p/exe" >/dev/null || echo "$p"
	done 2>/dev/null
}

# At the deadline: say where everything hangs, then kill.
watch() {
	sleep "$deadline" || return 0
	[ ! -e /run/job/status ] || return 0
	echo 124 >/run/job/status
	echo "coldsend-vm: deadline" >/dev/kmsg
	echo w >/proc/sysrq-trigger
	kill_leftovers
}

kill_leftovers() {
	local p
	for p in $(leftovers); do
		[ "$p" = "$BASHPID" ] || kill -9 "$p" 2>/dev/null
	done
}

run_command() {
	cd "$cwd" || { trouble "no directory $cwd in the machine"; return 125; }
	exec setsid env -i "${environment[@]}" "${command[@]}" </dev/null
}

# Pipes, so that the command may reopen its /dev/stdout.
carry() {
	mkfifo /run/out /run/err
	cat /run/out >"$(stream_of out)" & carriers=$!
	cat /run/err >"$(stream_of err)" & carriers="$carriers $!"
}

run() {
	local status pid
	carry
	watch & carriers="$carriers $!"
	( run_command ) >/run/out 2>/run/err & pid=$!
	wait "$pid"; status=$?
	[ -e /run/job/status ] || echo "$status" >/run/job/status
	kill_leftovers
	# shellcheck disable=SC2086 # a list of words
	wait ${carriers% *}
}

unload() {
	[ -n "$module" ] && [ -z "$keep_module" ] && [ -e /sys/module/coldsend ] || return 0
	# A clock that counts instructions jumps, and says nothing of a hang.
	timeout "$([ -n "$instructions" ] && echo "$deadline" || echo 20)" rmmod coldsend 2>/run/rmmod || { trouble "rmmod: $(</run/rmmod)"; return 0; }
	dmesg | grep -q 'coldsend: created = destroyed' ||
		trouble "coldsend did not say 'created = destroyed' when it left"
}

# Memory that nothing points to, on a kernel that can tell. A report takes two
# scans, and memory that was young at the first one takes another five seconds.
look_for_leaks() {
	local leaks=/sys/kernel/debug/kmemleak end=$((SECONDS + 6))
	[ -w $leaks ] || return 0
	while [ $SECONDS -lt $end ]; do echo scan >$leaks; done
	[ -z "$(head -c 1 $leaks)" ] || trouble "memory leaks: $(head -n 200 $leaks)"
}

echo "coldsend-vm: up" >/dev/console
prepare
: >/run/job/up
[ -s /run/job/trouble ] || run
# Once while the module's functions still have names, once for what it left.
look_for_leaks
unload
look_for_leaks
save_log
halt
