# SPDX-License-Identifier: GPL-2.0
# lib.sh: what the test scripts share. To be sourced first.
#
# A script makes its own directory $tmp, calls check for each thing it looks
# at, and finish at its end. Clean-up is a stack that runs in any case.
# shellcheck shell=bash

set -euo pipefail
export LC_ALL=C

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=trouble.sh
. "$selftests/trouble.sh"
top=$(dirname "$selftests")
programs=${CS_PROGRAMS:-$top/build/selftests}
# shellcheck disable=SC2034 # used by those who source this
module=${CS_MODULE:-$top/build/$(uname -r)/coldsend.ko}
debugfs=/sys/kernel/debug/coldsend
export PATH=$top/build/user:$programs:$PATH
export CS_DIR=${CS_DIR:-/mnt/disk}

exit_skip=4
checks=0
failures=0
clean_ups=()

note() { printf '# %s\n' "$@"; }

skip() {
	echo "1..0 # SKIP $*"
	exit "$exit_skip"
}

# at_exit COMMAND…: what undoes something just done; the last is undone first.
at_exit() {
	local quoted
	printf -v quoted '%q ' "$@"
	clean_ups+=("$quoted")
}

clean_up() {
	local i
	set +e
	for ((i = ${#clean_ups[@]} - 1; i >= 0; i--)); do
		eval "${clean_ups[i]}" >/dev/null 2>&1
	done
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

need() {
	local program
	for program; do
		command -v "$program" >/dev/null || skip "no $program on this machine"
	done
}

need_module() {
	[ -c /dev/coldsend ] || skip "/dev/coldsend is not there: module not loaded"
	[ -r $debugfs/stats ] || skip "$debugfs is not there: debugfs not mounted"
}

# Whatever a test has done to it, those who come after have a module: for at_exit.
put_module_back() { [ -c /dev/coldsend ] || insmod "$module"; }

# check DESCRIPTION COMMAND…: one result; what COMMAND says is shown if it fails.
check() {
	local description=$1 said
	shift
	checks=$((checks + 1))
	if said=$("$@" 2>&1); then
		echo "ok $checks $description"
	else
		[ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/# /'
		echo "not ok $checks $description"
		failures=$((failures + 1))
	fi
}

finish() {
	echo "1..$checks"
	exit $((failures > 0))
}

# same WHAT EXPECTED GOT: for check.
same() {
	[ "$2" = "$3" ] || { echo "$1: expected '$2', got '$3'"; return 1; }
}

not() { ! "$@"; }

# fails STATUS WORDS COMMAND…: exits with STATUS, and a line on stderr has WORDS.
fails() {
	local status=$1 words=$2 got=0 said
	shift 2
	said=$("$@" 2>&1 >/dev/null) || got=$?
	same "exit status of $*" "$status" "$got" || { echo "$said"; return 1; }
	[[ $said == *"$words"* ]] || { echo "no '$words' in: $said"; return 1; }
}

# within SECONDS COMMAND…: waits until it is true; false at the deadline.
within() {
	# The second that it is now may be over at once.
	local deadline=$((SECONDS + $1 + 1))
	shift
	until "$@"; do
		[ $SECONDS -lt $deadline ] || return 1
		sleep .05
	done
}

# The same, with a deadline that is later where all is slow.
wait_for() { within $(($1 * ${COLDSEND_PATIENCE:-1})) "${@:2}"; }

# listen ADDRESS ARGUMENT…: a receiver in the background, $receiver, at $port.
# shellcheck disable=SC2034 # used by those who call this
listen() {
	local address=$1
	shift
	: >"$tmp/listening"
	coldsend receive 0 --bind "$address" "$@" >"$tmp/received" 2>"$tmp/listening" & receiver=$!
	wait_for 10 is_listening || return 1
}
# shellcheck disable=SC2034 # as above
is_listening() {
	local words
	read -r words <"$tmp/listening" && [[ $words == "listening on port "* ]] || return 1
	port=${words##* }
}

# Groups with a memory controller, in $cgroup; false if there are none.
memory_cgroups() {
	cgroup=$tmp/cgroup
	mkdir "$cgroup"
	mount -t cgroup2 none "$cgroup" 2>/dev/null || return 1
	at_exit umount "$cgroup"
	echo +memory 2>/dev/null >"$cgroup/cgroup.subtree_control"
}
need_memory_cgroups() { memory_cgroups || skip "no memory controller in cgroups of version 2"; }

# value NAME <lines of "name value">
value() {
	local name value
	while read -r name value; do
		[ "$name" != "$1" ] || { echo "$value"; return; }
	done
	return 1
}

# The module's total NAME.
total() { value "$1" <$debugfs/stats; }

transfers_run() { [ "$(total transfers_created)" -gt "$(total transfers_destroyed)" ]; }

tunables() { coldsend policy show --json; }

restore_tunables() {
	local name
	local -a options=()
	for name in segment_size depth pool_max files_max transfers_max user_transfers user_share idle_max \
		small_max admit_after admit_window admit_max; do
		options+=("--${name//_/-}" "$(jq ".$name" <<<"$1")")
	done
	coldsend policy set "$(jq -r .policy <<<"$1")" "${options[@]}"
}

# What a script changes about the module, it changes back.
keep_tunables() { at_exit restore_tunables "$(tunables)"; }

# mount_image NAME SIZE MKFS… -- MOUNT-OPTIONS…: a new file system at $tmp/NAME.
# False, with the reason, if this machine can't make it.
mount_image() {
	local dir=$tmp/$1 image=$tmp/$1.image size=$2 mkfs=()
	shift 2
	while [ "$1" != -- ]; do
		mkfs+=("$1")
		shift
	done
	shift
	command -v "${mkfs[0]}" >/dev/null || { echo "no ${mkfs[0]}"; return 1; }
	truncate -s "$size" "$image"
	"${mkfs[@]}" "$image" >/dev/null 2>&1 || { echo "${mkfs[*]} failed"; return 1; }
	mkdir -p "$dir"
	modprobe -q loop || true
	mount -o loop "$@" "$image" "$dir" || { echo "mount $* failed"; return 1; }
	at_exit umount "$dir"
}

# xfs on a disk of its own if there is one: a loop device is a file of ext4.
mount_xfs() {
	mkdir -p "$tmp/xfs"
	modprobe -q xfs || true
	grep -qw xfs /proc/filesystems || { echo "this kernel has no xfs"; return 1; }
	[ -b /dev/vdb ] || { mount_image xfs 400M mkfs.xfs -q -f --; return; }
	command -v mkfs.xfs >/dev/null || { echo "no mkfs.xfs"; return 1; }
	mkfs.xfs -q -f /dev/vdb || { echo "mkfs.xfs failed"; return 1; }
	mount /dev/vdb "$tmp/xfs" || { echo "mount failed"; return 1; }
	at_exit umount "$tmp/xfs"
}

# Has test programs put their files on xfs, or skips with the reason.
use_xfs() {
	mount_xfs >"$tmp/reason" 2>&1 || skip "$(tr '\n' ' ' <"$tmp/reason")"
	export CS_DIR=$tmp/xfs
}

tmp=$(mktemp -d "$CS_DIR/selftest.XXXXXX")
at_exit rm -rf "$tmp"
