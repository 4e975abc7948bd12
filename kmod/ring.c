// SPDX-License-Identifier: GPL-2.0
/*
 * The ring: segments on their way from the disk, in file order; fill.c adds them.
 *
 *	       get              read done           all sent
 *	pool -------> ring -------------------> ... ---------> lingering -> ring
 *	              (reading)  (ready, in order)            (or the pool)
 *
 * A sent segment lingers until the network has let go of its memory, and is then the
 * next to be read into.  A source may put pages of the page cache between the reads;
 * they are ready at once and never linger.
 *
 * Reads start and end at the file's alignment; only the bytes asked for, and
 * never more than the read brought, are sent.  A read that brings less than
 * was asked leaves a gap before the next segment: then the ring is emptied and
 * filled anew from the first missing byte.
 */
#include "ring.h"

/**
 * cs_ring_open - prepares the ring
 * @xfer: the transfer, at the first byte to read
 * @plan: as struct cs_ring says
 *
 * May sleep.
 */
void cs_ring_open(struct cs_xfer *xfer,
		  struct cs_segment *(*plan)(struct cs_xfer *xfer,
					     loff_t *limit))
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_alignment alignment;

	INIT_LIST_HEAD(&ring->segments);
	INIT_LIST_HEAD(&ring->lingering);
	/* First: what has another inode by then has another change time. */
	ring->inode = cs_pagecache_inode(xfer->file);
	cs_pagecache_alignment(xfer->file, &alignment);
	ring->align = alignment.offset;
	ring->doubtful = !alignment.stated;
	ring->version = alignment.version;
	ring->trusted = xfer->nonblock && cs_park_may_trust(xfer);
	ring->next = xfer->pos;
	ring->plan = plan;
	cs_park_take(xfer);
}

/**
 * cs_ring_count_read - counts what the read of a segment brought, once
 * @xfer: the transfer
 * @segment: after its read
 */
void cs_ring_count_read(struct cs_xfer *xfer, struct cs_segment *segment)
{
	if (segment->read_result > 0 && !segment->read_counted)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_BYTES,
			      segment->read_result);
	segment->read_counted = true;
}

/* Gives back a segment of the ring that will not be sent (any more). */
static void cs_ring_discard(struct cs_xfer *xfer, struct cs_segment *segment)
{
	list_del_init(&segment->link);
	if (!segment->capacity) {
		xfer->ring.taken -= segment->end;
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_RESIDENT,
			      cs_gather_pages_sent(segment));
		cs_segment_destroy(segment);
		return;
	}
	cs_ring_count_read(xfer, segment);
	cs_pool_put(segment);
}

/* Gives up the segment, if there is one, and all behind it. */
static void cs_ring_cut(struct cs_xfer *xfer, struct cs_segment *segment)
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_segment *next;

	cs_read_wait(xfer->reads);
	list_for_each_entry_safe_from(segment, next, &ring->segments, link) {
		cs_ring_discard(xfer, segment);
		ring->nr_segments--;
	}
}

/**
 * cs_ring_empty - gives up what was read ahead
 * @xfer: the transfer
 *
 * Sleeps, for reads in flight.  Reading starts again at xfer->pos.
 */
void cs_ring_empty(struct cs_xfer *xfer)
{
	struct cs_ring *ring = &xfer->ring;

	cs_ring_cut(xfer, list_first_entry(&ring->segments, struct cs_segment,
					   link));
	ring->next = xfer->pos;
}

/*
 * Gives up pages of the page cache, and what comes behind them: nobody counts what
 * these are for the machine.  Not to read that again and again, less is read ahead
 * from now on.  Sleeps, for reads in flight.
 */
static void cs_ring_drop_pages(struct cs_xfer *xfer)
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_segment *segment;

	list_for_each_entry(segment, &ring->segments, link) {
		if (segment->capacity)
			continue;
		cs_sink_beware(xfer);
		ring->next = segment->pos + segment->begin;
		cs_ring_cut(xfer, segment);
		return;
	}
}

/* What the read brought for us, now that it has completed. */
static enum cs_next cs_ring_harvest(struct cs_xfer *xfer,
				    struct cs_segment *segment)
{
	ssize_t result = segment->read_result;

	if (result == -EINVAL || result == -EOPNOTSUPP)
		return cs_source_fall_back(xfer, &cs_source_drop,
					   COLDSEND_FALLBACK_DIRECT_REFUSED);
	if (result < 0) {
		xfer->error = cs_source_read_error(result);
		return CS_NEXT_END;
	}
	if (segment->buffered)
		return cs_source_fall_back(xfer, &cs_source_drop,
					   COLDSEND_FALLBACK_BUFFERED);
	segment->end = min_t(u32, segment->end, result);
	if (segment->end <= segment->begin)
		return CS_NEXT_END;
	return CS_NEXT_READY;
}

