// SPDX-License-Identifier: GPL-2.0
/*
 * Parking: what was read for a non-blocking socket and found it full.
 *
 * An event loop calls SEND, is told how much went, and calls again from there
 * when the socket has room.  What the disk brought beyond that is not thrown
 * away meanwhile: it is kept for the open device, named by the file and the
 * offset that comes next, and the call that goes on there finds it.
 *
 * Nothing but memory of the pool is held, no reference on file or socket.  The
 * file's size and change time tell whether the bytes are still the file's.
 * All parked bytes together are bounded by a quarter of pool_max, and the
 * oldest leave first; none stays longer than CS_PARK_MAX.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "coldsend.h"

#define CS_PARK_MAX	(10 * HZ)
#define CS_PARK_CHECK	(1 * HZ)

/**
 * struct cs_parked - bytes of a file that a SEND may go on with
 * @link: in cs_park_all
 * @context: open device that they are kept for
 * @key: of the file
 * @version: of the file when they were read
 * @pos: first of them
 * @bytes: of memory that they occupy
 * @since: jiffies when they came
 * @nr_segments: in @segments
 * @segments: in file order, read completely
 */
struct cs_parked {
	struct list_head link;
	struct cs_context *context;
	struct cs_key key;
	struct cs_version version;
	loff_t pos;
	u64 bytes;
	unsigned long since;
	u32 nr_segments;
	struct list_head segments;
};

/* Guards cs_park_all and cs_park_bytes. */
static DEFINE_SPINLOCK(cs_park_lock);
static LIST_HEAD(cs_park_all);		/* oldest first */
static u64 cs_park_bytes;

static void cs_park_reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_park_reaper, cs_park_reap);

static void cs_park_unlink(struct cs_parked *parked)
{
	lockdep_assert_held(&cs_park_lock);
	list_del_init(&parked->link);
	cs_park_bytes -= parked->bytes;
}

static void cs_park_free(struct cs_parked *parked)
{
	struct cs_segment *segment, *next;

	list_for_each_entry_safe(segment, next, &parked->segments, link) {
		list_del_init(&segment->link);
		cs_pool_put(segment);
	}
	kfree(parked);
}

static void cs_park_free_all(struct list_head *victims)
{
	struct cs_parked *parked, *next;

	list_for_each_entry_safe(parked, next, victims, link)
		cs_park_free(parked);
}

static bool cs_park_may_stay(const struct cs_segment *segment)
{
	return segment->capacity && !segment->buffered &&
	       segment->read_result > segment->begin;
}

/* Takes the segments at the head of the ring that can be kept. */
static void cs_park_take_segments(struct cs_xfer *xfer,
				  struct cs_parked *parked)
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_segment *segment, *next;
	loff_t pos = xfer->pos;

	list_for_each_entry_safe(segment, next, &ring->segments, link) {
		if (!cs_park_may_stay(segment) ||
		    segment->pos + segment->begin != pos)
			return;
		segment->end = min_t(u32, segment->end, segment->read_result);
		pos = segment->pos + segment->end;
		cs_ring_count_read(xfer, segment);
		list_move_tail(&segment->link, &parked->segments);
		ring->nr_segments--;
		parked->nr_segments++;
		parked->bytes += segment->capacity;
	}
}

static void cs_park_insert(struct cs_parked *parked, u64 max)
{
	struct cs_parked *oldest;
	LIST_HEAD(victims);

	spin_lock(&cs_park_lock);
	list_add_tail(&parked->link, &cs_park_all);
	cs_park_bytes += parked->bytes;
	while (cs_park_bytes > max) {
		oldest = list_first_entry(&cs_park_all, struct cs_parked, link);
		cs_park_unlink(oldest);
		list_add(&oldest->link, &victims);
	}
	spin_unlock(&cs_park_lock);
	cs_park_free_all(&victims);
	schedule_delayed_work(&cs_park_reaper, CS_PARK_CHECK);
}

/**
 * cs_park_keep - parks what a transfer has read and could not send
 * @xfer: that ends because its socket is full; no read is in flight
 *
 * May sleep.  What can't be kept is left in the ring.
 */
