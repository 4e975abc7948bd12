// SPDX-License-Identifier: GPL-2.0
/*
 * Reads: asynchronous direct I/O into a segment.
 *
 * A segment that is being read belongs to the disk: between the submission and
 * the completion (which may come first) nothing of its memory is touched, and
 * its struct cs_reads does not go away, though the transfer may.  The file is
 * held meanwhile.  Waiting for that is bounded by the disk, not by a peer.
 */
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "ring.h"
#include "trace.h"

/*
 * A read has completed: irq or process context, possibly before its submission
 * returns.  After the lock is dropped @reads may be gone.
 */
static void cs_read_complete(struct cs_segment *segment, ssize_t result)
{
	struct cs_reads *reads = segment->reads;
	unsigned long flags;

	trace_coldsend_read_done(reads, segment->pos, result);
	/* Taken in cs_read_start(). */
	fput(segment->iocb.ki_filp);
	spin_lock_irqsave(&reads->lock, flags);
	segment->read_result = result;
	segment->read_done = true;
	reads->in_flight--;
	if (reads->awaited == segment) {
		WRITE_ONCE(reads->awaited, NULL);
		cs_xfer_wake(reads->xfer);
	}
	if (!reads->in_flight)
		wake_up(&reads->wait);
	spin_unlock_irqrestore(&reads->lock, flags);
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
 * cs_read_open - makes reads possible
 * @xfer: the transfer
 *
 * May sleep.  Return: 0 or -ENOMEM.
 */
int cs_read_open(struct cs_xfer *xfer)
{
	struct cs_reads *reads;

	if (xfer->reads)
		return 0;
	reads = kzalloc(sizeof(*reads), GFP_KERNEL_ACCOUNT);
	if (!reads)
		return -ENOMEM;
	spin_lock_init(&reads->lock);
	init_waitqueue_head(&reads->wait);
	xfer->reads = reads;
	return 0;
}

/**
 * cs_read_start - starts to read @length bytes at segment->pos
 * @xfer: the transfer, after cs_read_open()
 * @segment: of the pool, long enough; belongs to the disk until cs_read_done()
 * @length: bytes, aligned as is segment->pos
 *
 * May sleep, for the file system and for a free request of the disk.
 */
void cs_read_start(struct cs_xfer *xfer, struct cs_segment *segment, u32 length)
{
	unsigned long pages = cs_pagecache_pages(xfer->file);
	/* Then they don't tell whether the read has brought some. */
	bool had = xfer->ring.doubtful &&
		   cs_pagecache_has(xfer->file, segment->pos, length);
	struct kiocb *iocb = &segment->iocb;
	struct iov_iter iter;
	ssize_t result;

	/* Let go of in cs_read_complete(). */
	init_sync_kiocb(iocb, get_file(xfer->file));
	iocb->ki_pos = segment->pos;
	iocb->ki_flags |= IOCB_DIRECT;
	iocb->ki_ioprio = xfer->ioprio;
	iocb->ki_complete = cs_read_ki_complete;
	iov_iter_bvec(&iter, ITER_DEST, segment->bvec, segment->nr_bvecs,
		      length);
	segment->reads = xfer->reads;
	segment->read_done = false;
	segment->read_counted = false;
	segment->buffered = false;

	cs_segment_poison(segment);

	spin_lock_irq(&xfer->reads->lock);
	xfer->reads->in_flight++;
	spin_unlock_irq(&xfer->reads->lock);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_READS, 1);
	trace_coldsend_read_submit(xfer, segment->pos, length);

	result = vfs_iocb_iter_read(xfer->file, iocb, &iter);
	if (result == -EIOCBQUEUED)
		return;
	segment->buffered = cs_read_was_buffered(xfer, segment, result);
	if (segment->buffered) {
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED,
			      cs_pagecache_added(xfer->file, pages));
		if (!had)
			cs_buffered_note(xfer);
	}
	cs_read_complete(segment, result);
}

/* @xfer will be woken if it has not, NULL for nobody. */
static bool cs_read_look(struct cs_segment *segment, struct cs_xfer *xfer)
{
	struct cs_reads *reads = segment->reads;
	bool done;

	if (!reads)
		return true;
	spin_lock_irq(&reads->lock);
	done = segment->read_done;
	reads->xfer = xfer;
	WRITE_ONCE(reads->awaited, !done && xfer ? segment : NULL);
	spin_unlock_irq(&reads->lock);
	if (done)
		segment->reads = NULL;
	return done;
}

/**
 * cs_read_done - has the read of the segment completed?
 * @segment: after cs_read_start()
 *
 * Process context.
 */
bool cs_read_done(struct cs_segment *segment)
{
	return cs_read_look(segment, NULL);
}

/**
 * cs_read_await - has the read of the segment completed, and tell when it has
 * @xfer: the transfer that it is of
 * @segment: after cs_read_start()
 *
 * If not, its completion will wake the transfer.  Process context.
 */
bool cs_read_await(struct cs_xfer *xfer, struct cs_segment *segment)
{
	return cs_read_look(segment, xfer);
}

/**
 * cs_read_in_flight - how many reads are?
 * @xfer: the transfer
 *
 * Any context.
 */
u32 cs_read_in_flight(const struct cs_xfer *xfer)
{
	return xfer->reads ? READ_ONCE(xfer->reads->in_flight) : 0;
}

/**
 * cs_read_quiet - is none of the reads in flight?
 * @reads: may be NULL
 *
 * Then it stays so unless their owner starts another.  Process context.
 */
bool cs_read_quiet(struct cs_reads *reads)
{
	bool quiet;

	if (!reads)
		return true;
	spin_lock_irq(&reads->lock);
	quiet = !reads->in_flight;
	spin_unlock_irq(&reads->lock);
	return quiet;
}

/**
 * cs_read_wait - waits until none of the reads is in flight
 * @reads: may be NULL
 *
 * Sleeps, for the disk.  Afterwards no completion will wake anybody.
 */
void cs_read_wait(struct cs_reads *reads)
{
	if (!reads)
		return;
	spin_lock_irq(&reads->lock);
	WRITE_ONCE(reads->awaited, NULL);
	wait_event_lock_irq(reads->wait, !reads->in_flight, reads->lock);
	spin_unlock_irq(&reads->lock);
}

/**
 * cs_read_close - waits until none of the reads is in flight, and frees them
 * @reads: may be NULL
 *
 * Sleeps, for the disk.
 */
void cs_read_close(struct cs_reads *reads)
{
	cs_read_wait(reads);
	kfree(reads);
}
