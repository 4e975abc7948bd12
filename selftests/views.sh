#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# views.sh: what is live, in debugfs, by netlink and in the tool: transfers,
# pool, latencies, totals for Prometheus, who fills the page cache.

# shellcheck disable=SC2016 # what eval is given is for later
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need jq script setpriv timeout

size=$((32 << 20))
stalled=$tmp/stalled
xfer make "$stalled" $size 5
mkdir "$tmp/nobody"
chmod 711 "$tmp"
cp "$stalled" "$tmp/nobody/file"
chown -R 65534:65534 "$tmp/nobody"

as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)

waits() { grep -F "$1" "$debugfs/transfers" | grep -q 'wait-socket'; }
gone() { ! grep -qF "$1" "$debugfs/transfers"; }

# field NAME PATH: of the row of PATH in debugfs.
field() {
	awk -F '\t' -v name="$1" -v path="$2" '
		NR == 1 { sub(/^# /, ""); for (i = 1; i <= NF; i++) column[$i] = i }
		NR > 1 && $NF == path { print $column[name] }
	' "$debugfs/transfers"
}

# Each is started outside of check, which would wait for its end.
stallers=()
# shellcheck disable=SC2317 # called at the exit
end_stallers() {
	local pid
	for pid in "${stallers[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}
at_exit end_stallers

# Where there is memory for others, who waits keeps his segments.
keep_tunables
coldsend policy set --pool-max 256M --user-share 100
xfer stall "$stalled" >/dev/null 2>&1 & stallers+=($!)
holds() { waits "$stalled" && [ "$(field segments "$stalled")" -gt 0 ]; }
check "a transfer that stalls is there, with the segments it holds" wait_for 20 holds
check "with its process" same pid "${stallers[0]}" "$(field pid "$stalled")"
check "with its user" same uid 0 "$(field uid "$stalled")"
check "with what was asked" same bytes_asked $size "$(field bytes_asked "$stalled")"
some_sent() {
	local sent
	sent=$(field bytes_sent "$stalled")
	((sent > 0 && sent < size)) || { echo "sent $sent"; return 1; }
}
check "with what was sent of it" some_sent
grows() { [ "$(field age_ms "$stalled")" -gt "$1" ]; }
check "older and older" wait_for 5 grows "$(field age_ms "$stalled")"

top_json() { coldsend top --json >"$tmp/top.json"; }
check "top --json" top_json
# A window may still open, and segments go: netlink is asked until nothing changes meanwhile.
counts() { echo "$(field bytes_sent "$stalled") $(field segments "$stalled")"; }
steady() {
	counts >"$tmp/counts"
	top_json && [ "$(<"$tmp/counts")" = "$(counts)" ]
}
check "it stands still" wait_for 20 steady
read -r sent segments <"$tmp/counts"
# in_top FILTER: true of the snapshot.
in_top() { jq -e "$1" "$tmp/top.json" >/dev/null || { cat "$tmp/top.json"; return 1; }; }
check "netlink tells the same as debugfs" in_top \
	".transfers | any(.path == \"$stalled\" and .pid == ${stallers[0]} and .uid == 0 and .async == 0
	 and .state == \"wait-socket\" and .bytes_asked == $size and .bytes_sent == $sent
	 and .segments > 0 and .segments == $segments and .age_ns > 0)"
check "netlink tells the pool" in_top \
	".pool | .bytes_held == .bytes_used + .bytes_idle + .bytes_lingering and .transfers == 1
	 and .users >= 1 and .waiting == 0 and .segments > 0"
check "top names files" in_top '.files | type == "array"'
pool_adds_up() {
	awk '{ v[$1] = $2 } END { exit !(v["bytes_held"] == v["bytes_used"] + v["bytes_idle"] + v["bytes_lingering"] &&
		v["bytes_max"] > 0 && v["transfers"] == 1) }' "$debugfs/pool" || { cat "$debugfs/pool"; return 1; }
}
check "debugfs tells the pool" pool_adds_up

