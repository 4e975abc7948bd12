// SPDX-License-Identifier: GPL-2.0
/*
 * Source of policy cached: pages of the page cache, handed out as they are.
 *
 * Up to 1 MiB of pages is gathered and sent at once.  Where a page is missing,
 * read-ahead of the transfer's own brings it and what follows; the next batch
 * waits for it.  What read-ahead can't bring (it is switched off, memory is
 * short, the disk failed) is read through the file system and copied, which
 * also finds the error if there is one.
 */
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "coldsend.h"

#define CS_BATCH_PAGES		(SZ_1M >> PAGE_SHIFT)
/* Read-ahead at the least, in pages, where the device has any. */
#define CS_READAHEAD_PAGES	(SZ_2M >> PAGE_SHIFT)

/* Anew where a file of overlayfs is copied up, for who writes to it: that is its inode. */
static void cs_cached_open(struct cs_xfer *xfer)
{
	struct cs_cached *cached = &xfer->cached;

	cached->inode = cs_pagecache_inode(xfer->file);
	cached->can_gather = cs_pagecache_can_gather(xfer->file);
	file_ra_state_init(&cached->ra, cached->inode->i_mapping);
	if (cached->ra.ra_pages)
		cached->ra.ra_pages = max(cached->ra.ra_pages,
					  CS_READAHEAD_PAGES);
}

/* @marked: the folio that asks for more read-ahead, or NULL: @index is missing */
static void cs_cached_read_ahead(struct cs_xfer *xfer, pgoff_t index,
				 struct folio *marked)
{
	struct cs_cached *cached = &xfer->cached;
	DEFINE_READAHEAD(ractl, cs_pagecache_reader(xfer->file), &cached->ra,
			 cached->inode->i_mapping, index);
	unsigned long before = cs_pagecache_pages(xfer->file);
	u32 pages = cs_gather_span(xfer->pos, xfer->end, CS_BATCH_PAGES);

	/* It goes on where it was: this is not the first look at the file. */
	if (index && !marked)
		cached->ra.prev_pos = ((loff_t)index << PAGE_SHIFT) - 1;
	if (marked)
		page_cache_async_ra(&ractl, marked, pages);
	else
		page_cache_sync_ra(&ractl, pages);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED,
		      cs_pagecache_added(xfer->file, before));
}

/* Where a gathered page asks for it, more is read ahead. */
static void cs_cached_keep_ahead(struct cs_xfer *xfer,
				 const struct cs_segment *batch)
{
	struct folio *folio;
	u32 i;

	for (i = 0; i < batch->nr_bvecs; i++) {
		folio = page_folio(batch->bvec[i].bv_page);
		if (folio_test_readahead(folio))
			cs_cached_read_ahead(xfer, folio->index, folio);
	}
}

static bool cs_cached_gather(struct cs_xfer *xfer, struct cs_segment *batch)
{
	cs_gather(batch, xfer->cached.inode, xfer->pos, xfer->end);
	if (!batch->end)
		return false;
	cs_gather_touch(batch);
	cs_cached_keep_ahead(xfer, batch);
	return true;
}

/*
 * Look, read ahead if the page is missing, look, wait for it, look: and once
 * more, if somebody dropped it meanwhile.  Then insist.
 * Return: 1 if the batch has something, 0 if the page can't be had this way,
 * -errno.
 */
static int cs_cached_refill(struct cs_xfer *xfer, struct cs_segment *batch)
{
	struct inode *inode = xfer->cached.inode;
	u32 attempt;
	int ret;

	for (attempt = 0; attempt < 4; attempt++) {
		if (cs_cached_gather(xfer, batch))
			return 1;
		ret = cs_gather_wait(xfer, inode);
		if (ret < 0)
			return ret;
		if (!ret)
			cs_cached_read_ahead(xfer, xfer->pos >> PAGE_SHIFT,
					     NULL);
	}
	return cs_gather_bring(xfer, inode, false) && cs_cached_gather(xfer, batch);
}

static enum cs_next cs_cached_stop(struct cs_xfer *xfer, int err)
{
	xfer->error = err;
	return CS_NEXT_END;
}

static enum cs_next cs_cached_next(struct cs_xfer *xfer,
				   struct cs_segment **segment)
{
	struct cs_cached *cached = &xfer->cached;
	int ret;

	if (!cs_segment_unsent(xfer->batch) && cs_xfer_sent(xfer) &&
	    cs_pagecache_inode(xfer->file) != cached->inode)
		cs_cached_open(xfer);
	if (!cached->can_gather)
		return cs_source_fall_back(xfer, &cs_source_copied,
					   COLDSEND_FALLBACK_COPIED);
	if (cs_segment_unsent(xfer->copied) || cs_user_is_waiting(xfer))
		return cs_source_copied.next(xfer, segment);
	if (cs_segment_unsent(xfer->batch)) {
		*segment = xfer->batch;
		return CS_NEXT_READY;
	}
	if (xfer->pos >= i_size_read(cached->inode))
		return CS_NEXT_END;
	if (!xfer->batch)
		xfer->batch = cs_gather_segment(xfer, xfer->pos,
						CS_BATCH_PAGES);
	if (!xfer->batch)
		return cs_cached_stop(xfer, -ENOMEM);
	*segment = xfer->batch;
	ret = cs_cached_refill(xfer, xfer->batch);
	if (ret < 0)
		return cs_cached_stop(xfer, ret);
	return ret ? CS_NEXT_READY : cs_source_copied.next(xfer, segment);
}

/* The socket has references of its own on what it still holds. */
static void cs_cached_sent(struct cs_xfer *xfer, struct cs_segment *segment)
{
	if (segment != xfer->batch) {
		cs_source_copied.sent(xfer, segment);
		return;
	}
	xfer->cached.pages += cs_gather_pages(segment);
	cs_segment_destroy(segment);
	xfer->batch = NULL;
}

/* The pages are gathered anew when the peer goes on; nothing is lost. */
static void cs_cached_idle(struct cs_xfer *xfer)
{
	struct cs_segment *batch = xfer->batch;

	cs_source_copied.idle(xfer);
	if (!batch)
		return;
	/* As many as were not sent are not taken again before the peer keeps up. */
	cs_sink_beware(xfer);
	xfer->cached.pages += cs_gather_pages_sent(batch);
	cs_segment_destroy(batch);
	xfer->batch = NULL;
}

/* Pages that were read ahead and that the transfer did not get to. */
static u64 cs_cached_pages_ahead(const struct cs_xfer *xfer)
{
	const struct file_ra_state *ra = &xfer->cached.ra;
	pgoff_t next = DIV_ROUND_UP_ULL(xfer->pos, PAGE_SIZE);

	return ra->start + ra->size > next ? ra->start + ra->size - next : 0;
}

static void cs_cached_close(struct cs_xfer *xfer)
{
	struct cs_cached *cached = &xfer->cached;
	u64 added = xfer->counters.value[COLDSEND_A_COUNTERS_PAGES_ADDED];

	cs_cached_idle(xfer);
	added -= min(added, cs_cached_pages_ahead(xfer));
	if (cached->pages > added)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_RESIDENT,
			      cached->pages - added);
	cs_source_copied.close(xfer);
	if (cs_xfer_sent(xfer))
		file_accessed(xfer->file);
}

/* The source of policy cached. */
const struct cs_source cs_source_cached = {
	.policy = COLDSEND_POLICY_CACHED,
	.open = cs_cached_open,
	.next = cs_cached_next,
	.sent = cs_cached_sent,
	.idle = cs_cached_idle,
	.close = cs_cached_close,
};
