#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# build-module.sh: builds coldsend.ko for one kernel in build/RELEASE/.
#
# usage: build-module.sh KDIR [DIR] [MAKE WORDS…]
# The sources are copied, so that trees of several kernels live side by side.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

kdir=$(realpath "$1")
release=$(kdir_release "$kdir")
dir=${2:-$top/build/$release}
shift; shift || true

# Copy what changed, drop what is gone.
mirror() {
	local file
	(cd "$top" && cp -pu --parents -t "$dir" Kbuild &&
		find kmod include -name '*.[ch]' -exec cp -pu --parents -t "$dir" {} +)
	(cd "$dir" && find kmod include -name '*.[ch]') | while read -r file; do
		[ -e "$top/$file" ] || rm -f "$dir/$file" "$dir/${file%.c}.o"
	done
}

mkdir -p "$dir"
exec {fd}>"$dir/.lock"
flock "$fd"
mirror
make -C "$kdir" --no-print-directory M="$dir" "$@" modules
echo "built ${dir#"$top/"}/coldsend.ko"
