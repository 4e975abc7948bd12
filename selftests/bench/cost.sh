#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cost.sh: counts the instructions of fixed work, as root on a machine whose
# nanoseconds are instructions (run.sh -i), with the module loaded.
#
# usage: cost.sh        a table (scenario, method, instructions per MiB of the
#                       sender) into $COLDSEND_RESULTS/bench/cost.tsv, what
#                       rules add to a send into rules.tsv, and where coldsend's
#                       go, by function, into where.txt beside it
# The disk is memory for what mkfs writes and returns at once, with nothing, for
# all the rest: nothing outside decides when, and no byte is copied into pages,
# which would hide what is looked for.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
program=$here/../../build/selftests/bench/bench
export PATH=$here/../../build/user:$PATH
results=${COLDSEND_RESULTS:-/mnt/results}/bench
tracing=/sys/kernel/tracing
# The module's function that the ioctl comes in by.
entry=cs_chrdev_ioctl
dir=/mnt/cost
# So much that files lie in one piece: the tree of one in many would be metadata.
mib=900
# Of them at the start, where mkfs puts all metadata.
metadata_mib=4

# By device-mapper, which counts reads; the disks alone do not.
make_disk() {
	local start=$((metadata_mib * 2048)) all=$((mib * 2048))
	modprobe brd rd_nr=1 rd_size=$((metadata_mib * 1024))
	modprobe null_blk nr_devices=1 gb=1 queue_mode=0 irqmode=0
	modprobe -q dm_mod || true
	dmsetup create bench-cost <<-END
		0 $start linear /dev/ram0 0
		$start $((all - start)) linear /dev/nullb0 $start
	END
	dmsetup mknodes bench-cost
	mkfs.ext4 -q -F -O ^has_journal,^resize_inode -N 64 -E packed_meta_blocks=1 /dev/mapper/bench-cost
	mkdir -p "$dir"
	mount /dev/mapper/bench-cost "$dir"
}

bench() { "$program" -d "$dir" -c 64 "$@"; }

# A nanosecond is an instruction; of some rounds the least, since timer ticks and
# what else wakes up come on top.
count() {
	bench -r 7 -o "$results/cost.json" "$@" >/dev/null
	jq -r 'group_by([.scenario, .method])[]
		| [.[0].scenario, .[0].method,
			(map(.sender_cpu_s_per_gb) | min * 1048576 | round)]
		| @tsv' "$results/cost.json"
}

# rules NAME [RULE…]: instructions of a cached send of 64 KiB under these.
rules() {
	local name=$1
	shift
	printf '%s\n' "$@" | coldsend policy load -
	count -n cost-hot-64k -w "coldsend auto" | awk -F '\t' -v name="$name" '{ printf "%s\t%d\n", name, $3 / 16 }'
}

# What looking at rules adds: what auto chooses and what each rule says is the same.
count_rules() {
	local i others=()
	for ((i = 1; i < 16; i++)); do others+=("path /srv/films/$i/*.iso policy direct"); done
	coldsend policy set --small-max 1G
	rules "no rule"
	rules "a size" "size 1M-2G policy cached"
	rules "a user" "uid 0 policy cached"
	rules "a path" "path $dir/* policy cached"
	rules "a path that is another" "path /srv/films/*.iso policy direct"
	rules "16 paths, the last is it" "${others[@]}" "path $dir/* policy cached"
	coldsend policy load - </dev/null
	coldsend policy set --small-max 1M
}

# where SCENARIO METHOD: the functions in which most of the ioctl's instructions
# are, their callees' left out.  To look takes instructions too, most where there
# are many small functions: trust the order more than the shares.
where() {
	echo 16384 >$tracing/buffer_size_kb
	echo 1 >$tracing/options/funcgraph-tail
	echo 0 >$tracing/options/sleep-time
	echo "$entry" >$tracing/set_graph_function
	echo function_graph >$tracing/current_tracer
	bench -r 1 -c 4 -n "$1" -w "$2" >/dev/null 2>&1
	echo 0 >$tracing/tracing_on
	echo "== $1, $2: share of instructions, calls, function"
	awk -f "$here/where.awk" $tracing/trace | sort -rn | awk 'NR <= 15'
	echo nop >$tracing/current_tracer
	echo 1 >$tracing/tracing_on
}

mkdir -p "$results"
# Senders run before all others (see sender.c), and are not to be held up for it.
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
make_disk
count -n cost >"$results/cost.tsv"
count_rules >"$results/rules.tsv"
{
	where cost-cold-64m "coldsend direct"
	where cost-hot-1m "coldsend cached"
	where cost-hot-4k "coldsend cached"
} >"$results/where.txt"
umount "$dir"
dmsetup remove --retry bench-cost
