// SPDX-License-Identifier: GPL-2.0
/*
 * Source of last resort: the file system's own buffered read, copied by it into
 * a segment of ours.
 *
 * It works for every file that read(2) works for, at the price of one copy by
 * the CPU.  It serves whole files of file systems whose pages can't be handed
 * out, and single pieces that policy cached can't find in the page cache.
 */
#include <linux/ktime.h>
#include <linux/sizes.h>
#include <linux/uio.h>

#include "coldsend.h"

/* Bytes of a piece for policy cached: the next may well be in the page cache. */
#define CS_PIECE_BYTES	SZ_64K

static void cs_copied_open(struct cs_xfer *xfer)
{
}

/* Bytes that one read brings, if there is memory for them. */
static u32 cs_copied_wanted(const struct cs_xfer *xfer)
{
	if (xfer->source != &cs_source_copied)
		return CS_PIECE_BYTES;
	return min_t(loff_t, xfer->tunables.segment_size,
		     xfer->end - xfer->pos);
}

/* A segment that the network does not hold any more. */
static int cs_copied_get(struct cs_xfer *xfer)
{
	struct cs_segment *segment = xfer->copied;
	u32 size = cs_copied_wanted(xfer);
	bool recycled = true;

	if (segment && cs_segment_ours_alone(segment))
		return 0;
	if (segment)
		cs_pool_put(segment);
	segment = cs_pool_get(xfer, size, true, &recycled);
	xfer->copied = IS_ERR(segment) ? NULL : segment;
	if (IS_ERR(segment))
		return PTR_ERR(segment);
	cs_xfer_count(xfer, recycled ? COLDSEND_A_COUNTERS_SEGMENTS_RECYCLED :
				       COLDSEND_A_COUNTERS_SEGMENTS_ALLOCATED,
		      1);
	return 0;
}

/* Reads at xfer->pos.  Return: bytes, 0 at the end of the file, or -errno. */
static ssize_t cs_copied_read(struct cs_xfer *xfer, struct cs_segment *segment)
{
	unsigned long pages = cs_pagecache_pages(xfer->file);
	u64 since = ktime_get_ns();
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t result;

	init_sync_kiocb(&iocb, xfer->file);
	iocb.ki_pos = xfer->pos;
	iocb.ki_flags &= ~IOCB_DIRECT;
	cs_segment_poison(segment);
	iov_iter_bvec(&iter, ITER_DEST, segment->bvec, segment->nr_bvecs,
		      min_t(loff_t, segment->capacity, xfer->end - xfer->pos));
	result = vfs_iocb_iter_read(xfer->file, &iocb, &iter);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_WAIT_NS,
		      ktime_get_ns() - since);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED,
		      cs_pagecache_added(xfer->file, pages));
	return result;
}

static enum cs_next cs_copied_stop(struct cs_xfer *xfer, int err)
{
	xfer->error = err;
	return CS_NEXT_END;
}

/* Fills xfer->copied with what comes at xfer->pos. */
static enum cs_next cs_copied_refill(struct cs_xfer *xfer)
{
	ssize_t result;

	/* Whoever holds it may do so for as long as he likes: see async.c. */
	if (xfer->async && cs_pagecache_is_locked(xfer->file))
		return CS_NEXT_WAIT_FILE;
	result = cs_copied_get(xfer);
	if (result == -EAGAIN)
		return CS_NEXT_WAIT_POOL;
	if (result)
		return cs_copied_stop(xfer, result);
	result = cs_copied_read(xfer, xfer->copied);
	if (result <= 0)
		return cs_copied_stop(xfer, cs_source_read_error(result));
	xfer->copied->counter = COLDSEND_A_COUNTERS_BYTES_COPIED;
	xfer->copied->pos = xfer->pos;
	xfer->copied->first = 0;
	xfer->copied->beyond = 0;
	xfer->copied->begin = 0;
	xfer->copied->end = result;
	return CS_NEXT_READY;
}

static enum cs_next cs_copied_next(struct cs_xfer *xfer,
				   struct cs_segment **segment)
{
	enum cs_next next = CS_NEXT_READY;

	if (!cs_segment_unsent(xfer->copied))
		next = cs_copied_refill(xfer);
	*segment = xfer->copied;
	return next;
}

/* It stays ours; the next read looks whether the network has let go. */
static void cs_copied_sent(struct cs_xfer *xfer, struct cs_segment *segment)
{
}

static void cs_copied_close(struct cs_xfer *xfer)
{
	if (xfer->copied)
		cs_pool_put(xfer->copied);
	xfer->copied = NULL;
}

/* What is still to be sent is kept, unless others need it: then it is read again. */
static void cs_copied_idle(struct cs_xfer *xfer)
{
	if (!cs_segment_unsent(xfer->copied) || cs_engine_must_yield(xfer))
		cs_copied_close(xfer);
}

/* The source of last resort, seen from outside as policy cached. */
const struct cs_source cs_source_copied = {
	.policy = COLDSEND_POLICY_CACHED,
	.locks = true,
	.open = cs_copied_open,
	.next = cs_copied_next,
	.sent = cs_copied_sent,
	.idle = cs_copied_idle,
	.close = cs_copied_close,
};
