// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	netlink/specs/coldsend.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl-gen.h"

#include <uapi/linux/coldsend_netlink.h>

/* Global operation policy for coldsend */
const struct nla_policy coldsend_nl_policy[COLDSEND_A_FILES_MAX + 1] = {
	[COLDSEND_A_POLICY] = NLA_POLICY_MAX(NLA_U32, 4),
	[COLDSEND_A_SEGMENT_SIZE] = { .type = NLA_U32, },
	[COLDSEND_A_DEPTH] = { .type = NLA_U32, },
	[COLDSEND_A_POOL_MAX] = { .type = NLA_U64, },
	[COLDSEND_A_FILES_MAX] = { .type = NLA_U32, },
};

/* Ops table for coldsend */
const struct genl_small_ops coldsend_nl_ops[5] = {
	{
		.cmd	= COLDSEND_CMD_POLICY_GET,
		.doit	= coldsend_nl_policy_get_doit,
	},
	{
		.cmd	= COLDSEND_CMD_POLICY_SET,
		.doit	= coldsend_nl_policy_set_doit,
	},
	{
		.cmd	= COLDSEND_CMD_STATS_GET,
		.doit	= coldsend_nl_stats_get_doit,
	},
	{
		.cmd	= COLDSEND_CMD_STATS_RESET,
		.doit	= coldsend_nl_stats_reset_doit,
	},
	{
		.cmd	= COLDSEND_CMD_FILE_GET,
		.dumpit	= coldsend_nl_file_get_dumpit,
	},
};
