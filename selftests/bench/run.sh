#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh: runs the benchmark as root on a machine with the module loaded.
#
# usage: run.sh [OPTION…]     those of build/selftests/bench/bench: -h tells them
# A table a scenario, and what must be reached, come out here, progress on
# stderr, one JSON object a method and round in $COLDSEND_RESULTS/bench/results.json.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
program=$here/../../build/selftests/bench/bench
results=${COLDSEND_RESULTS:-/mnt/results}/bench
# What the server of hot bytes and the senders of cold ones have beside scans.
memory=$((512 * 1024 * 1024))
group=/sys/fs/cgroup/bench

# The windows that Linux tunes up to by itself, from the first byte on: how fast
# it tunes should not decide. The same for all methods.
equal_windows() {
	echo '4096 6291456 6291456' >/proc/sys/net/ipv4/tcp_rmem
	echo '4096 4194304 4194304' >/proc/sys/net/ipv4/tcp_wmem
	echo 4096 >/proc/sys/net/core/somaxconn
}

# Without it the benchmark says that it has none, and does the rest.
limited_memory() {
	mountpoint -q /sys/fs/cgroup ||
		mount -t cgroup2 cgroup2 /sys/fs/cgroup || return 0
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control || return 0
	mkdir -p "$group"
	echo "$memory" >"$group/memory.max"
	export BENCH_CGROUP=$group
}

# The host gives a virtual machine memory when it is used first, which takes as long as
# to send it: nobody's round should.
touch_memory() {
	local dir
	dir=$(mktemp -d)
	mount -t tmpfs -o size=100% tmpfs "$dir"
	head -c "$(awk '/^MemAvailable/ { printf "%.0f", $2 * .9 * 1024 }' /proc/meminfo)" /dev/zero >"$dir/all"
	umount "$dir"
	rmdir "$dir"
}

machine() {
	local model memory
	model=$(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo)
	memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1024 }' /proc/meminfo)
	echo "$(nproc) x ${model:-unknown CPU}, $memory MiB${COLDSEND_DISK:+, disk $COLDSEND_DISK}"
}

[ -x "$program" ] || { echo "run.sh: no $program: make selftests" >&2; exit 1; }
mkdir -p "$results"
equal_windows
limited_memory
touch_memory
"$program" -o "$results/results.json" -S "$here/slow-disk.sh" -m "$(machine)" "$@"