at_exit chmod "$(stat -c %a /dev/coldsend)" /dev/coldsend
chmod o+rw /dev/coldsend
"${as_nobody[@]}" xfer stall "$tmp/nobody/file" >/dev/null 2>&1 & stallers+=($!)
nobodys_json() { "${as_nobody[@]}" coldsend top --json >"$tmp/top.json"; }
nobody_holds() {
	nobodys_json &&
		jq -e '.transfers[0] | .bytes_sent > 0 and .segments > 0' "$tmp/top.json" >/dev/null
}
check "netlink tells a transfer of nobody, with the segments it holds" wait_for 20 nobody_holds
check "it waits, too" wait_for 20 waits "$tmp/nobody/file"
check "two rows" same rows 2 $(($(wc -l <"$debugfs/transfers") - 1))
own_only() {
	nobodys_json || return 1
	in_top ".files == null and (.transfers | length == 1 and .[0].uid == 65534
		and .[0].path == \"$tmp/nobody/file\")"
}
check "nobody sees its own alone, and no files" own_only
root_sees_both() { top_json && in_top ".transfers | length == 2"; }
check "root sees both" root_sees_both

check "top prints one snapshot where there is no terminal" grep -qF "$stalled" <(coldsend top)
# A terminal of 80 columns and 24 lines, with q pressed once the first view is there.
screen() {
	# shellcheck disable=SC2094 # it is read to see when it is there
	{ wait_for 10 grep -qs 'q quits' "$tmp/screen"; printf q; } |
		timeout 30 script -qefc "stty cols 80 rows 24; TERM=xterm coldsend top" /dev/null >"$tmp/screen"
}
check "top on a terminal ends with q" screen
check "top on a terminal shows transfers" grep -q 'wait-socket' "$tmp/screen"
unknown_terminal() {
	local status=0
	script -qec "TERM=no-such coldsend top" /dev/null >"$tmp/screen" || status=$?
	same "exit status" 1 "$status" || return 1
	grep -q 'set TERM' "$tmp/screen" || { cat "$tmp/screen"; return 1; }
}
check "top on a terminal that is not known" unknown_terminal

# Before a byte went, what auto chose and what was brought tell of the page cache.
xfer block "$stalled" auto >/dev/null 2>&1 & stallers+=($!)
xfer cold "$tmp/nobody/file"
"${as_nobody[@]}" xfer block "$tmp/nobody/file" hybrid >/dev/null 2>&1 & stallers+=($!)
blocked() { awk -F '\t' '$10 == 0 && $7 == "wait-socket"' "$debugfs/transfers"; }
both_block() { [ "$(blocked | wc -l)" = 2 ]; }
check "transfers to full sockets are there" wait_for 20 both_block
check "debugfs tells nothing that auto chose" same policies "auto hybrid" "$(blocked | cut -f 6 | sort | xargs)"
untold() {
	nobodys_json || return 1
	in_top '.transfers | map(select(.bytes_sent == 0)) | length == 1 and .[0].segments == 0'
}
check "nobody is not told how much is there" untold
# After a second they have let go of what they brought: that was a test only if they have not.
top_json
note "root sees segments: $(jq -c '.transfers | map(select(.bytes_sent == 0) | .segments)' "$tmp/top.json")"
end_stallers

both_gone() { gone "$stalled" && gone "$tmp/nobody/file"; }
check "transfers that ended are gone" wait_for 10 both_gone

# Latencies: one more transfer is one more in one bucket.
in_histogram() {
	awk -v name="$1" '
		NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i - 1 }
		NR > 1 && $1 != "sum_us" { n += $column }
		END { print n }' "$debugfs/latency"
}
counted() {
	local before
	before=$(in_histogram transfer)
	xfer send "$stalled" 5 >/dev/null || return 1
	same transfers $((before + 1)) "$(in_histogram transfer)"
}
check "debugfs counts a transfer's time once" counted
check "the stalled ones waited for the socket" test "$(in_histogram socket)" -gt 0

