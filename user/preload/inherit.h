/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What "coldsend run" hands down to the processes of its run: words of their
 * environment, and descriptors whose numbers are in such words.
 */
#ifndef COLDSEND_INHERIT_H
#define COLDSEND_INHERIT_H

#include <linux/types.h>

/* Name of a policy; "default" if not there. */
#define CS_ENV_POLICY		"COLDSEND_POLICY"
/* Files that are smaller, and ranges that end before, are left to sendfile. */
#define CS_ENV_MIN_SIZE		"COLDSEND_MIN_SIZE"
/* The open device, as cs_inherit_put() writes it. */
#define CS_ENV_DEVICE		"COLDSEND_DEVICE_FD"
/* Shared memory with a struct cs_served, likewise. */
#define CS_ENV_SERVED		"COLDSEND_SERVED_FD"

/* CS_ENV_MIN_SIZE if it is not there: where the gain begins. */
#define CS_MIN_SIZE		(256 * 1024)

/**
 * struct cs_served - what was done for all processes of a run
 * @bytes: bytes that the module sent
 * @calls: calls of sendfile that it sent them for
 * @left: calls of sendfile that were left to sendfile
 */
struct cs_served {
	__u64 bytes;
	__u64 calls;
	__u64 left;
};

int cs_inherit_put(const char *name, int fd);
int cs_inherit_get(const char *name);

#endif /* COLDSEND_INHERIT_H */
