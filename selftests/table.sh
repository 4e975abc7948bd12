#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# table.sh: the table of files is bounded, its names are escaped, its tunables
# are checked, and it tells only those who may know.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq setpriv
keep_tunables

bound=16
files=18

# send FILE…: a transfer of each.
send() {
	local file
	for file; do
		xfer send "$file" 1 >/dev/null || return 1
	done
}

rows() { coldsend files --json | jq length; }

# Names of the files that have a row, in the table's order.
names() { coldsend files --json | jq -r '.[].file.path' | sed 's|.*/||'; }
debugfs_names() { grep -v '^#' $debugfs/files | sed 's|.*/||'; }

make_files() {
	local i
	for ((i = 1; i <= files; i++)); do
		xfer make "$tmp/$i" 10 1
	done
}

# The last $bound of 1 … $files, in order.
expected_names() { seq $((files - bound + 1)) $files; }
evictions() { echo $(($(total rows_evicted) - evicted)); }
balanced() {
	same rows "$(rows)" $(($(total rows_created) - $(total rows_destroyed)))
}

make_files
coldsend policy set --files-max $bound
coldsend stats reset
evicted=$(total rows_evicted)
for ((i = 1; i <= files; i++)); do
	send "$tmp/$i"
done
check "no more rows than files-max" same rows $bound "$(rows)"
check "as many in debugfs" same rows $bound "$(debugfs_names | wc -l)"
check "those sent last have one" same names "$(expected_names)" "$(names)"
check "the others are counted as evicted" same evicted $((files - bound)) "$(evictions)"
check "rows made and gone add up" balanced
coldsend policy set --files-max $((2 * bound))
send "$tmp"/[1-9] "$tmp"/1[0-8]
check "there is room for more" same rows $files "$(rows)"
coldsend policy set --files-max $bound
check "no more rows when files-max is lowered" same rows $bound "$(rows)"
coldsend stats reset
for ((i = 1; i <= files; i++)); do
	send "$tmp/$i"
done
# The oldest two would be the next to leave; the first of them is sent again.
oldest=$((files - bound + 1))
send "$tmp/$oldest" "$tmp/1"
check "the least recently used leaves" not grep -qx $((oldest + 1)) <(names)
check "one that was used again stays" grep -qx $oldest <(names)
in_order() { echo "$oldest $(seq -s ' ' $((oldest + 2)) $files) 1"; }
check "in the order of first transfers" same names "$(in_order)" "$(names | xargs)"
check "in debugfs too" same names "$(in_order)" "$(debugfs_names | xargs)"
total_before=$(total bytes_sent)
check "totals outlive rows" same bytes_sent $(((files + 2) * 10)) "$total_before"
coldsend stats reset
check "reset: no rows" same rows 0 "$(rows)"
check "reset: only the heads in debugfs" same lines 1 "$(wc -l <$debugfs/files)"
check "reset: rows made and gone add up" balanced

# Since the last reset.
some_sent() { [ "$(total transfers)" -gt 0 ]; }
resets() {
	local i
	for ((i = 0; i < 3; i++)); do
		wait_for 10 some_sent && coldsend stats reset || return 1
	done
	wait_for 10 some_sent
}
# Of what ends meanwhile, rows and totals know the same, or neither does.
reset_amid() {
	local pid round status=0
	for ((round = 0; round < 8 && status == 0; round++)); do
		xfer flood "$tmp/10" 1000000000 & pid=$!
		resets || status=1
		kill "$pid" || { echo "the flood had ended"; status=1; }
		wait "$pid" || true
		same "transfers of all rows" "$(total transfers)" \
			"$(coldsend files --json | jq 'map(.counters.transfers) | add // 0')" || status=1
	done
	return "$status"
}
check "reset: all rows together are the totals" reset_amid

columns=$(head -n 1 $debugfs/files | awk -F '\t' '{ print NF }')

# A file of this name has a row whose last column decodes to its path, and
# which has as many columns as heads.
escaped() {
	local path=$tmp/$1 shown
	coldsend stats reset
	xfer make "$path" 10 1
	send "$path" || return 1
	same "lines of debugfs" 2 "$(wc -l <"$debugfs/files")" || return 1
	same columns "$columns" "$(awk -F '\t' 'NR == 2 { print NF }' "$debugfs/files")" || return 1
	shown=$(sed -n '2s/.*\t//p' "$debugfs/files")
	same "characters not printable" "" "$(tr -d ' -~' <<<"$shown")" || return 1
	same "path decoded" "$path" "$(printf '%b' "$shown")" || return 1
	json_right "$path"
}

