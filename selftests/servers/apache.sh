#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# apache.sh: Apache httpd under the shim, with processes and with threads.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need apache2 curl jq wrk
make_site
mkdir "$tmp/run"

for mpm in event prefork; do
	cat >"$tmp/apache.conf" <<-END
		LoadModule mpm_${mpm}_module /usr/lib/apache2/modules/mod_mpm_$mpm.so
		LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
		ServerName localhost
		ServerRoot $tmp
		DefaultRuntimeDir $tmp/run
		PidFile $tmp/run/pid
		ErrorLog $tmp/error.log
		User www-data
		Group www-data
		Listen 127.0.0.1:$port
		DocumentRoot $site
		EnableSendfile On
		EnableMMAP Off
		MaxKeepAliveRequests 0
	END
	serve "$mpm" "http://127.0.0.1:$port/small" --policy direct -- apache2 -f "$tmp/apache.conf" -DFOREGROUND
	fetches "$mpm" "http://127.0.0.1:$port"
	stop_server "$mpm"
done
finish
