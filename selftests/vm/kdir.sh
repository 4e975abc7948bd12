#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# kdir.sh: says which kernel build tree to use.
#
# usage: kdir.sh KDIR [default]     prints KDIR, or for a missing default the
#                                   newest kernel of the test machine's cache

set -euo pipefail
. "$(dirname "$0")/lib.sh"

kdir=$1
if [ -e "$kdir/Makefile" ]; then
	echo "$kdir"
	exit 0
fi
[ "${2-}" = default ] || die "KDIR=$kdir is not a kernel build tree (of the running kernel: install linux-headers-$(uname -r))"

newest=$(compgen -G "$cache/kernels/*/kdir" | sort -V | tail -n 1) ||
	die "no $kdir: install linux-headers-$(uname -r), or give KDIR=TREE, or make demo or make check, which fetch their own kernels"
say "no headers of the running kernel: building for the test machine's $(<"${newest%/*}/release")"
echo "$newest"
