#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# style.sh: checkpatch, sparse with W=1 on each kernel, shellcheck.
#
# usage: style.sh 'KERNEL…'     silent and 0 when all is clean

set -euo pipefail
. "$(dirname "$0")/lib.sh"

cd "$top"
bad=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# lint 'FIND WORDS' IGNORED: checkpatch on the files that find finds.
lint() {
	local linux
	linux=$("$vm/kernels.sh" source)
	# shellcheck disable=SC2086 # a list of words
	find $1 -name '*.[ch]' ! -name 'genl-gen.[ch]' ! -name coldsend_netlink.h -print0 |
		sort -z | xargs -0r "$linux/scripts/checkpatch.pl" --strict --no-tree --quiet \
			--terse --no-summary --show-types --color=never --ignore "$2" -f
}

# What is ignored, and why:
#   LINUX_VERSION_CODE, CONSTANT_COMPARISON  compat/ is the one place for them
#   OPEN_ENDED_LINE, PARENTHESIS_ALIGNMENT   how every trace event header is laid out
#   VOLATILE  sig_atomic_t; TEST_F and FIXTURE_DATA(x) *self look like a product
checkpatch() {
	local code=MAINTAINERS_STYLE
	lint "include kmod -path kmod/compat -prune -o -type f ! -path kmod/trace.h" "$code"
	lint kmod/compat "$code,LINUX_VERSION_CODE,CONSTANT_COMPARISON"
	lint kmod/trace.h "$code,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT"
	lint "user selftests" "$code,VOLATILE" | grep -vF "spaces preferred around that '*' (ctx:WxV)"
}

scripts() {
	echo .ci/run
	find selftests -name '*.sh' | sort
}

# A build of its own, all anew, where only lines about our files count.
build() {
	local kdir dir
	kdir=$("$vm/kernels.sh" "$1")/kdir
	dir=$top/build/style/$1
	rm -rf "$dir"
	"$vm/build-module.sh" "$kdir" "$dir" W=1 C=2 >"$work/build" 2>&1 || echo "does not build"
	grep -E '(warning|error|note|sparse): |WARNING: modpost' "$work/build" || true
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
# SC2317 does not see functions that trap, check or report call by name.
# shellcheck disable=SC2046 # a list of words
report shellcheck shellcheck -x -P SCRIPTDIR -e SC2317 $(scripts)
exit "$bad"
