#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pressure.sh: the pressure test, with a cgroup of 48 MiB for its hog, on a file
# system of its own, which nothing keeps busy afterwards.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need_memory_cgroups
mkdir "$cgroup/hog"
at_exit rmdir "$cgroup/hog"
echo 48M >"$cgroup/hog/memory.max"
mount_image fs 400M mkfs.ext4 -q -F -- >"$tmp/reason" 2>&1 ||
	skip "$(tr '\n' ' ' <"$tmp/reason")"

status=0
CS_DIR=$tmp/fs CS_HOG_CGROUP=$cgroup/hog "$programs/pressure" || status=$?
if ! wait_for 20 umount "$tmp/fs"; then
	echo "not ok - something keeps the file system busy"
	status=1
fi
exit "$status"
