#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# seccomp.sh: programs whose sendfile a filter catches: their calls and what comes
# of them, signals, a static program, and other users than root.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq setpriv python3 shim-call

run() { coldsend run --seccomp --min-size 0 "$@"; }

shim-call outcomes >"$tmp/outcomes"
outcomes() {
	local program=$1
	shift
	run "$@" -- "$program" outcomes >"$tmp/ours" || return 1
	diff "$tmp/outcomes" "$tmp/ours"
}
tests() { run --policy direct -- "$@" >"$tmp/output" || { cat "$tmp/output"; return 1; }; }

for policy in cached direct; do
	check "calls as sendfile's, policy $policy" outcomes shim-call --policy $policy
done
check "by the module" tests shim-call
check "of a static program" outcomes shim-call-static
check "by the module, too" tests shim-call-static
check "signals" tests shim-signals
# Who starts us may have blocked the one that we interrupt our threads with.
check "signals, ours blocked before" env --block-signal=URG coldsend run --seccomp --min-size 0 -- shim-signals

# Threads that call all the time while signals come all the time, as Go does it.
cat >"$tmp/sender.py" <<'END'
import hashlib, os, signal, socket, sys, threading

size = os.path.getsize(sys.argv[1])
heard = 0

def on_signal(*_):
    global heard
    heard += 1

def send(sock):
    with sock, open(sys.argv[1], "rb") as source:
        offset = 0
        while sent := os.sendfile(sock.fileno(), source.fileno(), offset, 1 << 30):
            offset += sent

def pair():
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname())
        return ours, server.accept()[0]

def transfer():
    ours, theirs = pair()
    threading.Thread(target=send, args=(ours,)).start()
    digest = hashlib.sha256()
    with theirs:
        while data := theirs.recv(65536):
            digest.update(data)
    print(digest.hexdigest())

signal.signal(signal.SIGALRM, on_signal)
period = float(sys.argv[2])
signal.setitimer(signal.ITIMER_REAL, period, period)
receivers = [threading.Thread(target=transfer) for _ in range(8)]
for receiver in receivers:
    receiver.start()
for receiver in receivers:
    receiver.join()
signal.setitimer(signal.ITIMER_REAL, 0)
print("heard", heard > 0, file=sys.stderr)
END
size=$((16 << 20))
xfer make "$tmp/file" $size 14
# digests <WHAT SENDER.PY PRINTS: of what 8 receivers got.
digests() {
	same "digests" "8 $(sha256sum <"$tmp/file" | cut -d ' ' -f 1)" \
		"$(sort | uniq -c | awk '{ print $1, $2 }')"
}
threads_and_signals() {
	run --stats -- python3 "$tmp/sender.py" "$tmp/file" .01 >"$tmp/digests" 2>"$tmp/said" || { cat "$tmp/said"; return 1; }
	grep -q "heard True" "$tmp/said" || { cat "$tmp/said"; return 1; }
	digests <"$tmp/digests" || return 1
	# A call that a signal ends before its first byte is the kernel's to restart.
	[ "$(awk '/served/ { print $5 }' "$tmp/said")" -gt 0 ] || { cat "$tmp/said"; return 1; }
}
check "8 threads, with a signal every 10 ms" threads_and_signals

# A signal for the process is heard by its first thread: the others' calls stay ours.
cat >"$tmp/alarm.py" <<'END'
import os, signal, socket, sys, threading, time
class Alarm(Exception):
    pass
def on_alarm(*_):
    raise Alarm
signal.signal(signal.SIGALRM, on_alarm)
def full():
    a, b = socket.socketpair()
    a.setblocking(False)
    try:
        while True:
            a.send(bytes(1024))
    except BlockingIOError:
        a.setblocking(True)
        return a, b
def send(to):
    with open(sys.argv[1], "rb") as source:
        try:
            os.sendfile(to.fileno(), source.fileno(), 0, 300000)
        except (BrokenPipeError, ConnectionResetError):
            pass
pairs = [full() for _ in range(8)]
threads = [threading.Thread(target=send, args=(a,)) for a, b in pairs[1:]]
for thread in threads:
    thread.start()
time.sleep(1)
signal.setitimer(signal.ITIMER_REAL, 1)
try:
    send(pairs[0][0])
except Alarm:
    print("heard")
for a, b in pairs:
    b.close()
for thread in threads:
    thread.join()
END
alarm_for_all() {
	run --json -- python3 "$tmp/alarm.py" "$tmp/file" >"$tmp/said" || return 1
	same "the first line" heard "$(head -n 1 "$tmp/said")" || return 1
	tail -n +2 "$tmp/said" | jq -e '.calls_left <= 2 and .calls_served >= 6' >/dev/null || { cat "$tmp/said"; return 1; }
}
check "a signal for all threads, of which one hears it" alarm_for_all

# The command gives up its rights; we answer for it all the same.
other_user() {
	chmod 755 "$tmp"
	chmod 644 "$tmp/file"
	run --json -- setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
		python3 "$tmp/sender.py" "$tmp/file" 0 >"$tmp/said" || return 1
	same "served" "$((8 * size))" "$(tail -n 5 "$tmp/said" | jq .bytes_served)"
}
check "of another user" other_user

