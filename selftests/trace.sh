#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# trace.sh: the tracepoints fire at each edge of a transfer, and show that
# policy direct keeps reads in flight.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
tracefs=/sys/kernel/tracing
[ -d $tracefs/events ] || mount -t tracefs none $tracefs 2>/dev/null ||
	skip "tracefs can't be mounted"
[ -d $tracefs/events/coldsend ] || skip "this kernel has no tracepoints for modules"

# Without the names of processes, which tracing keeps by patching the scheduler's
# tracepoints: an emulated processor in them can meet a stale breakpoint forever.
names=$(<$tracefs/options/record-cmd)
at_exit eval "echo $names >$tracefs/options/record-cmd"
echo 0 >$tracefs/options/record-cmd

size=8388608
at_exit eval "echo 0 >$tracefs/events/coldsend/enable"

# trace ARGUMENTS…: the events of one transfer of xfer, in $tmp/trace.
trace() {
	echo >"$tracefs/trace"
	echo 1 >"$tracefs/events/coldsend/enable"
	xfer send "$@" >"$tmp/said" || { cat "$tmp/said"; return 1; }
	echo 0 >"$tracefs/events/coldsend/enable"
	grep -v '^#' "$tracefs/trace" >"$tmp/trace"
}

# events NAME: those of that name; all if there is none.
events() { grep -F " coldsend_$1" "$tmp/trace"; }
count() { events "$1" | wc -l; }
fires() { [ "$(count "$1")" -gt 0 ]; }
fires_once() { same "$1 events" 1 "$(count "$1")"; }

# The sum of result=N over events NAME, errors left out.
sum() { events "$1" | sed -n 's/.*result=\([0-9]*\).*/\1/p' | awk '{ sum += $1 } END { printf "%.0f\n", sum }'; }

most_in_flight() { events read_submit | sed 's/.*in_flight=//' | sort -n | tail -n 1; }
keeps_reads_in_flight() {
	local most
	most=$(most_in_flight)
	[ "$most" -ge 4 ] || { echo "only $most"; return 1; }
}

# Between start and end, and all about the same transfer.
in_order() {
	same "first event" start "$(sed -n '1s/.* coldsend_\([a-z_]*\):.*/\1/p' "$tmp/trace")" || return 1
	same "last event" end "$(sed -n '$s/.* coldsend_\([a-z_]*\):.*/\1/p' "$tmp/trace")" || return 1
	same transfers 1 "$(grep -o ' xfer=[^ ]*' "$tmp/trace" | sort -u | wc -l)" || return 1
	same "sets of reads" 1 "$(grep -o ' reads=[^ ]*' "$tmp/trace" | sort -u | wc -l)"
}

# A disk of 8 MiB/s, so that reads take longer than to submit them, also on a busy host.
slow_down() {
	local disk
	disk=$(lsblk -no PKNAME,MAJ:MIN "$(findmnt -no SOURCE -T "$tmp")" | awk '{ print $NF; exit }')
	mkdir "$tmp/cgroup"
	mount -t cgroup2 none "$tmp/cgroup" && at_exit umount "$tmp/cgroup" || return 1
	echo +io >"$tmp/cgroup/cgroup.subtree_control" && mkdir "$tmp/cgroup/slow" || return 1
	at_exit rmdir "$tmp/cgroup/slow"
	at_exit eval "echo $$ >$tmp/cgroup/cgroup.procs"
	echo "$disk rbps=8388608" >"$tmp/cgroup/slow/io.max" || return 1
	echo $$ >"$tmp/cgroup/slow/cgroup.procs"
}

xfer make "$tmp/file" $size 3
xfer cold "$tmp/file"
slow_down || note "no cgroup to slow the disk down with"
check "a transfer by policy direct" trace -p direct "$tmp/file" 3
for event in start end; do
	check "event $event, once" fires_once $event
done
for event in state read_submit read_done send; do
	check "event $event" fires $event
done
check "as many reads done as submitted" same reads "$(count read_submit)" "$(count read_done)"
check "reads brought the file" same bytes $size "$(sum read_done)"
check "sends took the file" same bytes $size "$(sum send)"
check "four reads in flight" keeps_reads_in_flight
check "events are in order" in_order

xfer cold "$tmp/file"
check "a transfer by policy cached" trace -p cached "$tmp/file" 3
check "it submits no direct read" same reads 0 "$(count read_submit)"
check "its sends took the file" same bytes $size "$(sum send)"
# sendfile's batches are 16 pages: 128 sends.
check "in batches larger than sendfile's" test "$(count send)" -lt $((size / 65536))

mkdir "$tmp/tmpfs"
mount -t tmpfs none "$tmp/tmpfs"
at_exit umount "$tmp/tmpfs"
xfer make "$tmp/tmpfs/file" 10000 4
check "a transfer that falls back" trace -p direct "$tmp/tmpfs/file" 4
check "event fall_back, once" fires_once fall_back
finish
