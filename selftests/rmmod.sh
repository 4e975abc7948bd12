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
	timeout 30 rmmod coldsend
}

cycle() {
	local i
	for ((i = 0; i < cycles; i++)); do
		insmod "$module" && present && unload && absent && balanced || return 1
	done
}

# Unloads while sockets hold what nobody has read; it arrives all the same.
leave_and_unload() {
	local leaver
	: >"$tmp/left"
	xfer cold "$tmp/file"
	xfer leave "$tmp/file" 5 "$1" <"$tmp/go" >"$tmp/left" & leaver=$!
	exec 8>"$tmp/go"
	wait_for 20 grep -q left "$tmp/left" && unload && absent && balanced || return 1
	echo go >&8
	exec 8>&-
	wait "$leaver"
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

mkfifo "$tmp/go"
for policy in cached direct hybrid drop-behind; do
	insmod "$module"
	check "out with bytes sent by $policy unread" leave_and_unload $policy
done
check "in again for those who come after" insmod "$module"
finish
