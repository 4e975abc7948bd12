// SPDX-License-Identifier: GPL-2.0
/*
 * Source of policy direct: asynchronous direct I/O into segments of our own.
 *
 *	       get              read done           all sent
 *	pool -------> ring -------------------> ... ---------> lingering -> ring
 *	              (reading)  (ready, in order)            (or the pool)
 *
 * Up to tunables.depth segments are in the ring, in file order: the head is
 * sent while the others are read.  A sent segment lingers until the network has
 * let go of its memory, and is then the next to be read into.
 *
 * Reads start and end at the file's alignment; only the bytes asked for, and
 * never more than the read brought, are sent.  A read that brings less than
 * was asked leaves a gap before the next segment: then the ring is emptied and
 * filled anew from the first missing byte.
 *
 * A segment that is being read belongs to the disk: between the submission and
 * the completion (which may come first) nothing of it is touched, and the
 * transfer does not go away.  Waiting for that is bounded by the disk, not by
 * a peer.
 */
#include <linux/blkdev.h>
#include <linux/math.h>
#include <linux/uio.h>

#include "coldsend.h"
#include "trace.h"

/* Sent segments that a transfer keeps before it lets the network free them. */
#define CS_LINGERING_MAX	16U

static void cs_direct_open(struct cs_xfer *xfer)
{
	struct cs_direct *direct = &xfer->direct;
	struct cs_alignment alignment;

	INIT_LIST_HEAD(&direct->ring);
	INIT_LIST_HEAD(&direct->lingering);
	cs_pagecache_alignment(xfer->file, &alignment);
	direct->align = alignment.offset;
	direct->doubtful = !alignment.stated;
	direct->next = xfer->pos;
}

/*
 * A read has completed: irq or process context, possibly before its submission
 * returns.  After the lock is dropped the transfer may be gone.
 */
static void cs_direct_complete(struct cs_segment *segment, ssize_t result)
{
	struct cs_xfer *xfer = segment->xfer;
	unsigned long flags;

	trace_coldsend_read_done(xfer, segment->pos, result);
	spin_lock_irqsave(&xfer->lock, flags);
	segment->read_result = result;
	segment->read_done = true;
	xfer->reads_in_flight--;
	if (xfer->awaited == segment)
		WRITE_ONCE(xfer->awaited, NULL);
	if (!xfer->awaited || !xfer->reads_in_flight)
		wake_up(&xfer->wait);
	spin_unlock_irqrestore(&xfer->lock, flags);
}

static void cs_direct_ki_complete(struct kiocb *iocb, long result)
{
	cs_direct_complete(container_of(iocb, struct cs_segment, iocb), result);
}

/* Bytes to read into @segment at @pos, at the file's alignment. */
static u32 cs_direct_length(const struct cs_xfer *xfer,
			    const struct cs_segment *segment, loff_t pos)
{
	u32 align = xfer->direct.align;

	return min_t(loff_t, round_down(segment->capacity, align),
		     round_up(xfer->end, align) - pos);
}

/* The bytes of the segment that are asked for, if the read brings them. */
static void cs_direct_aim(struct cs_xfer *xfer, struct cs_segment *segment)
{
	struct cs_direct *direct = &xfer->direct;
	u32 length;

	segment->xfer = xfer;
	segment->counter = COLDSEND_A_COUNTERS_BYTES_DIRECT;
	segment->pos = round_down(direct->next, direct->align);
	length = cs_direct_length(xfer, segment, segment->pos);
	segment->begin = direct->next - segment->pos;
	segment->end = min_t(loff_t, length, xfer->end - segment->pos);
	direct->next = segment->pos + segment->end;
}

/*
 * The read returned before it was queued, as buffered reads do and also direct
 * ones: of holes, or on disks that are memory.  ext4 tells the first from the
 * second by taking IOCB_DIRECT away, btrfs by nothing but the page cache.
 */
static void cs_direct_returned(struct cs_xfer *xfer,
			       struct cs_segment *segment, ssize_t result,
			       unsigned long pages_before)
{
	unsigned long added = 0;

	if (xfer->direct.doubtful)
		added = cs_pagecache_added(xfer->file, pages_before);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED, added);
	segment->buffered = added || !(segment->iocb.ki_flags & IOCB_DIRECT);
	cs_direct_complete(segment, result);
}

