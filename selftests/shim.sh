#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shim.sh: programs whose sendfile goes through the module: calls and what comes
# of them, the life of servers, and "coldsend run" itself.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq setpriv python3

size=3000001
file=$tmp/file
xfer make "$file" $size 13

# run OPTIONS… -- COMMAND…: what was served is left in $tmp/served.
run() { coldsend run --json "$@" >"$tmp/output" && tail -n 5 "$tmp/output" >"$tmp/served"; }

# tests PROGRAM POLICY: it passes, and the module did what it is about.
tests() {
	run --policy "$2" --min-size 0 -- "$1" || { cat "$tmp/output"; return 1; }
	jq -e '.bytes_served > 0' "$tmp/served" >/dev/null || { cat "$tmp/served"; return 1; }
}

# outcomes OPTIONS…: of calls by the module as of the kernel's; how many the module
# answered is the same by all policies: what it can't send is the kernel's.
shim-call outcomes >"$tmp/outcomes"
outcomes() {
	run --min-size 0 "$@" -- shim-call outcomes || return 1
	diff "$tmp/outcomes" <(head -n -5 "$tmp/output") || return 1
	same "calls answered" 24 "$(jq .calls_served "$tmp/served")"
}
for policy in cached direct hybrid drop-behind; do
	check "calls as sendfile's, policy $policy" outcomes --policy $policy
	check "by the module" tests shim-call $policy
done
check "life of a server" tests shim-life direct
check "signals" tests shim-signals direct

# Sends the file, in calls of COUNT bytes.
cat >"$tmp/sender.py" <<'END'
import os, socket, sys, threading

def receive(sock):
    with sock, open(sys.argv[2], "wb") as copy:
        while data := sock.recv(1 << 20):
            copy.write(data)

ours, theirs = socket.socketpair()
receiver = threading.Thread(target=receive, args=(theirs,))
receiver.start()
with ours, open(sys.argv[1], "rb") as source:
    offset = 0
    while sent := os.sendfile(ours.fileno(), source.fileno(), offset, int(sys.argv[3])):
        offset += sent
receiver.join()
END

# sends BYTES CALLS LEFT COUNT OPTIONS…: what the module did of the file.
sends() {
	local served=$1 calls=$2 left=$3 count=$4
	shift 4
	rm -f "$tmp/copy"
	run "$@" -- python3 "$tmp/sender.py" "$file" "$tmp/copy" "$count" || return 1
	cmp "$file" "$tmp/copy" || return 1
	same "served" "$served $calls $left" \
		"$(jq -r '"\(.bytes_served) \(.calls_served) \(.calls_left)"' "$tmp/served")"
}
mega=$((1 << 20))
check "all goes through the module" sends $size 3 1 $mega --min-size 0
check "the start of a file is left" sends $((size - mega)) 2 2 $mega --min-size $((mega + 1))
check "small files are left" sends 0 0 4 $mega --min-size 3M
for bytes in 3G 4G; do
	check "a size of $bytes" sends 0 0 4 $mega --min-size $bytes
done
check "by itself, too" sends $((size - 3 * 65536)) 43 4 65536

shim=$top/build/user/libcoldsend-preload.so
# As a unit of systemd has it, without coldsend run: it opens the device itself, and
# no program that is started has that open.
by_the_environment() {
	local before
	before=$(total bytes_sent)
	rm -f "$tmp/copy"
	LD_PRELOAD=$shim COLDSEND_MIN_SIZE=0 COLDSEND_POLICY=direct \
		python3 "$tmp/sender.py" "$file" "$tmp/copy" "$mega" || return 1
	cmp "$file" "$tmp/copy" || return 1
	same "bytes by the module" "$size" $(($(total bytes_sent) - before))
}
devices() {
	LD_PRELOAD=$shim python3 -c '
import os, subprocess
look = "ls -l /proc/self/fd | grep -c /dev/coldsend"
ours = [fd for fd in os.listdir("/proc/self/fd") if os.path.realpath("/proc/self/fd/" + fd) == "/dev/coldsend"]
os.environ.pop("LD_PRELOAD")
print(len(ours), subprocess.run(look, shell=True, close_fds=False, capture_output=True, text=True).stdout.strip())'
}
check "LD_PRELOAD alone" by_the_environment
check "its device is not handed down" same "devices here and there" "1 0" "$(devices)"

policy_used() { coldsend files --json | jq -e --arg p "$1" --arg f "$file" 'any(.file.path == $f and .file.policy_used == $p)' >/dev/null; }
for policy in cached direct; do
	check "--policy $policy" sends $size 3 1 $mega --min-size 0 --policy $policy
	check "is used" policy_used $policy
done

