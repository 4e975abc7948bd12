// SPDX-License-Identifier: GPL-2.0
/*
 * Source of policy drop-behind: through the page cache, and out of it again.
 *
 * Before a window of the file is read, it is looked up which of its pages are
 * in the page cache; only those that are not are the transfer's own.  They are
 * sent like all others and then handed to drop.c, which evicts them as soon as
 * the network has let go.
 *
 * The window being sent and the next are read ahead, no more: so that what a
 * stopped transfer leaves behind is little, and known.
 */
#include <linux/bitmap.h>
#include <linux/blkdev.h>
#include <linux/fadvise.h>
#include <linux/folio_batch.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>

#include "coldsend.h"

/* One call of read-ahead: every device takes that much at once. */
#define CS_AHEAD_BYTES	SZ_128K

static pgoff_t cs_drop_window_of(loff_t pos)
{
	return (pos >> PAGE_SHIFT) / CS_DROP_WINDOW;
}

static unsigned long *cs_drop_own(struct cs_xfer *xfer, pgoff_t window)
{
	return xfer->drop.own[window % 2];
}

static void cs_drop_open(struct cs_xfer *xfer)
{
	struct cs_drop *drop = &xfer->drop;

	drop->inode = cs_pagecache_inode(xfer->file);
	drop->prepared = cs_drop_window_of(xfer->pos);
	drop->can_gather = cs_pagecache_can_gather(xfer->file);
	drop->key = cs_stats_key(xfer->file);
}

/* Clears the bits of pages that are in the page cache. */
static void cs_drop_find_foreign(struct inode *inode, pgoff_t first,
				 pgoff_t last, unsigned long *own)
{
	struct folio_batch folios;
	pgoff_t next = first, begin, end;
	u32 i;

	folio_batch_init(&folios);
	while (filemap_get_folios(inode->i_mapping, &next, last, &folios)) {
		for (i = 0; i < folio_batch_count(&folios); i++) {
			struct folio *folio = folios.folios[i];

			begin = max(folio->index, first);
			end = min(folio->index + folio_nr_pages(folio),
				  last + 1);
			if (begin < end)
				bitmap_clear(own, begin % CS_DROP_WINDOW,
					     end - begin);
		}
		folio_batch_release(&folios);
	}
}

/* Submits reads for what is missing, and waits for none of them. */
static void cs_drop_read_ahead(struct cs_xfer *xfer, loff_t pos, loff_t end)
{
	struct blk_plug plug;

	blk_start_plug(&plug);
	for (; pos < end; pos += CS_AHEAD_BYTES)
		vfs_fadvise(xfer->file, pos,
			    min_t(loff_t, CS_AHEAD_BYTES, end - pos),
			    POSIX_FADV_WILLNEED);
	blk_finish_plug(&plug);
}

/* Finds out what of the window will be ours, and has it read. */
static void cs_drop_prepare(struct cs_xfer *xfer, pgoff_t window)
{
	unsigned long *own = cs_drop_own(xfer, window);
	pgoff_t first = max_t(pgoff_t, window * CS_DROP_WINDOW,
			      xfer->pos >> PAGE_SHIFT);
	pgoff_t last = min_t(pgoff_t, (window + 1) * CS_DROP_WINDOW - 1,
			     (xfer->end - 1) >> PAGE_SHIFT);
	u32 missing;

	bitmap_zero(own, CS_DROP_WINDOW);
	bitmap_set(own, first % CS_DROP_WINDOW, last - first + 1);
	cs_drop_find_foreign(xfer->drop.inode, first, last, own);
	missing = bitmap_weight(own, CS_DROP_WINDOW);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED, missing);
	if (missing)
		cs_drop_read_ahead(xfer, (loff_t)first << PAGE_SHIFT,
				   (loff_t)(last + 1) << PAGE_SHIFT);
}

static void cs_drop_prepare_up_to(struct cs_xfer *xfer, pgoff_t window)
{
	struct cs_drop *drop = &xfer->drop;

	window = min_t(pgoff_t, window, cs_drop_window_of(xfer->end - 1));
	for (; drop->prepared <= window; drop->prepared++)
		cs_drop_prepare(xfer, drop->prepared);
}

/* Return: 1 if the batch has something, 0 if it can't be had, -errno. */
static int cs_drop_refill(struct cs_xfer *xfer, struct cs_segment *batch)
{
	pgoff_t window = cs_drop_window_of(xfer->pos);
	loff_t end = min_t(loff_t, xfer->end,
			   (loff_t)(window + 1) * CS_DROP_WINDOW << PAGE_SHIFT);
	u32 attempt;
	int ret;

	cs_drop_prepare_up_to(xfer, window + 1);
	for (attempt = 0; attempt < 3; attempt++) {
		cs_gather(batch, xfer->drop.inode, xfer->pos, end);
		if (batch->end)
			return 1;
		ret = cs_gather_wait(xfer, xfer->drop.inode);
		if (ret < 0)
			return ret;
		if (!ret)
			cs_drop_read_ahead(xfer, xfer->pos, end);
	}
	if (cs_gather_bring(xfer, xfer->drop.inode))
		cs_gather(batch, xfer->drop.inode, xfer->pos, end);
	return batch->end > 0;
}

static enum cs_next cs_drop_new_batch(struct cs_xfer *xfer,
				      struct cs_segment **segment)
{
	struct cs_drop *drop = &xfer->drop;
	int ret = -ENOMEM;

	drop->batch = cs_segment_create_for_pages(CS_DROP_WINDOW);
	if (drop->batch) {
		drop->batch->counter = COLDSEND_A_COUNTERS_BYTES_DROP_BEHIND;
		drop->batch->key = drop->key;
		ret = cs_drop_refill(xfer, drop->batch);
	}
	if (ret > 0) {
		*segment = drop->batch;
		return CS_NEXT_READY;
	}
	if (drop->batch)
		cs_segment_destroy(drop->batch);
	drop->batch = NULL;
	if (!ret)
		return cs_source_copied.next(xfer, segment);
	xfer->error = ret;
	return CS_NEXT_END;
}

