#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# cli.sh: the coldsend tool: help, exit statuses, JSON, files that arrive, and
# sentences that say what to do.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq script python3

commands="send receive policy stats files residency top monitor info run"
size=5000001
file=$tmp/file

helps() {
	coldsend "$1" --help >"$tmp/help" 2>"$tmp/errors" || return 1
	same "words on stderr" "" "$(<"$tmp/errors")" || return 1
	same "first word" usage: "$(awk '{ print $1; exit }' "$tmp/help")" || return 1
	grep -q -- --json "$tmp/help"
}

# usage_error ARGUMENTS…: exit status 2, something on stderr, nothing on stdout.
usage_error() {
	local status=0
	coldsend "$@" >"$tmp/out" 2>"$tmp/errors" </dev/null || status=$?
	same "exit status" 2 "$status" || return 1
	same stdout "" "$(<"$tmp/out")" || return 1
	[ -s "$tmp/errors" ] || { echo "nothing on stderr"; return 1; }
}

# json FILTER COMMAND…: one JSON value, for which FILTER is true.
json() {
	local filter=$1
	shift
	"$@" >"$tmp/json" || return 1
	same "JSON values" 1 "$(jq -n '[inputs] | length' <"$tmp/json")" || return 1
	jq -e "$filter" "$tmp/json" >/dev/null || { cat "$tmp/json"; return 1; }
}

check "coldsend --help" coldsend --help
for command in $commands; do
	check "$command --help" helps "$command"
done
check "no command" usage_error
check "unknown command" usage_error sned
for command in $commands; do
	check "$command: unknown option" usage_error "$command" --no-such-option
done
check "send without arguments" usage_error send
check "send without port" usage_error send "$file" 127.0.0.1
check "send with a bad policy" usage_error send --policy fast "$file" 127.0.0.1 1
check "send with a bad offset" usage_error send --offset -1 "$file" 127.0.0.1 1
check "send with a bad length" usage_error send --length 1x "$file" 127.0.0.1 1
check "send to a bad port" usage_error send "$file" 127.0.0.1 65536
check "send to no port" usage_error send "$file" 127.0.0.1 ""
check "receive without port" usage_error receive
check "receive at a port with a sign" usage_error receive +70000
check "receive at a port with a blank" usage_error receive ' 70000'
check "policy with a bad verb" usage_error policy get
check "policy set without anything" usage_error policy set
check "policy set with a bad number" usage_error policy set --depth four
check "residency without a file" usage_error residency
check "run without a command" usage_error run --stats
check "run with a bad policy" usage_error run --policy fast true

xfer make "$file" $size 11
check "SHA-256 of the test programs is sha256sum's" same digest \
	"$(sha256sum <"$file" | cut -d ' ' -f 1)" "$(xfer sha256 $size 11)"

# transfer OPTIONS…: to another file, through TCP.
transfer() {
	local receiver port status=0
	rm -f "$tmp/copy"
	listen 127.0.0.1 "$tmp/copy" --json || return 1
	"$@" "$file" 127.0.0.1 "$port" || status=$?
	wait "$receiver" && return "$status"
}

for policy in cached direct; do
	check "send --policy $policy" transfer coldsend send --policy $policy
	check "the file arrived" cmp "$file" "$tmp/copy"
done
check "send --json" json ".bytes_sent == $size and .error == null and .policy_used == \"direct\"" \
	transfer coldsend send --json --policy direct
check "receive --json" json ".bytes_received == $size and .error == null" cat "$tmp/received"
check "send a part" transfer coldsend send --offset 1K --length 100
check "the part arrived" cmp "$tmp/copy" <(tail -c +1025 "$file" | head -c 100)

check "policy --json" json '.policy and .segment_size and .depth and .pool_max and .files_max' \
	coldsend policy --json
check "policy show" coldsend policy show
check "stats --json" json '.counters.transfers > 0 and .objects.transfers_created > 0' \
	coldsend stats --json
check "stats" coldsend stats
check "files --json" json "any(.file.path == \"$file\" and .counters.bytes_sent > 0)" \
	coldsend files --json
check "files" grep -q "$file" <(coldsend files)
check "residency --json" json "length == 2 and .[0].path == \"$file\" and .[0].pages == $(((size + 4095) / 4096))" \
	coldsend residency --json "$file" "$file"
check "residency" coldsend residency "$file"
check "info --json" json '.abi_version == 3 and (.policies | index("auto") and index("cached") and index("direct"))' \
	coldsend info --json
check "info of a file --json" json ".file.file_size == $size and .file.direct and .file.rule == 0 and .file.policy != null" \
	coldsend info --json "$file"
