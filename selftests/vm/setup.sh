#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# setup.sh: installs what is missing on a Debian machine. Silent when nothing is.
#
# usage: setup.sh [base] [test] [um] [smp] [bench] [gen] [style] [servers]     (none: base)
#   base   build module and CLI, boot the test machine
#   test   what the tests use besides
#   um     build User-Mode Linux
#   smp    build the kernel of smp-debug
#   bench  plots of the benchmark
#   gen    regenerate netlink code
#   style  checkpatch, sparse, shellcheck
#   servers  web servers and others that call sendfile; none is started
# Kernels are not installed: see kernels.sh.

set -euo pipefail
. "$(dirname "$0")/lib.sh"

packages() {
	case $1 in
	base)	echo gcc gcc-12 libc6-dev make pkg-config libnl-3-dev libnl-genl-3-dev \
			libjansson-dev libncurses-dev libelf1 pahole qemu-system-x86 busybox-static \
			cpio kmod xz-utils e2fsprogs iproute2 procps util-linux openssl ;;
	test)	echo gcc-multilib libc6-dev-i386 xfsprogs btrfs-progs dmsetup jq \
			liburing-dev libaio-dev ;;
	um)	echo flex bison bc ;;
	smp)	echo flex bison bc libelf-dev ;;
	bench)	echo gnuplot-nox ;;
	gen)	echo python3 python3-yaml python3-jsonschema ;;
	style)	echo perl sparse shellcheck ;;
	servers) echo nginx-light lighttpd apache2 vsftpd caddy curl wrk gnuplot-nox python3.11 \
			libpython3.11-testsuite openjdk-17-jdk-headless stress-ng ;;
	*)	die "no such group: $1 (base, test, um, smp, bench, gen, style, servers)" ;;
	esac
}

purpose() {
	case $1 in
	base)	echo "to build, and to boot the test machine" ;;
	test)	echo "for the tests" ;;
	um)	echo "to build User-Mode Linux" ;;
	smp)	echo "to build the kernel of smp-debug" ;;
	bench)	echo "for the benchmark's plots" ;;
	gen)	echo "for the netlink generator" ;;
	style)	echo "for make style" ;;
	servers) echo "for make check-servers" ;;
	esac
}

# The packages of the arguments that are not installed.
missing() {
	local p
	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			echo "$p"
	done
}

# Packages of servers start them, now and at each boot: not here.
policy=/usr/sbin/policy-rc.d
keep_stopped() {
	[ ! -e $policy ] || return 0
	as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy; chmod 755 $policy"
	trap 'as_root rm -f $policy' EXIT
}
disable_servers() {
	local unit
	command -v systemctl >/dev/null || return 0
	for unit in nginx lighttpd apache2 vsftpd caddy; do
		case " ${want[*]} " in
		*" $unit "* | *" $unit-light "*) as_root systemctl -q disable "$unit" 2>/dev/null || true ;;
		esac
	done
}

[ $# -gt 0 ] || set -- base
command -v dpkg-query >/dev/null || die "this is not a Debian machine: install by hand: $(packages base)"

# Sets want to what is missing of the groups, and why to what for.
look() {
	local group list lack
	want=() why=''
	for group; do
		list=$(packages "$group")
		# shellcheck disable=SC2086 # a list of words
		mapfile -t lack < <(missing $list)
		[ ${#lack[@]} = 0 ] || why+=${why:+, }$(purpose "$group")
		want+=("${lack[@]}")
	done
	[ ${#want[@]} != 0 ]
}

look "$@" || exit 0
# Somebody else may be at it.
lock setup
look "$@" || exit 0
say "installing ${want[*]} ($why)"
case " $* " in *" servers "*) keep_stopped ;; esac
apt_update
mkdir -p "$top/build/log"
log=$top/build/log/setup.log
as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=600 \
	install "${want[@]}" >"$log" 2>&1 || { tail -n 20 "$log" >&2; die "apt-get install failed"; }
disable_servers
