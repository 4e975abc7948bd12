#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nginx.sh: nginx under the shim: its workers have given up their rights.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need nginx curl jq openssl
make_site

# configure LINES [MAIN]: of the server, in a configuration of two workers; and of all.
configure() {
	mkdir -p "$tmp/logs"
	cat >"$tmp/nginx.conf" <<-END
		user www-data;
		worker_processes 2;
		${2:-daemon off;}
		pid $tmp/nginx.pid;
		error_log $tmp/logs/error.log;
		events { worker_connections 512; }
		http {
			access_log off;
			sendfile on;
			tcp_nopush on;
			client_body_temp_path $tmp/body;
			proxy_temp_path $tmp/proxy;
			fastcgi_temp_path $tmp/fastcgi;
			uwsgi_temp_path $tmp/uwsgi;
			scgi_temp_path $tmp/scgi;
			server {
				root $site;
				$1
			}
		}
	END
}

nginx_served() {
	at_least "bytes served" "$served" "$1" || { cat "$tmp/logs/error.log"; return 1; }
}

# with WHAT POLICY LINES: all fetches.
with() {
	local what=$1 policy=$2
	configure "listen 127.0.0.1:$port; $3"
	serve "$what" "http://127.0.0.1:$port/small" --policy "$policy" -- nginx -c "$tmp/nginx.conf"
	fetches "$what" "http://127.0.0.1:$port"
	stop_server
	check "$what: the module served" nginx_served "$fetched"
	check "$what: nothing in the log" not grep -E 'alert|crit|emerg' "$tmp/logs/error.log"
}

with "sendfile" direct "sendfile_max_chunk 0;"
with "sendfile_max_chunk" hybrid "sendfile_max_chunk 512k;"
with "aio threads" direct "aio threads;"

# The new binary has no more of the environment than the configuration names.
upgrade() {
	local old
	old=$(cat "$tmp/nginx.pid")
	kill -USR2 "$old"
	wait_for 30 test -s "$tmp/nginx.pid.oldbin" -a -s "$tmp/nginx.pid" || return 1
	kill -QUIT "$old"
	wait_for 30 not test -e "/proc/$old"
}

configure "listen 127.0.0.1:$port;" "env LD_PRELOAD; env COLDSEND_POLICY; env COLDSEND_MIN_SIZE;
	env COLDSEND_DEVICE_FD; env COLDSEND_SERVED_FD;"
serve "upgrade" "http://127.0.0.1:$port/small" --policy direct -- "$(command -v nginx)" -c "$tmp/nginx.conf"
check "upgrade: another master" upgrade
check "upgrade: large" file large "http://127.0.0.1:$port"
stop_server
check "upgrade: the module served" nginx_served "${sizes[large]}"

# Only if nginx and OpenSSL have kTLS does TLS go by sendfile.
configure "listen 127.0.0.1:$port ssl; ssl_certificate $tmp/cert; ssl_certificate_key $tmp/key;
	ssl_protocols TLSv1.2; ssl_conf_command Options KTLS;"
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$tmp/key" -out "$tmp/cert" -days 2 2>/dev/null
modprobe -q tls || true
serve "TLS" "https://127.0.0.1:$port/small" --policy direct -- nginx -c "$tmp/nginx.conf"
check "TLS: large" file large "https://127.0.0.1:$port"
check "TLS: range" range large 1000001 3000000 "https://127.0.0.1:$port"
stop_server
if [ "$(value TlsTxSw 2>/dev/null </proc/net/tls_stat)" -gt 0 ] 2>/dev/null; then
	check "TLS: the module served" at_least "bytes served" "$served" "${sizes[large]}"
else
	note "TLS: OpenSSL and the kernel do not agree on kTLS here, so nginx does not call sendfile"
fi
finish
