#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# um-kernel.sh: builds User-Mode Linux from Debian's linux-source-6.12 into the cache.
#
# usage: um-kernel.sh [-c] um|um-debug
#   -c    only look into the cache: exit 1 when it is not there
# Prints the directory: linux (the kernel, a program), lib/modules/, kdir (what
# modules are built with) and release.
#
# A build is known by the source's version, the options and how it is made: when
# one of them changes, another is made. Of the tree of 1.7 GB only what modules
# need is kept; the archive stays in the cache for the next build.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

only_cached=
if [ "${1-}" = -c ]; then only_cached=1; shift; fi
name=${1-}
case $name in
um)		fragments=("$vm/um.config") ;;
um-debug)	fragments=("$vm/um.config" "$vm/um-debug.config") ;;
*)		die "usage: um-kernel.sh [-c] um|um-debug" ;;
esac

# Options that make did not take as they are asked for; the last line on one wins.
refused_options() {
	cat "${fragments[@]}" | awk -F= '
		NR == FNR { if (/^CONFIG_/) want[$1] = $2; next }
		/^CONFIG_/ { have[$1] = $2 }
		END {
			for (option in want) {
				got = option in have ? have[option] : "n"
				if (got != want[option])
					print option "=" want[option] " became " got
			}
		}' - .config
}

configure() {
	local refused
	"${make[@]}" defconfig || return 1
	cat "${fragments[@]}" >>.config
	"${make[@]}" olddefconfig || return 1
	refused=$(refused_options)
	[ -z "$refused" ] || { echo "$refused"; return 1; }
}

# Keep what modules are built with, as Debian's packages of headers do. An
# in-tree build knows no absolute path, so that the tree may be moved.
reduce() {
	find . -mindepth 1 -maxdepth 1 ! -name arch ! -name include ! -name scripts \
		! -name Makefile ! -name Module.symvers ! -name .config -exec rm -rf {} + &&
	find arch -mindepth 1 -maxdepth 1 ! -name um ! -name x86 -exec rm -rf {} + &&
	find arch -type f ! -name '*.h' ! -name 'Makefile*' -delete || return 1
	# make finds this one first, so that nobody has to say what the tree is for.
	# shellcheck disable=SC2016 # make expands it
	printf '%s\n' '.DEFAULT:' \
		'	@$(MAKE) --no-print-directory -f Makefile ARCH=um CC=gcc-12 $@' >GNUmakefile
}

# In $stage/root; called where a failure is looked for, so that each step says so.
build() {
	# What make was told that called us is not for this one.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	local root=$stage/root release
	local -a make=(make -s -j"$(nproc)" ARCH=um CC=gcc-12 "LOCALVERSION=-$name-$key")
	mkdir "$root/kdir" && cd "$root/kdir" || return 1
	tar -xJf "$archive" --strip-components=1 && configure || return 1
	"${make[@]}" all || return 1
	release=$("${make[@]}" kernelrelease) || return 1
	"${make[@]}" "INSTALL_MOD_PATH=$root" modules_install || return 1
	rm -f "$root/lib/modules/$release"/{build,source}
	ln -s ../../../kdir "$root/lib/modules/$release/build"
	mv linux "$root/linux" && reduce && echo "$release" >"$root/release"
}

if [ -n "$only_cached" ]; then
	archive=$("$vm/kernels.sh" -c archive) || exit 1
else
	archive=$("$vm/kernels.sh" archive)
fi
key=$({ echo "${archive##*/}"; grep -h ^CONFIG "${fragments[@]}"; declare -f configure reduce build; } |
	sha256sum | cut -c 1-8)
dir=$cache/um/$name-$key

if [ ! -d "$dir" ]; then
	[ -z "$only_cached" ] || exit 1
	lock um
fi
if [ ! -d "$dir" ]; then
	for tool in gcc-12 flex bison bc; do
		command -v "$tool" >/dev/null || die "no $tool: make setup KERNELS=$name"
	done
	trap 'rm -rf "${stage-}"' EXIT
	trap 'exit 130' INT TERM HUP
	stage=$(mktemp -d "$cache/.stage.XXXXXX")
	mkdir -m 755 "$stage/root"
	mkdir -p "$cache/um"
	say "building User-Mode Linux for $name (once; some minutes)"
	if ! (build) >"$stage/log" 2>&1; then
		tail -n 20 "$stage/log" >&2
		die "cannot build $name"
	fi
	mv -T "$stage/root" "$dir"
fi
echo "$dir"
