// SPDX-License-Identifier: GPL-2.0
/* Netlink: live transfers, the pool and latencies. */
#include <linux/cred.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "views.h"
#include "genl.h"
#include "genl-gen.h"

static int cs_genl_put_progress(struct sk_buff *skb,
				const struct cs_live_row *row)
{
	if (nla_put_u32(skb, COLDSEND_A_TRANSFER_POLICY_USED, row->policy) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_STATE, row->state) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_ASYNC, row->async) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_TRANSFER_BYTES_ASKED, row->asked,
			      COLDSEND_A_TRANSFER_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_TRANSFER_BYTES_SENT, row->sent,
			      COLDSEND_A_TRANSFER_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_TRANSFER_AGE_NS, row->age,
			      COLDSEND_A_TRANSFER_PAD) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_SEGMENTS, row->segments) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_ERROR, row->error))
		return -EMSGSIZE;
	return 0;
}

/**
 * cs_genl_put_transfer - puts a transfer into a message
 * @skb: the message
 * @row: the transfer
 * @ns: user namespace of who reads it
 *
 * Return: 0 or -EMSGSIZE.
 */
int cs_genl_put_transfer(struct sk_buff *skb, const struct cs_live_row *row,
			 struct user_namespace *ns)
{
	struct nlattr *nest = nla_nest_start(skb, COLDSEND_A_TRANSFER);

	if (!nest ||
	    nla_put_u64_64bit(skb, COLDSEND_A_TRANSFER_ID, row->number,
			      COLDSEND_A_TRANSFER_PAD) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_PID, row->pid) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_UID,
			from_kuid_munged(ns, row->uid)) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_DEV_MAJOR, MAJOR(row->dev)) ||
	    nla_put_u32(skb, COLDSEND_A_TRANSFER_DEV_MINOR, MINOR(row->dev)) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_TRANSFER_INO, row->ino,
			      COLDSEND_A_TRANSFER_PAD) ||
	    nla_put_string(skb, COLDSEND_A_TRANSFER_PATH, row->path) ||
	    cs_genl_put_progress(skb, row))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* A message is marked if transfers came or went since the one before. */
static int cs_genl_put_live(struct sk_buff *skb, struct netlink_callback *cb,
			    const struct cs_live_row *row)
{
	void *header = cs_genl_row(skb, cb, COLDSEND_CMD_TRANSFER_GET);
	int err;

	if (!header)
		return -EMSGSIZE;
	err = cs_genl_put_transfer(skb, row, current_user_ns());
	cb->seq = cs_live_version();
	return cs_genl_end_row(skb, cb, header, err);
}

int coldsend_nl_transfer_get_dumpit(struct sk_buff *skb,
				    struct netlink_callback *cb)
{
	struct cs_cursor *at = cs_genl_cursor(cb);
	struct cs_live_reader reader = {
		.all = cs_genl_is_admin(cb->skb),
		.uid = NETLINK_CREDS(cb->skb)->uid,
		.pid_ns = task_active_pid_ns(current)->ns.inum,
	};
	struct cs_live_row *row;
	int err = 0;

	row = kmalloc(sizeof(*row), GFP_KERNEL);
	if (!row)
		return -ENOMEM;
	while (!err && cs_live_row_from(at, &reader, row)) {
		err = cs_genl_put_live(skb, cb, row);
		at->next += !err;
	}
	kfree(row);
	/* For the message that ends the dump. */
	cb->seq = cs_live_version();
	return cs_genl_dumped(skb, err);
}

static int cs_genl_put_users(struct sk_buff *skb,
			     const struct cs_pool_view *view)
{
	if (nla_put_u32(skb, COLDSEND_A_POOL_USERS, view->users) ||
	    nla_put_u32(skb, COLDSEND_A_POOL_TRANSFERS, view->transfers) ||
	    nla_put_u32(skb, COLDSEND_A_POOL_WAITING, view->waiting) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_REFUSED, view->refused,
			      COLDSEND_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_SEGMENTS, view->segments,
			      COLDSEND_A_POOL_PAD))
		return -EMSGSIZE;
	return 0;
}

static int cs_genl_put_pool(struct sk_buff *skb,
			    const struct cs_pool_view *view)
{
	struct nlattr *nest = nla_nest_start(skb, COLDSEND_A_POOL);

	if (!nest ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_BYTES_MAX, view->max,
			      COLDSEND_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_BYTES_HELD, view->held,
			      COLDSEND_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_BYTES_USED, view->used,
			      COLDSEND_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_BYTES_IDLE, view->idle,
			      COLDSEND_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_BYTES_LINGERING,
			      view->lingering, COLDSEND_A_POOL_PAD) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_POOL_BYTES_PINNED, view->pinned,
			      COLDSEND_A_POOL_PAD) ||
	    cs_genl_put_users(skb, view))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int coldsend_nl_pool_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct cs_pool_view view;
	struct sk_buff *answer;
	void *header;

	answer = cs_genl_answer(info, &header);
	if (!answer)
		return -ENOMEM;
	cs_pool_look(&view);
	return cs_genl_send(answer, header, info,
			    cs_genl_put_pool(answer, &view));
}

static int cs_genl_put_histogram(struct sk_buff *skb, u32 timed)
{
	struct nlattr *nest = nla_nest_start(skb, COLDSEND_A_HISTOGRAM);
	struct cs_histogram histogram;
	u32 i;

	cs_latency_get(timed, &histogram);
	if (!nest || nla_put_u32(skb, COLDSEND_A_HISTOGRAM_TIMED, timed) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_HISTOGRAM_SUM_US,
			      histogram.sum_us, COLDSEND_A_HISTOGRAM_PAD))
		return -EMSGSIZE;
	for (i = 0; i < CS_LATENCY_BUCKETS; i++)
		if (nla_put_u64_64bit(skb, COLDSEND_A_HISTOGRAM_BUCKET,
				      histogram.bucket[i],
				      COLDSEND_A_HISTOGRAM_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int coldsend_nl_latency_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *answer;
	void *header;
	int err = 0;
	u32 timed;

	answer = cs_genl_answer(info, &header);
	if (!answer)
		return -ENOMEM;
	for (timed = 0; timed < CS_LATENCY_KINDS && !err; timed++)
		err = cs_genl_put_histogram(answer, timed);
	return cs_genl_send(answer, header, info, err);
}
