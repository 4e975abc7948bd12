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
seed=31
mkdir "$tmp/www"
file=$tmp/www/file.bin
xfer make "$file" $size $seed
xfer cold "$file"

# send OPTIONS…: $file, with the options of xfer send; what that says is in $tmp/sent.
send() { xfer send "$@" "$file" $seed >"$tmp/sent" || { cat "$tmp/sent"; return 1; }; }

sent() { same "$1" "$2" "$(value "$1" <"$tmp/sent")"; }

# goes POLICY REASON OPTIONS…: that is how the file goes, and what test foretells.
goes() {
	local policy=$1 reason=$2
	shift 2
	foretold "$policy" "$reason" || return 1
	send "$@" || return 1
	sent policy_used "$policy" && sent reason "$reason"
}
foretold() {
	local said wanted="policy $1, *, auto: $2: *"
	case $2 in
	none)	wanted="policy $1, no rule: *" ;;
	rule)	wanted="policy $1, rule [0-9]* (*: *" ;;
	esac
	said=$(coldsend policy test "$file") || return 1
	# shellcheck disable=SC2053 # a pattern
	[[ $said == $wanted ]] || { echo "not '$1' by '$2': $said"; return 1; }
}

# The policies of all rules, and the id of one.
in_order() { same policies "$1" "$(rules | jq -r 'map(.policy) | join(" ")')"; }
id_of() { rules | jq ".[$1].id"; }

# only WORDS…: the one rule there is.
only() { coldsend policy load - <<<"$*"; }
# The rule WORDS… matches the file, and says drop-behind; or it does not.
matches() { only "$@" policy drop-behind && foretold drop-behind rule; }
misses() { only "$@" policy drop-behind && foretold cached small; }
