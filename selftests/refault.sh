#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# refault.sh: policy drop-behind leaves nothing of a file that memory management has
# given up a moment ago, and would take for a used one when it comes back.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq taskset
# What comes over loopback from another processor may be kept there until the next.
taskset -pc 0 $$ >/dev/null
need_memory_cgroups
group=$cgroup/refault
mkdir "$group"
at_exit rmdir "$group"
[ -e "$group/memory.reclaim" ] || skip "no memory.reclaim"

hot=$tmp/hot cold=$tmp/cold
pages=2048

# What it uses is charged to the group.
in_group() {
	( echo "$BASHPID" >"$group/cgroup.procs"; exec "$@" )
}

resident() { coldsend residency --json "$cold" | jq '.[0].resident'; }

# Read once, given up, and not for long.
give_up() {
	xfer make "$hot" $((4 * pages * 4096)) 1
	xfer make "$cold" $((pages * 4096)) 2
	sync
	echo 3 >/proc/sys/vm/drop_caches
	in_group cat "$hot" "$hot" "$hot" "$cold" >/dev/null
	in_group cat "$hot" >/dev/null
	[ "$(resident)" -gt $((pages / 2)) ] || { echo "only $(resident) pages were there"; return 1; }
	wait_for 10 is_given_up
}

# Memory management may take others first.
is_given_up() {
	echo $((pages * 4096)) >"$group/memory.reclaim" || true
	[ "$(resident)" -lt $((pages / 2)) ]
}

is_as_before() { [ "$(resident)" -le "$before" ]; }

sent() {
	listen 127.0.0.1 --discard || return 1
	in_group coldsend send "$cold" 127.0.0.1 "$port" --policy drop-behind >/dev/null || return 1
	wait "$receiver" || return 1
	wait_for 10 is_as_before || { echo "$(resident) pages, $before before"; grep pages_ "$debugfs/stats"; return 1; }
}

check "memory management gives the file up" give_up
before=$(resident)
note "$before of $pages pages are left"
check "as little is there after it was sent" sent
finish
