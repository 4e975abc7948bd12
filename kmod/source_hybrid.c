// SPDX-License-Identifier: GPL-2.0
/*
 * Source of policy hybrid: what is in the page cache comes from there, the
 * rest by direct I/O.
 *
 * Hits cost no read of the disk, misses leave no trace, and neither promotes
 * the pages that are there: the page cache stays as it was, for the better use
 * of others.  A few pages between much that is missing are read over: the disk
 * brings them faster than it is asked twice.
 */
#include <linux/math.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "coldsend.h"

/* Resident bytes in a row that are worth interrupting the reads for. */
#define CS_RUN_MIN	SZ_64K
/* Where in a range that is not all missing the next run is looked for. */
#define CS_WINDOW	SZ_256K
/* Pages that one segment takes from the page cache. */
#define CS_RUN_PAGES	(SZ_1M >> PAGE_SHIFT)

/* The pages in the page cache at @pos, if they are worth it, or NULL. */
static struct cs_segment *cs_hybrid_gather(struct cs_xfer *xfer, loff_t pos)
{
	struct inode *inode = cs_pagecache_inode(xfer->file);
	loff_t end = min_t(loff_t, xfer->end, pos + CS_RUN_PAGES * PAGE_SIZE);
	u32 pages = ((end - 1) >> PAGE_SHIFT) - (pos >> PAGE_SHIFT) + 1;
	struct cs_segment *segment;

	if (!filemap_range_has_page(inode->i_mapping, pos,
				    pos | (PAGE_SIZE - 1)))
		return NULL;
	segment = cs_segment_create_for_pages(pages);
	if (!segment)
		return NULL;
	cs_gather(segment, inode, pos, end);
	if (segment->end >= CS_RUN_MIN ||
	    (segment->end && pos + segment->end == xfer->end))
		return segment;
	cs_segment_destroy(segment);
	return NULL;
}

/* The next place past @pos and before @limit where a run may start. */
static loff_t cs_hybrid_look_ahead(struct cs_xfer *xfer, loff_t pos,
				   loff_t limit)
{
	struct address_space *mapping = cs_pagecache_inode(xfer->file)->i_mapping;

	limit = min_t(loff_t, limit, pos + xfer->tunables.segment_size);
	if (!filemap_range_has_page(mapping, pos, limit - 1))
		return limit;
	for (pos = round_down(pos, CS_WINDOW) + CS_WINDOW; pos < limit;
	     pos += CS_WINDOW)
		if (filemap_range_has_page(mapping, pos,
					   pos + PAGE_SIZE - 1))
			return pos;
	return limit;
}

static struct cs_segment *cs_hybrid_plan(struct cs_xfer *xfer, loff_t *limit)
{
	loff_t pos = xfer->ring.next;
	struct cs_segment *segment = NULL;

	if (!cs_pagecache_can_gather(xfer->file))
		return NULL;
	segment = cs_hybrid_gather(xfer, pos);
	if (!segment)
		*limit = cs_hybrid_look_ahead(xfer, pos, *limit);
	return segment;
}

static void cs_hybrid_open(struct cs_xfer *xfer)
{
	cs_ring_open(xfer, cs_hybrid_plan);
}

/* The source of policy hybrid. */
const struct cs_source cs_source_hybrid = {
	.policy = COLDSEND_POLICY_HYBRID,
	.open = cs_hybrid_open,
	.next = cs_ring_next,
	.sent = cs_ring_sent,
	.idle = cs_ring_idle,
	.close = cs_ring_close,
};