void cs_park_keep(struct cs_xfer *xfer)
{
	struct cs_parked *parked;

	if (!xfer->nonblock || xfer->error != -EAGAIN ||
	    !xfer->ring.nr_segments || cs_user_is_tight(xfer))
		return;
	parked = kzalloc(sizeof(*parked), GFP_KERNEL_ACCOUNT);
	if (!parked)
		return;
	INIT_LIST_HEAD(&parked->link);
	INIT_LIST_HEAD(&parked->segments);
	parked->context = xfer->context;
	parked->key = xfer->key;
	parked->version = xfer->ring.version;
	parked->pos = xfer->pos;
	parked->since = jiffies;
	cs_park_take_segments(xfer, parked);
	if (parked->nr_segments)
		cs_park_insert(parked, xfer->tunables.pool_max / 4);
	else
		kfree(parked);
}

static struct cs_parked *cs_park_find(const struct cs_xfer *xfer)
{
	struct cs_parked *parked;

	lockdep_assert_held(&cs_park_lock);
	list_for_each_entry(parked, &cs_park_all, link)
		if (parked->context == xfer->context &&
		    parked->pos == xfer->pos &&
		    cs_key_equal(&parked->key, &xfer->key))
			return parked;
	return NULL;
}

/* Puts into the ring what is of the file still, and asked for. */
static void cs_park_use(struct cs_xfer *xfer, struct cs_parked *parked)
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_segment *segment, *next;

	if (memcmp(&parked->version, &ring->version, sizeof(ring->version)))
		return;
	list_for_each_entry_safe(segment, next, &parked->segments, link) {
		if (segment->pos + segment->begin >= xfer->end)
			return;
		segment->end = min_t(loff_t, segment->end,
				     xfer->end - segment->pos);
		list_move_tail(&segment->link, &ring->segments);
		ring->nr_segments++;
		ring->next = segment->pos + segment->end;
	}
}

/**
 * cs_park_take - gives a transfer what an earlier one has parked for it
 * @xfer: with its ring just opened
 *
 * May sleep.
 */
void cs_park_take(struct cs_xfer *xfer)
{
	struct cs_parked *parked;

	if (!xfer->nonblock || !xfer->ring.align ||
	    list_empty_careful(&cs_park_all))
		return;
	spin_lock(&cs_park_lock);
	parked = cs_park_find(xfer);
	if (parked)
		cs_park_unlink(parked);
	spin_unlock(&cs_park_lock);
	if (!parked)
		return;
	cs_park_use(xfer, parked);
	cs_park_free(parked);
}

/* Collects what is too old, or kept for @context. */
static bool cs_park_collect(const struct cs_context *context,
			    struct list_head *victims)
{
	struct cs_parked *parked, *next;

	lockdep_assert_held(&cs_park_lock);
	list_for_each_entry_safe(parked, next, &cs_park_all, link) {
		if (parked->context != context &&
		    time_before(jiffies, parked->since + CS_PARK_MAX))
			continue;
		cs_park_unlink(parked);
		list_add(&parked->link, victims);
	}
	return !list_empty(&cs_park_all);
}

static void cs_park_reap(struct work_struct *work)
{
	LIST_HEAD(victims);
	bool more;

	spin_lock(&cs_park_lock);
	more = cs_park_collect(NULL, &victims);
	spin_unlock(&cs_park_lock);
	cs_park_free_all(&victims);
	if (more)
		schedule_delayed_work(&cs_park_reaper, CS_PARK_CHECK);
}

/**
 * cs_park_forget - gives back what is kept for an open device
 * @context: that goes away
 *
 * May sleep.
 */
void cs_park_forget(const struct cs_context *context)
{
	LIST_HEAD(victims);

	spin_lock(&cs_park_lock);
	cs_park_collect(context, &victims);
	spin_unlock(&cs_park_lock);
	cs_park_free_all(&victims);
}

/**
 * cs_park_exit - stops looking for what is too old
 *
 * No context may be left, and so nothing parked.
 */
void cs_park_exit(void)
{
	cancel_delayed_work_sync(&cs_park_reaper);
}
