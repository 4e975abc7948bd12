#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# gen.sh: regenerates the netlink code with the kernel's own generator.
#
# usage: gen.sh [--check]     --check only compares, and fails when it differs

set -euo pipefail
. "$(dirname "$0")/lib.sh"

linux=$("$vm/kernels.sh" source)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The generator wants genetlink.yaml one directory up, and looks for MAINTAINERS
# above the spec to shorten its name.
mkdir -p "$work/netlink/specs"
touch "$work/MAINTAINERS"
cp "$linux"/Documentation/netlink/*.yaml "$work/netlink/"
cp "$top/include/netlink/coldsend.yaml" "$work/netlink/specs/"

# generate MODE KIND NAME: the system's python has the packages, others may not.
generate() {
	/usr/bin/python3 "$linux/tools/net/ynl/ynl-gen-c.py" --mode "$1" "--$2" \
		--spec "$work/netlink/specs/coldsend.yaml" -o "$work/$3"
}

# place NAME DIRECTORY: compare, or put it there.
place() {
	if [ "${check-}" ]; then
		diff -u --label "$2/$1" --label "regenerated" "$top/$2/$1" "$work/$1"
	else
		cmp -s "$work/$1" "$top/$2/$1" || cp "$work/$1" "$top/$2/$1"
	fi
}

check=
[ "${1-}" != --check ] || check=1
generate uapi header coldsend_netlink.h
generate kernel header genl-gen.h
generate kernel source genl-gen.c

differs=0
place coldsend_netlink.h include/uapi/linux || differs=1
place genl-gen.h kmod || differs=1
place genl-gen.c kmod || differs=1
[ "$differs" = 0 ] || { say "the netlink code differs from the spec: make gen"; exit 1; }
