#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# segments.sh: bytes stay right whatever the size of segments, the depth and
# the pool, and the pool's bound holds.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq
keep_tunables

stalled=4
first=65536	# bytes that a transfer may take of a full pool

bytes_right() { "$programs/bytes" -r "policy.direct_$1.ranges"; }

try() {
	coldsend policy set "$@"
	check "bytes over TCP with $*" bytes_right tcp
	check "bytes over UNIX with $*" bytes_right unix
}

try --segment-size 64K --depth 1 --pool-max 1M
try --segment-size 64K --depth 16 --pool-max 64M
try --segment-size 4M --depth 2 --pool-max 64M

# What the network holds is not the pool's any more: a small one each is left.
pool_in_use() { [ "$(total pool_bytes)" -ge $((stalled * first)) ]; }
pool_holds() { wait_for 20 pool_in_use || { echo "$(total pool_bytes) bytes"; return 1; }; }
all_started() {
	[ $(($(total transfers_created) - $(total transfers_destroyed))) = "$stalled" ]
}

# The pool is 1 MiB, and each transfer may have one small segment besides.
pool_is_bounded() {
	local bytes
	bytes=$(total pool_bytes)
	[ "$bytes" -le $((1048576 + stalled * first)) ] || { echo "$bytes bytes"; return 1; }
}

coldsend policy set --segment-size 1M --depth 4 --pool-max 1M
check "transfers at the same time share a pool of 1M" \
	"$programs/random" -t eight_at_a_time
xfer make "$tmp/file" 16777216 1
for ((i = 0; i < stalled; i++)); do
	xfer stall "$tmp/file" 2>/dev/null &
	at_exit kill $!
done
check "stalled transfers all run" wait_for 20 all_started
check "each holds memory of the pool" pool_holds
check "and do not go past it" pool_is_bounded
finish
