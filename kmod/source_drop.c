// SPDX-License-Identifier: GPL-2.0
/*
 * Source of policy drop-behind: through the page cache, and out of it again.
 *
 * Pages that the transfer claimed (claim.c) are sent like all others and then
 * handed to drop.c, which evicts them as soon as the network has let go.
 */
#include <linux/pagemap.h>
#include <linux/pfn.h>

#include "coldsend.h"

static void cs_drop_open(struct cs_xfer *xfer)
{
	struct cs_drop *drop = &xfer->drop;

	drop->inode = cs_pagecache_inode(xfer->file);
	drop->can_gather = cs_pagecache_can_gather(xfer->file);
	cs_claim_open(xfer);
}

/* A file of overlayfs was copied up, for who writes to it: it has another inode now. */
static void cs_drop_open_anew(struct cs_xfer *xfer)
{
	cs_claim_give_up(xfer);
	cs_drop_open(xfer);
}

/*
 * Others who have the file keep a worker from claiming more of it, not from sending
 * what is there.
 * Return: 1 if the batch has something, 0 if it can't be had; -EAGAIN others have the
 * file, and others -errno.
 */
static int cs_drop_refill(struct cs_xfer *xfer, struct cs_segment *batch)
{
	int ret, err = cs_claim_ahead(xfer);
	loff_t end = cs_claim_end(xfer);
	u32 attempt;

	for (attempt = 0; attempt < 3; attempt++) {
		cs_gather(batch, xfer->drop.inode, xfer->pos, end);
		if (batch->end)
			return 1;
		if (err)
			return err;
		ret = cs_gather_wait(xfer, xfer->drop.inode);
		if (ret < 0)
			return ret;
		if (!ret)
			err = cs_claim_again(xfer);
	}
	if (cs_gather_bring(xfer, xfer->drop.inode, true))
		cs_gather(batch, xfer->drop.inode, xfer->pos, end);
	return batch->end > 0;
}

static enum cs_next cs_drop_new_batch(struct cs_xfer *xfer,
				      struct cs_segment **segment)
{
	int ret = -ENOMEM;

	xfer->batch = cs_gather_segment(xfer, xfer->pos, CS_DROP_WINDOW);
	if (xfer->batch) {
		xfer->batch->counter = COLDSEND_A_COUNTERS_BYTES_DROP_BEHIND;
		xfer->batch->key = xfer->key;
		ret = cs_drop_refill(xfer, xfer->batch);
	}
	if (ret > 0) {
		*segment = xfer->batch;
		return CS_NEXT_READY;
	}
	if (xfer->batch)
		cs_segment_destroy(xfer->batch);
	xfer->batch = NULL;
	if (!ret)
		return cs_source_copied.next(xfer, segment);
	if (ret == -EAGAIN)
		return CS_NEXT_WAIT_FILE;
	xfer->error = ret;
	return CS_NEXT_END;
}

static enum cs_next cs_drop_next(struct cs_xfer *xfer,
				 struct cs_segment **segment)
{
	struct cs_drop *drop = &xfer->drop;

	if (!xfer->batch && cs_xfer_sent(xfer) &&
	    cs_pagecache_inode(xfer->file) != drop->inode)
		cs_drop_open_anew(xfer);
	if (!drop->can_gather)
		return cs_source_fall_back(xfer, &cs_source_copied,
					   COLDSEND_FALLBACK_COPIED);
	if (cs_segment_unsent(xfer->copied) || cs_user_is_waiting(xfer))
		return cs_source_copied.next(xfer, segment);
	*segment = xfer->batch;
	if (xfer->batch)
		return CS_NEXT_READY;
	if (xfer->pos >= i_size_read(drop->inode))
		return CS_NEXT_END;
	return cs_drop_new_batch(xfer, segment);
}

/*
 * Keeps in the segment what is the transfer's own and was sent to its end: the
 * rest of a folio that was not is in the next segment, and so is the folio.
 * Return: pages that were sent to their end and are not the transfer's own.
 */
static u32 cs_drop_keep_own(struct cs_xfer *xfer, struct cs_segment *segment,
			    loff_t sent_to)
{
	u32 i, own = 0, foreign = 0;

	for (i = 0; i < segment->nr_bvecs; i++) {
		struct bio_vec *bvec = &segment->bvec[i];
		struct folio *folio = page_folio(bvec->bv_page);
		loff_t sent_of_it = sent_to - folio_pos(folio);
		bool sent = sent_of_it >= (loff_t)folio_size(folio) ||
			    sent_to == xfer->end;

		if (sent && cs_claim_has(xfer, folio)) {
			/* Of a folio that is split, drop.c gets the first page back. */
			bvec_set_page(&segment->bvec[own++],
				      folio_page(folio, 0), PAGE_SIZE, 0);
			continue;
		}
		if (sent)
			foreign += PFN_UP(bvec->bv_offset + bvec->bv_len);
		folio_put(folio);
	}
	segment->nr_bvecs = own;
	return foreign;
}

static void cs_drop_hand_over(struct cs_xfer *xfer, struct cs_segment *segment,
			      loff_t sent_to)
{
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_RESIDENT,
		      cs_drop_keep_own(xfer, segment, sent_to));
	if (segment->nr_bvecs)
		cs_drop_later(segment);
	else
		cs_segment_destroy(segment);
	xfer->batch = NULL;
}

static void cs_drop_sent(struct cs_xfer *xfer, struct cs_segment *segment)
{
	if (segment == xfer->batch)
		cs_drop_hand_over(xfer, segment, segment->pos + segment->end);
	else
		cs_source_copied.sent(xfer, segment);
}

/* What is not sent yet is gathered anew when the peer goes on. */
static void cs_drop_idle(struct cs_xfer *xfer)
{
	if (xfer->batch) {
		cs_sink_beware(xfer);
		cs_drop_hand_over(xfer, xfer->batch, xfer->pos);
	}
	cs_source_copied.idle(xfer);
}

static void cs_drop_close(struct cs_xfer *xfer)
{
	cs_drop_idle(xfer);
	cs_claim_give_up(xfer);
	cs_source_copied.close(xfer);
	file_accessed(xfer->file);
}

/* The source of policy drop-behind. */
const struct cs_source cs_source_drop = {
	.policy = COLDSEND_POLICY_DROP_BEHIND,
	.locks = true,
	.open = cs_drop_open,
	.next = cs_drop_next,
	.sent = cs_drop_sent,
	.idle = cs_drop_idle,
	.close = cs_drop_close,
};
