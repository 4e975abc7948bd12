#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# segments.sh: bytes stay right whatever the size of segments, the depth and
# the pool, and the pool's bound holds.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq
keep_tunables

threads=8	# of random
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

# The most that the pool held while random transfers ran, eight at a time.
most_in_use() {
	local pid bytes most=0
	"$programs/random" -t eight_at_a_time >"$tmp/random" 2>&1 & pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		bytes=$(total pool_bytes)
		most=$((bytes > most ? bytes : most))
	done
	wait "$pid" || { cat "$tmp/random"; return 1; }
	echo "$most"
}

# The pool is 1 MiB, and each transfer may have one small segment besides.
pool_is_bounded() {
	local most
	most=$(most_in_use) || { echo "$most"; return 1; }
	echo "at most $most bytes"
	[ "$most" -gt 0 ] && [ "$most" -le $((1048576 + threads * first)) ]
}

all_started() {
	[ $(($(total transfers_created) - $(total transfers_destroyed))) = "$stalled" ]
}

# What the network holds is not the pool's any more: a small one each is left.
# Who stands still for long may give that back too, before the last has started: from the
# first on it is looked for, once no more is idle than fits.
bound=$((1048576 + stalled * first))
have_held=false
all_have_held() {
	local bytes
	transfers_run || return 1
	bytes=$(total pool_bytes)
	if [ "$bytes" -ge $((stalled * first)) ] && [ "$bytes" -le "$bound" ]; then
		have_held=true
	fi
	$have_held && all_started
}
pool_holds() { wait_for 20 all_have_held || { echo "$(total pool_bytes) bytes"; return 1; }; }
stalls_are_bounded() {
	local bytes
	bytes=$(total pool_bytes)
	[ "$bytes" -le "$bound" ] || { echo "$bytes bytes"; return 1; }
}

# Right after segments of 4 MiB, which are idle now: they have to go first.
idle_at_first=$(total pool_bytes)
coldsend policy set --segment-size 1M --depth 4 --pool-max 1M
note "$idle_at_first bytes are idle"
xfer make "$tmp/file" 16777216 1
for ((i = 0; i < stalled; i++)); do
	xfer stall "$tmp/file" 2>/dev/null &
	at_exit kill $!
done
check "stalled transfers all run, and hold memory of the pool" pool_holds
check "and all stay in the bound" stalls_are_bounded
pkill -P $$ -x xfer
check "a killed transfer ends" wait_for 20 not transfers_run
check "eight transfers at a time share a pool of 1M" pool_is_bounded
finish
