#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# alloc-fail-insmod.sh: the module is loaded with each allocation of that failing
# in turn; what had been made by then is unmade.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need insmod rmmod objcopy insmod-fail
[ -r /proc/self/fail-nth ] || skip "this kernel has no faults on demand: um-debug has"

# Without its debug information: each page of that would be one more allocation.
# Without the table of its trace events: the kernel warns when there is no memory
# to register them.
objcopy --strip-debug -R _ftrace_events -R .rela_ftrace_events "$module" "$tmp/coldsend.ko"
at_exit put_module_back

nothing_left() { [ ! -e /dev/coldsend ] && [ ! -e "$debugfs" ] && ! grep -q '^coldsend ' /proc/modules; }
# In the middle of all that it has loaded well, and left well, more than once.
said() { dmesg | awk '/coldsend-selftests: load/ { n = 0 } index($0, "coldsend: created = destroyed") { n++ } END { exit !n }'; }
unsaid() { dmesg | awk '/coldsend-selftests: load/ { n = 0 } /coldsend: leak/ { n++ } END { exit n > 0 }'; }

rmmod coldsend
echo "coldsend-selftests: load" >/dev/kmsg
insmod-fail "$tmp/coldsend.ko" coldsend && status=0 || status=$?
check "each failure has its errno" test "$status" = 0
check "nothing is left" nothing_left
check "created = destroyed" said
check "never less" unsaid
check "it loads when nothing fails" insmod "$module"
check "and works" xfer make "$tmp/file" 65536 1
check "and sends" xfer send "$tmp/file" 1
finish
