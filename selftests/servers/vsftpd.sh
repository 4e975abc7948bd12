#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vsftpd.sh: vsftpd: processes with a root of their own and no rights, under the shim
# and under the filter. Its own sandbox is off: with Debian 12's C library it kills
# vsftpd by itself, and it would forbid the shim's ioctl.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need vsftpd curl jq
make_site
url=ftp://127.0.0.1:2121
mkdir -p "$tmp/empty"

for how in library filter; do
	options=()
	[ $how = library ] || options=(--seccomp --min-size 0)
	cat >"$tmp/vsftpd.conf" <<-END
		listen=YES
		listen_address=127.0.0.1
		listen_port=2121
		background=NO
		anonymous_enable=YES
		anon_root=$site
		no_anon_password=YES
		secure_chroot_dir=$tmp/empty
		seccomp_sandbox=NO
		max_per_ip=0
		ftp_username=ftp
	END
	serve "$how" "$url/small" --policy direct "${options[@]}" -- vsftpd "$tmp/vsftpd.conf"
	check "$how: small" file small "$url"
	for name in edge odd large; do
		make_cold
		check "$how: $name, cold" by_module 1 "${sizes[$name]}" file $name "$url"
		check "$how: $name, again" by_module 1 "${sizes[$name]}" file $name "$url"
	done
	check "$how: range inside" by_module 1 2000000 range large 1000001 3000000 "$url"
	check "$how: range at the end" by_module 1 $short range odd 999000 1000002 "$url"
	check "$how: $parallel at once" by_module $parallel "${sizes[odd]}" many "$url"
	check "$how: slow clients and such that leave" by_module 4 "${sizes[large]}" slow_and_leaving "$url"
	stop_server "$how"
done
finish
