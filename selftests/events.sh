#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# events.sh: coldsend monitor: what ends, fails, changes or hits a limit is told,
# to those who may listen, and no more of it than can be read.

# shellcheck disable=SC2016 # what eval is given is for later
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq setpriv unshare
keep_tunables

size=100000
file=$tmp/file
xfer make "$file" $size 3
chmod 711 "$tmp"

events=$tmp/events
listener=
# What check calls is in a process of its own: that calls hush itself, too.
monitor() {
	: >"$tmp/speech"
	coldsend monitor --json >"$events" 2>"$tmp/speech" & listener=$!
	wait_for 10 grep -q 'waiting for events' "$tmp/speech"
}
# heard FILTER: there is such an event.
heard() { jq -se "any(.[]; $1)" "$events" >/dev/null; }
hears() { wait_for 20 heard "$1" || { cat "$events"; return 1; }; }
# shellcheck disable=SC2317 # called at the exit
hush() {
	kill "$listener" 2>/dev/null || return 0
	wait "$listener" 2>/dev/null || true
}
at_exit hush

sent=$(total events_sent)
check "nothing is told where nobody listens" eval 'xfer send "$file" 3 >/dev/null && same sent $sent "$(total events_sent)"'

monitor
check "monitor waits for events" kill -0 "$listener"
xfer send -p direct "$file" 3 >/dev/null
check "a transfer that is done" hears ".event == \"transfer-done\" and .transfer.path == \"$file\"
	and .transfer.bytes_sent == $size and .transfer.bytes_asked == $size and .transfer.policy_used == \"direct\"
	and .transfer.uid == 0 and .transfer.pid > 0 and .transfer.error == 0 and .transfer.age_ns > 0"
check "it is counted" test "$(total events_sent)" -gt "$sent"

# A receiver that goes away in the middle: EPIPE or ECONNRESET.
broken() {
	truncate -s 64M "$tmp/large"
	xfer stall "$tmp/large" & local pid=$!
	wait_for 20 grep -qF "$tmp/large" "$debugfs/transfers" || return 1
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	hears ".event == \"transfer-done\" and .transfer.path == \"$tmp/large\" and .transfer.error == 4
		and .transfer.bytes_sent < .transfer.bytes_asked"
}
check "a transfer that is ended early" broken
receiver_dies() {
	local receiver port
	listen 127.0.0.1 --discard || return 1
	kill -STOP "$receiver"
	coldsend send --json "$tmp/large" 127.0.0.1 "$port" \
		>/dev/null 2>&1 & local sender=$!
	wait_for 20 grep -qF "$tmp/large" "$debugfs/transfers"
	kill -KILL "$receiver"
	wait "$sender" "$receiver" 2>/dev/null
	hears ".event == \"transfer-failed\" and .transfer.path == \"$tmp/large\" and .transfer.error > 0"
}
check "a transfer that fails" receiver_dies

coldsend policy set --depth 3
check "the policy was changed" hears '.event == "policy-changed" and .policy.depth == 3'
# Events come in order: what was to be heard before the next one would have been.
refused_is_none() {
	not coldsend policy set --depth 99 2>/dev/null || return 1
	xfer make "$tmp/next" 10 3 && xfer send "$tmp/next" 3 >/dev/null || return 1
	hears ".event == \"transfer-done\" and .transfer.path == \"$tmp/next\"" || return 1
	not heard ".policy.depth == 99"
}
check "a change that is refused is none" refused_is_none

# Nobody, who may have one transfer, asks for two.
at_exit chmod "$(stat -c %a /dev/coldsend)" /dev/coldsend
chmod o+rw /dev/coldsend
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
at_limit() {
	chmod 644 "$tmp/large"
	coldsend policy set --user-transfers 1
	"${as_nobody[@]}" xfer stall "$tmp/large" & local pid=$!
	wait_for 20 grep -qF "$tmp/large" "$debugfs/transfers" || return 1
	"${as_nobody[@]}" xfer send "$file" 3 >/dev/null && return 1
	hears '.event == "limit-hit" and .limit == "transfers" and .transfer.uid == 65534'
	local status=$?
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	coldsend policy set --user-transfers 100
	return "$status"
}
check "a limit was hit" at_limit
pool_is_short() {
	local i pids=() status=0
	coldsend policy set --pool-max 1M
	for ((i = 0; i < 8; i++)); do
		xfer send -p direct "$tmp/large" 0 >/dev/null 2>&1 & pids+=($!)
	done
	hears '.event == "limit-hit" and .limit == "pool"' || status=$?
	wait "${pids[@]}"
	return "$status"
}
check "transfers wait for memory of the pool" pool_is_short
hush

