#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rules-files.sh: files of rules, and what is refused with which sentence.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=rules-lib.sh
. "$selftests/rules-lib.sh"

# --- files of rules

cat >"$tmp/rules" <<'END'
# a comment
path /srv/*.iso size 1M-2G policy direct	# and one behind a rule

  fs ext4   dev 8:1 uid 33 cgroup 77 policy hybrid
path /a\040b\134*\043c budget 100M
size 5-5 policy cached
policy auto
END
round_trip() {
	coldsend policy load "$tmp/rules" || return 1
	coldsend policy save "$tmp/saved" || return 1
	rules | jq 'map(del(.id, .hits, .budget_used))' >"$tmp/before"
	no_rules || return 1
	coldsend policy load "$tmp/saved" || return 1
	rules | jq 'map(del(.id, .hits, .budget_used))' >"$tmp/after"
	diff "$tmp/before" "$tmp/after" || return 1
	same rules 5 "$(jq length "$tmp/after")" || return 1
	coldsend policy save - | diff "$tmp/saved" - || return 1
	same pattern '/a b\*#c' "$(jq -r '.[2].path' "$tmp/after")"
}
check "load and save: what comes back is the same" round_trip
save_keeps() {
	: >"$tmp/target"
	chmod 640 "$tmp/target"
	ln -s target "$tmp/link"
	coldsend policy save "$tmp/link" || return 1
	[ -L "$tmp/link" ] || return 1
	diff "$tmp/saved" "$tmp/target" || return 1
	same mode 640 "$(stat -c %a "$tmp/target")"
}
save_makes() {
	rm -f "$tmp/new"
	(umask 027 && coldsend policy save "$tmp/new") || return 1
	diff "$tmp/saved" "$tmp/new" || return 1
	same mode 640 "$(stat -c %a "$tmp/new")" || return 1
	same "files beside it" "$tmp/new" "$(echo "$tmp"/new*)"
}
check "a file that save makes has the mode that others have" save_makes
check "save keeps a link and the file's mode" save_keeps
save_into() {
	mkfifo "$tmp/pipe"
	coldsend policy save "$tmp/pipe" &
	diff "$tmp/saved" - <"$tmp/pipe" || return 1
	wait $! || return 1
	[ -p "$tmp/pipe" ]
}
check "save into what is no regular file" save_into
# Numbers that JSON libraries have no integers for.
largest() {
	echo "cgroup 18446744073709551615 policy direct" | coldsend policy load - || return 1
	same cgroup '"18446744073709551615"' "$(rules | jq '.[0].cgroup')"
}
check "the largest cgroup" largest
load_stdin() { echo "policy direct" | coldsend policy load - && in_order direct; }
check "load -" load_stdin

# refused SENTENCE LINE…: a file of these lines changes nothing.
refused() {
	local words=$1
	shift
	printf '%s\n' "$@" >"$tmp/bad"
	fails 1 "$words" coldsend policy load "$tmp/bad" || return 1
	same rules "$kept" "$(coldsend policy list)"
}
kept=$(coldsend policy list)
check "bad: unknown word" refused "bad:2: 'paht' is not size" "policy cached" "paht /a policy cached"
check "bad: no value" refused "bad:1: policy needs a value" "policy"
check "bad: twice" refused "bad:1: uid is there twice" "uid 1 uid 2 policy cached"
check "bad: no action" refused "bad:1: a rule must say what to do" "uid 1"
check "bad: two actions" refused "bad:1: a rule has a policy or a budget" "policy cached budget 1M"
check "bad: policy" refused "bad:1: policy: 'fast' is not auto" "policy fast"
check "bad: policy default" refused "bad:1: policy: 'default' is not auto" "policy default"
check "bad: size" refused "bad:1: size-min: 'x' is not a number" "size x-2 policy cached"
check "bad: size without a start" refused "bad:1: size-min: '' is not a number" "size -2 policy cached"
check "bad: pattern" refused "bad:1: path: 'srv/*' does not begin with" "path srv/* policy cached"
check "bad: long pattern" refused "bad:1: path: longer than 255 bytes" \
	"path /$(printf '%0300d' 0) policy cached"
check "bad: long type" refused "bad:1: fs: longer than 31 bytes" "fs $(printf '%032d' 0) policy cached"
check "bad: device" refused "bad:1: dev: '8' is not MAJOR:MINOR" "dev 8 policy cached"
check "bad: minor" refused "bad:1: dev-minor: '1048576' is too large" "dev 8:1048576 policy cached"
check "bad: uid" refused "bad:1: uid: '4294967295' is too large" "uid 4294967295 policy cached"
check "bad: user" refused "bad:1: uid: there is no user 'nosuchuser'" "uid nosuchuser policy cached"
check "bad: cgroup" refused "bad:1: cgroup: /nosuchdir: No such" "cgroup /nosuchdir policy cached"
check "bad: no cgroup" refused "bad:1: cgroup: $tmp is not the directory of a cgroup" "cgroup $tmp policy cached"
check "bad: backslash" refused "bad:1: in '/a\\b' a backslash" 'path /a\b policy cached'
check "bad: zero" refused "bad:1: in '/a\\000' a backslash" 'path /a\000 policy cached'
check "bad: too many words" refused "bad:1: too many words" "$(seq 40 | tr '\n' ' ')"
many() { yes "policy direct" | head -n "$1"; }
check "bad: 257 rules" refused "bad:257: there can't be more than 256" "$(many 257)"
check "bad: every line is told" refused "bad:3: policy needs" "uid 1" "policy cached" "policy"
check "bad: no such file" fails 1 "No such file" coldsend policy load "$tmp/nothing"

# What only the kernel finds, it tells the line of.
check "refused: sizes" refused "the smallest size of a rule is above" "policy cached" "size 2-1 policy cached"
check "  with its line" refused "bad:2: that is about this rule" "policy cached" "size 2-1 policy cached"
check "refused: budget" refused "the budget of a rule must be from 4096" "budget 1"
check "refused: cgroup 0" refused "bad:1: that is about this rule" "cgroup 0 policy cached"

full() {
	many 256 >"$tmp/full"
	sed -i "s|^|path /$(printf '%0250d' 0)* size 1-2 fs ext4 dev 1:2 uid 3 cgroup 4 |" "$tmp/full"
	coldsend policy load "$tmp/full" || return 1
	same rules 256 "$(rules | jq length)" || return 1
	fails 1 "256 rules already" coldsend policy add policy direct || return 1
	coldsend policy del "$(id_of 255)" && coldsend policy add policy hybrid || return 1
	goes hybrid rule
}
check "256 of the largest rules" full

# --- words

# usage_error WORDS COMMAND…
usage_error() { fails 2 "$1" coldsend policy "${@:2}"; }
check "add without a rule" usage_error "what to do" add
check "add at 0" usage_error "count from 1" add at 0 policy direct
check "add at x" usage_error "not a number" add at x policy direct
check "del without an id" usage_error "needs the ID" del
check "del 0" usage_error "count from 1" del 0
check "del x" usage_error "not a number" del x
check "test without a file" usage_error "needs a FILE" test
check "load two files" usage_error "one argument too many" load a b
check "list of something" usage_error "one argument too many" list x
check "an option with a rule" usage_error "takes no option" list --depth 4
check "test of nothing" fails 1 "No such file" coldsend policy test "$tmp/nothing"
check "list" grep -q "policy hybrid" <(coldsend policy list)

finish