static void cs_direct_submit(struct cs_xfer *xfer, struct cs_segment *segment)
{
	u32 length = cs_direct_length(xfer, segment, segment->pos);
	unsigned long pages = cs_pagecache_pages(xfer->file);
	struct kiocb *iocb = &segment->iocb;
	struct iov_iter iter;
	ssize_t result;

	init_sync_kiocb(iocb, xfer->file);
	iocb->ki_pos = segment->pos;
	iocb->ki_flags |= IOCB_DIRECT;
	iocb->ki_complete = cs_direct_ki_complete;
	iov_iter_bvec(&iter, ITER_DEST, segment->bvec, segment->nr_bvecs,
		      length);
	segment->read_done = false;
	segment->buffered = false;

	spin_lock_irq(&xfer->lock);
	xfer->reads_in_flight++;
	spin_unlock_irq(&xfer->lock);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_READS, 1);
	trace_coldsend_read_submit(xfer, segment->pos, length);

	result = vfs_iocb_iter_read(xfer->file, iocb, &iter);
	if (result != -EIOCBQUEUED)
		cs_direct_returned(xfer, segment, result, pages);
}

static void cs_direct_unlinger(struct cs_direct *direct,
			       struct cs_segment *segment)
{
	list_del_init(&segment->link);
	direct->nr_lingering--;
}

/* The segment sent longest ago, if the network has let go of it. */
static struct cs_segment *cs_direct_recycle(struct cs_direct *direct)
{
	struct cs_segment *segment;

	segment = list_first_entry_or_null(&direct->lingering,
					   struct cs_segment, link);
	if (!segment || !cs_segment_ours_alone(segment))
		return NULL;
	cs_direct_unlinger(direct, segment);
	return segment;
}

/* Memory for the next read, or ERR_PTR as cs_segment_get(). */
static struct cs_segment *cs_direct_get(struct cs_xfer *xfer)
{
	struct cs_direct *direct = &xfer->direct;
	const struct cs_tunables *tunables = &xfer->tunables;
	struct cs_segment *segment = cs_direct_recycle(direct);
	bool recycled = segment;
	loff_t wanted;

	if (!segment) {
		wanted = round_up(xfer->end, direct->align) -
			 round_down(direct->next, direct->align);
		wanted = min_t(loff_t, wanted, cs_sink_window(xfer));
		segment = cs_segment_get(min_t(loff_t, wanted,
					       tunables->segment_size),
					 tunables->pool_max,
					 !direct->nr_ring, &recycled);
	}
	if (!IS_ERR(segment))
		cs_xfer_count(xfer, recycled ?
			      COLDSEND_A_COUNTERS_SEGMENTS_RECYCLED :
			      COLDSEND_A_COUNTERS_SEGMENTS_ALLOCATED, 1);
	return segment;
}

static bool cs_direct_wants_more(const struct cs_xfer *xfer)
{
	const struct cs_direct *direct = &xfer->direct;

	return direct->nr_ring < xfer->tunables.depth &&
	       direct->next < xfer->end &&
	       direct->next - xfer->pos < cs_sink_window(xfer);
}

/* Keeps the disk busy: 0, or -ENOMEM if there is not even one segment. */
static int cs_direct_fill(struct cs_xfer *xfer)
{
	struct cs_direct *direct = &xfer->direct;
	struct cs_segment *segment;
	struct blk_plug plug;

	if (!direct->nr_ring)
		direct->next = xfer->pos;
	if (!cs_direct_wants_more(xfer))
		return 0;
	blk_start_plug(&plug);
	do {
		segment = cs_direct_get(xfer);
		if (IS_ERR(segment))
			break;
		cs_direct_aim(xfer, segment);
		list_add_tail(&segment->link, &direct->ring);
		direct->nr_ring++;
		cs_direct_submit(xfer, segment);
	} while (cs_direct_wants_more(xfer));
	blk_finish_plug(&plug);
	return direct->nr_ring ? 0 : PTR_ERR(segment);
}

static void cs_direct_wait_for_reads(struct cs_xfer *xfer)
{
	spin_lock_irq(&xfer->lock);
	wait_event_lock_irq(xfer->wait, !xfer->reads_in_flight,
			    xfer->lock);
	spin_unlock_irq(&xfer->lock);
}

