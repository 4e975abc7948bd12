/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	netlink/specs/coldsend.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_COLDSEND_GEN_H
#define _LINUX_COLDSEND_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/coldsend_netlink.h>

/* Common nested types */
extern const struct nla_policy coldsend_rule_nl_policy[COLDSEND_A_RULE_BUDGET_USED + 1];

/* Global operation policy for coldsend */
extern const struct nla_policy coldsend_nl_policy[COLDSEND_A_RULE_POSITION + 1];

/* Ops table for coldsend */
extern const struct genl_small_ops coldsend_nl_ops[12];

int coldsend_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_file_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int coldsend_nl_rule_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int coldsend_nl_rule_add_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_rule_del_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_rule_load_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_transfer_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb);
int coldsend_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_latency_get_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	COLDSEND_NLGRP_EVENTS,
};

#endif /* _LINUX_COLDSEND_GEN_H */