static enum cs_next cs_drop_next(struct cs_xfer *xfer,
				 struct cs_segment **segment)
{
	struct cs_drop *drop = &xfer->drop;

	if (!drop->can_gather)
		return cs_source_fall_back(xfer, &cs_source_copied,
					   COLDSEND_FALLBACK_COPIED);
	if (cs_segment_unsent(xfer->copied))
		return cs_source_copied.next(xfer, segment);
	*segment = drop->batch;
	if (drop->batch)
		return CS_NEXT_READY;
	if (xfer->pos >= i_size_read(drop->inode))
		return CS_NEXT_END;
	return cs_drop_new_batch(xfer, segment);
}

static bool cs_drop_is_own(struct cs_xfer *xfer, struct folio *folio)
{
	pgoff_t window = folio->index / CS_DROP_WINDOW;
	u32 first = folio->index % CS_DROP_WINDOW;
	u32 end = first + folio_nr_pages(folio);

	return end <= CS_DROP_WINDOW &&
	       find_next_zero_bit(cs_drop_own(xfer, window), end, first) >= end;
}

/*
 * Keeps in the segment what is the transfer's own and was sent to its end: the
 * rest of a folio that was not is in the next segment, and so is the folio.
 */
static void cs_drop_keep_own(struct cs_xfer *xfer, struct cs_segment *segment,
			     loff_t sent_to)
{
	u32 i, own = 0;

	for (i = 0; i < segment->nr_bvecs; i++) {
		struct folio *folio = page_folio(segment->bvec[i].bv_page);
		loff_t end = folio_pos(folio) + folio_size(folio);

		if (cs_drop_is_own(xfer, folio) &&
		    (end <= sent_to || sent_to == xfer->end))
			segment->bvec[own++] = segment->bvec[i];
		else
			folio_put(folio);
	}
	segment->nr_bvecs = own;
}

static void cs_drop_hand_over(struct cs_xfer *xfer, struct cs_segment *segment,
			      loff_t sent_to)
{
	u32 pages = cs_gather_pages(segment), own;

	cs_drop_keep_own(xfer, segment, sent_to);
	own = segment->nr_bvecs;
	if (pages > own)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_RESIDENT,
			      pages - own);
	if (own)
		cs_drop_later(segment);
	else
		cs_segment_destroy(segment);
	xfer->drop.batch = NULL;
}

static void cs_drop_sent(struct cs_xfer *xfer, struct cs_segment *segment)
{
	if (segment == xfer->drop.batch)
		cs_drop_hand_over(xfer, segment, segment->pos + segment->end);
	else
		cs_source_copied.sent(xfer, segment);
}

/* What was read ahead is the transfer's to drop, so that it is kept in mind. */
static void cs_drop_idle(struct cs_xfer *xfer)
{
}

/* Adds the transfer's own pages of a range, those being read still too. */
static void cs_drop_collect(struct cs_xfer *xfer, struct cs_segment *segment,
			    pgoff_t first, pgoff_t last)
{
	struct address_space *mapping = xfer->drop.inode->i_mapping;
	struct folio_batch folios;
	u32 i;

	folio_batch_init(&folios);
	while (filemap_get_folios(mapping, &first, last, &folios)) {
		for (i = 0; i < folio_batch_count(&folios); i++) {
			struct folio *folio = folios.folios[i];

			if (segment->nr_bvecs == segment->max_bvecs ||
			    !cs_drop_is_own(xfer, folio))
				continue;
			folio_get(folio);
			bvec_set_page(&segment->bvec[segment->nr_bvecs++],
				      folio_page(folio, 0), PAGE_SIZE, 0);
		}
		folio_batch_release(&folios);
	}
}

/* Hands over what was read ahead of a transfer that stopped early. */
static void cs_drop_unread(struct cs_xfer *xfer, pgoff_t window)
{
	pgoff_t first = max_t(pgoff_t, window * CS_DROP_WINDOW,
			      xfer->pos >> PAGE_SHIFT);
	pgoff_t last = min_t(pgoff_t, (window + 1) * CS_DROP_WINDOW - 1,
			     (xfer->end - 1) >> PAGE_SHIFT);
	struct cs_segment *segment;

	segment = cs_segment_create_for_pages(CS_DROP_WINDOW);
	if (!segment) {
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_FAILED,
			      bitmap_weight(cs_drop_own(xfer, window),
					    CS_DROP_WINDOW));
		return;
	}
	segment->key = xfer->drop.key;
	cs_drop_collect(xfer, segment, first, last);
	if (segment->nr_bvecs)
		cs_drop_later(segment);
	else
		cs_segment_destroy(segment);
}

static void cs_drop_close(struct cs_xfer *xfer)
{
	struct cs_drop *drop = &xfer->drop;
	pgoff_t window = cs_drop_window_of(xfer->pos);

	if (drop->batch)
		cs_drop_hand_over(xfer, drop->batch, xfer->pos);
	for (; window < drop->prepared; window++)
		if (xfer->pos < xfer->end)
			cs_drop_unread(xfer, window);
	cs_source_copied.close(xfer);
	file_accessed(xfer->file);
}

/* The source of policy drop-behind. */
const struct cs_source cs_source_drop = {
	.policy = COLDSEND_POLICY_DROP_BEHIND,
	.open = cs_drop_open,
	.next = cs_drop_next,
	.sent = cs_drop_sent,
	.idle = cs_drop_idle,
	.close = cs_drop_close,
};
