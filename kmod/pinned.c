// SPDX-License-Identifier: GPL-2.0
/*
 * Pinned memory: what the pool has let go of while others hold it.
 *
 * A socket's send buffer counts what waits in it, but a byte is enough to hold
 * the folio that it is of: whoever receives on this machine, and splices a byte
 * of each folio into a pipe, holds megabytes for each page that the kernel lets
 * it have there.  So the module keeps its references, and the count, until the
 * others are gone; and the more that is, the smaller are new folios, down to two
 * pages, of which a byte holds little more than one of the page cache would.
 *
 * What came a moment ago is left whole, as far as it is no more than the pool may
 * have, and 1/32 of memory: a transfer that would need new memory reads into it once
 * the others have let go.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "auto.h"

#define CS_PINNED_EVERY		(HZ / 2)
/* Segments that each new one has us look at: of those held, 1/16 more may be free. */
#define CS_PINNED_LOOKS		16
/* So long it is left whole. */
#define CS_PINNED_FRESH		(1 * HZ)
/* While 1/16 of the machine's memory is pinned, folios are of 64 KiB at the most. */
#define CS_PINNED_SHIFT_SMALL	4
/* While 1/8 is, they are as small as can be. */
#define CS_PINNED_SHIFT_LEAST	3

/* Guards the list.  Within the pool lock. */
static DEFINE_SPINLOCK(cs_pinned_lock);
static LIST_HEAD(cs_pinned);
static atomic64_t cs_pinned_total;	/* bytes */

static void cs_pinned_sweep(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_pinned_sweeper, cs_pinned_sweep);

/**
 * cs_pinned_bytes - what the pool has let go of, in large folios, and others hold
 *
 * Some of it may be free since it was last looked at.  Any context.
 */
u64 cs_pinned_bytes(void)
{
	return atomic64_read(&cs_pinned_total);
}

/**
 * cs_pinned_order_max - how large the folios of a segment may be now
 *
 * Many slow receivers far away may hold much, in send buffers, and mean no harm:
 * the first bound costs them little.  Any context.  Return: order.
 */
u32 cs_pinned_order_max(void)
{
	u64 bytes = cs_pinned_bytes();
	u64 all = cs_memory_all();

	if (bytes <= all >> CS_PINNED_SHIFT_SMALL)
		return CS_SEGMENT_ORDER_MAX;
	return bytes <= all >> CS_PINNED_SHIFT_LEAST ? get_order(CS_SEGMENT_FIRST) :
						       CS_SEGMENT_ORDER_MIN;
}

/* So many bytes may be fresh: what only waits to be used must not make folios smaller. */
static u64 cs_pinned_fresh_max(void)
{
	return min(cs_policy_pool_max(),
		   cs_memory_all() >> (CS_PINNED_SHIFT_SMALL + 1));
}

/* May a transfer come to read into the segment again? */
static bool cs_pinned_is_fresh(const struct cs_segment *segment)
{
	return !segment->on_top &&
	       cs_segment_order(segment) > CS_SEGMENT_ORDER_MIN &&
	       time_before(jiffies, segment->since + CS_PINNED_FRESH) &&
	       cs_pinned_bytes() <= cs_pinned_fresh_max();
}

/*
 * Frees what nobody else holds any more.  If what is left is small, it is of no
 * concern, and the segment goes.  Return: bytes that were freed.
 */
static u32 cs_pinned_let_go(struct cs_segment *segment)
{
	u32 freed = cs_segment_shed(segment);

	atomic64_sub(freed, &cs_pinned_total);
	if (cs_segment_order(segment) > CS_SEGMENT_ORDER_MIN)
		return freed;
	atomic64_sub(cs_segment_bytes(segment), &cs_pinned_total);
	list_del(&segment->link);
	cs_segment_destroy(segment);
	return freed;
}

/*
 * Looks at segments that are in no list of ours, at fresh ones if @all.  Those not
 * gone come last in it, and will be looked at again.
 * Return: bytes that were freed.
 */