check "info" coldsend info

cat >"$tmp/on-terminal" <<-'END'
	#!/bin/bash
	script -qec "$(printf '%q ' "$@")" /dev/null
END
chmod +x "$tmp/on-terminal"

# slowly COMMAND…: to a receiver that pauses, so that there is something to show.
slowly() {
	local receiver port sender status=0
	truncate -s 24M "$file.large"
	listen 127.0.0.1 --discard || return 1
	kill -STOP "$receiver"
	"$@" "$file.large" 127.0.0.1 "$port" & sender=$!
	wait_for 20 transfers_run || status=1
	sleep .4
	kill -CONT "$receiver"
	wait "$sender" || status=$?
	wait "$receiver" && return "$status"
}

# A line that comes back to its start belongs on a terminal, and only there.
in_a_terminal() {
	slowly "$tmp/on-terminal" coldsend send --policy direct >"$tmp/terminal" || return 1
	grep -q $'\r' "$tmp/terminal" && grep -q '%' "$tmp/terminal"
}
no_progress() {
	slowly coldsend send --policy direct >"$tmp/plain" 2>&1 || return 1
	not grep -q '%' "$tmp/plain"
}
check "progress on a terminal" in_a_terminal
check "none elsewhere" no_progress

check "send a file that is not there" fails 1 "No such file" coldsend send "$tmp/nothing" 127.0.0.1 1
check "send a directory" fails 1 "regular file" coldsend send "$tmp" 127.0.0.1 1
unreadable() {
	local receiver port status=0
	listen 127.0.0.1 --discard || return 1
	fails 1 "(EIO)" coldsend send /sys/class/net/lo/speed 127.0.0.1 "$port" || status=1
	wait "$receiver" && return "$status"
}
check "send a file whose reads fail" unreadable
check "send to nobody" fails 1 "refused" coldsend send "$file" 127.0.0.1 1
check "residency of nothing" fails 1 "No such file" coldsend residency "$tmp/nothing"

mkdir "$tmp/tmpfs"
mount -t tmpfs none "$tmp/tmpfs"
at_exit umount "$tmp/tmpfs"
cp "$file" "$tmp/tmpfs/file"
strict_fails() {
	file=$tmp/tmpfs/file
	transfer fails 1 strict coldsend send --strict --policy direct
}
check "send --strict where direct can't be" strict_fails

# With a progress line as without: there, all that is left is less than a part.
end_of_the_largest() {
	truncate -s $((2 ** 63 - 1)) "$tmp/tmpfs/largest" || return 1
	file=$tmp/tmpfs/largest transfer "$@" coldsend send -o $((2 ** 63 - 4096)) || return 1
	same bytes 4095 "$(stat -c %s "$tmp/copy")"
}
check "the end of the largest file" end_of_the_largest
check "the same with progress" end_of_the_largest "$tmp/on-terminal"

# What a script has in the background is not for the terminal's ^C.
interrupt_is_ignored() {
	local ignored
	ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status")
	[ $((0x$ignored & 1 << 1)) != 0 ]
}
# A sender that is stopped says how far it came, and that is what arrived.
interrupted() {
	local receiver port sender status=0
	truncate -s 256M "$tmp/large"
	listen 127.0.0.1 --discard --json || return 1
	kill -STOP "$receiver"
	coldsend send --json "$tmp/large" 127.0.0.1 "$port" \
		>"$tmp/sent" 2>"$tmp/errors" & sender=$!
	wait_for 20 transfers_run && interrupt_is_ignored "$sender" || return 1
	kill -TERM "$sender"
	wait "$sender" || status=$?
	kill -CONT "$receiver"
	wait "$receiver" || return 1
	same "exit status" 1 "$status" || return 1
	same error EINTR "$(jq -r .error "$tmp/sent")" || return 1
	grep -q "stopped by a signal" "$tmp/errors" || { cat "$tmp/errors"; return 1; }
	same bytes "$(jq .bytes_sent "$tmp/sent")" "$(jq .bytes_received "$tmp/received")"
}
check "send interrupted" interrupted

# A receiver gets the file, and nothing that is said of it.
closed_descriptors() {
	local status=0
	listen 127.0.0.1 "$tmp/copy" || return 1
	coldsend send "$file" 127.0.0.1 "$port" --length 1T <&- >&- 2>&- || status=$?
	wait "$receiver" || return 1
	same "exit status" 1 "$status" && cmp "$file" "$tmp/copy"
}
check "standard descriptors closed" closed_descriptors
check "and for a command, too" bash -c 'coldsend run -- sh -c "[ ! -e /proc/self/fd/0 ]" <&-'

