#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# soak.sh: mixed transfers for a long time, with the module unloaded and loaded
# every few seconds; memory does not grow.
#
# COLDSEND_SOAK_SECONDS  how long      (30; make soak: an hour)

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need soak insmod rmmod mkfs.ext4
seconds=${COLDSEND_SOAK_SECONDS:-30}
round_seconds=8
# The first rounds fill what the kernel keeps. Past them, so much may come and go
# by itself: KiB.
warm_rounds=2
used_slack=12288
slab_slack=6144

at_exit put_module_back
mount_image fs 200M mkfs.ext4 -q -- || skip "no file system of its own"

# "USED SLAB" in KiB: pages in use but for the page cache, what can be had back,
# and free ones that each CPU keeps at hand, which MemFree has not (6.12 lets them
# grow to an eighth of a zone); of those in use, what small objects take.
memory() {
	awk -v page_kib=$(($(getconf PAGESIZE) / 1024)) '
		/^ +count:/ { at_hand += $2 * page_kib }
		/kB$/ { sub(/:/, "", $1); v[$1] = $2 }
		END {
			print v["MemTotal"] - v["MemFree"] - v["Buffers"] - v["Cached"] - v["SReclaimable"] - at_hand,
				v["SUnreclaim"]
		}' /proc/meminfo /proc/zoneinfo
}
# The least of a few looks: what is being freed is not there any more.
look() {
	local i now_used now_slab
	used='' slab=''
	for ((i = 0; i < 10; i++)); do
		read -r now_used now_slab < <(memory)
		[ -n "$used" ] && [ "$used" -le "$now_used" ] || used=$now_used
		[ -n "$slab" ] && [ "$slab" -le "$now_slab" ] || slab=$now_slab
		sleep .05
	done
}
balanced() { dmesg | grep 'coldsend: .*created' | tail -n 1 | grep -q 'created = destroyed'; }

round() {
	CS_DIR=$tmp/fs soak "$round_seconds" "$1" || return 1
	wait_for 10 rmmod coldsend || { echo "# round $1: rmmod refused"; return 1; }
	balanced || { echo "# round $1: something was not given back"; return 1; }
	sync
	echo 3 >/proc/sys/vm/drop_caches
	look
	insmod "$module"
}

rounds=0 ok=1
while [ $SECONDS -lt "$seconds" ] || [ $rounds -le $warm_rounds ]; do
	round $rounds || { ok=0; break; }
	rounds=$((rounds + 1))
	if [ $rounds = $warm_rounds ]; then first_used=$used first_slab=$slab; fi
	note "round $rounds: $used KiB in use, $slab KiB of them in slabs"
done
no_more_than() { [ "$2" -le "$1" ] || { echo "$2 KiB, at most $1"; return 1; }; }
check "every round ends well: bytes, counts, rmmod" test $ok = 1
if [ $ok = 1 ]; then
	check "memory in use does not grow" no_more_than $((first_used + used_slack)) "$used"
	check "slabs do not grow" no_more_than $((first_slab + slab_slack)) "$slab"
	check "no file is kept" umount "$tmp/fs"
fi
finish
