#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# rules.sh: what rules match, which of them counts, and that rmmod forgets them.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=rules-lib.sh
. "$selftests/rules-lib.sh"

# --- what rules match

check "no rules" goes cached small
check "a rule without conditions" matches
check "  and it goes by it" goes drop-behind rule
check "size: in the middle" matches size 1K-1M
check "size: the least and the most" matches size $size-$size
check "size: just that" matches size 256K
check "size: no end" matches size 256K-
check "size: one too small" misses size $((size + 1))-
check "size: one too large" misses size 0-$((size - 1))
check "path: all of it" matches path "$file"
check "path: a pattern" matches path "*/www/*.bin"
check "path: * stands for /" matches path "/*.bin"
check "path: a star at its end" matches path "$tmp/*"
check "path: a star for nothing" matches path "$file*"
check "path: a star and no byte twice" misses path "$file*n"
check "path: two stars" matches path "$tmp/*/*.bin"
check "path: a star in the middle" matches path "$tmp/*.bin"
check "path: classes" matches path "*/[a-z]ile.b[!x]n"
check "path: a class is one byte" misses path "*.bin[!x]"
check "path: classes are one byte each" misses path "*.b[!x][!x][!x][!x]"
check "path: ? is one byte" misses path "*/fil?.bi"
check "path: not this one" misses path "*/www/*.iso"
check "path: not a part of it" misses path "$tmp/www"
check "path: all of the name" matches path "*/file.bin"
check "path: the end of the name" matches path "*le.bin"
check "path: more than the name" misses path "*/a-file.bin"
check "path: an end that is not all of the name" misses path "*/le.bin"
check "path: directory and name" matches path "*ww/file.bin"
check "path: another directory" misses path "*w2/file.bin"
type=$(awk -v dir="$CS_DIR" '$2 == dir { type = $3 } END { print type }' /proc/mounts)
device=$(awk -v dir="$CS_DIR" '$5 == dir { device = $3 } END { print device }' /proc/self/mountinfo)
if [ -n "$type" ]; then
	check "fs: $type" matches fs "$type"
	check "dev: $device" matches dev "$device"
	check "dev: the next one" misses dev "${device%:*}:$((${device#*:} + 1))"
fi
check "fs: another" misses fs nosuchfs
check "uid: 0" matches uid 0
check "uid: by name" matches uid root
check "uid: another" misses uid 65534
check "all that a rule has" matches size 1K- path "*.bin" uid 0
check "all but one" misses size 1K- path "*.iso" uid 0

# A path with all that a shell, a pattern and a file of rules take for something.
strange=$tmp/www/$'sp ace\ttab\nline#hash\\back\xff.bin'
cp "$file" "$strange"
strange_path() {
	local file=$strange
	no_rules && coldsend policy add path "${strange//\\/\\\\}" policy direct && goes direct rule
}
check "path: any bytes" strange_path

# The path is where the file is now; a file that has none keeps the last one.
renamed() {
	local file=$tmp/www/new.iso
	mv "$tmp/www/file.bin" "$file"
	only path '*.iso' policy direct
	goes direct rule
}
unlinked() {
	mv "$tmp/www/new.iso" "$tmp/www/file.bin"
	only path '*.bin' policy direct || return 1
	local file=/proc/self/fd/7
	exec 7<"$tmp/www/gone.bin"
	rm "$tmp/www/gone.bin"
	goes direct rule
}
# By where it is mounted, not by the name that it has below.
mounted() {
	local file=$tmp/www/mounted.img status=0
	: >"$file"
	mount --bind "$tmp/www/new.iso" "$file"
	{ only path '*/mounted.img' policy direct && goes direct rule &&
		only path '*.iso' policy direct && goes cached small; } || status=1
	umount "$file"
	return "$status"
}
check "path: renamed" renamed
check "path: mounted on another file" mounted
cp "$tmp/www/new.iso" "$tmp/www/gone.bin"
check "path: unlinked" unlinked
exec 7<&-

# --- users

