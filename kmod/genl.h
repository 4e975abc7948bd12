/* SPDX-License-Identifier: GPL-2.0 */
/* What the files of the netlink family share. */
#ifndef COLDSEND_GENL_H
#define COLDSEND_GENL_H

#include <net/genetlink.h>

#include "genl-gen.h"

struct cs_cursor;
struct cs_live_row;

extern struct genl_family cs_genl_family;

/* genl.c */
bool cs_genl_is_admin(const struct sk_buff *skb);
int cs_genl_need_admin(const struct sk_buff *skb,
		       struct netlink_ext_ack *extack);
struct cs_cursor *cs_genl_cursor(struct netlink_callback *cb);
struct sk_buff *cs_genl_answer(struct genl_info *info, void **header);
int cs_genl_send(struct sk_buff *skb, void *header, struct genl_info *info,
		 int err);
void *cs_genl_row(struct sk_buff *skb, struct netlink_callback *cb, u8 command);
int cs_genl_end_row(struct sk_buff *skb, struct netlink_callback *cb,
		    void *header, int err);
int cs_genl_dumped(const struct sk_buff *skb, int err);
int cs_genl_put_tunables(struct sk_buff *skb);

/* genl_views.c */
int cs_genl_put_transfer(struct sk_buff *skb, const struct cs_live_row *row,
			 struct user_namespace *ns);

/* events.c */
bool cs_event_wanted(void);
void cs_event_forbid(void);
extern const struct genl_multicast_group cs_event_groups[1];

#endif /* COLDSEND_GENL_H */
