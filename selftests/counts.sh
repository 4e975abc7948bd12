#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# counts.sh: receiver, ioctl, netlink and debugfs count the same bytes.
#
#	coldsend send (ioctl) ----- socket ----> coldsend receive
#	      |
#	      +-> file's row: netlink (coldsend files) and debugfs (files)
#	      +-> totals:     netlink (coldsend stats) and debugfs (stats)

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq

size=3333333
file=$tmp/file

# transfer HOST OPTIONS…: from $file; JSON in $tmp/sent and $tmp/received.
transfer() {
	local host=$1 receiver port where status=0
	shift
	if [ "$host" = unix ]; then
		coldsend receive "unix:$tmp/socket" --discard --json \
			>"$tmp/received" 2>"$tmp/listening" & receiver=$!
		wait_for 10 test -S "$tmp/socket" || return 1
		where=("unix:$tmp/socket")
	else
		listen "$host" --discard --json || return 1
		where=("$host" "$port")
	fi
	coldsend send --json "$@" "$file" "${where[@]}" >"$tmp/sent" || status=$?
	[ "$status" = 0 ] || kill "$receiver"
	wait "$receiver" && return "$status"
}

# look: what netlink and debugfs say now about $file and in all, as lines of
# "name value" in $tmp/{netlink,debugfs}.{row,totals}.
look() {
	local ino
	ino=$(stat -c %i "$file")
	coldsend files --json |
		jq -r ".[] | select(.file.ino == $ino) | .file + .counters |
			to_entries[] | \"\(.key) \(.value)\"" >"$tmp/netlink.row"
	coldsend stats --json |
		jq -r '.counters | to_entries[] | "\(.key) \(.value)"' >"$tmp/netlink.totals"
	# By the names in the first line.
	awk -F '\t' -v ino="$ino" '
		/^#/ { sub(/^# */, ""); for (i = 1; i <= NF; i++) name[i] = $i; next }
		$2 == ino { for (i = 1; i <= NF; i++) print name[i] " " $i }
	' "$debugfs/files" >"$tmp/debugfs.row"
	cp "$debugfs/stats" "$tmp/debugfs.totals"
}

# seen WHERE NAME VALUE: at the last look.
seen() { same "$2 in $1" "$3" "$(value "$2" <"$tmp/$1")"; }

# Counter NAME is VALUE in the file's row and in the totals, seen both ways.
counted() {
	local where
	for where in {netlink,debugfs}.{row,totals}; do
		seen "$where" "$1" "$2" || return 1
	done
}

# All numbers of the row are the same both ways.
rows_agree() {
	local number
	grep -E '^[a-z_]+ [0-9]+$' "$tmp/netlink.row" | grep -v '^dev_' |
		sort >"$tmp/netlink.numbers"
	number=$(wc -l <"$tmp/netlink.numbers")
	[ "$number" -ge 27 ] || { echo "only $number numbers"; return 1; }
	grep -E '^[a-z_]+ [0-9]+$' "$tmp/debugfs.row" | sort |
		diff "$tmp/netlink.numbers" -
}

identity_agrees() {
	local field expected
	while read -r field expected; do
		seen netlink.row "$field" "$expected" || return 1
	done < <(stat --printf 'ino %i\ndev_major %Hd\ndev_minor %Ld\n' "$file")
	seen debugfs.row dev "$(stat -c %Hd:%Ld "$file")" || return 1
	seen debugfs.row path "$file" || return 1
	seen netlink.row path "$file"
}

expect_sent() {
	same "bytes sent" "$1" "$(jq .bytes_sent "$tmp/sent")" || return 1
	same "bytes received" "$1" "$(jq .bytes_received "$tmp/received")"
}

bytes=0 transfers=0

# try BYTES POLICY HOST OPTIONS…
try() {
	local count=$1 policy=$2 host=$3
	shift 3
	check "$policy over $host $*" transfer "$host" --policy "$policy" "$@"
	check "  sent = received = $count" expect_sent "$count"
	bytes=$((bytes + count)) transfers=$((transfers + 1))
}

xfer make "$file" $size 9
xfer cold "$file"
coldsend stats reset
# Of the cold file direct and hybrid read all from the disk; cached brings it
# in, so that drop-behind finds it and leaves it.
for policy in direct hybrid cached drop-behind; do
	for host in 127.0.0.1 ::1 unix; do
		try $size $policy $host
		try 100000 $policy $host --offset 777 --length 100000
	done
	try 1 $policy 127.0.0.1 --offset $((size - 1))
	try 0 $policy 127.0.0.1 --length 0
done
look
check "transfers are counted" counted transfers $transfers
check "bytes asked" counted bytes_asked $bytes
check "bytes sent" counted bytes_sent $bytes
check "bytes by direct I/O" counted bytes_direct $((bytes / 2))
check "bytes from the page cache" counted bytes_cached $((bytes / 4))
check "bytes of drop-behind" counted bytes_drop_behind $((bytes / 4))
# Less than half a page read directly is copied: the last byte, twice.
check "bytes copied" counted bytes_copied 2
check "nothing was partial" counted partials 0
check "nothing failed" counted errors 0
check "pages added: the file's, once" counted pages_added $(((size + 4095) / 4096))
check "all counters of the row agree" rows_agree
check "the row is about this file" identity_agrees

# What comes from the disk is what was sent and what alignment costs.
disk_bytes_add_up() {
	same "disk bytes" "$(total disk_bytes)" \
		$(($(total bytes_direct) + $(total overhead_bytes)))
}
check "disk bytes = direct bytes + overhead" disk_bytes_add_up

# A receiver that goes away in the middle: partial, and the count is right.
partial_is_counted() {
	local receiver port status=0
	truncate -s 64M "$file"
	listen 127.0.0.1 --discard || return 1
	kill -STOP "$receiver"
	coldsend send --json "$file" 127.0.0.1 "$port" \
		>"$tmp/sent" 2>"$tmp/errors" & sender=$!
	wait_for 20 transfers_run || return 1
	wait_for 10 transfer_waits || return 1
	kill -KILL "$receiver"
	wait "$sender" || status=$?
	same "exit status of send" 1 "$status" || return 1
	[ "$(jq -r .error "$tmp/sent")" != null ] || return 1
	same partials 1 "$(total partials)" || return 1
	same "bytes sent" "$(jq .bytes_sent "$tmp/sent")" "$(total bytes_sent)"
}
# The sender sleeps for the socket.
transfer_waits() { [ "$(ps -o state= -p "$sender" | tr -d ' ')" = S ]; }

coldsend stats reset
look
check "reset: totals are zero" same "totals that are not" "" \
	"$(grep -v ' 0$' "$tmp/netlink.totals" || true)"
check "reset: no rows" same rows 0 "$(coldsend files --json | jq length)"
check "a receiver that dies: partial, counted" partial_is_counted
finish
