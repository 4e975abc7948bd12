#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# admission.sh: auto lets a file into the page cache only if it would be there
# still when it is asked for again.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=rules-lib.sh
. "$selftests/rules-lib.sh"

group=$tmp/cgroup
mkdir "$group"
mount -t cgroup2 none "$group" 2>/dev/null || skip "no cgroups of version 2 here"
at_exit umount "$group"
echo +memory 2>/dev/null >"$group/cgroup.subtree_control" || skip "no memory controller in cgroups of version 2"
mkdir "$group/reader" "$group/server"
at_exit rmdir "$group/reader" "$group/server"
echo 16M >"$group/reader/memory.max"

# In pages, as they stand there: what awk reckons it prints as 2.1e+09 from 2 GiB on.
evicted() { awk '$1 == "pgsteal_file" { print $2 }' /proc/vmstat; }
[ -n "$(evicted)" ] || skip "this kernel does not count what leaves the page cache"

# What 1 % of the available memory is, twice: who reads so much in a group that has
# less pushes out that much of the page cache, and of nobody's but its own.
much=$(($(awk '/^MemAvailable/ { print $2 }' /proc/meminfo) * 1024 * 2 / 100))
push_out() {
	local before
	before=$(evicted)
	truncate -s $((much + (32 << 20))) "$tmp/much"
	xfer cold "$tmp/much"
	bash -c "echo \$\$ >'$group/reader/cgroup.procs' && exec cat '$tmp/much'" >/dev/null
	[ $((($(evicted) - before) * 4096)) -gt "$much" ] || { echo "not enough was pushed out"; return 1; }
}

# As many bytes as auto does not take for small.
hot() { file=$tmp/www/$1.bin && xfer make "$file" $((3 << 20)) $seed && xfer cold "$file"; }

# in_group NAME COMMAND…: all that it starts too.
in_group() {
	local status=0
	echo "$BASHPID" >"$group/$1/cgroup.procs"
	"${@:2}" || status=$?
	echo "$BASHPID" >"$group/cgroup.procs"
	return "$status"
}

echo 3 >/proc/sys/vm/drop_caches
coldsend policy set --small-max 1M --admit-after 2 --admit-window 3600 --admit-max 1
hot steady
check "once" goes hybrid large
check "twice" goes hybrid large
check "then it is let in" goes cached admitted
echo 64M >"$group/server/memory.max"
check "not for who is in a group with little memory" in_group server goes hybrid large
echo +memory >"$group/server/cgroup.subtree_control"
mkdir "$group/server/inner"
check "nor for who is in a group of that group" in_group server/inner foretold hybrid large
rmdir "$group/server/inner"
echo -memory >"$group/server/cgroup.subtree_control"
echo max >"$group/server/memory.max"
check "a group with all memory is none" in_group server foretold cached admitted
steady=$file
echo 64M >"$group/server/memory.max"
truncate -s 96M "$tmp/filling"
in_group server cat "$tmp/filling" >/dev/null
file=$tmp/www/little.bin
xfer make "$file" 262144 $seed
xfer cold "$file"
check "where a group is full, a small file is not let in at once" in_group server goes hybrid first
check "but at the second time" in_group server goes cached small
file=$steady
hot rare
check "another, once" goes hybrid large
check "much is pushed out" push_out
check "twice" goes hybrid large
check "much is pushed out again" push_out
check "it is not let in: it would have been pushed out" goes hybrid large
check "it comes at once: that is but once" goes hybrid large
check "and again: now it is" goes cached admitted
file=$steady
check "the first one is hot still, but as much was pushed out" foretold hybrid large
finish