# Where the device can't be opened, all is as without us.
nobody() {
	chmod 755 "$tmp"
	: >"$tmp/copy"
	chmod 666 "$tmp/copy" "$file"
	setpriv --reuid 65534 --regid 65534 --clear-groups coldsend run --json -- \
		python3 "$tmp/sender.py" "$file" "$tmp/copy" "$mega" >"$tmp/served" 2>"$tmp/errors" || return 1
	cmp "$file" "$tmp/copy" || return 1
	grep -q "no permission" "$tmp/errors" || return 1
	same "bytes served" 0 "$(jq .bytes_served "$tmp/served")"
}
check "no permission: plain sendfile" nobody

status() {
	local want=$1 got=0
	shift
	coldsend run "$@" >/dev/null 2>"$tmp/errors" || got=$?
	same "exit status" "$want" "$got"
}
for how in "" "--stats"; do
	# shellcheck disable=SC2086 # a list of words
	{
		check "exit status 7 $how" status 7 $how sh -c 'exit 7'
		check "no such command $how" status 127 $how "$tmp/nothing"
		check "not to be run $how" status 126 $how "$tmp"
	}
done
check "ended by a signal" status 143 --stats -- sh -c 'kill -TERM $$'
# shellcheck disable=SC2016 # for the shell that is run
check "options of the command are its own" status 0 sh -c '[ "$1" = --stats ]' sh --stats

# It hands signals on, and waits for what the command leaves behind.
signal_passed() {
	local pid status=0
	mkfifo "$tmp/nothing"
	coldsend run --stats -- sh -c "trap 'echo TERM >$tmp/trapped; exit 3' TERM; exec 3<>$tmp/nothing; : >$tmp/ready; read x <&3" 2>/dev/null & pid=$!
	wait_for 10 [ -e "$tmp/ready" ] || return 1
	kill -TERM "$pid"
	wait "$pid" || status=$?
	same "exit status" 3 "$status" && same "trap" TERM "$(<"$tmp/trapped")"
}
daemon_counted() {
	run --min-size 0 -- sh -c "setsid python3 $tmp/sender.py $file $tmp/copy $mega </dev/null & exit 0" || return 1
	same "bytes" "$size" "$(jq .bytes_served "$tmp/served")"
}
# A helper that the command has left to itself is not who the signal is for; it
# reads until the command ends.
signal_is_the_commands() {
	local pid status=0
	rm -f "$tmp/ready" "$tmp/helper" "$tmp/up"
	coldsend run --stats -- sh -c "(sh -c 'trap \"echo USR1 >$tmp/helper; exit\" USR1
		exec <$tmp/nothing; : >$tmp/up; read x; :' &)
		trap 'exit 4' USR1; exec 3<>$tmp/nothing; until [ -e $tmp/up ]; do sleep .1; done
		: >$tmp/ready; read x <&3" 2>/dev/null & pid=$!
	wait_for 10 [ -e "$tmp/ready" ] || return 1
	kill -USR1 "$pid"
	wait "$pid" || status=$?
	same "exit status" 4 "$status" && [ ! -e "$tmp/helper" ]
}
# terminal.py READY KEYS COMMAND…: runs it on a terminal; once there is a file READY,
# types KEYS, or, without, hangs up. Exit status: the command's.
cat >"$tmp/terminal.py" <<'END'
import os, pty, sys, time
ready, keys = sys.argv[1:3]
pid, terminal = pty.fork()
if not pid:
    os.execvp(sys.argv[3], sys.argv[3:])
while not os.path.exists(ready):
    time.sleep(0.1)
if keys:
    os.write(terminal, keys.encode())
else:
    os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
# heard STATUS SIGNAL KEYS WORDS…: what runs WORDS and then a script hears it.
heard() {
	local want=$1 signal=$2 keys=$3 status=0
	shift 3
	rm -f "$tmp/ready" "$tmp/heard"
	timeout $((60 * ${COLDSEND_PATIENCE:-1})) python3 "$tmp/terminal.py" "$tmp/ready" "$keys" coldsend run --stats -- "$@" sh -c \
		"trap 'echo $signal >$tmp/heard; exit 5' $signal; : >$tmp/ready; while :; do sleep 0.1; done" || status=$?
	same "exit status" "$want" "$status" && same "trap" "$signal" "$(<"$tmp/heard")"
}
check "signals are passed on" signal_passed
check "to the command alone" signal_is_the_commands
# Only who leads a session hears that its terminal is gone.
check "a hangup too" heard 5 HUP ""
# Only who is in the foreground hears what is typed.
check "^C to the command" heard 5 INT $'\x03'
check "^C to a daemon" heard 0 INT $'\x03' setsid -f
# shellcheck disable=SC2016 # for the shell that is run
{
	check "what is counted can be opened" status 0 --stats -- bash -c ': >>"/proc/self/fd/${COLDSEND_SERVED_FD%%:*}"'
	check "and not be cut off" status 1 --stats -- bash -c ': >"/proc/self/fd/${COLDSEND_SERVED_FD%%:*}"'
}
check "daemons are counted" daemon_counted
finish
