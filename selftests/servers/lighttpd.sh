#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# lighttpd.sh: lighttpd under the shim: one thread, sockets that do not wait, files in
# small pieces: --min-size would leave the first of each to sendfile.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need lighttpd curl jq wrk
make_site
short=0

cat >"$tmp/lighttpd.conf" <<-END
	server.document-root = "$site"
	server.bind = "127.0.0.1"
	server.port = $port
	server.username = "www-data"
	server.groupname = "www-data"
	server.network-backend = "sendfile"
END
serve lighttpd "http://127.0.0.1:$port/small" --policy direct --min-size 0 -- lighttpd -D -f "$tmp/lighttpd.conf"
fetches lighttpd "http://127.0.0.1:$port"
stop_server lighttpd
finish
