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
	[ $how = library ] || options=(--seccomp)
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
	for name in small odd large; do
		make_cold
		check "$how: $name, cold" file $name "$url"
		check "$how: $name, again" file $name "$url"
	done
	check "$how: slow clients and such that leave" slow_and_leaving "$url"
	stop_server
	check "$how: the module served" at_least "bytes served" "$served" $((6 * sizes[large]))
done
finish
