// SPDX-License-Identifier: GPL-2.0
/* Source of policy direct: all by direct I/O, past the page cache. */
#include "ring.h"

static struct cs_segment *cs_direct_plan(struct cs_xfer *xfer, loff_t *limit)
{
	return NULL;
}

static void cs_direct_open(struct cs_xfer *xfer)
{
	cs_ring_open(xfer, cs_direct_plan);
}

/* The source of policy direct. */
const struct cs_source cs_source_direct = {
	.policy = COLDSEND_POLICY_DIRECT,
	.locks = true,
	.open = cs_direct_open,
	.next = cs_ring_next,
	.sent = cs_ring_sent,
	.idle = cs_ring_idle,
	.close = cs_ring_close,
};
