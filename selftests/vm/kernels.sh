#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kernels.sh: fetches Debian kernel packages into the cache; installs nothing.
#
# usage: kernels.sh [-c] 6.1|6.12|RELEASE|OWN|source|archive-6.12|archive-7.3
#   6.1, 6.12  the cached kernel of that series, else the newest in Debian
#   RELEASE    exactly this one, as uname -r prints it
#   OWN        um, um-7.3 and so on: see own-kernel.sh, which this calls
#   source     the few files of linux-source-6.12 that tests and style use
#   archive-…  all of that series, a tar.xz of 150 MB; 7.3 is in trixie-backports
#   -c         only look into the cache: exit 1 when it is not there
# Prints the directory: boot/, lib/modules/, kdir (a build tree) and release.
#
# The headers are not installed because bookworm's 6.12 headers package depends
# on the image package, and that one would run boot loader and initramfs hooks.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

source_parts=(scripts/checkpatch.pl scripts/spelling.txt scripts/const_structs.checkpatch
	tools/net/ynl Documentation/netlink tools/testing/selftests/kselftest.h
	tools/testing/selftests/kselftest_harness.h tools/testing/selftests/kselftest)

# The newest cached kernel that WANT names.
cached() {
	local want=$1 dir
	case $want in
	source)	dir=$cache/linux-source-6.12 ;;
	archive-*) dir=$(compgen -G "$cache/linux-source-${want#*-}_*.tar.xz" | sort -V | tail -n 1) || true ;;
	*)	dir=$(compgen -G "$cache/kernels/$want" ||
			compgen -G "$cache/kernels/$want.*[0-9]-amd64" | sort -V | tail -n 1) || true ;;
	esac
	[ -n "$dir" ] && [ -e "$dir" ] && echo "$dir"
}

# What the newest version of PACKAGE depends on, one name a line.
depends() {
	apt-cache show --no-all-versions "$1" 2>/dev/null |
		sed -n 's/^Depends: //p' | sed 's/[,|]/\n/g' | sed 's/(.*//; s/ //g'
}

# The release that a series' meta package names now.
release_of() {
	case $1 in
	6.1)	depends linux-image-amd64 ;;
	6.12)	depends linux-image-6.12-amd64 ;;
	*)	echo "linux-image-$1" ;;
	esac | sed -n 's/^linux-image-//p' | head -n 1
}

packages_of() {
	echo "linux-image-$1" "linux-headers-$1"
	depends "linux-headers-$1" | grep -E '^linux-(headers-.*-common|kbuild-)' || true
}

# Download packages into the current directory; apt checks their signatures.
download() {
	apt-get -qq "${apt_words[@]}" download "$@" >&2
}

unpack_kernel() {
	local release=$1 dir=$2 headers
	# shellcheck disable=SC2046 # a list of words
	download $(packages_of "$release") || return 1
	for deb in ./*.deb; do dpkg-deb -x "$deb" "$dir" || return 1; done
	headers=$dir/usr/src/linux-headers-$release
	[ -e "$dir/boot/vmlinuz-$release" ] && [ -e "$headers/Makefile" ] || return 1
	[ -e "$dir/lib/modules" ] || ln -s usr/lib "$dir/lib"
	# shellcheck disable=SC2016 # make expands it
	sed -i 's|^include /usr/src/|include $(dir $(abspath $(lastword $(MAKEFILE_LIST))))../|' \
		"$headers/Makefile"
	ln -sfn "../../../usr/src/linux-headers-$release" "$dir/lib/modules/$release/build"
	ln -s "usr/src/linux-headers-$release" "$dir/kdir"
	rm -rf "$dir/usr/share/doc"
	depmod -b "$dir" "$release" || return 1
	echo "$release" >"$dir/release"
}

# What this release of Debian does not have its next one's backports do. apt gets lists
# of its own for them, so that it offers them to nobody else.
see_backports() {
	local mirror=$stage/apt
	mkdir -p "$mirror/lists" "$mirror/cache"
	# shellcheck disable=SC2016 # apt expands it
	echo "deb $(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' |
		head -n 1) trixie-backports main" >"$mirror/list"
	apt_words+=(-o "Dir::Etc::sourcelist=$mirror/list" -o Dir::Etc::sourceparts=/dev/null
		-o "Dir::State::lists=$mirror/lists" -o "Dir::Cache=$mirror/cache")
	apt-get -qq "${apt_words[@]}" update >&2
}

# The archive of SERIES, named after its package, which has the version.
fetch_archive() {
	local package=linux-source-$1 deb
	say "fetching $package (150 MB)"
	[ "$1" = 6.12 ] || see_backports || return 1
	cd "$stage/deb" && download "$package" || return 1
	deb=$(echo "$package"_*.deb)
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/$package.tar.xz" \
		>"$stage/archive" || return 1
	mv "$stage/archive" "$cache/${deb%_all.deb}.tar.xz"
}

fetch_source() {
	cached archive-6.12 >/dev/null || fetch_archive 6.12 || return 1
	xz -dc -T0 "$(cached archive-6.12)" | tar -x -C "$stage/root" --strip-components=1 \
		"${source_parts[@]/#/linux-source-6.12/}" || return 1
	mv -T "$stage/root" "$cache/linux-source-6.12"
}

fetch_kernel() {
	local release
	release=$(release_of "$1")
	[ -n "$release" ] && [ -n "$(depends "linux-image-$release")" ] || return 1
	say "fetching kernel $release (100 MB)"
	cd "$stage/deb" && unpack_kernel "$release" "$stage/root" || return 1
	mkdir -p "$cache/kernels"
	mv -T "$stage/root" "$cache/kernels/$release"
}

# Nothing half done is ever visible in the cache.
fetch() {
	case $1 in
	source)	fetch_source ;;
	archive-*) fetch_archive "${1#*-}" ;;
	*)	fetch_kernel "$1" ;;
	esac
}

new_stage() {
	[ -z "${stage-}" ] || rm -rf "$stage"
	stage=$(mktemp -d "$cache/.stage.XXXXXX")
	mkdir -m 755 "$stage/deb" "$stage/root"
}

# The directories of all that follows are ours.
apt_words=(-o APT::Sandbox::User=root)
only_cached=
if [ "${1-}" = -c ]; then only_cached=1; shift; fi
[ $# = 1 ] || die "usage: kernels.sh [-c] 6.1|6.12|RELEASE|OWN|source|archive-6.12|archive-7.3"
case $1 in um | um-* | smp-*) exec "$vm/own-kernel.sh" ${only_cached:+-c} "$1" ;; esac
if cached "$1"; then exit 0; fi
[ -z "$only_cached" ] || exit 1

lock kernels
if cached "$1"; then exit 0; fi
trap 'rm -rf "${stage-}"' EXIT
trap 'exit 130' INT TERM HUP
new_stage
if ! (fetch "$1"); then
	apt_update
	new_stage
	(fetch "$1") || die "cannot fetch $1: apt-cache policy linux-image-$1 says what Debian has"
fi
cached "$1"
