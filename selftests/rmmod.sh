#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rmmod.sh: the module stays while a transfer runs, and leaves without a trace
# when none does.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need insmod rmmod
[ -r "$module" ] || skip "no module to insert again: $module"

cycles=20

at_exit put_module_back

no_transfer_runs() { ! transfers_run; }
present() { [ -c /dev/coldsend ] && grep -q '^coldsend ' /proc/modules && [ -d "$debugfs" ]; }
absent() { [ ! -e /dev/coldsend ] && ! grep -q '^coldsend ' /proc/modules && [ ! -e "$debugfs" ]; }

# The module's last words since the last call.
last_words() { dmesg | awk '/coldsend-selftests: rmmod/ { said = "" } /coldsend: .*created/ { said = $0 } END { print said }'; }
balanced() {
	local words
	words=$(last_words)
	echo "$words"
	grep -q 'coldsend: created = destroyed' <<<"$words"
}
unload() {
	echo "coldsend-selftests: rmmod" >/dev/kmsg
	rmmod coldsend
}

cycle() {
	local i
	for ((i = 0; i < cycles; i++)); do
		insmod "$module" && present && unload && absent && balanced || return 1
	done
}

# Sends, and unloads while the receiver still holds unread bytes of ours.
send_and_unload() {
	xfer send "$tmp/file" 5 && unload && absent && balanced
}

check "everything given back since the module was loaded" unload
check "it says so" balanced
check "and is gone" absent
check "it can be loaded again" insmod "$module"
check "and is there" present

xfer make "$tmp/file" 33554432 5
xfer stall "$tmp/file" 2>/dev/null & stalled=$!
at_exit kill -KILL $stalled
check "a transfer runs" wait_for 20 transfers_run
check "rmmod is refused" fails 1 "in use" rmmod coldsend
check "and the transfer runs on" transfers_run
kill -KILL $stalled
wait $stalled 2>/dev/null || true
check "a killed transfer ends" wait_for 20 no_transfer_runs

exec 9<>/dev/coldsend
check "an open device keeps the module" fails 1 "in use" rmmod coldsend
exec 9>&-
check "rmmod works right after a killed transfer" unload
check "everything given back" balanced
check "$cycles times in and out" cycle

insmod "$module"
check "out right after a transfer" send_and_unload
check "in again for those who come after" insmod "$module"
finish
