# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh sets them
# um.sh: the machine of run.sh that is User-Mode Linux: one processor, at the
# host's speed but for system calls and page faults.

find_machine() {
	[ "${cpus:-1}" = 1 ] || die "$kernel_name has one processor: no -c $cpus"
	[ -z "$instructions" ] || die "$kernel_name does not count instructions: no -i"
	# QEMU counts in MiB, User-Mode Linux in bytes.
	case $mem in *[0-9]) mem=${mem}M ;; esac
}

# A processor that no other machine of ours is on, if there is one. It is kept
# to that one: a system call takes four times as long where threads move.
claim_cpu() {
	local all n
	mapfile -t all < <(processors)
	for n in "${all[@]}"; do
		exec {cpu_lock}>"$cache/.cpu$n.lock"
		if flock -n "$cpu_lock"; then
			cpu=$n
			return
		fi
		exec {cpu_lock}>&-
	done
	cpu=${all[0]}
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

um_command() {
	local n
	# shellcheck disable=SC2054 # the commas of a channel
	um_words=("$kernel/linux" "mem=$mem" rootfstype=hostfs rootflags=/ ro
		"init=$work/job/um-init.sh" "coldsend_job=$work/job"
		"umid=machine" "uml_dir=$work/" noreboot
		con=null con0=null,fd:1 ssl=null "ubd0=$work/disk")
	for n in "${!extra[@]}"; do um_words+=("ubd$((n + 1))=$work/disk$n"); done
	# shellcheck disable=SC2206 # words
	um_words+=($kernel_words)
}

# Its output comes by files of the shared directory. It has a session of its
# own, because it consists of several processes.
start_machine() {
	cp "$vm/um-init.sh" "$work/job/"
	claim_cpu
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
}

# Pass on what is written to a file, until the machine has gone.
follow() { tail -q -c +1 -s .1 -f --pid="$machine" "$work/job/$1" | drain; }

stop_machine() {
	kill -9 -- "-$machine" "$machine" 2>/dev/null || true
}
