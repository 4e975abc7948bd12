#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# disk-errors.sh: a disk with a bad place in the middle of a file.
#
#	file ---- ext4 ---- dm: linear | error (4 KiB) | linear ---- loop
#
# Under every policy: what arrives before it is exact, the count is right, the
# next call says EIO, and beyond it all goes on.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq filefrag python3
# shellcheck source=disk.sh
. "$selftests/disk.sh"

size=8388608
bad=5293056		# byte of the file that the bad place starts at: page 1292.25
bad_bytes=4096
file=$dir/file

# table BAD_SECTOR: of the device with 4 KiB that can't be read.
table() {
	local after=$(($1 + bad_bytes / 512))
	printf '0 %s linear %s 0\n%s 8 error\n%s %s linear %s %s\n' \
		"$1" "$loop" "$1" "$after" $((sectors - after)) "$loop" "$after"
}

make_bad() {
	local first
	head -c $size /dev/urandom >"$file"
	sync "$file"
	cp "$file" "$tmp/reference"
	first=$(filefrag -v -b512 "$file" | awk '$1 == "0:" { print $4 + 0 }')
	umount "$dir"
	table $((first + bad / 512)) | set_disk
	mount "$device" "$dir"
}

# transfer POLICY OFFSET: to $tmp/got; JSON in $tmp/sent. Status of the sender.
transfer() {
	local receiver port status=0
	xfer cold "$file" || return 99
	listen 127.0.0.1 "$tmp/got" || return 99
	coldsend send --json --policy "$1" --offset "$2" "$file" 127.0.0.1 "$port" \
		>"$tmp/sent" 2>"$tmp/sentence" || status=$?
	wait "$receiver"
	return "$status"
}

same_bytes() { cmp -n "$1" -i "$2:0" "$tmp/reference" "$tmp/got"; }

stops_before() {
	local status=0 sent
	transfer "$1" 0 || status=$?
	same "exit status" 1 "$status" || return 1
	sent=$(jq .bytes_sent "$tmp/sent")
	same "bytes received" "$sent" "$(stat -c %s "$tmp/got")" || return 1
	same_bytes "$sent" 0 || return 1
	# A read of a whole segment fails if any part of it does.
	if [ "$sent" -gt "$bad" ] || [ "$sent" -le $((bad - 1048576 - bad_bytes)) ]; then
		echo "$sent bytes before the bad place at $bad"
		return 1
	fi
	same "error of the rest" EIO "$(jq -r .error "$tmp/sent")"
}

fails_at() {
	local status=0
	transfer "$1" "$bad" || status=$?
	same "exit status" 1 "$status" || return 1
	same "sent and error" "0 EIO" "$(jq -r '"\(.bytes_sent) \(.error)"' "$tmp/sent")"
}

goes_on_after() {
	local from=$((bad + 2 * bad_bytes))
	transfer "$1" "$from" || { cat "$tmp/sentence"; return 1; }
	same "bytes sent" $((size - from)) "$(jq .bytes_sent "$tmp/sent")" || return 1
	same_bytes $((size - from)) "$from"
}

# What a program that calls sendfile hears, from just before the bad place on.
cat >"$tmp/sender.py" <<'END'
import os, socket, sys
ours, theirs = socket.socketpair()
with open(sys.argv[1], "rb") as source:
    offset = int(sys.argv[2])
    try:
        while True:
            offset += os.sendfile(ours.fileno(), source.fileno(), offset, 1 << 20)
            theirs.recv(1 << 20)
    except OSError as error:
        print(offset, error.strerror)
END
as_sendfile() {
	local plain
	xfer cold "$file" && plain=$(python3 "$tmp/sender.py" "$file" $((bad - bad_bytes))) || return 1
	# The page of the bad place is not sent in part.
	same "without us" "$((bad / 4096 * 4096)) Input/output error" "$plain" || return 1
	xfer cold "$file" || return 1
	same "by us" "$plain" "$(coldsend run --min-size 0 --policy "$1" -- python3 "$tmp/sender.py" "$file" $((bad - bad_bytes)))"
}

make_disk
make_bad
for policy in cached direct drop-behind hybrid; do
	errors=$(total errors)
	check "$policy: exact up to the bad place" stops_before "$policy"
	check "$policy: nothing of it" fails_at "$policy"
	check "$policy: sendfile sends what comes before it" as_sendfile "$policy"
	check "$policy: goes on after it" goes_on_after "$policy"
	check "$policy: the error is counted" test "$(total errors)" -gt "$errors"
done
check "nothing keeps the file system busy" wait_for 20 umount "$dir"
mount "$device" "$dir"
finish
