// SPDX-License-Identifier: GPL-2.0
/*
 * Gathering: takes pages out of the page cache into a segment, as they are.
 *
 * Pages are sent as they are at the time that the network reads them: who
 * writes to the file meanwhile changes what arrives, as with sendfile(2).
 */
#include <linux/folio_batch.h>
#include <linux/ktime.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

#include "compat/pagemap.h"
#include "coldsend.h"

/* Takes over the reference on the folio, and adds its bytes to the segment. */
static void cs_gather_take(struct cs_segment *segment, struct folio *folio,
			   loff_t limit)
{
	loff_t pos = segment->pos + segment->end;
	size_t offset = pos - folio_pos(folio);
	size_t length = min_t(loff_t, folio_size(folio) - offset, limit - pos);

	bvec_set_page(&segment->bvec[segment->nr_bvecs++],
		      folio_page(folio, offset / PAGE_SIZE), length,
		      offset_in_page(offset));
	segment->end += length;
}

/* Is there memory of the folio that is broken?  Of a large one, some page's. */
static bool cs_gather_is_poisoned(struct folio *folio, size_t size)
{
	return folio_test_hwpoison(folio) ||
	       (size > PAGE_SIZE && folio_test_has_hwpoisoned(folio));
}

/* Is the folio the next of the segment, with its data in place? */
static bool cs_gather_fits(const struct cs_segment *segment,
			   struct folio *folio, loff_t limit)
{
	loff_t pos = segment->pos + segment->end;
	size_t size = folio_size(folio);

	/*
	 * The largest file's last folio ends where positions do; what begins behind
	 * is further from it than any is large.
	 */
	return pos < limit && (u64)(pos - folio_pos(folio)) < size &&
	       segment->nr_bvecs < segment->max_bvecs &&
	       folio_test_uptodate(folio) &&
	       !cs_gather_is_poisoned(folio, size);
}

/* Return: whether all folios were taken, so that more may follow. */
static bool cs_gather_take_all(struct cs_segment *segment,
			       struct folio_batch *folios, loff_t limit)
{
	bool all = true;
	u32 i;

	for (i = 0; i < folio_batch_count(folios); i++) {
		struct folio *folio = folios->folios[i];

		all = all && cs_gather_fits(segment, folio, limit);
		if (all)
			cs_gather_take(segment, folio, limit);
		else
			folio_put(folio);
	}
	folio_batch_init(folios);
	return all;
}

/*
 * The end of the file is looked up after the pages were seen to be up to date:
 * the other way round, a page could be extended in between and its new bytes
 * be sent before they are there.
 */
static void cs_gather_cut(struct cs_segment *segment, struct inode *inode,
			  loff_t end)
{
	end = min(end, i_size_read(inode));
	segment->end = clamp_t(loff_t, end - segment->pos, 0, segment->end);
	if (!segment->end)
		cs_segment_drop_pages(segment);
}

/**
 * cs_gather - fills a segment with what is in the page cache from @pos on
 * @segment: empty, from cs_segment_create_for_pages()
 * @inode: that has the pages, see cs_pagecache_can_gather()
 * @pos: first byte
 * @end: end of the bytes wanted, past @pos
 *
 * Takes as many pages as the segment has room for, up to the first that is
 * missing or not up to date.  Process context.  The segment holds a reference on each
 * folio; it is empty if there was nothing to take.
 */
void cs_gather(struct cs_segment *segment, struct inode *inode, loff_t pos,
	       loff_t end)
{
	pgoff_t next = pos >> PAGE_SHIFT;
	pgoff_t last = min_t(pgoff_t, (end - 1) >> PAGE_SHIFT,
			     next + segment->max_bvecs - 1);
	loff_t limit = min_t(u64, end, (u64)(last + 1) << PAGE_SHIFT);
	struct folio_batch folios;

	segment->pos = pos;
	folio_batch_init(&folios);
	while (next <= last &&
	       compat_filemap_get_folios(inode->i_mapping, &next, last,
					 &folios))
		if (!cs_gather_take_all(segment, &folios, limit))
			break;
	cs_gather_cut(segment, inode, end);
}

