#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# nginx.sh: nginx under the shim: its workers have given up their rights.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need nginx curl jq openssl wrk
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

# start WHAT LINES OPTIONS…: with these lines, and options of coldsend run.
start() {
	local what=$1 lines=$2
	shift 2
	configure "listen 127.0.0.1:$port; $lines"
	serve "$what" "$url/small" "$@" -- nginx -c "$tmp/nginx.conf"
}

end() {
	stop_server "$1"
	check "$1: nothing in the log" not grep -E 'alert|crit|emerg' "$tmp/logs/error.log"
}

url=http://127.0.0.1:$port
start "sendfile" "sendfile_max_chunk 0;" --policy direct
fetches "sendfile" $url
end "sendfile"

start "sendfile_max_chunk" "sendfile_max_chunk 512k;" --policy hybrid
fetches "sendfile_max_chunk" $url
for name in odd large; do
	check "hybrid: $name, hot" hot $name $url
	check "hybrid: $name leaves nothing" leaves_none $name $url
done
end "sendfile_max_chunk"

start "aio threads" "aio threads;" --policy direct
fetches "aio threads" $url
end "aio threads"

# As a newcomer has it.
start "by itself" ""
fetches "by itself" $url
for name in odd large; do
	check "by itself: $name, hot" hot $name $url
done
end "by itself"

start "cached" "" --policy cached
make_cold
for name in odd large; do
	check "cached: $name, cold" by_module 1 "${sizes[$name]}" file $name $url
	check "cached: $name, hot" hot $name $url
done
end "cached"

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
serve "upgrade" "$url/small" --policy direct -- "$(command -v nginx)" -c "$tmp/nginx.conf"
check "upgrade: another master" upgrade
check "upgrade: large" by_module 1 "${sizes[large]}" file large $url
stop_server "upgrade"

# Only if nginx and OpenSSL have kTLS does TLS go by sendfile: Debian's have it.
modprobe -q tls || true
[ -r /proc/net/tls_stat ] || {
	check "TLS # SKIP no kTLS in this kernel" true
	finish
}
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$tmp/key" -out "$tmp/cert" -days 2 2>/dev/null
url=https://127.0.0.1:$port
# tls VERSION: serves by it.
tls() {
	configure "listen 127.0.0.1:$port ssl; ssl_certificate $tmp/cert; ssl_certificate_key $tmp/key;
		ssl_protocols $1; ssl_conf_command Options KTLS;"
	serve "$1" "$url/small" --policy direct -- nginx -c "$tmp/nginx.conf"
}
sent_by_tls() { value TlsTxSw </proc/net/tls_stat; }

tls TLSv1.2
before=$(sent_by_tls)
fetches "TLSv1.2" $url
check "TLSv1.2: the kernel's TLS sent it" at_least "connections" $(($(sent_by_tls) - before)) $parallel
end "TLSv1.2"
tls TLSv1.3
check "TLSv1.3: large" by_module 1 "${sizes[large]}" file large $url
end "TLSv1.3"
finish
