/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The netlink family by hand: requests that the tool would never make, from a
 * thread that chooses when.
 */
#ifndef CS_GENL_H
#define CS_GENL_H

#include <linux/netlink.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/**
 * struct cs_genl - a generic netlink socket
 * @fd: the socket
 * @family: number that the kernel gave the family "coldsend"
 * @seq: of the last request
 * @messages: in its answer, of the family
 * @sentence: that its error came with, or ""
 * @interrupted: one of them says that what is dumped changed meanwhile
 */
struct cs_genl {
	int fd;
	int family;
	__u32 seq;
	long messages;
	char sentence[128];
	bool interrupted;
};

int cs_genl_open(struct cs_genl *g);
void cs_genl_close(struct cs_genl *g);
int cs_genl_request(struct cs_genl *g, int cmd, int flags, const void *attrs,
		    size_t len);
int cs_genl_start(struct cs_genl *g, int cmd);
int cs_genl_finish(struct cs_genl *g);
size_t cs_genl_put(void *attrs, size_t at, int type, const void *value,
		   size_t len);

#endif /* CS_GENL_H */