static u64 cs_pinned_look_at(struct list_head *segments, bool all)
{
	struct cs_segment *segment, *next;
	u64 freed = 0;

	list_for_each_entry_safe(segment, next, segments, link) {
		if (all || !cs_pinned_is_fresh(segment))
			freed += cs_pinned_let_go(segment);
		cond_resched();
	}
	spin_lock(&cs_pinned_lock);
	list_splice_tail(segments, &cs_pinned);
	if (!list_empty(&cs_pinned))
		schedule_delayed_work(&cs_pinned_sweeper, CS_PINNED_EVERY);
	spin_unlock(&cs_pinned_lock);
	return freed;
}

/**
 * cs_pinned_add - a segment is the pool's no more
 * @segment: in no list, with no read in flight.  Its memory is freed if nobody else
 *	holds it
 *
 * Each that comes has some that came before looked at, so that what is free does
 * not wait for the sweeper to be more than what is held.  Process context, memory
 * reclaim included.
 */
void cs_pinned_add(struct cs_segment *segment)
{
	LIST_HEAD(segments);
	u32 i;

	if (cs_segment_ours_alone(segment)) {
		cs_segment_destroy(segment);
		return;
	}
	segment->since = jiffies;
	atomic64_add(cs_segment_bytes(segment), &cs_pinned_total);
	spin_lock(&cs_pinned_lock);
	for (i = 0; i < CS_PINNED_LOOKS && !list_empty(&cs_pinned); i++)
		list_move_tail(cs_pinned.next, &segments);
	spin_unlock(&cs_pinned_lock);
	list_add(&segment->link, &segments);
	cs_pinned_look_at(&segments, false);
}

/* Is it whole, let go of by all others, and such as cs_pinned_take() wants? */
static bool cs_pinned_fits(const struct cs_segment *segment, u32 size, u32 most,
			   u32 order_max)
{
	return segment->capacity >= size && segment->capacity <= most &&
	       segment->order_max == order_max && !segment->on_top &&
	       cs_segment_ours_alone(segment) &&
	       cs_segment_bytes(segment) == segment->capacity;
}

/**
 * cs_pinned_take - a segment that nobody else holds any more is the pool's again
 * @size: bytes of it at least
 * @most: at the most
 * @order_max: what the order of its folios has to be bounded by
 *
 * Looks at a few.  Under the pool lock, in process context.  Return: the segment, or
 * NULL.
 */
struct cs_segment *cs_pinned_take(u32 size, u32 most, u32 order_max)
{
	struct cs_segment *segment, *taken = NULL;
	u32 looks = 0;

	spin_lock(&cs_pinned_lock);
	list_for_each_entry(segment, &cs_pinned, link) {
		if (looks++ == CS_PINNED_LOOKS)
			break;
		if (!cs_pinned_fits(segment, size, most, order_max))
			continue;
		list_del_init(&segment->link);
		taken = segment;
		break;
	}
	spin_unlock(&cs_pinned_lock);
	if (!taken)
		return NULL;
	atomic64_sub(taken->capacity, &cs_pinned_total);
	taken->reads = NULL;
	return taken;
}

static u64 cs_pinned_look(bool all)
{
	LIST_HEAD(segments);

	spin_lock(&cs_pinned_lock);
	list_splice_init(&cs_pinned, &segments);
	spin_unlock(&cs_pinned_lock);
	return cs_pinned_look_at(&segments, all);
}

/**
 * cs_pinned_free - frees what nobody else holds any more
 *
 * Process context, memory reclaim included.  Return: bytes.
 */
u64 cs_pinned_free(void)
{
	return cs_pinned_look(true);
}

static void cs_pinned_sweep(struct work_struct *work)
{
	cs_pinned_look(false);
}

/**
 * cs_pinned_exit - leaves all to those who hold it
 *
 * The pool may add nothing any more.  Sleeps, never for a peer.
 */
void cs_pinned_exit(void)
{
	struct cs_segment *segment, *next;

	cancel_delayed_work_sync(&cs_pinned_sweeper);
	list_for_each_entry_safe(segment, next, &cs_pinned, link) {
		list_del(&segment->link);
		cs_segment_destroy(segment);
	}
}
