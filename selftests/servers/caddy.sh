#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# caddy.sh: caddy, which calls the kernel without the C library, under the filter.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need caddy curl jq
# Go sends the first 512 bytes itself, to see what they are.
sizes[sniffed]=512 sizes[beyond]=513
make_site
export HOME=$tmp XDG_DATA_HOME=$tmp XDG_CONFIG_HOME=$tmp

serve caddy "http://127.0.0.1:$port/small" --seccomp --min-size 0 --policy direct -- \
	caddy file-server --root "$site" --listen "127.0.0.1:$port"
check "512 bytes" file sniffed "http://127.0.0.1:$port"
check "513 bytes" file beyond "http://127.0.0.1:$port"
fetches caddy "http://127.0.0.1:$port"
truncate -s 1G "$site/huge"
chmod 644 "$site/huge"
sums[huge]=$(sha256sum <"$site/huge" | cut -d ' ' -f 1)
check "1 GiB" file huge "http://127.0.0.1:$port"
stop_server
check "the module served" at_least "bytes served" "$served" $((fetched + (1 << 30) - 1000000))
finish
