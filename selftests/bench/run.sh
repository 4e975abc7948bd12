#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh: runs the benchmark as root on a machine with the module loaded.
#
# usage: run.sh [-r ROUNDS] [-s SEED] [-w NAME] [-d DIR]
# A table a scenario and lines that compare come out here, progress on stderr,
# one JSON object a round in $COLDSEND_RESULTS/bench.json.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
program=$here/../../build/selftests/bench/bench
results=${COLDSEND_RESULTS:-/mnt/results}

# The windows that Linux tunes up to by itself, from the first byte on: how fast
# it tunes should not decide. The same for all methods.
equal_windows() {
	echo '4096 6291456 6291456' >/proc/sys/net/ipv4/tcp_rmem
	echo '4096 4194304 4194304' >/proc/sys/net/ipv4/tcp_wmem
}

machine() {
	local model memory
	model=$(sed -n 's/^model name[^:]*: *//p;T;q' /proc/cpuinfo)
	memory=$(awk '/^MemTotal/ { printf "%.0f", $2 / 1024 }' /proc/meminfo)
	echo "$(nproc) x ${model:-unknown CPU}, $memory MiB"
}

[ -x "$program" ] || { echo "run.sh: no $program: make selftests" >&2; exit 1; }
equal_windows
"$program" -o "$results/bench.json" -m "$(machine)" "$@"
