# SPDX-License-Identifier: GPL-2.0
# rules-lib.sh: what the tests of rules share. To be sourced after lib.sh.
# shellcheck shell=bash disable=SC2154 # tmp is of lib.sh

need_module
need jq setpriv

rules() { coldsend policy list --json; }
no_rules() { coldsend policy load /dev/null; }
keep_tunables
[ "$(rules)" = "[]" ] || skip "there are rules already"
at_exit no_rules

# The file that is sent: 256 KiB, which auto takes for small; where memory is full,
# it would not let it in at once.
echo 3 >/proc/sys/vm/drop_caches
size=262144
mkdir "$tmp/www"
file=$tmp/www/file.bin
xfer make "$file" $size 31
xfer cold "$file"

# send OPTIONS…: $file, to a receiver; JSON in $tmp/sent.
send() {
	local receiver port status=0
	listen 127.0.0.1 --discard || return 1
	coldsend send --json "$@" "$file" 127.0.0.1 "$port" >"$tmp/sent" || status=$?
	[ "$status" = 0 ] || kill "$receiver"
	wait "$receiver" && return "$status"
}

sent() { same "$1" "$2" "$(jq -r ".$1" "$tmp/sent")"; }

# goes POLICY REASON OPTIONS…: that is how the file goes, and what test foretells.
goes() {
	local policy=$1 reason=$2
	shift 2
	foretold "$policy" "$reason" || return 1
	send "$@" || return 1
	same "policy and reason" "$policy $reason" "$(jq -r '"\(.policy_used) \(.reason)"' "$tmp/sent")"
}
foretold() {
	coldsend policy test --json "$file" >"$tmp/test" || return 1
	same "policy and reason of test" "$1 $2" "$(jq -r '"\(.policy) \(.reason)"' "$tmp/test")"
}

# The policies of all rules, and the id of one.
in_order() { same policies "$1" "$(rules | jq -r 'map(.policy) | join(" ")')"; }
id_of() { rules | jq ".[$1].id"; }

# only WORDS…: the one rule there is.
only() { no_rules && coldsend policy add "$@"; }
# The rule WORDS… matches the file, and says drop-behind; or it does not.
matches() { only "$@" policy drop-behind && foretold drop-behind rule; }
misses() { only "$@" policy drop-behind && foretold cached small; }
