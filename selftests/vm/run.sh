#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh: runs a command as root in a virtual machine: on a stock Debian kernel,
# on one that watches memory and locks, or in User-Mode Linux.
#
# usage: run.sh [options] -- COMMAND [ARG…]
#   -k KERNEL  6.1, 6.12 or a release as uname -r prints it: in QEMU;
#              um or um-debug: User-Mode Linux; smp-debug: in QEMU,
#              with all that finds mistakes between processors;
#              um-7.3 and so on: the same of Linux 7.3            (6.12)
#   -m MEM     memory                                             (1G)
#   -c CPUS    processors             (2; smp-debug: 4; um: always 1)
#   -d SIZE    the ext4 disk at /mnt/disk, fresh, sparse          (4G)
#   -x SIZE[:BLOCK]  one more blank disk, /dev/vdb and on, BLOCK bytes a sector
#   -t SECONDS deadline of COMMAND                                (600)
#   -i         a nanosecond of the machine is an instruction (QEMU): one
#              processor, slow, but what is counted is always the same
#   -n         do not insert the module
#   -M FILE    insert this one, not build/RELEASE/coldsend.ko
#   -R         do not remove the module at the end
# COLDSEND_DISK=apart in the environment: um's disks have a processor of the host
# to themselves, as the controllers of real ones have, and not the machine's.
#
# In the machine: the host's files at their paths (writes stay in the machine;
# /proc /sys /dev /run are its own), the directory this was called in, coldsend
# inserted, CLI and test programs on PATH, debugfs and tracefs, loopback, the
# variables COLDSEND_* (COLDSEND_PATIENCE=N: tests wait N times as long where the
# machine is slow), /mnt/results (the host's build/results, writable).
# COMMAND's output comes out here, the kernel's goes to a file in build/log.
#
# exit: COMMAND's own status, or
#    99  the kernel complained, or the module did not leave cleanly
#   124  the deadline passed
#   125  the machine did not do its part
# A kernel complaint wins over COMMAND's status.

# The kinds of machine are in qemu.sh and um.sh. Each offers
#   find_machine    all parts that it needs; sets release
#   start_machine   starts it; sets machine, its pid, and readers, the pids of
#                   those who pass on the command's output
#   stop_machine    kills it at once, with all that belongs to it

set -euo pipefail
. "$(dirname "$0")/lib.sh"
. "$top/selftests/trouble.sh"

# What looks like trouble in the kernel's log and is none.
fine='WARNING: Spectre v2|RETBleed: WARNING|Show Blocked State'

# A machine on a busy host stands still at times.
kernel_words="loglevel=5 panic=-1 log_buf_len=8M watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"

usage() { sed -n '/^# usage:/,/^$/s/^# \{0,1\}//p' "$0"; exit "$1"; }

parse() {
	kernel_name=6.12 mem=1G cpus='' disk=4G extra=() deadline=600 insert=1 module='' keep_module='' instructions=''
	while getopts k:m:c:d:x:t:inM:Rh option; do
		case $option in
		k)	kernel_name=$OPTARG ;;
		m)	mem=$OPTARG ;;
		c)	cpus=$OPTARG ;;
		d)	disk=$OPTARG ;;
		x)	extra+=("$OPTARG") ;;
		t)	deadline=$OPTARG ;;
		i)	instructions=1 ;;
		n)	insert= ;;
		M)	module=$(realpath "$OPTARG") ;;
		R)	keep_module=1 ;;
		h)	usage 0 ;;
		*)	usage 125 >&2 ;;
		esac
	done
	shift $((OPTIND - 1))
	[ $# -gt 0 ] || usage 125 >&2
	command=("$@")
	case $kernel_name in
	um | um-*)	kind=um ;;
	smp-*)		kind=qemu cpus=${cpus:-4} ;;
	*)		kind=qemu cpus=${cpus:-2} ;;
	esac
	case $kernel_name in *-debug*) kernel_words+=" kasan_multi_shot" ;; esac
}

# Everything that must be there before a machine can start.
find_parts() {
	kernel=$("$vm/kernels.sh" "$kernel_name")
	release=$(<"$kernel/release")
	if [ -z "$insert" ]; then
		module=
	else
		module=${module:-$top/build/$release/coldsend.ko}
		[ -e "$module" ] || die "no $module: make module-$kernel_name, or -n"
	fi
	find_machine
	mkdir -p "$top/build/log" "$top/build/results"
	console=$top/build/log/$release-$(date +%H%M%S)-$$.log
}

clean_up() {
	trap - EXIT INT TERM HUP
	[ -z "${machine-}" ] || stop_machine
	# shellcheck disable=SC2046 # a list of words
	{ kill -9 $(jobs -p); wait; } 2>/dev/null || true
	[ -z "${work-}" ] || rm -rf "$work"
}

environment() {
	local name
	environment=(HOME=/root TERM=dumb LANG=C USER=root LOGNAME=root SHELL=/bin/bash
		"PATH=$top/build/user:$top/build/selftests:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
		COLDSEND_RESULTS=/mnt/results)
	case $kernel_name in *-debug*) environment+=(COLDSEND_PATIENCE=5) ;; esac
	for name in "${!COLDSEND_@}"; do environment+=("$name=${!name}"); done
}

# The directory that is shared with the machine and what is in it.
make_job() {
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/coldsend-vm.XXXXXX")
	mkdir "$work/job"
	cp "$vm/guest.sh" "$vm/guest-$kind.sh" "$work/job/"
	local cwd=$PWD
	environment
	declare -p top release kernel kind extra module deadline instructions keep_module cwd \
		command environment >"$work/job/job.sh"
	truncate -s "$disk" "$work/disk"
	mkfs.ext4 -q -F "$work/disk"
}

# Pass everything on, and read on when nobody wants it any more.
drain() { cat || cat >/dev/null; }

# The -x disks as files $work/disk0 and on, which have no content yet.
extra_files() {
	local n
	for n in "${!extra[@]}"; do truncate -s "${extra[n]%%:*}" "$work/disk$n"; done
}

# The machine has the command's time, and a minute each to come up and to go down.
boot() {
	local alarm
	start_machine
	sleep $((deadline + 120)) & alarm=$!
	# (bash would say how it ended: verdict does.)
	{ wait -n "$machine" "$alarm" || true; } 2>/dev/null
	stop_machine
	kill -9 "$alarm" 2>/dev/null || true
	wait "$machine" "$alarm" "${readers[@]}" 2>/dev/null || true
}

# The lines of the kernel's log that must not be there: of the whole log when the
# machine could save it, else of its console.
complaints() {
	local log=$work/job/dmesg
	[ -s "$log" ] || log=$console
	grep -aE "$kernel_trouble" "$log" | grep -avE "$fine" | tr -d '\r' | sort -u
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
	# What it saves last: without it nobody has looked whether the module left cleanly.
	if [ ! -e "$work/job/dmesg" ] && [ -e "$work/job/up" ] && [ "$status" != 124 ]; then
		say "the machine did not come to its end"
		status=125
	fi
	[ ! -e "$work/job/dmesg" ] || cat "$work/job/dmesg" >>"$console"
	case $status in
	124)	say "deadline of $deadline s passed (log: $console)" ;;
	125)	say "no result from the machine (log: $console)"
		cat "$work/said" >&2
		tail -n 20 "$console" >&2 || true ;;
	esac
	exit "$status"
}

# Read as a whole, so that this file may change while a machine runs.
main() {
	parse "$@"
	# shellcheck source=qemu.sh source=um.sh
	. "$vm/$kind.sh"
	find_parts
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	make_job
	extra_files
	boot
	verdict
}

main "$@"
