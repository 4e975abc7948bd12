#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# many.sh: the test many with more transfers than the system's defaults are for.
#
# usage: many.sh [N]        (10000; 8 GiB of memory, some minutes)

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
# Ports and memory for two sockets a transfer; ports come back at once.
sysctl -q net.ipv4.ip_local_port_range="1024 65535" net.ipv4.tcp_tw_reuse=1 \
	net.ipv4.tcp_max_tw_buckets=1000 net.ipv4.tcp_mem="900000 1000000 1200000"
"$programs/many" "${1:-10000}"
