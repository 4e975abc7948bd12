#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# style.sh: checkpatch, sparse with W=1 on each kernel, shellcheck.
#
# usage: style.sh 'KERNEL…'     silent and 0 when all is clean

# shellcheck disable=SC2317 # report calls what looks unreachable
set -euo pipefail
. "$(dirname "$0")/lib.sh"

cd "$top"
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

c_files() {
	find kmod user selftests include -name '*.[ch]' | sort |
		grep -vE '(genl-gen\.[ch]|coldsend_netlink\.h)$'
}

scripts() {
	echo .ci/run
	find selftests -name '*.sh' | sort
}

# FILE_PATH_CHANGES and such are about patches. A harness test is a macro that
# looks like a declaration; a tracepoint header is laid out its own way.
checkpatch() {
	local linux
	linux=$("$vm/kernels.sh" source)
	c_files | xargs "$linux/scripts/checkpatch.pl" --strict --no-tree --quiet --terse \
		--no-summary --show-types --color=never \
		--ignore FILE_PATH_CHANGES,MAINTAINERS_STYLE -f
}

# A build of its own, all anew, where only lines about our files count.
build() {
	local kdir dir
	kdir=$("$vm/kernels.sh" "$1")/kdir
	dir=$top/build/style/$1
	rm -rf "$dir"
	"$vm/build-module.sh" "$kdir" "$dir" W=1 C=2 >"$work/build" 2>&1 ||
		{ tail -n 20 "$work/build"; return 0; }
	grep -E '(warning|error|note|sparse):|WARNING: modpost' "$work/build" || true
}

# report TITLE COMMAND…: any output is bad.
report() {
	local title=$1
	shift
	"$@" >"$work/out" 2>&1 || true
	[ -s "$work/out" ] || return 0
	say "$title:"
	cat "$work/out"
	bad=1
}

report checkpatch checkpatch
for kernel in $1; do
	report "sparse and W=1 on $kernel" build "$kernel"
done
# shellcheck disable=SC2046 # a list of words
report shellcheck shellcheck -x -P SCRIPTDIR $(scripts)
exit "$bad"
