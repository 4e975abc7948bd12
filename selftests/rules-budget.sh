#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rules-budget.sh: what the budget of a rule leaves in the page cache.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=rules-lib.sh
. "$selftests/rules-lib.sh"

# --- budgets: three files of 256 KiB, 512 KiB to leave behind

used() { same "budget used" "$1" "$(rules | jq '.[0].budget_used')"; }
resident() { xfer resident "$1"; }
has_pages() { same "pages of $1" "$2" "$(resident "$1")"; }
for n in 1 2 3; do
	cp "$file" "$tmp/www/b$n"
	sync "$tmp/www/b$n"
	xfer cold "$tmp/www/b$n"
done
one() { local file=$tmp/www/b$1; shift; goes "$@"; }
only budget 512K
check "budget: the first fits" one 1 cached rule
check "  and is charged" used $size
check "  and is there" has_pages "$tmp/www/b1" 64
check "budget: the second fits" one 2 cached rule
check "  which is all" used $((2 * size))
check "budget: the third does not" one 3 hybrid rule
check "  and leaves nothing" has_pages "$tmp/www/b3" 0
check "budget: what is there comes from there" one 1 cached rule
check "  at no cost" used $((2 * size))
xfer cold "$tmp/www/b1"
check "budget: what is gone has to fit again" one 1 cached rule
check "  and costs the same" used $((2 * size))
xfer cold "$tmp/www/b2"
part_of_second() {
	local file=$tmp/www/b2
	send -l 4096 && sent policy_used cached
}
check "budget: a part brings a part, or all" part_of_second
bounded() {
	local pages
	pages=$(($(resident "$tmp/www/b1") + $(resident "$tmp/www/b2") + $(resident "$tmp/www/b3")))
	used $((4096 * pages)) || return 1
	[ "$pages" -le 128 ] || { echo "$pages pages"; return 1; }
}
check "budget: charged is what is there" bounded
cat "$tmp/www/b3" >/dev/null
check "budget: what others brought costs nothing" one 3 cached rule
check "  nothing at all" used $((4096 * ($(resident "$tmp/www/b1") + $(resident "$tmp/www/b2"))))
xfer cold "$tmp/www/b3"
coldsend policy set --admit-window 4
# One after the other, as they were sent.  What is there is not charged: a try that comes
# to nothing leaves nothing to the next.
given_back() {
	one 3 cached rule && used "$size" && return
	xfer cold "$tmp/www/b3"
	return 1
}
check "budget: the others' is given back after the window" wait_for 20 given_back
check "  and in the end all, though nobody sends" wait_for 20 used 0
only budget 4K
xfer cold "$file"
check "budget: too small for any" goes hybrid rule
check "  uses nothing" used 0
coldsend policy set --admit-window 600

# A transfer that is under way holds all that it may bring.
held() {
	local receiver port sender status=0 file=$tmp/held
	truncate -s 64M "$file"
	sync "$file"
	xfer cold "$file"
	only budget 64M || return 1
	listen 127.0.0.1 --discard || return 1
	kill -STOP "$receiver"
	coldsend send --json "$file" 127.0.0.1 "$port" >"$tmp/sent" 2>/dev/null & sender=$!
	wait_for 20 transfers_run || return 1
	used 67108864 || status=1
	# Another of the same file brings no more.
	coldsend policy test --json "$file" >"$tmp/test"
	same "policy of another" cached "$(jq -r .policy "$tmp/test")" || status=1
	# Its rule goes, and the module's memory of it only with the transfer.
	no_rules || status=1
	kill -TERM "$sender"
	wait "$sender" || true
	kill -CONT "$receiver"
	wait "$receiver" || true
	return "$status"
}
check "budget: held by a transfer under way; its rule goes meanwhile" held

finish
