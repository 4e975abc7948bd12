// SPDX-License-Identifier: GPL-2.0
/*
 * The pool: keeps segments between reads and transfers, and bounds them all.
 *
 * Pool memory is charged to no cgroup: it serves all senders in turn and is
 * bounded by pool_max.  What the network still holds after we let go is bounded
 * by the send buffers, which count bytes sent: that is why what is much smaller
 * than its folio is not handed over by reference, see cs_sink_send().  But what
 * a receiver on this machine keeps of it is for pinned.c to bound.
 *
 * When the pool is full, transfers wait in line (turns.c) for memory that others give
 * back.  Whoever has a thread that must not wait, or has waited long enough, gets a
 * small segment on top, and takes nothing from those in line: such segments are charged
 * to the sender's cgroup, and not kept for others.  All others are promised what they
 * will use before they look for a segment, so that the maximum holds.  What no transfer
 * uses (spare.c) is kept as far as that leaves room.
 */
#include <linux/log2.h>

#include "pool.h"
#include "views.h"

/* An idle segment may be so much larger than what is asked for. */
#define CS_IDLE_FACTOR		4

DEFINE_SPINLOCK(cs_pool_lock);

/* Guarded by it. */
static u64 cs_pool_in_use;		/* bytes that transfers hold, or have parked */
static u64 cs_pool_on_top;		/* of them, those that don't count in the maximum */
static u64 cs_pool_promised;		/* bytes that will come to be used */

/**
 * cs_pool_bytes - bytes of segments that the module holds
 *
 * Process context.
 */
u64 cs_pool_bytes(void)
{
	u64 bytes;

	spin_lock(&cs_pool_lock);
	bytes = cs_pool_in_use + cs_spare_bytes();
	spin_unlock(&cs_pool_lock);
	return bytes;
}

/**
 * cs_pool_used - bytes of the maximum that transfers have, or were promised
 *
 * Process context.
 */
u64 cs_pool_used(void)
{
	u64 bytes;

	spin_lock(&cs_pool_lock);
	bytes = cs_pool_in_use - cs_pool_on_top + cs_pool_promised;
	spin_unlock(&cs_pool_lock);
	return bytes;
}

/**
 * cs_pool_look - what the pool and its users hold now
 * @view: filled in
 *
 * Process context.
 */
void cs_pool_look(struct cs_pool_view *view)
{
	view->max = cs_policy_pool_max();
	spin_lock(&cs_pool_lock);
	view->held = cs_pool_in_use + cs_spare_bytes();
	view->used = cs_pool_in_use;
	view->idle = cs_spare_idle_bytes();
	view->lingering = cs_spare_bytes() - cs_spare_idle_bytes();
	spin_unlock(&cs_pool_lock);
	view->pinned = cs_pinned_bytes();
	cs_user_look(view);
	view->refused =
		cs_objects_get(COLDSEND_A_OBJECTS_TRANSFERS_REFUSED);
	/* What is destroyed was created, so that this is asked first. */
	view->segments =
		cs_objects_get(COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED);
	view->segments =
		cs_objects_get(COLDSEND_A_OBJECTS_SEGMENTS_CREATED) -
		view->segments;
}

/* Bytes that transfers may still have of the maximum. */
static u64 cs_pool_left(void)
{
	u64 taken = cs_pool_in_use - cs_pool_on_top + cs_pool_promised;
	u64 max = cs_policy_pool_max();

	lockdep_assert_held(&cs_pool_lock);
	return max > taken ? max - taken : 0;
}

/**
 * cs_pool_promise - keeps bytes for a transfer
 * @bytes: of a segment
 *
 * Under the user lock, so that whoever comes first gets them.  cs_pool_get() keeps the
 * promise, or cs_pool_unpromise() undoes it.
 *
 * Return: whether there were as many left of the maximum.
 */
bool cs_pool_promise(u32 bytes)
{
	bool fits;

	spin_lock(&cs_pool_lock);
	fits = bytes <= cs_pool_left();
	if (fits)
		cs_pool_promised += bytes;
	spin_unlock(&cs_pool_lock);
	return fits;
}

/**
 * cs_pool_unpromise - a transfer does without
 * @bytes: as promised
 *
 * Process context.  The caller sees to it that others have them.
 */
void cs_pool_unpromise(u32 bytes)
{
	spin_lock(&cs_pool_lock);
	cs_pool_promised -= bytes;
	spin_unlock(&cs_pool_lock);
}

static void cs_pool_count_unused(u32 bytes, bool on_top)
{
	lockdep_assert_held(&cs_pool_lock);
	cs_pool_in_use -= bytes;
	if (on_top)
		cs_pool_on_top -= bytes;
}

/* Gives up what is past the maximum once transfers use @bytes more. */
static void cs_pool_make_room(u32 bytes, struct list_head *victims)
{
	u64 held = cs_pool_in_use - cs_pool_on_top + bytes + cs_spare_bytes();
	u64 max = cs_policy_pool_max();

	if (held > max)
		cs_spare_give_up(held - max, victims);
}