# What the monitor before has said there is not to be taken for this one's.
check "monitor as lines" eval ': >"$tmp/speech"; timeout 30 coldsend monitor --count 1 >"$tmp/lines" 2>"$tmp/speech" & pid=$!
	wait_for 10 grep -q "waiting for events" "$tmp/speech" && xfer send "$file" 3 >/dev/null && wait "$pid" &&
	grep -qE "^[0-9:]{8} transfer-done id [0-9]+ pid [0-9]+ uid 0 cached $size of $size bytes in [0-9.]+ s $file\$" "$tmp/lines"'

check "nobody may not listen" fails 1 "CAP_NET_ADMIN" "${as_nobody[@]}" coldsend monitor
# Root of a user namespace of its own may join in its network namespace, and hears nothing.
elsewhere() {
	"${as_nobody[@]}" unshare -Urn coldsend monitor --json --count 1 >"$tmp/elsewhere" 2>"$tmp/there" & local pid=$!
	wait_for 10 grep -qs "waiting for events" "$tmp/there" || return 1
	monitor || return 1
	xfer send "$file" 3 >/dev/null
	hears ".transfer.path == \"$file\"" || return 1
	hush
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	same "what was heard there" "" "$(<"$tmp/elsewhere")"
}
check "events stay in the initial network namespace" elsewhere

told_since() { same "told by events" $(($(total events_dropped) - $1)) "$(jq -s 'map(.events_dropped) | add' "$events")"; }
# More than can be told: some of it is dropped.
flood() {
	local dropped
	dropped=$(total events_dropped)
	monitor || return 1
	xfer flood "$file" 2000 || return 1
	[ "$(total events_dropped)" -gt "$dropped" ] || { echo "none was dropped"; return 1; }
	# The first of each second says how many.
	wait_for 20 eval 'xfer send "$file" 3 >/dev/null; heard ".events_dropped > 0" && told_since $dropped >/dev/null' ||
		told_since "$dropped"
	local status=$?
	hush
	return "$status"
}
check "a flood is cut, and what is cut is counted" flood

# Groups that nobody owns yet, as the module's before it is loaded, are open to all.
eavesdrops() {
	rmmod coldsend || return 1
	"${as_nobody[@]}" eavesdrop >"$tmp/heard" & local pid=$!
	wait_for 10 grep -q joined "$tmp/heard" && insmod "$module" && monitor &&
		xfer send "$file" 3 >/dev/null && hears ".event == \"transfer-done\"" && not grep heard "$tmp/heard"
	local status=$?
	hush
	kill "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}
# The number of the group, by the socket that listens to it: a bit of its mask.
events_group() {
	monitor || return 1
	awk '$2 == 16 { print $4 }' /proc/net/netlink | while read -r mask; do
		for ((i = 0; i < 32; i++)); do
			[ $((0x$mask >> i & 1)) = 0 ] || echo $((i + 1))
		done
	done | sort -n | tail -n 1
	hush
}
# Who joins again and again while it is loaded may cost others the events, and no more.
insists() {
	local pid status=0 i group
	group=$(events_group)
	[ -n "$group" ] || { echo "no group"; return 1; }
	: >"$tmp/heard"
	"${as_nobody[@]}" eavesdrop --insist "$group" >"$tmp/heard" & pid=$!
	wait_for 10 grep -q joined "$tmp/heard" || return 1
	for ((i = 0; i < 5 && !status; i++)); do
		rmmod coldsend && insmod "$module" && xfer send "$file" 3 >/dev/null || status=1
	done
	kill "$pid"
	wait "$pid" 2>/dev/null
	# It may have no events yet.
	rmmod coldsend && insmod "$module" && return "$status"
}
if [ -r "$module" ]; then
	at_exit put_module_back
	check "who was there before the module hears nothing" eavesdrops
	check "who insists on being there does not keep it from loading" insists
fi
finish
