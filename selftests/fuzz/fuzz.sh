#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fuzz.sh: random programs against the module.
#
# COLDSEND_FUZZ_SECONDS  how long                          (30)
# COLDSEND_FUZZ_SEED     what the programs are made of     (1)
# COLDSEND_FUZZ_REPLAY   a file of programs to run instead
# Where it runs in a test machine, build/results/fuzz.last has the program that
# ran when the machine died.

# shellcheck source-path=SCRIPTDIR source=../lib.sh
. "$(dirname "$0")/../lib.sh"

need_module
need fuzz mkfs.ext4
last=${COLDSEND_RESULTS:-$tmp}/fuzz.last
keep_tunables
mount_image small 8M mkfs.ext4 -q -- || skip "no small file system"

if [ -n "${COLDSEND_FUZZ_REPLAY-}" ]; then
	words=(-r "$COLDSEND_FUZZ_REPLAY" -n 20)
else
	words=(-s "${COLDSEND_FUZZ_SEED:-1}" -t "${COLDSEND_FUZZ_SECONDS:-30}" -o "$last")
fi
mkdir "$tmp/files"
fuzz "${words[@]}" -d "$tmp/files" -m "$tmp/small" && status=0 || status=$?
check "nothing is left, and the kernel has nothing to say" test "$status" = 0
idle() { ! transfers_run; }
check "no transfer is left" wait_for 20 idle
finish