/*
 * Bytes of an idle segment, at the most, that serves where @size were promised.  What
 * is much larger than wanted would be held, uncounted, for a few bytes in a socket.
 */
static u32 cs_pool_most(u32 size)
{
	return min_t(u64, CS_IDLE_FACTOR * size, size + cs_pool_left());
}

/*
 * Takes a segment of at least @size bytes that was used before; or counts so many for a
 * new one: NULL.
 */
static struct cs_segment *cs_pool_reserve(u32 size, u32 order_max)
{
	struct cs_segment *segment;
	LIST_HEAD(victims);

	spin_lock(&cs_pool_lock);
	/* After the maximum was lowered, what is past it must not be reused. */
	cs_pool_make_room(0, &victims);
	segment = cs_spare_take(size, cs_pool_most(size), order_max);
	if (!segment) {
		segment = cs_pinned_take(size, cs_pool_most(size), order_max);
		cs_pool_make_room(segment ? segment->capacity : size, &victims);
	}
	cs_pool_in_use += segment ? segment->capacity : size;
	cs_pool_promised -= size;
	spin_unlock(&cs_pool_lock);
	cs_spare_free(&victims);
	return segment;
}

static void cs_pool_count_on_top(u32 size)
{
	spin_lock(&cs_pool_lock);
	cs_pool_in_use += size;
	cs_pool_on_top += size;
	spin_unlock(&cs_pool_lock);
}

/* A segment of @size bytes that were promised, or are had @on_top; NULL: no memory. */
static struct cs_segment *cs_pool_find(u32 size, bool on_top, bool *recycled)
{
	u32 order_max = cs_pinned_order_max();
	struct cs_segment *segment = NULL;

	if (on_top)
		cs_pool_count_on_top(size);
	else
		segment = cs_pool_reserve(size, order_max);
	*recycled = segment;
	if (!segment)
		segment = cs_segment_create(size, order_max, on_top);
	if (segment) {
		segment->on_top = on_top;
		return segment;
	}
	spin_lock(&cs_pool_lock);
	cs_pool_count_unused(size, on_top);
	spin_unlock(&cs_pool_lock);
	return NULL;
}

/**
 * cs_pool_get - memory for a read
 * @xfer: the transfer that reads
 * @size: bytes wanted, at most CS_SEGMENT_SIZE_MAX
 * @first: the transfer has nothing to go on with: if it is urgent, it gets a segment
 *	(of 64 KiB) whatever others hold; if it is not, it will be woken for one
 * @recycled: set to whether the segment was used before
 *
 * May sleep.  The caller owns the segment and gives it back with
 * cs_pool_put() or cs_pool_drop().
 *
 * Return: a segment, whose capacity may be more than @size, or less if @first or if
 * the transfer has waited for it; or ERR_PTR: -EAGAIN the pool is full, or others wait,
 * or the user has its share; -ENOMEM.
 */
struct cs_segment *cs_pool_get(struct cs_xfer *xfer, u32 size, bool first,
			       bool *recycled)
{
	struct cs_segment *segment;
	bool on_top;
	u32 taken;

	size = max_t(u32, roundup_pow_of_two(size), CS_SEGMENT_MIN);
	taken = cs_user_take(xfer, size, first);
	on_top = !taken && first && xfer->urgent;
	if (on_top)
		taken = cs_user_take_on_top(xfer, size);
	if (!taken) {
		if (first)
			cs_user_queue(xfer, size);
		return ERR_PTR(-EAGAIN);
	}
	segment = cs_pool_find(taken, on_top, recycled);
	if (!segment) {
		cs_user_give(xfer->user, taken);
		return ERR_PTR(-ENOMEM);
	}
	segment->user = xfer->user;
	cs_user_take_more(xfer, segment->capacity - taken);
	return segment;
}

/**
 * cs_pool_put - gives a segment back to the pool
 * @segment: from cs_pool_get(), with no read in flight
 *
 * Process context.  One that was had on top is freed.
 */
void cs_pool_put(struct cs_segment *segment)
{
	struct cs_user *user = segment->user;
	u32 size = segment->capacity;
	LIST_HEAD(victims);

	if (segment->on_top) {
		cs_pool_drop(segment);
		return;
	}
	segment->reads = NULL;
	segment->user = NULL;
	spin_lock(&cs_pool_lock);
	cs_pool_count_unused(size, false);
	cs_spare_add(segment);
	cs_pool_make_room(0, &victims);
	spin_unlock(&cs_pool_lock);
	cs_spare_free(&victims);
	cs_user_give(user, size);
}

/**
 * cs_pool_drop - frees a segment, what others hold of it when they let go
 * @segment: from cs_pool_get(), with no read in flight
 *
 * Process context.
 */
void cs_pool_drop(struct cs_segment *segment)
{
	struct cs_user *user = segment->user;
	bool on_top = segment->on_top;
	u32 size = segment->capacity;

	cs_pinned_add(segment);
	spin_lock(&cs_pool_lock);
	cs_pool_count_unused(size, on_top);
	spin_unlock(&cs_pool_lock);
	cs_user_give(user, size);
}