# All of the run is another user's, who may open the device: no right is needed else.
of_a_user() {
	setpriv --reuid 65534 --regid 65534 --clear-groups coldsend run --seccomp --min-size 0 --json -- \
		python3 "$tmp/sender.py" "$tmp/file" .01 >"$tmp/said" || return 1
	digests < <(head -n 8 "$tmp/said") || return 1
	tail -n +9 "$tmp/said" | jq -e '.bytes_served > 0' >/dev/null || { cat "$tmp/said"; return 1; }
}
at_exit chmod "$(stat -c %a /dev/coldsend)" /dev/coldsend
at_exit chgrp "$(stat -c %g /dev/coldsend)" /dev/coldsend
chgrp 65534 /dev/coldsend
chmod 660 /dev/coldsend
check "a run of a user whose group has the device" of_a_user
chmod 600 /dev/coldsend

# A UNIX socket would tell its peer that we send.
other_users_unix() {
	run --json -- setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs python3 -c '
import os, socket, struct, sys
a, b = socket.socketpair()
b.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
with open(sys.argv[1], "rb") as source:
    os.sendfile(a.fileno(), source.fileno(), 0, 1000)
told = b.recvmsg(1000, 1000)[1][0][2]
print(*struct.unpack("3i", told)[1:])' "$tmp/file" >"$tmp/said" || return 1
	same "user and group" "65534 65534" "$(head -n 1 "$tmp/said")" || return 1
	same "served" 0 "$(tail -n +2 "$tmp/said" | jq .calls_served)"
}
check "a UNIX socket of another user is left to the kernel" other_users_unix

# Where the device can't be opened, all is as without us.
nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups coldsend run --seccomp --json -- \
		python3 "$tmp/sender.py" "$tmp/file" 0 >"$tmp/said" 2>"$tmp/errors" || return 1
	grep -q "no permission" "$tmp/errors" || { cat "$tmp/errors"; return 1; }
	same "served" "0 0" "$(tail -n 5 "$tmp/said" | jq -r '"\(.bytes_served) \(.calls_served)"')"
}
check "no permission: plain sendfile" nobody

check "one filter at a time" fails 1 "filtered like this already" run -- coldsend run --seccomp -- true

# Calls of fewer bytes do not come to us at all.
small_calls() {
	coldsend run --seccomp --json -- python3 -c '
import os, socket, sys
a, b = socket.socketpair()
with open(sys.argv[1], "rb") as source:
    print(os.sendfile(a.fileno(), source.fileno(), 0, 1000))' "$tmp/file" >"$tmp/said" || return 1
	same "calls" "0 0" "$(tail -n 5 "$tmp/said" | jq -r '"\(.calls_served) \(.calls_left)"')"
}
check "small calls are not stopped" small_calls

# Go asks for 4 MiB of a file at a time, however large that is.
pieces_of_a_large_file() {
	coldsend run --seccomp --min-size 5M --json -- python3 -c '
import os, socket, sys, threading
a, b = socket.socketpair()
def receive():
    while b.recv(1 << 20):
        pass
receiver = threading.Thread(target=receive, daemon=True)
receiver.start()
with open(sys.argv[1], "rb") as source:
    offset = 0
    while sent := os.sendfile(a.fileno(), source.fileno(), offset, 1 << 20):
        offset += sent
a.close()
receiver.join()' "$tmp/file" >"$tmp/said" || return 1
	same "served, in calls, left" "$((size - (4 << 20))) 12 5" \
		"$(tail -n 5 "$tmp/said" | jq -r '"\(.bytes_served) \(.calls_served) \(.calls_left)"')"
}
check "a call of fewer bytes than --min-size, of a larger file" pieces_of_a_large_file

# What it costs on this machine, which may be an emulated one.
cost() {
	coldsend run -m 0 "$@" --json -- shim-call cost >"$tmp/said" || return 1
	tail -n +2 "$tmp/said" | jq -e '.calls_served == 2000' >/dev/null || { cat "$tmp/said"; return 1; }
}
plain=$(shim-call cost)
check "2000 calls by the library" cost
library=$(head -n 1 "$tmp/said")
check "2000 calls by the filter" cost --seccomp
note "a call that sends a page: plain $plain us, by the library $library us, by the filter $(head -n 1 "$tmp/said") us"

status() {
	local want=$1 got=0
	shift
	run "$@" >/dev/null 2>&1 || got=$?
	same "exit status" "$want" "$got"
}
check "exit status 7" status 7 sh -c 'exit 7'
check "no such command" status 127 "$tmp/nothing"
# Who reads what we say has gone away.
unheard() {
	mkfifo "$tmp/unheard"
	exec {reader}<>"$tmp/unheard"
	exec {writer}>"$tmp/unheard" {reader}<&-
	local got=0
	run --stats sh -c 'exit 7' 2>&"$writer" || got=$?
	exec {writer}>&-
	same "exit status" 7 "$got"
}
check "exit status 7, unheard" unheard
finish
