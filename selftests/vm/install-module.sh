#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# install-module.sh: puts coldsend.ko below $DESTDIR/lib/modules, or removes it.
#
# usage: install-module.sh add KDIR; install-module.sh remove KDIR|RELEASE
# Headers may be gone before the module is.  depmod runs only for the running system, that is without DESTDIR.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

case $2 in
*/*)	release=$(kdir_release "$2") ;;
*)	release=$2 ;;
esac
target=${DESTDIR-}/lib/modules/$release/updates/coldsend.ko
case $1 in
add)	install -D -m 644 "$top/build/$release/coldsend.ko" "$target" ;;
remove)	rm -f "$target" ;;
esac
say "$1 $target"
[ -n "${DESTDIR-}" ] || depmod "$release"
