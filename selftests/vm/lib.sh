# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# lib.sh: what the test machine's scripts share: places, complaints, locks.

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$vm/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/coldsend
export vm top cache

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 125; }

# Neither make nor the kernel's build can go there.
case $top$cache in *[[:space:]:]*) die "no blanks and colons, please: $top, $cache (XDG_CACHE_HOME)" ;; esac

# Hold the lock NAME of the cache until this process ends.
lock() {
	mkdir -p "$cache"
	exec {lock_fd}>"$cache/.$1.lock"
	flock "$lock_fd"
}

# apt-get as root: sudo when we are not.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		command -v sudo >/dev/null || die "no sudo here: run as root: $*"
		sudo "$@"
	fi
}

apt_update() {
	say "apt-get update"
	as_root apt-get -qq update >&2 || say "apt-get update failed; going on with the lists there are"
}

# The release that a build tree is for. (6.1's "make kernelrelease" is not it.)
kdir_release() {
	sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' "$1/include/generated/utsrelease.h" 2>/dev/null |
		grep . || die "$1 is not prepared for modules: make modules_prepare there"
}
