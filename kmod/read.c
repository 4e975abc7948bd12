// SPDX-License-Identifier: GPL-2.0
/*
 * Reads: asynchronous direct I/O into a segment.
 *
 * A segment that is being read belongs to the disk: between the submission and
 * the completion (which may come first) nothing of it is touched, and the
 * transfer does not go away.  Waiting for that is bounded by the disk, not by
 * a peer.
 */
#include <linux/uio.h>

#include "coldsend.h"
#include "trace.h"

/*
 * A read has completed: irq or process context, possibly before its submission
 * returns.  After the lock is dropped the transfer may be gone.
 */
static void cs_read_complete(struct cs_segment *segment, ssize_t result)
{
	struct cs_xfer *xfer = segment->xfer;
	unsigned long flags;

	trace_coldsend_read_done(xfer, segment->pos, result);
	spin_lock_irqsave(&xfer->lock, flags);
	segment->read_result = result;
	segment->read_done = true;
	xfer->reads_in_flight--;
	if (xfer->awaited == segment) {
		WRITE_ONCE(xfer->awaited, NULL);
		cs_xfer_wake(xfer);
	}
	if (!xfer->reads_in_flight)
		wake_up(&xfer->wait);
	spin_unlock_irqrestore(&xfer->lock, flags);
}

static void cs_read_ki_complete(struct kiocb *iocb, long result)
{
	cs_read_complete(container_of(iocb, struct cs_segment, iocb), result);
}

/*
 * The read returned before it was queued, as buffered reads do and also direct
 * ones: of holes, or on disks that are memory.  ext4 tells the first from the
 * second by taking IOCB_DIRECT away, btrfs by nothing but the page cache.
 */
static bool cs_read_was_buffered(struct cs_xfer *xfer,
				 struct cs_segment *segment, ssize_t result)
{
	if (result <= 0)
		return false;
	if (!(segment->iocb.ki_flags & IOCB_DIRECT))
		return true;
	return xfer->ring.doubtful &&
	       cs_pagecache_has(xfer->file, segment->pos, result);
}

/**
 * cs_read_start - starts to read @length bytes at segment->pos
 * @xfer: the transfer
 * @segment: of the pool, long enough; belongs to the disk until cs_read_done()
 * @length: bytes, aligned as is segment->pos
 *
 * May sleep, for the file system and for a free request of the disk.
 */
void cs_read_start(struct cs_xfer *xfer, struct cs_segment *segment, u32 length)
{
	unsigned long pages = cs_pagecache_pages(xfer->file);
	struct kiocb *iocb = &segment->iocb;
	struct iov_iter iter;
	ssize_t result;

	init_sync_kiocb(iocb, xfer->file);
	iocb->ki_pos = segment->pos;
	iocb->ki_flags |= IOCB_DIRECT;
	iocb->ki_ioprio = xfer->ioprio;
	iocb->ki_complete = cs_read_ki_complete;
	iov_iter_bvec(&iter, ITER_DEST, segment->bvec, segment->nr_bvecs,
		      length);
	segment->xfer = xfer;
	segment->read_done = false;
	segment->read_counted = false;
	segment->buffered = false;

	cs_segment_poison(segment);

	spin_lock_irq(&xfer->lock);
	xfer->reads_in_flight++;
	spin_unlock_irq(&xfer->lock);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_READS, 1);
	trace_coldsend_read_submit(xfer, segment->pos, length);

	result = vfs_iocb_iter_read(xfer->file, iocb, &iter);
	if (result == -EIOCBQUEUED)
		return;
	segment->buffered = cs_read_was_buffered(xfer, segment, result);
	if (segment->buffered)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED,
			      cs_pagecache_added(xfer->file, pages));
	cs_read_complete(segment, result);
}

/**
 * cs_read_done - has the read of the segment completed?
 * @xfer: the transfer
 * @segment: after cs_read_start()
 *
 * If not, its completion will wake the transfer.  Process context.
 */
bool cs_read_done(struct cs_xfer *xfer, struct cs_segment *segment)
{
	bool done;

	spin_lock_irq(&xfer->lock);
	done = segment->read_done;
	WRITE_ONCE(xfer->awaited, done ? NULL : segment);
	spin_unlock_irq(&xfer->lock);
	return done;
}

/**
 * cs_read_wait - waits until no read of the transfer is in flight
 * @xfer: the transfer
 *
 * Sleeps, for the disk.  Afterwards no completion will touch the transfer.
 */
void cs_read_wait(struct cs_xfer *xfer)
{
	spin_lock_irq(&xfer->lock);
	WRITE_ONCE(xfer->awaited, NULL);
	wait_event_lock_irq(xfer->wait, !xfer->reads_in_flight, xfer->lock);
	spin_unlock_irq(&xfer->lock);
}
