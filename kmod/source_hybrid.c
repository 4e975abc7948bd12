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
#include <linux/folio_batch.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "ring.h"

/* Resident pages in a row that are worth interrupting the reads for. */
#define CS_RUN_PAGES_MIN	(SZ_64K >> PAGE_SHIFT)
/* Pages that one segment takes from the page cache. */
#define CS_RUN_PAGES		(SZ_1M >> PAGE_SHIFT)

/* The pages in the page cache at @pos, if they are worth it, or NULL. */
static struct cs_segment *cs_hybrid_gather(struct cs_xfer *xfer, loff_t pos)
{
	loff_t end = cs_sink_reach(xfer, pos);
	struct cs_segment *segment;

	if (!cs_pagecache_has(xfer->file, pos, 1))
		return NULL;
	segment = cs_segment_create_for_pages(cs_gather_span(pos, end, CS_RUN_PAGES));
	if (!segment)
		return NULL;
	cs_gather(segment, cs_pagecache_inode(xfer->file), pos, end);
	if (segment->end && (cs_gather_pages(segment) >= CS_RUN_PAGES_MIN ||
			     pos + segment->end == xfer->end))
		return segment;
	cs_segment_destroy(segment);
	return NULL;
}

/* Pages in a row that are up to date: from @start, up to @end. */
struct cs_run {
	pgoff_t start;
	pgoff_t end;
};

/* Return: whether the run is long enough, with @folio. */
static bool cs_hybrid_extend(struct cs_run *run, struct folio *folio)
{
	if (folio->index > run->end)
		run->start = folio->index;
	run->end = folio->index + folio_nr_pages(folio);
	if (!folio_test_uptodate(folio))
		run->start = run->end;
	return run->end - run->start >= CS_RUN_PAGES_MIN;
}

/* The start of the first run past @pos and before @limit that is long enough. */
static loff_t cs_hybrid_look_ahead(struct cs_xfer *xfer, loff_t pos,
				   loff_t limit)
{
	struct address_space *mapping = cs_pagecache_inode(xfer->file)->i_mapping;
	pgoff_t next = (pos >> PAGE_SHIFT) + 1;
	struct cs_run run = { .start = next, .end = next };
	struct folio_batch folios;
	bool found = false;
	pgoff_t last;
	u32 i;

	limit = pos + min_t(loff_t, limit - pos, xfer->tunables.segment_size);
	last = (limit - 1) >> PAGE_SHIFT;
	folio_batch_init(&folios);
	while (!found &&
	       filemap_get_folios(mapping, &next, last, &folios)) {
		for (i = 0; i < folio_batch_count(&folios) && !found; i++)
			found = cs_hybrid_extend(&run, folios.folios[i]);
		folio_batch_release(&folios);
	}
	if (found)
		limit = min_t(loff_t, limit, (loff_t)run.start << PAGE_SHIFT);
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
	.locks = true,
	.open = cs_hybrid_open,
	.next = cs_ring_next,
	.sent = cs_ring_sent,
	.idle = cs_ring_idle,
	.close = cs_ring_close,
};
