#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# caddy.sh: caddy, which calls the kernel without the C library, under the filter.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need caddy curl jq wrk
# Go sends the first 512 bytes itself, to see what they are.
sizes[sniffed]=512 sizes[beyond]=513 sizes[huge]=$((1 << 30))
apart=512
make_site
export HOME=$tmp XDG_DATA_HOME=$tmp XDG_CONFIG_HOME=$tmp
url=http://127.0.0.1:$port

# sends NAME BYTES: the file arrives, and exactly so many bytes come by the module.
sends() {
	local before
	before=$(sent)
	file "$1" "$url" || return 1
	same "bytes by the module" "$2" $(($(sent) - before))
}

serve caddy "$url/small" --seccomp --min-size 0 --policy direct -- \
	caddy file-server --root "$site" --listen "127.0.0.1:$port"
check "512 bytes" sends sniffed 0
check "513 bytes" sends beyond 1
check "1 GiB" sends huge $(((1 << 30) - apart))
fetches caddy $url
stop_server caddy

# Go asks for 4 MiB at a time, which says nothing about how large the file is.
serve "large ones" "$url/small" --seccomp --min-size 8M --policy direct -- \
	caddy file-server --root "$site" --listen "127.0.0.1:$port"
check "large ones: 1 MB is not" sends odd 0
check "large ones: 32 MiB" by_module 1 $((sizes[large] - (8 << 20))) file large $url
stop_server "large ones"
finish
