/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	netlink/specs/coldsend.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_COLDSEND_GEN_H
#define _LINUX_COLDSEND_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/coldsend_netlink.h>

/* Global operation policy for coldsend */
extern const struct nla_policy coldsend_nl_policy[COLDSEND_A_FILES_MAX + 1];

/* Ops table for coldsend */
extern const struct genl_small_ops coldsend_nl_ops[5];

int coldsend_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info);
int coldsend_nl_file_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);

#endif /* _LINUX_COLDSEND_GEN_H */
