#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stress-ng.sh: stress-ng's sendfile stressor under the shim: what it sends to is no
# socket, so all its calls, wrong ones among them, come through to the kernel.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need stress-ng jq

stress() {
	coldsend run --json --min-size 0 -- stress-ng --sendfile 4 --sendfile-ops 2000 --temp-path "$tmp" \
		--timeout 60 --verify >"$tmp/served" 2>"$tmp/said" || { cat "$tmp/said"; return 1; }
	at_least "calls left" "$(tail -n 5 "$tmp/served" | jq .calls_left)" 2000
}
check "stress-ng --sendfile" stress
finish
