// SPDX-License-Identifier: GPL-2.0
/* The netlink family by hand: one request, and all of its answer. */
#include <errno.h>
#include <linux/coldsend_netlink.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "genl.h"

#define MESSAGE		32768
#define ATTRS		4096
#define SECONDS		10

/**
 * struct request - what goes to the kernel
 * @nl: its header
 * @genl: the family's header
 * @attrs: attributes
 */
struct request {
	struct nlmsghdr nl;
	struct genlmsghdr genl;
	__u8 attrs[ATTRS];
};

/* Adds an attribute to those that end at @at; where they end then. */
size_t cs_genl_put(void *attrs, size_t at, int type, const void *value,
		   size_t len)
{
	struct nlattr head = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	__u8 *to = (__u8 *)attrs + at;

	memcpy(to, &head, sizeof(head));
	memset(to + NLA_HDRLEN, 0, NLA_ALIGN(len));
	memcpy(to + NLA_HDRLEN, value, len);
	return at + NLA_HDRLEN + NLA_ALIGN(len);
}

/* The payload of an attribute @skip bytes into the message, or NULL. */
static const void *find_attr(const struct nlmsghdr *nl, size_t skip, int type)
{
	const __u8 *at = (const __u8 *)NLMSG_DATA(nl) + NLMSG_ALIGN(skip);
	const __u8 *end = (const __u8 *)nl + nl->nlmsg_len;
	struct nlattr head;

	for (; at + NLA_HDRLEN <= end; at += NLA_ALIGN(head.nla_len)) {
		memcpy(&head, at, sizeof(head));
		if (head.nla_len < NLA_HDRLEN)
			return NULL;
		if (head.nla_type == type)
			return at + NLA_HDRLEN;
	}
	return NULL;
}

/* The family's number, if this message tells it. */
static void note_family(struct cs_genl *g, const struct nlmsghdr *nl)
{
	const __u16 *number;

	if (nl->nlmsg_type != GENL_ID_CTRL || g->family != GENL_ID_CTRL)
		return;
	number = find_attr(nl, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	if (number)
		g->family = *number;
}

/* The sentence of an error or of a dump's end, behind @skip bytes. */
static void note_sentence(struct cs_genl *g, const struct nlmsghdr *nl,
			  size_t skip)
{
	const char *sentence = NULL;

	if (nl->nlmsg_flags & NLM_F_ACK_TLVS)
		sentence = find_attr(nl, skip, NLMSGERR_ATTR_MSG);
	if (sentence)
		snprintf(g->sentence, sizeof(g->sentence), "%s", sentence);
}

static int take_error(struct cs_genl *g, const struct nlmsghdr *nl)
{
	const struct nlmsgerr *e = NLMSG_DATA(nl);

	note_sentence(g, nl, sizeof(*e));
	return e->error;
}

static int take_done(struct cs_genl *g, const struct nlmsghdr *nl)
{
	note_sentence(g, nl, sizeof(int));
	return *(const int *)NLMSG_DATA(nl);
}

/* Looks at @n bytes of answer: 1 there is more to come, 0 or -errno. */
static int look_at(struct cs_genl *g, const struct nlmsghdr *nl, ssize_t n)
{
	for (; NLMSG_OK(nl, n); nl = NLMSG_NEXT(nl, n)) {
		if (nl->nlmsg_seq != g->seq)
			continue;
		g->interrupted |= nl->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nl->nlmsg_type == NLMSG_ERROR)
			return take_error(g, nl);
		if (nl->nlmsg_type == NLMSG_DONE)
			return take_done(g, nl);
		note_family(g, nl);
		g->messages++;
	}
	return 1;
}

static int answer(struct cs_genl *g)
{
	union {
		struct nlmsghdr nl;
		__u8 bytes[MESSAGE];
	} buf;
	int more = 1;

	while (more > 0) {
		ssize_t n = recv(g->fd, &buf, sizeof(buf), 0);

		if (n < 0)
			return -errno;
		more = look_at(g, &buf.nl, n);
	}
	return more;
}

static int ask(struct cs_genl *g, int cmd, int flags, const void *attrs,
	       size_t len)
{
	struct request r = {
		.nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN) + len,
		.nl.nlmsg_type = g->family,
		.nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
		.nl.nlmsg_seq = ++g->seq,
		.genl.cmd = cmd, .genl.version = COLDSEND_FAMILY_VERSION,
	};

	if (len > sizeof(r.attrs))
		return -EMSGSIZE;
	if (len)
		memcpy(r.attrs, attrs, len);
	g->messages = 0;
	g->sentence[0] = '\0';
	g->interrupted = false;
	return send(g->fd, &r, r.nl.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Sends a request and waits for the end of its answer: 0 or -errno. */
int cs_genl_request(struct cs_genl *g, int cmd, int flags, const void *attrs,
		    size_t len)
{
	int err = ask(g, cmd, flags, attrs, len);

	return err ? err : answer(g);
}

/* Starts a dump, which goes on as its answer is received: 0 or -errno. */
int cs_genl_start(struct cs_genl *g, int cmd)
{
	return ask(g, cmd, NLM_F_DUMP, NULL, 0);
}

/* Waits for the end of what cs_genl_start() began: 0 or -errno. */
int cs_genl_finish(struct cs_genl *g)
{
	return answer(g);
}

/* A socket, and the family's number: 0 or -errno. */
int cs_genl_open(struct cs_genl *g)
{
	struct timeval patience = { .tv_sec = SECONDS };
	__u8 attrs[64];
	size_t len = cs_genl_put(attrs, 0, CTRL_ATTR_FAMILY_NAME,
				 COLDSEND_FAMILY_NAME,
				 sizeof(COLDSEND_FAMILY_NAME));
	int on = 1, err;

	g->family = GENL_ID_CTRL;
	g->seq = 0;
	g->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (g->fd < 0)
		return -errno;
	setsockopt(g->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(g->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(g->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	err = cs_genl_request(g, CTRL_CMD_GETFAMILY, 0, attrs, len);
	if (err)
		cs_genl_close(g);
	return err;
}

void cs_genl_close(struct cs_genl *g)
{
	close(g->fd);
	g->fd = -1;
}
