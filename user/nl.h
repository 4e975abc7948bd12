/* SPDX-License-Identifier: GPL-2.0 */
/* What the files that speak netlink (nl*.c) offer each other. */
#ifndef COLDSEND_NL_H
#define COLDSEND_NL_H

#include <netlink/genl/genl.h>

#include "cli.h"

/**
 * struct cs_nl - a connection to the family
 * @sock: the socket
 * @family: number of the family
 * @running: the answer to the request under way is not complete
 * @error: errno of the request, 0 for success
 * @interrupted: the table changed while it was dumped
 * @offset: of the attribute in the request that the error is about, or 0
 * @hushed: a refusal is not worth a message
 * @sentence: what the kernel said about the error, "" for nothing
 */
struct cs_nl {
	struct nl_sock *sock;
	int family;
	bool running;
	int error;
	bool interrupted;
	unsigned int offset;
	bool hushed;
	char sentence[256];
};

struct nl_msg *cs_nl_request(struct cs_nl *nl, __u8 cmd, int flags);
int cs_nl_talk(struct cs_nl *nl, struct nl_msg *msg, nl_recvmsg_msg_cb_t take,
	       void *arg);
int cs_nl_dump(struct cs_nl *nl, __u8 cmd, nl_recvmsg_msg_cb_t take,
	       void (*clear)(void *arg), void *arg);
int cs_nl_put(struct nl_msg *msg, const struct cs_attrs *set,
	      const struct cs_values *values);
void cs_nl_take(const struct cs_attrs *set, struct nlattr *head, int len,
		struct cs_values *values);

#endif /* COLDSEND_NL_H */