# Prometheus: every sample has a HELP and a TYPE before it, buckets never fall,
# the last bucket is the count, and promtool agrees where there is one.
coldsend stats --prometheus >"$tmp/metrics"
well_formed() {
	awk '
		/^# HELP [a-z_]+ .+/ { if ($3 in help) exit bad = 1; help[$3] = 1; next }
		/^# TYPE [a-z_]+ (counter|gauge|histogram)$/ { type[$3] = $4; next }
		/^[a-z_]+({le="[^"]+"})? [0-9.]+$/ {
			name = $1; sub(/{.*/, "", name)
			base = name; sub(/_(bucket|sum|count)$/, "", base)
			if (!(name in type)) name = base
			if (!(name in type) || !(name in help)) { bad = 1; exit }
			if (type[name] == "counter" && name !~ /_total$/) { bad = 1; exit }
			if ($1 ~ /_bucket/) { if (base == last && $2 + 0 < height) { bad = 1; exit }
				last = base; height = $2 + 0 }
			if ($1 == base "_count" && $2 + 0 != height) { bad = 1; exit }
			samples++; next
		}
		{ bad = 1; exit }
		END { if (bad) print "line " NR ": " $0; exit bad || samples < 100 }
	' "$tmp/metrics"
}
check "stats --prometheus" well_formed
check "it agrees with debugfs" same bytes_sent "$(total bytes_sent)" \
	"$(awk '$1 == "coldsend_bytes_sent_total" { print $2 }' "$tmp/metrics")"
check "it counts as many transfers as debugfs" same count "$(in_histogram transfer)" \
	"$(awk '$1 == "coldsend_transfer_duration_seconds_count" { print $2 }' "$tmp/metrics")"
promtool=$(command -v promtool || true)
[ -z "$promtool" ] || check "promtool accepts it" "$promtool" check metrics <"$tmp/metrics"

twice() { [ "$(grep -c "^bytes-sent " "$tmp/watched")" -ge 2 ]; }
watched() {
	local pid status=0
	coldsend stats --watch 1 >"$tmp/watched" & pid=$!
	wait_for 10 twice || status=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}
check "stats --watch" watched

lines() { [ "$(wc -l <"$tmp/watched")" -ge 2 ]; }
a_line_each() {
	local pid status=0
	: >"$tmp/watched"
	coldsend stats --watch=1 --json >"$tmp/watched" & pid=$!
	wait_for 10 lines || status=$?
	kill "$pid"
	wait "$pid" 2>/dev/null
	head -n 1 "$tmp/watched" | jq -e .counters >/dev/null && return "$status"
}
check "stats --watch --json" a_line_each
check "stats --watch 0" fails 2 "at least 1 second" coldsend stats --watch 0
check "stats --prometheus --json" fails 2 "either" coldsend stats --prometheus --json

# Who fills the page cache: the larger first, one file under two names once.
mkdir -p "$tmp/tree/deep"
xfer make "$tmp/tree/small" $((1 << 20)) 1
xfer make "$tmp/tree/deep/large" $((4 << 20)) 2
xfer make "$tmp/tree/cold" $((2 << 20)) 3
xfer cold "$tmp/tree/cold"
ln "$tmp/tree/small" "$tmp/tree/deep/again"
cat "$tmp/tree/small" "$tmp/tree/deep/large" >/dev/null
pages=$((5 * 256))
in_order() {
	coldsend residency -r --json "$tmp/tree" >"$tmp/tree.json" || return 1
	jq -e "(.files | length == 2 and .[0].path == \"$tmp/tree/deep/large\") and
		(.trees | length == 1 and .[0].resident == $pages and .[0].files == 3
		 and .[0].pages == $((7 * 256)))" "$tmp/tree.json" >/dev/null || { cat "$tmp/tree.json"; return 1; }
}
check "residency -r --json" in_order
check "residency -r" same "first file" "$tmp/tree/deep/large" \
	"$(coldsend residency -r "$tmp/tree" | awk 'NR == 2 { print $5 }')"
check "residency -r of nothing" fails 1 "No such file" coldsend residency -r "$tmp/nothing"
check "residency -r as nobody says what it leaves out" fails 1 "4 files" \
	"${as_nobody[@]}" coldsend residency -r "$tmp/tree"

# A dump while transfers come and go: every row is whole, none is there twice.
keep_sending() {
	while [ ! -e "$tmp/stop" ]; do
		xfer send "$tmp/tree/small" 1 >/dev/null || return 1
	done
}
look_often() {
	local i
	for ((i = 0; i < 20; i++)); do
		coldsend top --json >"$tmp/top.json" || return 1
		in_top '.transfers | (map(.id) | . == unique) and all(.path != "" and .pid > 0)' || return 1
		awk -F '\t' 'NR > 1 && NF != 13 { exit 1 }' "$debugfs/transfers" || return 1
	done
}
churn() {
	local status=0
	keep_sending &
	keep_sending &
	look_often || status=1
	touch "$tmp/stop"
	wait
	return "$status"
}
check "dumps while transfers come and go" churn
finish
