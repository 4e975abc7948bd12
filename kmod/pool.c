// SPDX-License-Identifier: GPL-2.0
/*
 * The pool: keeps segments between reads and transfers, and bounds them all.
 *
 * Segments that nobody else holds are idle; those that the network still holds
 * linger until they are idle or CS_LINGER_MAX has passed, when our references
 * go and the network frees the folios.  Idle ones are freed after CS_IDLE_MAX.
 *
 * Pool memory is charged to no cgroup: it serves all senders in turn and is
 * bounded by pool_max.  What the network still holds after we let go is bounded
 * by the send buffers, which count bytes sent: that is why what is much smaller
 * than its folio is not handed over by reference, see cs_sink_send().
 *
 * When the pool is full, asynchronous transfers wait in line for memory that
 * others give back; whoever has a thread to wait with gets a small segment on
 * top, so that nobody waits for ever.
 */
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "coldsend.h"

#define CS_LINGER_MAX		(1 * HZ)
#define CS_IDLE_MAX		(5 * HZ)
#define CS_REAP_EVERY		(HZ / 2)
/* Lingering segments that one look at the pool may cost. */
#define CS_SWEEP_MAX		16

/* Guards the lists and cs_pool_held. */
static DEFINE_SPINLOCK(cs_pool_lock);
static LIST_HEAD(cs_pool_waiters);	/* transfers, first come first served */
static LIST_HEAD(cs_pool_idle);		/* most recently used first */
static LIST_HEAD(cs_pool_lingering);	/* oldest first */
static u64 cs_pool_held;		/* bytes of all that exist */

static void cs_pool_reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_pool_reaper, cs_pool_reap);

/**
 * cs_pool_bytes - bytes of segments that the module holds
 *
 * Process context.
 */
u64 cs_pool_bytes(void)
{
	u64 bytes;

	spin_lock(&cs_pool_lock);
	bytes = cs_pool_held;
	spin_unlock(&cs_pool_lock);
	return bytes;
}

/* There may be room now for the transfer that waits longest. */
static void cs_pool_wake_waiter(void)
{
	struct cs_xfer *xfer;

	lockdep_assert_held(&cs_pool_lock);
	xfer = list_first_entry_or_null(&cs_pool_waiters, struct cs_xfer,
					pool_link);
	if (xfer)
		cs_xfer_wake(xfer);
}

static void cs_pool_unreserve(u32 size)
{
	spin_lock(&cs_pool_lock);
	cs_pool_held -= size;
	cs_pool_wake_waiter();
	spin_unlock(&cs_pool_lock);
}

/**
 * cs_pool_queue - a transfer that got no segment will be woken for one
 * @xfer: asynchronous
 *
 * It keeps its place until cs_pool_unqueue().  Process context.
 */
void cs_pool_queue(struct cs_xfer *xfer)
{
	spin_lock(&cs_pool_lock);
	if (list_empty(&xfer->pool_link)) {
		list_add_tail(&xfer->pool_link, &cs_pool_waiters);
		/* What it missed meanwhile it will find when it runs again. */
		cs_pool_wake_waiter();
	}
	spin_unlock(&cs_pool_lock);
}

/**
 * cs_pool_unqueue - a transfer waits for a segment no more
 * @xfer: that may or may not have waited
 *
 * Process context.
 */
void cs_pool_unqueue(struct cs_xfer *xfer)
{
	/* Nobody but the thread that pumps it puts it there or takes it out. */
	if (list_empty(&xfer->pool_link))
		return;
	spin_lock(&cs_pool_lock);
	list_del_init(&xfer->pool_link);
	cs_pool_wake_waiter();
	spin_unlock(&cs_pool_lock);
}

/* May the transfer take what there is, or do others come first? */
static bool cs_pool_has_turn(const struct cs_xfer *xfer)
{
	bool turn;

	spin_lock(&cs_pool_lock);
	turn = list_empty(&cs_pool_waiters) ||
	       list_first_entry(&cs_pool_waiters, struct cs_xfer,
				pool_link) == xfer;
	spin_unlock(&cs_pool_lock);
	return turn;
}

/**
 * cs_pool_drop - frees a segment; the network frees what it still holds
 * @segment: from cs_pool_get(), with no read in flight
 *
 * May sleep.
 */
void cs_pool_drop(struct cs_segment *segment)
{
	u32 size = segment->capacity;

	cs_segment_destroy(segment);
	cs_pool_unreserve(size);
}

/* Moves what nobody else holds any more to the idle list. */
static void cs_pool_sweep(void)
{
	struct cs_segment *segment, *next;
	u32 looked_at = 0;

	lockdep_assert_held(&cs_pool_lock);
	list_for_each_entry_safe(segment, next, &cs_pool_lingering, link) {
		if (looked_at++ == CS_SWEEP_MAX)
			return;
		if (!cs_segment_ours_alone(segment))
			continue;
		segment->since = jiffies;
		list_move(&segment->link, &cs_pool_idle);
	}
}

/* An idle segment that is large enough and not far too large, or NULL. */
static struct cs_segment *cs_pool_take_idle(u32 size)
{
	struct cs_segment *segment, *found = NULL;

	spin_lock(&cs_pool_lock);
	cs_pool_sweep();
	list_for_each_entry(segment, &cs_pool_idle, link) {
		if (segment->capacity < size || segment->capacity / 16 > size)
			continue;
		list_del_init(&segment->link);
		found = segment;
		break;
	}
	spin_unlock(&cs_pool_lock);
	return found;
}