/**
 * cs_ring_next - cs_source.next of sources that use the ring
 * @xfer: the transfer
 * @segment: set to the head of the ring
 */
enum cs_next cs_ring_next(struct cs_xfer *xfer, struct cs_segment **segment)
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_segment *head;
	int err;

	if (!ring->align)
		return cs_source_fall_back(xfer, &cs_source_drop,
					   COLDSEND_FALLBACK_NO_DIRECT);
	if (!ring->nr_segments && cs_buffered_is_known(xfer))
		return cs_source_fall_back(xfer, &cs_source_drop,
					   COLDSEND_FALLBACK_BUFFERED);
	if (xfer->full_since)
		ring->slack = 0;
	err = cs_fill_ring(xfer);
	if (err == -EAGAIN)
		return CS_NEXT_WAIT_POOL;
	if (err) {
		xfer->error = err;
		return CS_NEXT_END;
	}
	head = list_first_entry(&ring->segments, struct cs_segment, link);
	if (head->pos + head->begin != xfer->pos) {
		cs_ring_empty(xfer);
		return CS_NEXT_AGAIN;
	}
	*segment = head;
	if (!head->capacity)
		return CS_NEXT_READY;
	if (!cs_read_await(xfer, head)) {
		ring->slack = xfer->tunables.depth;
		return CS_NEXT_WAIT_DISK;
	}
	return cs_ring_harvest(xfer, head);
}

static void cs_ring_sent_pages(struct cs_xfer *xfer, struct cs_segment *segment)
{
	xfer->ring.taken -= segment->end;
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_RESIDENT,
		      cs_gather_pages(segment));
	list_del_init(&segment->link);
	cs_segment_destroy(segment);
}

/*
 * All that the transfer asked for of the segment was sent.  Is there more for
 * whoever goes on?
 */
static bool cs_ring_keeps(struct cs_segment *segment)
{
	if (segment->beyond <= segment->end ||
	    segment->read_result <= segment->end)
		return false;
	segment->end = min_t(u32, segment->beyond, segment->read_result);
	segment->beyond = 0;
	return true;
}

/**
 * cs_ring_sent - cs_source.sent of sources that use the ring
 * @xfer: the transfer
 * @segment: head of the ring
 */
void cs_ring_sent(struct cs_xfer *xfer, struct cs_segment *segment)
{
	struct cs_ring *ring = &xfer->ring;

	if (cs_ring_keeps(segment))
		return;
	ring->nr_segments--;
	if (ring->slack)
		ring->slack--;
	if (!segment->capacity) {
		cs_ring_sent_pages(xfer, segment);
		return;
	}
	cs_ring_count_read(xfer, segment);
	list_del_init(&segment->link);
	cs_linger_add(ring, segment);
}

/**
 * cs_ring_idle - cs_source.idle of sources that use the ring
 * @xfer: the transfer
 *
 * What the network still holds is left to it.  What was read and not sent is
 * kept, unless others need the memory: then it is read again.  Pages of the page cache
 * are kept for a moment.
 */
void cs_ring_idle(struct cs_xfer *xfer)
{
	struct cs_ring *ring = &xfer->ring;

	cs_linger_put(ring);
	if (ring->align && cs_engine_must_yield(xfer))
		cs_ring_empty(xfer);
	else if (cs_engine_is_slow(xfer))
		cs_ring_drop_pages(xfer);
}

/**
 * cs_ring_close - cs_source.close of sources that use the ring
 * @xfer: the transfer
 */
void cs_ring_close(struct cs_xfer *xfer)
{
	struct cs_ring *ring = &xfer->ring;

	cs_ahead_read(xfer);
	cs_park_keep(xfer);
	cs_ring_empty(xfer);
	cs_read_close(xfer->reads);
	xfer->reads = NULL;
	cs_linger_put(ring);
	if (cs_xfer_sent(xfer))
		file_accessed(xfer->file);
	/* Less than nothing if parked bytes were sent: the sum is right again. */
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_OVERHEAD_BYTES,
		      xfer->counters.value[COLDSEND_A_COUNTERS_DISK_BYTES] -
		      xfer->counters.value[COLDSEND_A_COUNTERS_BYTES_DIRECT]);
}