grant() { chmod 666 /dev/coldsend && chmod 755 "$tmp" "$tmp/www"; }
mode=$(stat -c %a /dev/coldsend)
at_exit chmod "$mode" /dev/coldsend
grant
as_nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
by_nobody() {
	as_nobody env PATH="$PATH" coldsend policy test --json "$file" >"$tmp/test" || return 1
	same policy "$1" "$(jq -r .policy "$tmp/test")" || return 1
	same "the rule's words" null "$(jq -r .rule "$tmp/test")" || return 1
	same "a rule" "$2" "$(jq -r '.rule_id != null' "$tmp/test")"
}
only uid 65534 policy hybrid
check "uid: nobody's rule is nobody's" by_nobody hybrid true
check "  and not root's" goes cached small
only uid 0 policy hybrid
# What auto would choose is told to the owner of the file.
check "uid: root's rule is not nobody's" by_nobody auto false
for words in "list" "add policy direct" "del 1" "load /dev/null" "save $tmp/nobody"; do
	# shellcheck disable=SC2086 # a list of words
	check "nobody may not: policy ${words%% *}" fails 1 CAP_NET_ADMIN \
		as_nobody env PATH="$PATH" coldsend policy $words
done
check "  and the rule is still there" same rules 1 "$(rules | jq length)"

# --- cgroups, this one and those below

groups=$tmp/cgroup
mkdir "$groups"
in_group() { bash -c "echo \$\$ >$1/cgroup.procs && exec \"\${@:2}\"" -- "$@"; }
foretold_in() {
	local policy=$1
	shift
	in_group "$1" coldsend policy test --json "$file" >"$tmp/test" || return 1
	same policy "$policy" "$(jq -r .policy "$tmp/test")"
}
leave_groups() { rmdir "$groups/coldsend-test/below" "$groups/coldsend-test"; umount "$groups"; }
if mount -t cgroup2 none "$groups" && mkdir -p "$groups/coldsend-test/below"; then
	at_exit leave_groups
	only cgroup "$groups/coldsend-test" policy direct
	check "cgroup: in it" foretold_in direct "$groups/coldsend-test"
	check "cgroup: below it" foretold_in direct "$groups/coldsend-test/below"
	check "cgroup: elsewhere" goes cached small
	only cgroup "$(stat -c %i "$groups/coldsend-test/below")" policy direct
	check "cgroup: by its id" foretold_in direct "$groups/coldsend-test/below"
	check "cgroup: above it" foretold_in cached "$groups/coldsend-test"
fi

# --- order, and what comes before and after rules

no_rules
coldsend policy add path '*.bin' policy direct
coldsend policy add size 1K- policy hybrid
check "the first that matches" goes direct rule
coldsend policy add at 1 uid 0 policy drop-behind
check "at 1: before all others" goes drop-behind rule
check "they are in order" in_order "drop-behind direct hybrid"
coldsend policy add at 3 policy cached
check "at 3: in the middle" in_order "drop-behind direct cached hybrid"
check "a place behind the end" fails 1 "behind the end" coldsend policy add at 6 policy cached
coldsend policy del "$(id_of 0)"
check "del takes the one that is meant" in_order "direct cached hybrid"
check "  the next one counts" goes direct rule
check "ids are not used again" same "new ids" true \
	"$(rules | jq '[.[].id] as $old | ($old | unique | length) == ($old | length)')"
check "del of what is not there" fails 1 "no rule of that id" coldsend policy del 999999
check "a policy by name wins" send -p hybrid
check "  no rule is asked" sent reason none
check "policy auto asks rules" send -p auto
check "  and goes by them" sent reason rule
coldsend policy set hybrid
check "rules come before the default" goes direct rule
check "  what auto is asked for too" send -p auto
check "    and goes by them" sent policy_used direct
only path '*.iso' policy direct
check "where none matches, the default" goes hybrid none
only policy auto
coldsend policy add policy direct
check "policy auto: as if none matched" goes cached small
coldsend policy set auto

hits() { same hits "$1" "$(rules | jq -r 'map(.hits) | join(" ")')"; }
counted() {
	only path '*.iso' policy direct && coldsend policy add policy direct || return 1
	coldsend policy test "$file" || return 1
	hits "0 0" || return 1
	send && send && send -p cached || return 1
	hits "0 2"
}
check "hits are of transfers that went by the rule" counted
check "test says which and why" grep -q "policy direct, rule [0-9]* (policy direct): $file" \
	<(coldsend policy test "$file")

# Rules are the module's memory, which rmmod has to find.
only budget 1M
xfer cold "$file"
send
if [ -r "$module" ]; then
	check "a module with rules can be unloaded" rmmod coldsend
	check "and loaded" insmod "$module"
	check "unload forgets the rules" same rules "[]" "$(rules)"
fi
finish
