// SPDX-License-Identifier: GPL-2.0
/* Netlink: asks the family "coldsend".  All of libnl is here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>

#include "nl.h"

/* Dumps of a table that changes meanwhile are asked for again so many times. */
#define DUMP_TRIES	5

#define SEND_BUFFER	(256 * 1024)

/* Takes the extended acknowledgment's sentence out of its attributes. */
static void take_sentence(struct cs_nl *nl, void *attrs, int len)
{
	struct nlattr *msg = nla_find(attrs, len, NLMSGERR_ATTR_MSG);
	struct nlattr *offset = nla_find(attrs, len, NLMSGERR_ATTR_OFFS);

	if (offset)
		nl->offset = nla_get_u32(offset);
	if (msg)
		snprintf(nl->sentence, sizeof(nl->sentence), "%.*s",
			 nla_len(msg), (char *)nla_data(msg));
}

/* NLMSG_ERROR: the errno, the request (or its header alone), attributes. */
static int on_error(struct sockaddr_nl *from, struct nlmsgerr *nlerr, void *arg)
{
	struct nlmsghdr *hdr = (void *)((char *)nlerr - NLMSG_HDRLEN);
	int skip = sizeof(*nlerr);
	struct cs_nl *nl = arg;

	(void)from;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += (int)(nlerr->msg.nlmsg_len - sizeof(nlerr->msg));
	skip = NLMSG_ALIGN(skip);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS && skip < nlmsg_datalen(hdr))
		take_sentence(nl, (char *)nlerr + skip,
			      nlmsg_datalen(hdr) - skip);
	nl->error = -nlerr->error;
	nl->running = false;
	return NL_STOP;
}

/* NLMSG_DONE: what libnl leaves out is that a dump can end in an error too. */
static int on_done(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	int skip = NLMSG_ALIGN(sizeof(int));
	struct cs_nl *nl = arg;

	nl->running = false;
	if (nlmsg_datalen(hdr) < skip)
		return NL_STOP;
	nl->error = -*(int *)nlmsg_data(hdr);
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS)
		take_sentence(nl, (char *)nlmsg_data(hdr) + skip,
			      nlmsg_datalen(hdr) - skip);
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct cs_nl *nl = arg;

	(void)msg;
	nl->running = false;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct cs_nl *nl = arg;

	(void)msg;
	nl->interrupted = true;
	return NL_OK;
}

/* One sentence about the error that ended a request. */
static int say_refused(const struct cs_nl *nl)
{
	const char *why = nl->sentence;

	if (nl->hushed)
		return -1;

	if (!*why && nl->error == EPERM)
		why = "this needs CAP_NET_ADMIN: run it as root";
	else if (!*why)
		why = strerror(nl->error);
	cs_err("the kernel refused: %s", why);
	return -1;
}

static struct nl_cb *make_callbacks(struct cs_nl *nl, nl_recvmsg_msg_cb_t take,
				    void *arg)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	if (!cb)
		return NULL;
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, nl);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, nl);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, nl);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, nl);
	if (take)
		nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, take, arg);
	return cb;
}

static int receive_answer(struct cs_nl *nl, nl_recvmsg_msg_cb_t take, void *arg)
{
	struct nl_cb *cb = make_callbacks(nl, take, arg);
	int err = cb ? 0 : -NLE_NOMEM;

	while (nl->running && err >= 0)
		err = nl_recvmsgs(nl->sock, cb);
	nl_cb_put(cb);
	/* Our own handlers' answers come back here as errors of libnl. */
	if (!nl->running)
		return nl->error ? say_refused(nl) : 0;
	cs_err("netlink failed: %s", nl_geterror(err));
	return -1;
}

/** cs_nl_talk - send @msg, free it, and have @take look at each answer */
int cs_nl_talk(struct cs_nl *nl, struct nl_msg *msg, nl_recvmsg_msg_cb_t take,
	       void *arg)
{
	int err = msg ? nl_send_auto(nl->sock, msg) : -NLE_NOMEM;

	nlmsg_free(msg);
	if (err < 0) {
		cs_err("netlink failed: %s", nl_geterror(err));
		return -1;
	}
	nl->running = true;
	nl->error = 0;
	nl->interrupted = false;
	nl->offset = 0;
	nl->sentence[0] = '\0';
	return receive_answer(nl, take, arg);
}

