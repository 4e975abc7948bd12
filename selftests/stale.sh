#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stale.sh: what was in the module's memory before never arrives, with a module
# that fills all of it with a pattern before each read.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need insmod rmmod modinfo
poisoning=$(dirname "$module")-poison/coldsend.ko
[ -r "$poisoning" ] || skip "no test build: make module-poison-6.12, or whatever kernel it is"

# use MODULE: the one that is loaded from now on.
use() { rmmod coldsend && insmod "$1"; }
put_back() { rmmod coldsend; insmod "$module"; }
at_exit put_back

poisons() { modinfo -F poison "$1" | grep -q .; }
balanced() { dmesg | grep 'coldsend: .*created' | tail -n 1 | grep -q 'created = destroyed'; }

check "the test build is one" poisons "$poisoning"
check "the other is none" not poisons "$module"
check "it can be loaded" use "$poisoning"
# These look at each byte: short reads, odd ranges, ends of files, holes.
check "each byte of a file that is vandalized meanwhile" stale
check "each byte of each range" bytes -v cached_tcp -v direct_tcp -v drop_tcp -v hybrid_tcp
check "the other can be loaded again" use "$module"
check "everything given back" balanced
finish