# In JSON a path is as it is, or escaped and marked so; nothing makes a terminal act.
json_right() {
	local shown
	coldsend files --json >"$tmp/json"
	same "not printable in JSON" "" "$(tr -d ' -~\n\177' <"$tmp/json")" || return 1
	shown=$(jq -r '.[0].file | if .path_escaped then "escaped" else .path end' "$tmp/json")
	if iconv -f UTF-8 -t UTF-8 <<<"$1" >/dev/null 2>&1; then
		same "path in JSON" "$1" "$shown"
	else
		same "path in JSON" escaped "$shown"
	fi
}

check "name with a newline" escaped $'new\nline'
check "name with a tab" escaped $'ta\tb'
check "name with a backslash" escaped 'back\slash'
check "name that looks escaped" escaped 'x\n\t\\\377'
check "name with a space" escaped 'a  b'
check "name with control characters" escaped $'\001\r\v\f\033\177'
check "name in UTF-8" escaped 'grüße'
check "name with control characters in UTF-8" escaped $'\xc2\x9b2J'
check "name that is not UTF-8" escaped $'\xff\xfe\x80'
check "name as long as can be" escaped "$(printf 'n%.0s' {1..255})"

# refused WORDS OPTIONS…: policy set says no, in these words.
refused() {
	local words=$1
	shift
	fails 1 "$words" coldsend policy set "$@"
}

tunables_before=$(tunables)

check "depth 0" refused "depth must be" --depth 0
check "depth 17" refused "depth must be" --depth 17
for bytes in 0 1 32768 65535 100000 8388608; do
	check "segment size $bytes" refused "segment size must be" --segment-size $bytes
done
check "pool maximum 0" refused "pool maximum must be" --pool-max 0
check "pool maximum below 1M" refused "pool maximum must be" --pool-max 1048575
check "pool maximum of all memory" refused "pool maximum must be" --pool-max 1T
check "files maximum 15" refused "files maximum must be" --files-max 15
check "files maximum above 1M" refused "files maximum must be" --files-max 1048577
check "no transfers at once" refused "transfers maximum must be" --transfers-max 0
check "transfers above 1M" refused "transfers maximum must be" --transfers-max 1048577
check "no transfers of a user" refused "transfers of a user must be" --user-transfers 0
check "transfers of a user above 1M" refused "transfers of a user must be" --user-transfers 1048577
check "a user's share of 9 percent" refused "share of a user must be" --user-share 9
check "a user's share of 101 percent" refused "share of a user must be" --user-share 101
check "no idle time" refused "idle maximum must be" --idle-max 0
check "an idle time above a day" refused "idle maximum must be" --idle-max 86401
check "small above 1G" refused "what is small must be" --small-max 1073741825
check "admitted after 0 times" refused "admitted after" --admit-after 0
check "admitted after 1001 times" refused "admitted after" --admit-after 1001
check "no window of admission" refused "window of admission must be" --admit-window 0
check "a window above a week" refused "window of admission must be" --admit-window 604801
check "an admitted file of 101 percent" refused "admitted file must be" --admit-max 101
check "policy default as default" fails 2 "needs another name" coldsend policy set default
check "one bad of two" refused "depth must be" cached --depth 99
check "nothing of all that changed anything" same tunables "$tunables_before" "$(tunables)"

accepted() {
	coldsend policy set "$@" || return 1
	same depth 16 "$(tunables | jq .depth)" || return 1
	same segment_size 65536 "$(tunables | jq .segment_size)" || return 1
	same files_max 1048576 "$(tunables | jq .files_max)" || return 1
	same transfers_max 1048576 "$(tunables | jq .transfers_max)" || return 1
	same user_transfers 1 "$(tunables | jq .user_transfers)" || return 1
	same user_share 10 "$(tunables | jq .user_share)" || return 1
	same idle_max 86400 "$(tunables | jq .idle_max)" || return 1
	same policy cached "$(tunables | jq -r .policy)"
}
check "the limits themselves" accepted cached --depth 16 --segment-size 64K \
	--pool-max 1M --files-max 1048576 --transfers-max 1048576 \
	--user-transfers 1 --user-share 10 --idle-max 86400

# The tool where nobody can run it: a checkout may be in a closed directory.
public=$(mktemp -d /tmp/coldsend-public.XXXXXX)
at_exit rm -rf "$public"
chmod 755 "$public"
cp "$(command -v coldsend)" "$public/coldsend"
chmod 755 "$public/coldsend"
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }

check "nobody may read the tunables" nobody "$public/coldsend" policy show
check "nobody may read the totals" nobody "$public/coldsend" stats
check "nobody may not read the files" fails 1 "as root" nobody "$public/coldsend" files
check "nobody may not reset" fails 1 "as root" nobody "$public/coldsend" stats reset
check "nobody may not set" fails 1 "as root" nobody "$public/coldsend" policy set cached
check "nobody may not send" fails 1 "no permission" nobody "$public/coldsend" info
finish
