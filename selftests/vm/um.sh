# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh sets them
# um.sh: the machine of run.sh that is User-Mode Linux: one processor, at the
# host's speed but for system calls and page faults.

find_machine() {
	[ "${cpus:-1}" = 1 ] || die "$kernel_name has one processor: no -c $cpus"
	[ -z "$instructions" ] || die "$kernel_name does not count instructions: no -i"
	case ${COLDSEND_DISK-} in '' | apart) ;; *) die "COLDSEND_DISK: apart or nothing" ;; esac
	# QEMU counts in MiB, User-Mode Linux in bytes.
	case $mem in *[0-9]) mem=${mem}M ;; esac
}

# Sets cpu to a processor that no other machine of ours is on, if there is one.
claim_cpu() {
	local n lock
	for n in $(processors); do
		exec {lock}>"$cache/.cpu$n.lock"
		if flock -n "$lock"; then
			cpu=$n
			return 0
		fi
		exec {lock}>&-
	done
	return 1
}

# The machine is kept to one: a system call takes four times as long where threads
# move.
claim_cpus() {
	if [ "${COLDSEND_DISK-}" = apart ]; then
		claim_cpu || die "no free processor for the disks"
		disk_cpu=$cpu
		claim_cpu || die "no free processor but the disks'"
	else
		claim_cpu || cpu=$(processors | sed -n 1p)
	fi
}

# Those we may run on, one number a line.
processors() {
	taskset -pc $$ | sed 's/.*: //' | tr , '\n' | while IFS=- read -r from to; do
		seq "$from" "${to:-$from}"
	done
}

# Where the machine's memory goes: it is a file, which should not be on a disk.
memory_directory() {
	local free
	free=$(df --output=avail -B1 /dev/shm 2>/dev/null | tail -n 1)
	if [ "${free:-0}" -gt "$(numfmt --from=iec "$mem")" ]; then
		echo /dev/shm
	else
		echo "$work"
	fi
}

# By seccomp a system call costs half of what it does by ptrace.  Kernels before 6.16
# know no such word.
um_command() {
	local n
	# shellcheck disable=SC2054 # the commas of a channel
	um_words=("$kernel/linux" "mem=$mem" rootfstype=hostfs rootflags=/ ro
		"init=$work/job/um-init.sh" "coldsend_job=$work/job"
		"umid=machine" "uml_dir=$work/" noreboot
		con=null con0=null,fd:1 ssl=null seccomp=auto "ubd0=$work/disk")
	for n in "${!extra[@]}"; do um_words+=("ubd$((n + 1))=$work/disk$n"); done
	# shellcheck disable=SC2206 # words
	um_words+=($kernel_words)
}

# The disks are threads of the machine's process or, on kernels before 6.16, a process
# of the host like the machine's programs, but not traced.
disk_threads() {
	local pid
	ps -L -o tid= -p "$machine" | grep -vw "$machine" && return
	for pid in $(ps -o pid= --ppid "$machine"); do
		grep -q '^TracerPid:[[:space:]]*0$' "/proc/$pid/status" && echo "$pid"
	done
}
move_disks() {
	local pid
	until [ -e "$work/job/up" ]; do sleep .1; done
	for pid in $(disk_threads); do taskset -pc "$disk_cpu" "$pid" >/dev/null; done
}

# Its output comes by files of the shared directory. It has a session of its
# own, because it consists of several processes.
start_machine() {
	cp "$vm/um-init.sh" "$work/job/"
	claim_cpus
	um_command
	touch "$work/job/out" "$work/job/err"
	(
		ulimit -c 0
		TMPDIR=$(memory_directory)
		export TMPDIR
		exec setpriv --pdeathsig KILL setsid taskset -c "$cpu" "${um_words[@]}"
	) </dev/null >"$console" 2>"$work/said" & machine=$!
	follow out & readers=($!)
	follow err >&2 & readers+=($!)
	[ -z "${disk_cpu-}" ] || move_disks &
}

# Pass on what is written to a file, until the machine has gone.
follow() { tail -q -c +1 -s .1 -f --pid="$machine" "$work/job/$1" | drain; }

stop_machine() {
	kill -9 -- "-$machine" "$machine" 2>/dev/null || true
}