/** cs_nl_request - a request to the family; NULL without memory */
struct nl_msg *cs_nl_request(struct cs_nl *nl, __u8 cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, nl->family, 0,
			       flags, cmd, COLDSEND_FAMILY_VERSION))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static int connect_family(struct cs_nl *nl)
{
	int on = 1, err;

	err = genl_connect(nl->sock);
	if (err < 0) {
		cs_err("can't open a netlink socket: %s", nl_geterror(err));
		return -1;
	}
	/* Kernels too old to know the option only leave the sentence out. */
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_EXT_ACK,
		   &on, sizeof(on));
	/* A refusal need not repeat what may be long; all rules must fit. */
	setsockopt(nl_socket_get_fd(nl->sock), SOL_NETLINK, NETLINK_CAP_ACK,
		   &on, sizeof(on));
	nl_socket_set_buffer_size(nl->sock, 0, SEND_BUFFER);
	nl->family = genl_ctrl_resolve(nl->sock, COLDSEND_FAMILY_NAME);
	if (nl->family >= 0)
		return 0;
	if (!cs_dev_say_unloaded())
		cs_err("the module is loaded but can't be reached by netlink from this network namespace");
	return -1;
}

/** cs_nl_open - connect to the family; NULL after a message */
struct cs_nl *cs_nl_open(void)
{
	struct cs_nl *nl = calloc(1, sizeof(*nl));

	if (nl)
		nl->sock = nl_socket_alloc();
	if (!nl || !nl->sock) {
		cs_err("no memory for a netlink socket");
		free(nl);
		return NULL;
	}
	if (!connect_family(nl))
		return nl;
	cs_nl_close(nl);
	return NULL;
}

/** cs_nl_close - the opposite of cs_nl_open() */
void cs_nl_close(struct cs_nl *nl)
{
	nl_socket_free(nl->sock);
	free(nl);
}

/** cs_nl_hush - from now on a refusal is worth no message, or is again */
void cs_nl_hush(struct cs_nl *nl, bool hushed)
{
	nl->hushed = hushed;
}

/** cs_nl_take - numbers of one set out of @len bytes of attributes */
void cs_nl_take(const struct cs_attrs *set, struct nlattr *head, int len,
		struct cs_values *values)
{
	struct nlattr *attr;
	int left;

	nla_for_each_attr(attr, head, len, left) {
		unsigned int nr = (unsigned int)nla_type(attr);

		if (nr >= set->count || !set->attr[nr].name)
			continue;	/* a newer module's, or no number */
		if (nla_len(attr) == sizeof(__u64))
			cs_values_put(values, nr, nla_get_u64(attr));
		else if (nla_len(attr) == sizeof(__u32))
			cs_values_put(values, nr, nla_get_u32(attr));
	}
}

/* As cs_nl_take(), for a nest in @msg. */
static void take_nest(const struct cs_attrs *set, struct nl_msg *msg, int nest,
		      struct cs_values *values)
{
	struct nlattr *attr = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
					      nest);

	if (attr)
		cs_nl_take(set, nla_data(attr), nla_len(attr), values);
}

static int take_tunables(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);

	cs_nl_take(&cs_tunables, nlmsg_attrdata(hdr, GENL_HDRLEN),
		   nlmsg_attrlen(hdr, GENL_HDRLEN), arg);
	return NL_OK;
}

/** cs_nl_policy_get - default policy and tunables; 0, or -1 after a message */
int cs_nl_policy_get(struct cs_nl *nl, struct cs_values *tunables)
{
	*tunables = (struct cs_values){ .has = 0 };
	return cs_nl_talk(nl, cs_nl_request(nl, COLDSEND_CMD_POLICY_GET, 0),
			  take_tunables, tunables);
}

