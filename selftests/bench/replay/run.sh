#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# run.sh: replays traces as root on a machine with the module loaded, whose memory
# holds 60 % of what is hot, and then 120 %.
#
# usage: run.sh [ROUNDS [REQUESTS]]       (5 rounds, 12000 requests)
# A line a way and round comes out here and in $COLDSEND_RESULTS/replay.tsv. The module
# is loaded anew for each, so that none knows the files of another.

set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../../build
program=$build/selftests/bench/replay-trace
module=$(realpath "$build/$(uname -r)/coldsend.ko")
results=${COLDSEND_RESULTS:-/mnt/results}
dir=/mnt/disk
seed=${SEED:-1}

# Of the memory that is there for the page cache.
echo 3 >/proc/sys/vm/drop_caches
available=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)

for percent in 60 120; do
	echo "memory for $percent % of the hot set" >&2
	"$program" "$dir" $((available * 100 / percent)) "${1:-5}" "${2:-12000}" "$seed" \
		"rmmod coldsend && insmod '$module'" |
		sed -u "s/^/$percent\t/"
done | tee "$results/replay.tsv"
