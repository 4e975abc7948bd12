// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	netlink/specs/coldsend.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl-gen.h"

#include <uapi/linux/coldsend_netlink.h>

/* Common nested types */
const struct nla_policy coldsend_rule_nl_policy[COLDSEND_A_RULE_BUDGET_USED + 1] = {
	[COLDSEND_A_RULE_ID] = { .type = NLA_U32, },
	[COLDSEND_A_RULE_POLICY] = NLA_POLICY_MAX(NLA_U32, 5),
	[COLDSEND_A_RULE_BUDGET] = { .type = NLA_U64, },
	[COLDSEND_A_RULE_SIZE_MIN] = { .type = NLA_U64, },
	[COLDSEND_A_RULE_SIZE_MAX] = { .type = NLA_U64, },
	[COLDSEND_A_RULE_PATH] = { .type = NLA_NUL_STRING, .len = 255, },
	[COLDSEND_A_RULE_FS] = { .type = NLA_NUL_STRING, .len = 31, },
	[COLDSEND_A_RULE_DEV_MAJOR] = NLA_POLICY_MAX(NLA_U32, 4095),
	[COLDSEND_A_RULE_DEV_MINOR] = { .type = NLA_U32, },
	[COLDSEND_A_RULE_UID] = { .type = NLA_U32, },
	[COLDSEND_A_RULE_CGROUP] = NLA_POLICY_MIN(NLA_U64, 1),
	[COLDSEND_A_RULE_HITS] = { .type = NLA_U64, },
	[COLDSEND_A_RULE_BUDGET_USED] = { .type = NLA_U64, },
};

/* Global operation policy for coldsend */
const struct nla_policy coldsend_nl_policy[COLDSEND_A_RULE_POSITION + 1] = {
	[COLDSEND_A_POLICY] = NLA_POLICY_MAX(NLA_U32, 5),
	[COLDSEND_A_SEGMENT_SIZE] = { .type = NLA_U32, },
	[COLDSEND_A_DEPTH] = { .type = NLA_U32, },
	[COLDSEND_A_POOL_MAX] = { .type = NLA_U64, },
	[COLDSEND_A_FILES_MAX] = { .type = NLA_U32, },
	[COLDSEND_A_TRANSFERS_MAX] = { .type = NLA_U32, },
	[COLDSEND_A_USER_TRANSFERS] = { .type = NLA_U32, },
	[COLDSEND_A_USER_SHARE] = { .type = NLA_U32, },
	[COLDSEND_A_IDLE_MAX] = { .type = NLA_U32, },
	[COLDSEND_A_SMALL_MAX] = { .type = NLA_U32, },
	[COLDSEND_A_ADMIT_AFTER] = { .type = NLA_U32, },
	[COLDSEND_A_ADMIT_WINDOW] = { .type = NLA_U32, },
	[COLDSEND_A_ADMIT_MAX] = { .type = NLA_U32, },
	[COLDSEND_A_RULE] = NLA_POLICY_NESTED(coldsend_rule_nl_policy),
	[COLDSEND_A_WHICH_RULE] = NLA_POLICY_MIN(NLA_U32, 1),
	[COLDSEND_A_RULE_POSITION] = NLA_POLICY_RANGE(NLA_U32, 1, 256),
};

/* Ops table for coldsend */
const struct genl_small_ops coldsend_nl_ops[12] = {
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
	{
		.cmd	= COLDSEND_CMD_RULE_GET,
		.dumpit	= coldsend_nl_rule_get_dumpit,
	},
	{
		.cmd	= COLDSEND_CMD_RULE_ADD,
		.doit	= coldsend_nl_rule_add_doit,
	},
	{
		.cmd	= COLDSEND_CMD_RULE_DEL,
		.doit	= coldsend_nl_rule_del_doit,
	},
	{
		.cmd	= COLDSEND_CMD_RULE_LOAD,
		.doit	= coldsend_nl_rule_load_doit,
	},
	{
		.cmd	= COLDSEND_CMD_TRANSFER_GET,
		.dumpit	= coldsend_nl_transfer_get_dumpit,
	},
	{
		.cmd	= COLDSEND_CMD_POOL_GET,
		.doit	= coldsend_nl_pool_get_doit,
	},
	{
		.cmd	= COLDSEND_CMD_LATENCY_GET,
		.doit	= coldsend_nl_latency_get_doit,
	},
};

static const struct genl_multicast_group coldsend_nl_mcgrps[] = {
	[COLDSEND_NLGRP_EVENTS] = { "events", },
};