/** cs_nl_put - put numbers of one set into @msg; not 0 if they don't fit */
int cs_nl_put(struct nl_msg *msg, const struct cs_attrs *set,
	      const struct cs_values *values)
{
	unsigned int nr;
	int err = 0;

	for (nr = 0; nr < set->count && !err; nr++) {
		if (!(values->has & 1ULL << nr))
			continue;
		if (set->attr[nr].wide)
			err = nla_put_u64(msg, (int)nr, values->v[nr]);
		else
			err = nla_put_u32(msg, (int)nr, (__u32)values->v[nr]);
	}
	return err;
}

/** cs_nl_policy_set - change what @tunables has; 0, or -1 after a message */
int cs_nl_policy_set(struct cs_nl *nl, const struct cs_values *tunables)
{
	struct nl_msg *msg = cs_nl_request(nl, COLDSEND_CMD_POLICY_SET, 0);

	if (msg && cs_nl_put(msg, &cs_tunables, tunables)) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return cs_nl_talk(nl, msg, NULL, NULL);
}

static int take_stats(struct nl_msg *msg, void *arg)
{
	struct cs_stats *stats = arg;

	take_nest(&cs_counters, msg, COLDSEND_A_COUNTERS, &stats->counters);
	take_nest(&cs_objects, msg, COLDSEND_A_OBJECTS, &stats->objects);
	return NL_OK;
}

/** cs_nl_stats_get - totals of the module; 0, or -1 after a message */
int cs_nl_stats_get(struct cs_nl *nl, struct cs_stats *stats)
{
	*stats = (struct cs_stats){ .counters.has = 0 };
	return cs_nl_talk(nl, cs_nl_request(nl, COLDSEND_CMD_STATS_GET, 0),
			  take_stats, stats);
}

/** cs_nl_stats_reset - forget all counters; 0, or -1 after a message */
int cs_nl_stats_reset(struct cs_nl *nl)
{
	return cs_nl_talk(nl, cs_nl_request(nl, COLDSEND_CMD_STATS_RESET, 0),
			  NULL, NULL);
}

/* The path in a row, as a string of its own. */
static char *take_path(struct nl_msg *msg)
{
	struct nlattr *attr = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
					      COLDSEND_A_FILE);

	if (attr)
		attr = nla_find(nla_data(attr), nla_len(attr),
				COLDSEND_A_FILE_PATH);
	return attr ? strndup(nla_data(attr), (size_t)nla_len(attr)) :
		      strdup("");
}

static int take_row(struct nl_msg *msg, void *arg)
{
	struct cs_row *row = cs_rows_add(arg);

	if (!row)
		return -NLE_NOMEM;
	take_nest(&cs_file_attrs, msg, COLDSEND_A_FILE, &row->file);
	take_nest(&cs_counters, msg, COLDSEND_A_COUNTERS, &row->counters);
	row->path = take_path(msg);
	return row->path ? NL_OK : -NLE_NOMEM;
}

/**
 * cs_nl_dump - all of a table
 * @nl: the connection; @nl->interrupted says whether it changed each time
 * @cmd: the command
 * @take: takes a row out of a message
 * @clear: forgets all rows, before each try
 * @arg: for both
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_dump(struct cs_nl *nl, __u8 cmd, nl_recvmsg_msg_cb_t take,
	       void (*clear)(void *arg), void *arg)
{
	int tries = DUMP_TRIES, err;

	do {
		clear(arg);
		err = cs_nl_talk(nl, cs_nl_request(nl, cmd, NLM_F_DUMP), take,
				 arg);
	} while (!err && nl->interrupted && --tries);
	return err;
}

static void clear_rows(void *arg)
{
	cs_rows_clear(arg);
}

/**
 * cs_nl_files_dump - statistics of all files
 * @nl: the connection
 * @rows: filled; the caller clears it
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_files_dump(struct cs_nl *nl, struct cs_rows *rows)
{
	int err = cs_nl_dump(nl, COLDSEND_CMD_FILE_GET, take_row, clear_rows,
			     rows);

	rows->interrupted = nl->interrupted;
	return err;
}