static void cs_pool_drop_all(struct list_head *segments)
{
	struct cs_segment *segment, *next;

	list_for_each_entry_safe(segment, next, segments, link) {
		list_del(&segment->link);
		cs_pool_drop(segment);
	}
}

/* Frees what no transfer uses, oldest first, until @size more fit in @max. */
static void cs_pool_make_room(u32 size, u64 max)
{
	struct cs_segment *segment;
	struct list_head *from;
	LIST_HEAD(victims);
	u64 bytes;

	spin_lock(&cs_pool_lock);
	for (bytes = cs_pool_held; bytes + size > max;
	     bytes -= segment->capacity) {
		from = list_empty(&cs_pool_idle) ? &cs_pool_lingering :
						   &cs_pool_idle;
		if (list_empty(from))
			break;
		segment = from == &cs_pool_idle ?
			list_last_entry(from, struct cs_segment, link) :
			list_first_entry(from, struct cs_segment, link);
		list_move(&segment->link, &victims);
	}
	spin_unlock(&cs_pool_lock);
	cs_pool_drop_all(&victims);
}

/* Counts a new segment as held.  Return: its bytes, or 0: the pool is full. */
static u32 cs_pool_reserve(u32 size, u64 max, bool first)
{
	spin_lock(&cs_pool_lock);
	if (cs_pool_held + size > max)
		size = first ? min(size, CS_SEGMENT_FIRST) : 0;
	cs_pool_held += size;
	spin_unlock(&cs_pool_lock);
	return size;
}

/**
 * cs_pool_get - memory for a read
 * @xfer: the transfer that reads
 * @size: bytes wanted, at most CS_SEGMENT_SIZE_MAX
 * @first: the transfer has no segment at all and can't wait for one, so it gets
 *	one (of 64 KiB) even if the pool is full
 * @recycled: set to whether the segment was used before
 *
 * May sleep.  The caller owns the segment and gives it back with
 * cs_pool_put() or cs_pool_drop().
 *
 * Return: a segment, whose capacity may be more or less than @size, or
 * ERR_PTR: -EAGAIN the pool is full, or others wait, and this is not the first;
 * -ENOMEM.
 */
struct cs_segment *cs_pool_get(struct cs_xfer *xfer, u32 size, bool first,
			       bool *recycled)
{
	u64 pool_max = xfer->tunables.pool_max;
	struct cs_segment *segment;

	if (!first && !cs_pool_has_turn(xfer))
		return ERR_PTR(-EAGAIN);

	size = max_t(u32, roundup_pow_of_two(size), CS_SEGMENT_MIN);
	/* After the maximum was lowered, what is past it must not be reused. */
	cs_pool_make_room(0, pool_max);
	segment = cs_pool_take_idle(size);
	*recycled = segment;
	if (segment)
		return segment;
	cs_pool_make_room(size, pool_max);
	size = cs_pool_reserve(size, pool_max, first);
	if (!size)
		return ERR_PTR(-EAGAIN);
	segment = cs_segment_create(size);
	if (segment)
		return segment;
	cs_pool_unreserve(size);
	return ERR_PTR(-ENOMEM);
}

/**
 * cs_pool_put - gives a segment back to the pool
 * @segment: from cs_pool_get(), with no read in flight
 *
 * Process context.
 */
void cs_pool_put(struct cs_segment *segment)
{
	segment->xfer = NULL;
	segment->since = jiffies;
	spin_lock(&cs_pool_lock);
	if (cs_segment_ours_alone(segment))
		list_add(&segment->link, &cs_pool_idle);
	else
		list_add_tail(&segment->link, &cs_pool_lingering);
	cs_pool_wake_waiter();
	spin_unlock(&cs_pool_lock);
	schedule_delayed_work(&cs_pool_reaper, CS_REAP_EVERY);
}

static void cs_pool_collect_old(struct list_head *from, unsigned long age,
				struct list_head *victims)
{
	struct cs_segment *segment, *next;

	lockdep_assert_held(&cs_pool_lock);
	list_for_each_entry_safe(segment, next, from, link)
		if (time_after(jiffies, segment->since + age))
			list_move(&segment->link, victims);
}

static void cs_pool_reap(struct work_struct *work)
{
	LIST_HEAD(victims);
	bool more;

	spin_lock(&cs_pool_lock);
	cs_pool_sweep();
	cs_pool_collect_old(&cs_pool_lingering, CS_LINGER_MAX, &victims);
	cs_pool_collect_old(&cs_pool_idle, CS_IDLE_MAX, &victims);
	more = !list_empty(&cs_pool_idle) || !list_empty(&cs_pool_lingering);
	spin_unlock(&cs_pool_lock);

	cs_pool_drop_all(&victims);
	if (more)
		schedule_delayed_work(&cs_pool_reaper, CS_REAP_EVERY);
}

/**
 * cs_pool_exit - frees all segments
 *
 * No transfer may be left.  Sleeps, never for a peer.
 */
void cs_pool_exit(void)
{
	cancel_delayed_work_sync(&cs_pool_reaper);
	cs_pool_drop_all(&cs_pool_idle);
	cs_pool_drop_all(&cs_pool_lingering);
}
