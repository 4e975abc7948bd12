#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# own-kernel.sh: builds a kernel of our own from Debian's linux-source into the cache.
#
# usage: own-kernel.sh [-c] um|um-debug|smp-debug[-7.3]
#   um, um-debug  User-Mode Linux
#   smp-debug     for QEMU: watches memory and locks where processors meet
#   …-7.3         the same of Linux 7.3, instead of 6.12
#   -c    only look into the cache: exit 1 when it is not there
# Prints the directory: linux (User-Mode Linux, a program) or boot/ (for QEMU),
# lib/modules/, kdir (what modules are built with) and release.
#
# A build is known by the source's version, the options and how it is made: when
# one of them changes, another is made. Of the tree of 1.7 GB only what modules
# need is kept; the archive stays in the cache for the next build.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

only_cached=
if [ "${1-}" = -c ]; then only_cached=1; shift; fi
name=${1-}
series=6.12
case $name in *-7.3) series=7.3 ;; esac
# base: what make starts the options from.
case ${name%-7.3} in
um)		arch=um base=defconfig parts=(kernel um) ;;
um-debug)	arch=um base=defconfig parts=(kernel um debug um-debug) ;;
smp-debug)	arch=x86_64 base=allnoconfig parts=(kernel debug smp-debug) ;;
*)		die "usage: own-kernel.sh [-c] um|um-debug|smp-debug[-7.3]" ;;
esac
[ $series = 6.12 ] || parts+=("$series")
fragments=("${parts[@]/#/"$vm/"}")
fragments=("${fragments[@]/%/.config}")

# Options that make did not take as they are asked for; the last line on one wins.
refused_options() {
	awk -F= '
		NR == FNR { if (/^CONFIG_/) want[$1] = $2; next }
		/^CONFIG_/ { have[$1] = $2 }
		END {
			for (option in want) {
				got = option in have ? have[option] : "n"
				if (got != want[option])
					print option "=" want[option] " became " got
			}
		}' wanted .config
}

# allnoconfig says no to all that nobody asks for; defconfig asks nobody.
configure() {
	local refused
	cat "${fragments[@]}" >wanted
	KCONFIG_ALLCONFIG=wanted "${make[@]}" "$base" || return 1
	cat wanted >>.config
	"${make[@]}" olddefconfig || return 1
	refused=$(refused_options)
	[ -z "$refused" ] || { echo "$refused"; return 1; }
}

# What boots, where the machine looks for it.
take_image() {
	case $arch in
	um)	mv linux "$1/linux" ;;
	*)	mkdir "$1/boot" && mv arch/x86/boot/bzImage "$1/boot/vmlinuz-$release" ;;
	esac
}

# Keep what modules are built with, as Debian's packages of headers do. An
# in-tree build knows no absolute path, so that the tree may be moved.
reduce() {
	find . -mindepth 1 -maxdepth 1 ! -name arch ! -name include ! -name scripts ! -name tools \
		! -name Makefile ! -name Module.symvers ! -name .config -exec rm -rf {} + &&
	find arch -mindepth 1 -maxdepth 1 ! -name um ! -name x86 -exec rm -rf {} + &&
	find arch -type f ! -name '*.h' ! -name 'Makefile*' -delete &&
	find tools ! -type d ! -path tools/objtool/objtool -delete &&
	find tools -type d -empty -delete || return 1
	# make finds this one first, so that nobody has to say what the tree is for.
	# shellcheck disable=SC2016 # make expands it
	printf '%s\n' '.DEFAULT:' \
		'	@$(MAKE) --no-print-directory -f Makefile ARCH='"$arch"' CC=gcc-12 $@' >GNUmakefile
}

# In $stage/root; called where a failure is looked for, so that each step says so.
build() {
	# What make was told that called us is not for this one.
	unset MAKEFLAGS MFLAGS MAKELEVEL
	local root=$stage/root release
	local -a make=(make -s -j"$(nproc)" "ARCH=$arch" CC=gcc-12 "LOCALVERSION=-$name-$key")
	mkdir "$root/kdir" && cd "$root/kdir" || return 1
	tar -xJf "$archive" --strip-components=1 && configure || return 1
	"${make[@]}" all || return 1
	release=$("${make[@]}" kernelrelease) || return 1
	"${make[@]}" "INSTALL_MOD_PATH=$root" modules_install || return 1
	rm -f "$root/lib/modules/$release"/{build,source}
	ln -s ../../../kdir "$root/lib/modules/$release/build"
	take_image "$root" && reduce && echo "$release" >"$root/release"
}

if [ -n "$only_cached" ]; then
	archive=$("$vm/kernels.sh" -c archive-$series) || exit 1
else
	archive=$("$vm/kernels.sh" archive-$series)
fi
key=$({ echo "${archive##*/} $arch $base"; grep -h ^CONFIG "${fragments[@]}"
	declare -f configure take_image reduce build; } | sha256sum | cut -c 1-8)
dir=$cache/own/$name-$key

if [ ! -d "$dir" ]; then
	[ -z "$only_cached" ] || exit 1
	lock own
fi
if [ ! -d "$dir" ]; then
	for tool in gcc-12 flex bison bc; do
		command -v "$tool" >/dev/null || die "no $tool: make setup KERNELS=$name"
	done
	trap 'rm -rf "${stage-}"' EXIT
	trap 'exit 130' INT TERM HUP
	stage=$(mktemp -d "$cache/.stage.XXXXXX")
	mkdir -m 755 "$stage/root"
	mkdir -p "$cache/own"
	say "building the kernel of $name (once; some minutes)"
	if ! (build) >"$stage/log" 2>&1; then
		tail -n 20 "$stage/log" >&2
		die "cannot build $name; make setup KERNELS=$name installs what it takes"
	fi
	mv -T "$stage/root" "$dir"
fi
echo "$dir"