/* Gives up what was read ahead; reading starts again at xfer->pos. */
static void cs_direct_empty_ring(struct cs_xfer *xfer)
{
	struct cs_direct *direct = &xfer->direct;
	struct cs_segment *segment, *next;

	cs_direct_wait_for_reads(xfer);
	list_for_each_entry_safe(segment, next, &direct->ring, link) {
		list_del_init(&segment->link);
		if (segment->read_result > 0)
			cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_BYTES,
				      segment->read_result);
		cs_segment_put(segment);
	}
	direct->nr_ring = 0;
	direct->next = xfer->pos;
}

/* If not, its completion will wake xfer->wait. */
static bool cs_direct_is_done(struct cs_xfer *xfer, struct cs_segment *segment)
{
	bool done;

	spin_lock_irq(&xfer->lock);
	done = segment->read_done;
	WRITE_ONCE(xfer->awaited, done ? NULL : segment);
	spin_unlock_irq(&xfer->lock);
	return done;
}

/* What the read brought for us, now that it has completed. */
static enum cs_next cs_direct_harvest(struct cs_xfer *xfer,
				      struct cs_segment *segment)
{
	ssize_t result = segment->read_result;

	if (result == -EINVAL || result == -EOPNOTSUPP)
		return cs_source_fall_back(xfer, &cs_source_cached,
					   COLDSEND_FALLBACK_DIRECT_REFUSED);
	if (result < 0) {
		xfer->error = result;
		return CS_NEXT_END;
	}
	if (segment->buffered)
		return cs_source_fall_back(xfer, &cs_source_cached,
					   COLDSEND_FALLBACK_BUFFERED);
	segment->end = min_t(u32, segment->end, result);
	if (segment->end <= segment->begin)
		return CS_NEXT_END;
	return CS_NEXT_READY;
}

static enum cs_next cs_direct_next(struct cs_xfer *xfer,
				   struct cs_segment **segment)
{
	struct cs_direct *direct = &xfer->direct;
	struct cs_segment *head;
	int err;

	if (!direct->align)
		return cs_source_fall_back(xfer, &cs_source_cached,
					   COLDSEND_FALLBACK_NO_DIRECT);
	err = cs_direct_fill(xfer);
	if (err) {
		xfer->error = err;
		return CS_NEXT_END;
	}
	head = list_first_entry(&direct->ring, struct cs_segment, link);
	if (head->pos + head->begin != xfer->pos) {
		cs_direct_empty_ring(xfer);
		return CS_NEXT_AGAIN;
	}
	if (!cs_direct_is_done(xfer, head))
		return CS_NEXT_WAIT_DISK;
	*segment = head;
	return cs_direct_harvest(xfer, head);
}

static void cs_direct_sent(struct cs_xfer *xfer, struct cs_segment *segment)
{
	struct cs_direct *direct = &xfer->direct;

	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_BYTES,
		      segment->read_result);
	direct->nr_ring--;
	list_move_tail(&segment->link, &direct->lingering);
	if (++direct->nr_lingering <= CS_LINGERING_MAX)
		return;
	segment = list_first_entry(&direct->lingering, struct cs_segment, link);
	cs_direct_unlinger(direct, segment);
	cs_segment_destroy(segment);
}

static void cs_direct_close(struct cs_xfer *xfer)
{
	struct cs_direct *direct = &xfer->direct;
	struct cs_segment *segment, *next;

	cs_direct_empty_ring(xfer);
	list_for_each_entry_safe(segment, next, &direct->lingering, link) {
		cs_direct_unlinger(direct, segment);
		cs_segment_put(segment);
	}
	xfer->counters.value[COLDSEND_A_COUNTERS_OVERHEAD_BYTES] =
		xfer->counters.value[COLDSEND_A_COUNTERS_DISK_BYTES] -
		xfer->counters.value[COLDSEND_A_COUNTERS_BYTES_DIRECT];
}

/* The source of policy direct. */
const struct cs_source cs_source_direct = {
	.policy = COLDSEND_POLICY_DIRECT,
	.open = cs_direct_open,
	.next = cs_direct_next,
	.sent = cs_direct_sent,
	.close = cs_direct_close,
};