# A peer that says something, and one that goes before it has taken all.
cat >"$tmp/peer.py" <<-'END'
	import socket, sys, time
	how, path = sys.argv[1:]
	server = socket.socket()
	if how != "talks":
	    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
	server.bind(("127.0.0.1", 0))
	server.listen()
	print("listening on port", server.getsockname()[1], flush=True)
	peer = server.accept()[0]
	if how == "talks":
	    peer.sendall(b"hello")
	if how == "ends":
	    peer.shutdown(socket.SHUT_WR)
	time.sleep(.3)
	with open(path, "wb") as copy:
	    while how == "talks":
	        data = peer.recv(65536)
	        if not data:
	            break
	        copy.write(data)
END
# to_peer HOW STATUS OPTIONS…: how a transfer ends with such a peer.
to_peer() {
	local how=$1 wanted=$2 peer port status=0
	shift 2
	: >"$tmp/listening"
	python3 "$tmp/peer.py" "$how" "$tmp/copy" >"$tmp/listening" 2>&1 & peer=$!
	wait_for 10 is_listening || return 1
	coldsend send "$@" "$file" 127.0.0.1 "$port" >"$tmp/sent" 2>"$tmp/errors" || status=$?
	wait "$peer" || { cat "$tmp/listening"; return 1; }
	same "exit status" "$wanted" "$status" || { cat "$tmp/sent" "$tmp/errors"; return 1; }
}
check "send to a peer that talks" to_peer talks 0
check "and all arrived" cmp "$file" "$tmp/copy"
check "send to a peer that leaves" to_peer leaves 1 --length 100K
check "  that has ended its own stream before" to_peer ends 1 --length 100K

# Who has a lease of a file gives it up when it is opened, some time later.
cat >"$tmp/leaser.py" <<-'END'
	import fcntl, os, signal, sys, time
	file = os.open(sys.argv[1], os.O_RDWR)
	signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
	fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
	open(sys.argv[2], "w").close()
	signal.sigtimedwait([signal.SIGIO], 60)
	time.sleep(.3)
	fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
END
leased() {
	local leaser status=0
	rm -f "$tmp/is-leased"
	python3 "$tmp/leaser.py" "$file" "$tmp/is-leased" & leaser=$!
	wait_for 10 [ -e "$tmp/is-leased" ] || return 1
	coldsend "$@" >/dev/null || status=1
	wait "$leaser" && return "$status"
}
check "a file that somebody has a lease of" leased residency "$file"
check "info of it" leased info "$file"
mkdir "$tmp/leased"
ln "$file" "$tmp/leased/file"
check "residency of its directory" leased residency -r "$tmp/leased"

hostile_name() {
	local name=$tmp/$'\e]0;x\a'
	mkfifo "$name"
	fails 1 '\033]0;x\007' coldsend residency "$name"
}
check "a name that talks to the terminal" hostile_name
check "no option, among others" fails 2 "'-x' is not an option" coldsend send --strict -xs "$file" 127.0.0.1 1

# as_without OPTION: run says why, and the command sends its file.
as_without() {
	coldsend run "$@" -- python3 -c '
import os, socket, sys
a, b = socket.socketpair()
with open(sys.argv[1], "rb") as source:
    print(os.sendfile(a.fileno(), source.fileno(), 0, 1000))' "$file" >"$tmp/output" 2>"$tmp/errors" || return 1
	same "sent" 1000 "$(<"$tmp/output")" || return 1
	grep -q insmod "$tmp/errors" || { cat "$tmp/errors"; return 1; }
}

# Without device, without module.
come_back() {
	[ ! -c "$hidden" ] || mv "$hidden" /dev/coldsend
	put_module_back
}
# Renamed, not made anew: devtmpfs takes away only the node it made.
hidden=/dev/coldsend.hidden
at_exit come_back
mv /dev/coldsend $hidden
check "no device node: what to do" fails 1 mknod coldsend info
mv $hidden /dev/coldsend
if [ -r "$module" ]; then
	check "the module can be unloaded" rmmod coldsend
	for command in "info" "policy" "stats" "files" "send $file 127.0.0.1 1" "residency $file"; do
		# shellcheck disable=SC2086 # a list of words
		check "no module, ${command%% *}: what to do" fails 1 insmod coldsend $command
	done
	# A command that is run has what it would have without us.
	for how in "" --stats --seccomp; do
		# shellcheck disable=SC2086 # a list of words
		check "no module, run${how:+ $how}: as without" as_without $how
	done
	insmod "$module"
fi
finish
