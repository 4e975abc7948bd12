// SPDX-License-Identifier: GPL-2.0
/* Netlink: live transfers, pool, latencies, events. */
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/ctrl.h>

#include "nl.h"
#include "views.h"

/* Bytes of events that wait for us at the most. */
#define EVENT_BUFFER	(1024 * 1024)

static struct nlattr *find(struct nl_msg *msg, int nest)
{
	return nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN, nest);
}

static void take_nest(const struct cs_attrs *set, struct nl_msg *msg, int nest,
		      struct cs_values *values)
{
	struct nlattr *attr = find(msg, nest);

	if (attr)
		cs_nl_take(set, nla_data(attr), nla_len(attr), values);
}

static void take_top(const struct cs_attrs *set, struct nl_msg *msg,
		     struct cs_values *values)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);

	cs_nl_take(set, nlmsg_attrdata(hdr, GENL_HDRLEN),
		   nlmsg_attrlen(hdr, GENL_HDRLEN), values);
}

/* The path of the transfer, as a string of its own; NULL for none. */
static char *take_path(struct nl_msg *msg)
{
	struct nlattr *attr = find(msg, COLDSEND_A_TRANSFER);

	if (attr)
		attr = nla_find(nla_data(attr), nla_len(attr),
				COLDSEND_A_TRANSFER_PATH);
	return attr ? strndup(nla_data(attr), (size_t)nla_len(attr)) : NULL;
}

static int take_transfer(struct nl_msg *msg, void *arg)
{
	struct cs_row *row = cs_rows_add(arg);

	if (!row)
		return -NLE_NOMEM;
	take_nest(&cs_transfer_attrs, msg, COLDSEND_A_TRANSFER, &row->file);
	row->path = take_path(msg);
	if (!row->path)
		row->path = strdup("");
	return row->path ? NL_OK : -NLE_NOMEM;
}

static void clear_rows(void *arg)
{
	cs_rows_clear(arg);
}

/**
 * cs_nl_transfers_dump - transfers that run
 * @nl: the connection
 * @rows: filled; the caller clears it.  @rows->interrupted is mostly set on a
 *	busy machine, where it means that some came or went meanwhile
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_transfers_dump(struct cs_nl *nl, struct cs_rows *rows)
{
	int err = cs_nl_dump(nl, COLDSEND_CMD_TRANSFER_GET, take_transfer,
			     clear_rows, rows);

	rows->interrupted = nl->interrupted;
	return err;
}

static int take_pool(struct nl_msg *msg, void *arg)
{
	take_nest(&cs_pool_attrs, msg, COLDSEND_A_POOL, arg);
	return NL_OK;
}

/** cs_nl_pool_get - what the pool holds; 0, or -1 after a message */
int cs_nl_pool_get(struct cs_nl *nl, struct cs_values *pool)
{
	*pool = (struct cs_values){ .has = 0 };
	return cs_nl_talk(nl, cs_nl_request(nl, COLDSEND_CMD_POOL_GET, 0),
			  take_pool, pool);
}

static void take_histogram(struct nlattr *nest, struct cs_histogram *all)
{
	struct nlattr *attr = nla_find(nla_data(nest), nla_len(nest),
				       COLDSEND_A_HISTOGRAM_TIMED);
	__u32 timed = attr ? nla_get_u32(attr) : CS_TIMED;
	unsigned int bucket = 0;
	int left;

	if (timed >= CS_TIMED)
		return;		/* a newer module's */
	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) == COLDSEND_A_HISTOGRAM_SUM_US)
			all[timed].sum_us = nla_get_u64(attr);
		if (nla_type(attr) == COLDSEND_A_HISTOGRAM_BUCKET &&
		    bucket < CS_BUCKETS)
			all[timed].bucket[bucket++] = nla_get_u64(attr);
	}
}

static int take_latency(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, nlmsg_attrdata(hdr, GENL_HDRLEN),
			  nlmsg_attrlen(hdr, GENL_HDRLEN), left)
		if (nla_type(attr) == COLDSEND_A_HISTOGRAM)
			take_histogram(attr, arg);
	return NL_OK;
}

/**
 * cs_nl_latency_get - how long things took
 * @nl: the connection
 * @histogram: CS_TIMED of them, filled
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_latency_get(struct cs_nl *nl, struct cs_histogram *histogram)
{
	memset(histogram, 0, CS_TIMED * sizeof(*histogram));
	return cs_nl_talk(nl, cs_nl_request(nl, COLDSEND_CMD_LATENCY_GET, 0),
			  take_latency, histogram);
}

/** cs_view_clear - give back what a view holds */
void cs_view_clear(struct cs_view *view)
{
	cs_rows_clear(&view->transfers);
	cs_rows_clear(&view->files);
}

/**
 * cs_nl_view - what the module does now
 * @nl: the connection
 * @view: filled, cleared before; the caller clears it
 *
 * Without CAP_NET_ADMIN only the caller's transfers are seen, and no files.
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_view(struct cs_nl *nl, struct cs_view *view)
{
	cs_view_clear(view);
	if (cs_nl_stats_get(nl, &view->stats) ||
	    cs_nl_pool_get(nl, &view->pool) ||
	    cs_nl_transfers_dump(nl, &view->transfers))
		return -1;
	view->when = cs_progress_now();
	cs_nl_hush(nl, true);
	view->sees_files = !cs_nl_files_dump(nl, &view->files);
	cs_nl_hush(nl, false);
	return 0;
}

/* Events come unasked: their numbers answer nothing. */
static int any_number(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

static int take_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *genl = nlmsg_data(nlmsg_hdr(msg));
	struct cs_event *event = arg;

	if (genl->cmd != COLDSEND_CMD_EVENT)
		return NL_SKIP;
	take_top(&cs_event_attrs, msg, &event->event);
	take_top(&cs_tunables, msg, &event->tunables);
	take_nest(&cs_transfer_attrs, msg, COLDSEND_A_TRANSFER,
		  &event->transfer);
	event->path = take_path(msg);
	return NL_STOP;
}

/** cs_nl_listen - have events come from now on; 0, or -1 after a message */
int cs_nl_listen(struct cs_nl *nl)
{
	int group = genl_ctrl_resolve_grp(nl->sock, COLDSEND_FAMILY_NAME,
					  COLDSEND_MCGRP_EVENTS);
	int err;

	if (group < 0) {
		cs_err("the module has no events: %s", nl_geterror(group));
		return -1;
	}
	nl_socket_set_buffer_size(nl->sock, EVENT_BUFFER, 0);
	err = nl_socket_add_membership(nl->sock, group);
	if (!err)
		return 0;
	cs_err("can't listen to events: %s", err == -NLE_PERM ?
	       "this needs CAP_NET_ADMIN: run it as root" : nl_geterror(err));
	return -1;
}

/**
 * cs_nl_next_event - wait for an event
 * @nl: after cs_nl_listen()
 * @event: filled; the caller frees its path
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_next_event(struct cs_nl *nl, struct cs_event *event)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err = cb ? 0 : -NLE_NOMEM;

	*event = (struct cs_event){ .path = NULL };
	if (cb) {
		nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_number, NULL);
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, take_event, event);
	}
	while (!err && !event->event.has) {
		err = nl_recvmsgs(nl->sock, cb);
		/* Ours was too full for one more: those that follow fit. */
		if (err == -NLE_NOMEM) {
			cs_err("events were lost: they came faster than they could be shown");
			err = 0;
		}
	}
	nl_cb_put(cb);
	if (!err)
		return 0;
	cs_err("netlink failed: %s", nl_geterror(err));
	return -1;
}
