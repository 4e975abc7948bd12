// SPDX-License-Identifier: GPL-2.0
/* Generic netlink family "coldsend": counters, in total and of each file. */
#include <net/genetlink.h>

#include "views.h"
#include "genl.h"

#define CS_COUNTERS \
	(COLDSEND_A_COUNTERS_MAX - COLDSEND_A_COUNTERS_TRANSFERS + 1)
/* Of a file, all attributes but its path. */
#define CS_FILE_BYTES \
	(5 * nla_total_size(sizeof(u32)) + nla_total_size(sizeof(u64)))

/*
 * Rows are many, and each attribute that is put by itself takes its time: room is made
 * for some at once, where these are written one after another.  Of a size that is known
 * it takes two instructions.
 */
static __always_inline void *cs_genl_write(void *at, u16 type, const void *value,
					   u16 size)
{
	struct nlattr *attr = at;

	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + size;
	memcpy(at + NLA_HDRLEN, value, size);
	return at + NLA_HDRLEN + size;
}

static void *cs_genl_write_u32(void *at, u16 type, u32 value)
{
	return cs_genl_write(at, type, &value, sizeof(value));
}

/* At any multiple of four bytes: readers copy it. */
static void *cs_genl_write_u64(void *at, u16 type, u64 value)
{
	return cs_genl_write(at, type, &value, sizeof(value));
}

static int cs_genl_put_counters(struct sk_buff *skb,
				const struct cs_counters *counters)
{
	struct nlattr *nest;
	void *at;
	u32 i;

	nest = nla_reserve(skb, COLDSEND_A_COUNTERS | NLA_F_NESTED,
			   CS_COUNTERS * nla_total_size(sizeof(u64)));
	if (!nest)
		return -EMSGSIZE;
	at = nla_data(nest);
	for (i = COLDSEND_A_COUNTERS_TRANSFERS; i <= COLDSEND_A_COUNTERS_MAX; i++)
		at = cs_genl_write_u64(at, i, counters->value[i]);
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
	void *at;

	if (!nest || skb_tailroom(skb) < CS_FILE_BYTES)
		return -EMSGSIZE;
	at = skb_put(skb, CS_FILE_BYTES);
	at = cs_genl_write_u32(at, COLDSEND_A_FILE_DEV_MAJOR, MAJOR(row->dev));
	at = cs_genl_write_u32(at, COLDSEND_A_FILE_DEV_MINOR, MINOR(row->dev));
	at = cs_genl_write_u64(at, COLDSEND_A_FILE_INO, row->ino);
	at = cs_genl_write_u32(at, COLDSEND_A_FILE_GENERATION, row->generation);
	at = cs_genl_write_u32(at, COLDSEND_A_FILE_POLICY_USED, row->policy_used);
	cs_genl_write_u32(at, COLDSEND_A_FILE_FALLBACK, row->fallback);
	if (nla_put_string(skb, COLDSEND_A_FILE_PATH, row->path))
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
