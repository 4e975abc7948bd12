/* SPDX-License-Identifier: GPL-2.0 */
/* A call of sendfile(2), by the module: for the shim, and for "run --seccomp". */
#ifndef COLDSEND_RANGE_H
#define COLDSEND_RANGE_H

#include <sys/types.h>

#include "inherit.h"

/**
 * struct cs_range_how - how calls go by the module
 * @device: returns the descriptor of the device, -1 for none
 * @policy: enum coldsend_policy
 * @min_size: CS_ENV_MIN_SIZE
 */
struct cs_range_how {
	int (*device)(void);
	__u32 policy;
	__u64 min_size;
};

ssize_t cs_range_send(const struct cs_range_how *how, int out, int in,
		      off64_t *offset, size_t count);
void cs_range_count(struct cs_served *served, ssize_t sent);

#endif /* COLDSEND_RANGE_H */
