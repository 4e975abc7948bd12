// SPDX-License-Identifier: GPL-2.0
/*
 * Filling: what the ring reads next, and how far ahead.
 *
 * Up to tunables.depth segments are being read, and the head is sent meanwhile:
 * its successor at the end of the queue is on its way before that, so that the
 * disk does not wait for the socket.  Where reads end several at a time, those that
 * come after must not wait until all of these are sent: while the disk is what is
 * waited for, as many again may be ready.  While memory is scarce, no more than one is
 * read beside the head: what all transfers read ahead must not be so much that it has
 * to be given up unsent.
 *
 * Pages of the page cache are there anyway, and nobody counts those that are taken:
 * behind so many others they have their turn when these are sent.
 */
#include <linux/blkdev.h>
#include <linux/math.h>
#include <linux/sizes.h>

#include "ring.h"

/* Bytes of the page cache from which on a transfer takes no more ahead. */
#define CS_TAKEN_MAX	SZ_512K

/* Bytes of memory for a read up to @limit; differences don't overflow. */
static u32 cs_fill_wanted(const struct cs_xfer *xfer, loff_t limit)
{
	const struct cs_ring *ring = &xfer->ring;
	loff_t wanted = limit - round_down(ring->next, ring->align);

	wanted = min(wanted, cs_sink_window(xfer));
	wanted = min_t(loff_t, wanted, xfer->tunables.segment_size);
	return round_up(wanted, ring->align);
}

/* Aims the segment at ring->next up to @limit.  Return: bytes to read. */
static u32 cs_fill_aim(struct cs_xfer *xfer, struct cs_segment *segment,
		       loff_t limit)
{
	struct cs_ring *ring = &xfer->ring;
	u32 room = min(round_down(segment->capacity, ring->align),
		       cs_fill_wanted(xfer, limit));

	segment->counter = COLDSEND_A_COUNTERS_BYTES_DIRECT;
	segment->pos = round_down(ring->next, ring->align);
	segment->begin = ring->next - segment->pos;
	segment->first = segment->begin;
	segment->beyond = 0;
	segment->end = min_t(loff_t, room, limit - segment->pos);
	return round_up(segment->end, ring->align);
}

/* The pool is full, and the transfer has nothing to go on with. */
static struct cs_segment *cs_fill_get_one(struct cs_xfer *xfer, u32 wanted,
					  bool *recycled)
{
	cs_linger_drop(&xfer->ring);
	return cs_pool_get(xfer, wanted, true, recycled);
}

/* Memory to read up to @limit into, or ERR_PTR as cs_pool_get(). */
static struct cs_segment *cs_fill_get(struct cs_xfer *xfer, loff_t limit)
{
	struct cs_ring *ring = &xfer->ring;
	u32 wanted = cs_fill_wanted(xfer, limit);
	struct cs_segment *segment = cs_linger_take(ring, wanted);
	bool recycled = segment;

	if (!segment) {
		segment = cs_pool_get(xfer, wanted, false, &recycled);
		if (segment == ERR_PTR(-EAGAIN) && !ring->nr_segments &&
		    !ring->for_next)
			segment = cs_fill_get_one(xfer, wanted, &recycled);
	}
	if (!IS_ERR(segment))
		cs_xfer_count(xfer, recycled ?
			      COLDSEND_A_COUNTERS_SEGMENTS_RECYCLED :
			      COLDSEND_A_COUNTERS_SEGMENTS_ALLOCATED, 1);
	return segment;
}

static void cs_fill_add(struct cs_ring *ring, struct cs_segment *segment)
{
	list_add_tail(&segment->link, &ring->segments);
	ring->nr_segments++;
	if (!segment->capacity)
		ring->taken += segment->end;
	ring->next = segment->pos + segment->end;
}

/* Adds what the source plans to come next: 0 or -errno. */
static int cs_fill_add_next(struct cs_xfer *xfer)
{
	struct cs_ring *ring = &xfer->ring;
	loff_t limit = xfer->end;
	struct cs_segment *segment = ring->plan(xfer, &limit);
	u32 length;
	int err;

	if (segment && ring->for_next) {
		cs_segment_destroy(segment);
		return -EAGAIN;
	}
	if (segment) {
		cs_fill_add(ring, segment);
		return 0;
	}
	err = cs_read_open(xfer);
	if (err)
		return err;
	segment = cs_fill_get(xfer, limit);
	if (IS_ERR(segment))
		return PTR_ERR(segment);
	length = cs_fill_aim(xfer, segment, limit);
	cs_fill_add(ring, segment);
	cs_read_start(xfer, segment, length);
	return 0;
}

/*
 * Is there memory to read further ahead?  Where it is scarce, for one segment beside
 * the one that is sent.
 */
static bool cs_fill_has_room(struct cs_xfer *xfer)
{
	const struct cs_ring *ring = &xfer->ring;

	if (!ring->nr_segments || !cs_pool_is_scarce(xfer))
		return true;
	return ring->nr_segments == 1 && !cs_pool_is_tight(xfer);
}

/* What was read last went through the page cache, and so would more. */
static bool cs_fill_is_buffered(const struct cs_ring *ring)
{
	return ring->nr_segments &&
	       list_last_entry(&ring->segments, struct cs_segment,
			       link)->buffered;
}

/* Enough is taken of the page cache, and what comes next is there too. */
static bool cs_fill_has_pages(const struct cs_xfer *xfer)
{
	return xfer->ring.taken >= CS_TAKEN_MAX &&
	       cs_pagecache_has(xfer->file, xfer->ring.next, 1);
}

static bool cs_fill_wants_more(struct cs_xfer *xfer)
{
	const struct cs_ring *ring = &xfer->ring;

	return ring->next < xfer->end && !cs_fill_is_buffered(ring) &&
	       ring->nr_segments <= xfer->tunables.depth + ring->slack &&
	       cs_read_in_flight(xfer) < xfer->tunables.depth &&
	       ring->next - xfer->pos < cs_sink_window(xfer) &&
	       cs_fill_has_room(xfer) && !cs_fill_has_pages(xfer);
}

/**
 * cs_fill_ring - keeps the disk busy
 * @xfer: the transfer
 *
 * May sleep.  Return: 0, or -errno if there is not even one segment.
 */
int cs_fill_ring(struct cs_xfer *xfer)
{
	struct cs_ring *ring = &xfer->ring;
	struct blk_plug plug;
	int err = 0;

	if (!ring->nr_segments)
		ring->next = xfer->pos;
	/* Where memory is scarce, what was sent is others' to read into. */
	if (ring->nr_lingering && cs_pool_is_scarce(xfer))
		cs_linger_put(ring);
	if (!cs_fill_wants_more(xfer))
		return 0;
	blk_start_plug(&plug);
	do {
		err = cs_fill_add_next(xfer);
	} while (!err && cs_fill_wants_more(xfer));
	blk_finish_plug(&plug);
	return ring->nr_segments ? 0 : err;
}