/**
 * cs_gather_wait - waits until nobody is reading the page at xfer->pos
 * @xfer: the transfer
 * @inode: that has the page
 *
 * Sleeps, for the disk; counts that.
 * Return: 1 if there is such a page, 0 if not, -EINTR on a fatal signal.
 */
int cs_gather_wait(struct cs_xfer *xfer, struct inode *inode)
{
	pgoff_t index = xfer->pos >> PAGE_SHIFT;
	struct folio_batch folios;
	u64 since;
	int err;

	folio_batch_init(&folios);
	if (!compat_filemap_get_folios(inode->i_mapping, &index, index,
				       &folios))
		return 0;
	since = ktime_get_ns();
	err = folio_wait_locked_killable(folios.folios[0]);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_WAIT_NS,
		      ktime_get_ns() - since);
	folio_batch_release(&folios);
	return err ? err : 1;
}

/**
 * cs_gather_bring - reads the page at xfer->pos, which read-ahead did not bring
 * @xfer: the transfer
 * @inode: that the page is of
 * @once: if it is new, nobody is to take it for a used one
 *
 * Also a page that is there in part: small blocks that were just written.
 * Sleeps, for the disk.
 *
 * Return: whether the page is there now, and up to date.
 */
bool cs_gather_bring(struct cs_xfer *xfer, struct inode *inode, bool once)
{
	struct address_space *mapping = inode->i_mapping;
	unsigned long before = cs_pagecache_pages(xfer->file);
	struct folio *folio = ERR_PTR(-ENODATA);
	u64 since = ktime_get_ns();
	u64 added;

	if (!mapping->a_ops->read_folio)
		return false;
	/* Against those who punch holes and truncate: no page of freed blocks. */
	filemap_invalidate_lock_shared(mapping);
	if (xfer->pos < i_size_read(inode))
		folio = read_cache_folio(mapping, xfer->pos >> PAGE_SHIFT, NULL,
					 cs_pagecache_reader(xfer->file));
	filemap_invalidate_unlock_shared(mapping);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_WAIT_NS,
		      ktime_get_ns() - since);
	if (IS_ERR(folio))
		return false;
	added = cs_pagecache_added(xfer->file, before);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED, added);
	if (added && once)
		folio_clear_referenced(folio);
	folio_put(folio);
	return true;
}

/**
 * cs_gather_span - pages that a range touches
 * @pos: first byte
 * @end: end of the range, past @pos
 * @max: to answer at the most
 *
 * Any context.
 */
u32 cs_gather_span(loff_t pos, loff_t end, u32 max)
{
	pgoff_t first = pos >> PAGE_SHIFT;
	pgoff_t last = (end - 1) >> PAGE_SHIFT;

	return min_t(pgoff_t, last - first + 1, max);
}

/**
 * cs_gather_segment - a segment for as many pages as the socket has use for
 * @xfer: the transfer
 * @pos: first byte to send
 * @max: pages at the most
 *
 * May sleep.  Return: the segment, for cs_gather(), or NULL.
 */
struct cs_segment *cs_gather_segment(struct cs_xfer *xfer, loff_t pos, u32 max)
{
	loff_t end = cs_sink_reach(xfer, pos);

	return cs_segment_create_for_pages(cs_gather_span(pos, end, max));
}

/**
 * cs_gather_pages - pages that the segment's bytes are of
 * @segment: with at least a byte
 *
 * Any context.
 */
u32 cs_gather_pages(const struct cs_segment *segment)
{
	return cs_gather_span(segment->pos, segment->pos + segment->end,
			      U32_MAX);
}

/**
 * cs_gather_pages_sent - pages of which the last byte was sent
 * @segment: that may have been sent in part
 *
 * Any context.
 */
u32 cs_gather_pages_sent(const struct cs_segment *segment)
{
	return ((segment->pos + segment->begin) >> PAGE_SHIFT) -
	       (segment->pos >> PAGE_SHIFT);
}

/**
 * cs_gather_touch - tells memory management that the pages were used
 * @segment: filled by cs_gather()
 *
 * Process context.
 */
void cs_gather_touch(const struct cs_segment *segment)
{
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		folio_mark_accessed(page_folio(segment->bvec[i].bv_page));
}
