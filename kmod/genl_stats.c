// SPDX-License-Identifier: GPL-2.0
/* Generic netlink family "coldsend": counters, in total and of each file. */
#include <net/genetlink.h>

#include "views.h"
#include "genl.h"

#define CS_COUNTERS \
	(COLDSEND_A_COUNTERS_MAX - COLDSEND_A_COUNTERS_TRANSFERS + 1)

/* A counter as it is in a message, where nothing is aligned to more than four bytes. */
struct cs_counter_attr {
	struct nlattr head;
	u8 value[sizeof(u64)];
};

/* All at once, in their place: rows are many, and each put and each copy takes its time. */
static int cs_genl_put_counters(struct sk_buff *skb,
				const struct cs_counters *counters)
{
	struct cs_counter_attr *attr;
	struct nlattr *nest;
	u32 i;

	BUILD_BUG_ON(sizeof(*attr) != NLA_HDRLEN + sizeof(u64));
	nest = nla_reserve(skb, COLDSEND_A_COUNTERS | NLA_F_NESTED,
			   CS_COUNTERS * sizeof(*attr));
	if (!nest)
		return -EMSGSIZE;
	attr = nla_data(nest);
	for (i = COLDSEND_A_COUNTERS_TRANSFERS; i <= COLDSEND_A_COUNTERS_MAX;
	     i++, attr++) {
		attr->head.nla_type = i;
		attr->head.nla_len = sizeof(*attr);
		memcpy(attr->value, &counters->value[i], sizeof(u64));
	}
	return 0;
}

static int cs_genl_put_objects(struct sk_buff *skb)
{
	struct nlattr *nest = nla_nest_start(skb, COLDSEND_A_OBJECTS);
	u32 i;

	if (!nest)
		return -EMSGSIZE;
	for (i = COLDSEND_A_OBJECTS_TRANSFERS_CREATED;
	     i <= COLDSEND_A_OBJECTS_MAX; i++)
		if (nla_put_u64_64bit(skb, i, cs_objects_get(i),
				      COLDSEND_A_OBJECTS_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int coldsend_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cs_counters counters;
	struct sk_buff *answer;
	void *header;
	int err;

	answer = cs_genl_answer(info, &header);
	if (!answer)
		return -ENOMEM;
	cs_stats_totals(&counters);
	err = cs_genl_put_counters(answer, &counters);
	if (!err)
		err = cs_genl_put_objects(answer);
	return cs_genl_send(answer, header, info, err);
}

int coldsend_nl_stats_reset_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = cs_genl_need_admin(skb, info->extack);

	if (!err)
		cs_stats_reset();
	return err;
}

static int cs_genl_put_file(struct sk_buff *skb, const struct cs_row *row)
{
	struct nlattr *nest = nla_nest_start(skb, COLDSEND_A_FILE);

	if (!nest ||
	    nla_put_u32(skb, COLDSEND_A_FILE_DEV_MAJOR, MAJOR(row->dev)) ||
	    nla_put_u32(skb, COLDSEND_A_FILE_DEV_MINOR, MINOR(row->dev)) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_FILE_INO, row->ino,
			      COLDSEND_A_FILE_PAD) ||
	    nla_put_u32(skb, COLDSEND_A_FILE_GENERATION, row->generation) ||
	    nla_put_string(skb, COLDSEND_A_FILE_PATH, row->path) ||
	    nla_put_u32(skb, COLDSEND_A_FILE_POLICY_USED, row->policy_used) ||
	    nla_put_u32(skb, COLDSEND_A_FILE_FALLBACK, row->fallback))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return cs_genl_put_counters(skb, &row->counters);
}

/* A message is marked if rows came or went since the one before. */
static int cs_genl_put_row(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct cs_row *row)
{
	void *header = cs_genl_row(skb, cb, COLDSEND_CMD_FILE_GET);

	if (!header)
		return -EMSGSIZE;
	cb->seq = cs_stats_rows_version();
	return cs_genl_end_row(skb, cb, header, cs_genl_put_file(skb, row));
}

int coldsend_nl_file_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct cs_cursor *at = cs_genl_cursor(cb);
	struct cs_row row;
	int err;

	err = cs_genl_need_admin(cb->skb, cb->extack);
	if (err)
		return err;
	rcu_read_lock();
	while (!err && cs_stats_row_from(at, &row)) {
		err = cs_genl_put_row(skb, cb, &row);
		at->next += !err;
	}
	rcu_read_unlock();
	/* For the message that ends the dump. */
	cb->seq = cs_stats_rows_version();
	return cs_genl_dumped(skb, err);
}
