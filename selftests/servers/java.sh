#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# java.sh: FileChannel.transferTo under the shim: the call that Kafka makes.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need java jq
[ -e "$programs/Transfer.class" ] || skip "no javac made $programs/Transfer.class"
make_site

transfers() {
	make_cold
	coldsend run --json --policy direct -- java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$programs" Transfer "$site/large" \
		>"$tmp/served" 2>"$tmp/digest" || { cat "$tmp/digest"; return 1; }
	same "SHA-256" "${sums[large]}" "$(<"$tmp/digest")" || return 1
	same "bytes served" "${sizes[large]}" "$(tail -n 5 "$tmp/served" | jq .bytes_served)"
}
check "transferTo sends by the module" transfers
finish
