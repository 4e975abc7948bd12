#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# retransmit.sh: the retransmit test, over a network that loses, delays and
# reorders packets.
#
#	cs-send-PID (10.77.0.1) ---- veth, netem both ways ---- cs-receive-PID (.2)

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

need_module
need ip tc
modprobe -q veth || true
modprobe -q sch_netem || skip "no netem in this kernel"

sender=cs-send-$$
receiver=cs-receive-$$

add_namespace() {
	ip netns add "$1" || skip "no network namespaces here"
	at_exit ip netns del "$1"
	ip -n "$1" link set lo up
}

# end NAMESPACE ADDRESS LOSS: its end of the network, which loses so much.
end() {
	ip -n "$1" address add "$2/24" dev veth
	ip -n "$1" link set veth up
	tc -n "$1" qdisc add dev veth root netem limit 10000 \
		delay 5ms 3ms reorder 75% loss "$3"
}

add_namespace "$sender"
add_namespace "$receiver"
ip -n "$sender" link add veth type veth peer name veth netns "$receiver" ||
	skip "no veth in this kernel"
end "$sender" 10.77.0.1 3%
end "$receiver" 10.77.0.2 1%

export CS_NETNS_SEND=/run/netns/$sender CS_NETNS_RECEIVE=/run/netns/$receiver
export CS_ADDRESS=10.77.0.2
"$programs/retransmit"
