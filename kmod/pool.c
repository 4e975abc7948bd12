// SPDX-License-Identifier: GPL-2.0
/*
 * The pool: keeps segments between reads and transfers, and bounds them all.
 *
 * Segments that nobody else holds are idle; those that the network still holds
 * linger until they are idle or CS_LINGER_MAX has passed, when they are the
 * pool's no more (pinned.c).  Idle ones are freed after CS_IDLE_MAX, or when the
 * machine is short of memory.
 *
 * Pool memory is charged to no cgroup: it serves all senders in turn and is
 * bounded by pool_max.  What the network still holds after we let go is bounded
 * by the send buffers, which count bytes sent: that is why what is much smaller
 * than its folio is not handed over by reference, see cs_sink_send().  But what
 * a receiver on this machine keeps of it is for pinned.c to bound.
 *
 * When the pool is full, transfers wait in line (turns.c) for memory that others give
 * back.  Whoever has a thread that must not wait, or has waited long enough, gets a
 * small segment on top, whatever the others do.
 */
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat/shrinker.h"
#include "views.h"

#define CS_LINGER_MAX		(1 * HZ)
#define CS_IDLE_MAX		(2 * HZ)
#define CS_REAP_EVERY		(HZ / 2)
/* An idle segment may be so much larger than what is asked for. */
#define CS_IDLE_FACTOR		4
/* Lingering segments that one look at the pool may cost. */
#define CS_SWEEP_MAX		16

/* Guards the lists and the next three. */
static DEFINE_SPINLOCK(cs_pool_lock);
static LIST_HEAD(cs_pool_idle);		/* most recently used first */
static LIST_HEAD(cs_pool_lingering);	/* oldest first */
static u64 cs_pool_held;		/* bytes of all that exist */
static u64 cs_pool_spare;		/* of them, bytes in the lists */
static u64 cs_pool_at_rest;		/* of these, bytes in the idle list */
static struct shrinker *cs_pool_shrinker;

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
	view->held = cs_pool_held;
	view->used = cs_pool_held - cs_pool_spare;
	view->idle = cs_pool_at_rest;
	view->lingering = cs_pool_spare - cs_pool_at_rest;
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

static void cs_pool_unreserve(u32 size)
{
	spin_lock(&cs_pool_lock);
	cs_pool_held -= size;
	spin_unlock(&cs_pool_lock);
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
	u32 size = segment->capacity;

	cs_pinned_add(segment);
	cs_pool_unreserve(size);
	if (user)
		cs_user_give(user, size);
	else
		cs_user_wake_next();
}

/* Takes a segment out of the lists. */
static void cs_pool_take_out(struct cs_segment *segment)
{
	lockdep_assert_held(&cs_pool_lock);
	list_del_init(&segment->link);
	cs_pool_spare -= segment->capacity;
	if (segment->idle)
		cs_pool_at_rest -= segment->capacity;
}

/* It comes into the idle list. */
static void cs_pool_set_idle(struct cs_segment *segment)
{
	lockdep_assert_held(&cs_pool_lock);
	segment->idle = true;
	cs_pool_at_rest += segment->capacity;
}

/* Moves what nobody else holds any more to the idle list; looks at @max. */
static void cs_pool_sweep(u32 max)
{
	struct cs_segment *segment, *next;
	u32 looked_at = 0;

	lockdep_assert_held(&cs_pool_lock);
	list_for_each_entry_safe(segment, next, &cs_pool_lingering, link) {
		if (looked_at++ == max)
			return;
		if (!cs_segment_ours_alone(segment))
			continue;
		segment->since = jiffies;
		cs_pool_set_idle(segment);
		list_move(&segment->link, &cs_pool_idle);
	}
}

/*
 * An idle segment of at least @size bytes and at most @max, or NULL.  One of small
 * folios is not used again once they may be large: it would never go.
 */
static struct cs_segment *cs_pool_take_idle(u32 size, u32 max, u32 order_max)
{
	struct cs_segment *segment, *found = NULL;

	spin_lock(&cs_pool_lock);
	cs_pool_sweep(CS_SWEEP_MAX);
	list_for_each_entry(segment, &cs_pool_idle, link) {
		if (segment->capacity < size || segment->capacity > max ||
		    segment->order_max != order_max)
			continue;
		cs_pool_take_out(segment);
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

/* What no transfer uses and is worth least, or NULL. */
static struct cs_segment *cs_pool_oldest(void)
{
	lockdep_assert_held(&cs_pool_lock);
	if (!list_empty(&cs_pool_idle))
		return list_last_entry(&cs_pool_idle, struct cs_segment, link);
	return list_first_entry_or_null(&cs_pool_lingering, struct cs_segment,
					link);
}

/* Frees at least @bytes of what no transfer uses.  Return: bytes. */
static u64 cs_pool_free_spare(u64 bytes)
{
	struct cs_segment *segment;
	LIST_HEAD(victims);
	u64 freed = 0;

	spin_lock(&cs_pool_lock);
	while (freed < bytes) {
		segment = cs_pool_oldest();
		if (!segment)
			break;
		freed += segment->capacity;
		cs_pool_take_out(segment);
		list_add(&segment->link, &victims);
	}
	spin_unlock(&cs_pool_lock);
	cs_pool_drop_all(&victims);
	return freed;
}

/* Has @size more fit in @max, as far as what no transfer uses allows. */
static void cs_pool_make_room(u32 size, u64 max)
{
	u64 held = cs_pool_bytes() + size;

	if (held > max)
		cs_pool_free_spare(held - max);
}

/* Counts a new segment as held.  Return: its bytes, or 0: the pool is full. */
static u32 cs_pool_reserve(u32 size, u64 max, bool anyway)
{
	spin_lock(&cs_pool_lock);
	if (cs_pool_held + size > max)
		size = anyway ? min(size, CS_SEGMENT_FIRST) : 0;
	cs_pool_held += size;
	spin_unlock(&cs_pool_lock);
	return size;
}

/*
 * A segment that is nobody's yet, or ERR_PTR as cs_pool_get().  What is much
 * larger than wanted would be held, uncounted, for a few bytes in a socket; and
 * who takes one in spite of others gets no more than a small one.
 */
static struct cs_segment *cs_pool_find(u32 size, u64 max, bool anyway,
				       bool *recycled)
{
	u32 order_max = cs_pinned_order_max(), reserved;
	struct cs_segment *segment;

	/* After the maximum was lowered, what is past it must not be reused. */
	cs_pool_make_room(0, max);
	segment = cs_pool_take_idle(size, anyway ? CS_SEGMENT_FIRST :
						   CS_IDLE_FACTOR * size,
				    order_max);
	*recycled = segment;
	if (segment)
		return segment;
	cs_pool_make_room(size, max);
	reserved = cs_pool_reserve(size, max, anyway);
	/* Who looked at the same time had room without freeing what is spare. */
	if (!reserved && cs_pool_free_spare(size))
		reserved = cs_pool_reserve(size, max, anyway);
	if (!reserved)
		return ERR_PTR(-EAGAIN);
	segment = cs_segment_create(reserved, order_max);
	if (segment)
		return segment;
	cs_pool_unreserve(reserved);
	cs_user_wake_next();
	return ERR_PTR(-ENOMEM);
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
 * Return: a segment, whose capacity may be more or less than @size, or
 * ERR_PTR: -EAGAIN the pool is full, or others wait, or the user has its share;
 * -ENOMEM.
 */
struct cs_segment *cs_pool_get(struct cs_xfer *xfer, u32 size, bool first,
			       bool *recycled)
{
	struct cs_segment *segment = ERR_PTR(-EAGAIN);
	bool may, anyway;

	size = max_t(u32, roundup_pow_of_two(size), CS_SEGMENT_MIN);
	may = cs_user_may_take(xfer, size);
	anyway = first && xfer->urgent;
	if (may || anyway)
		segment = cs_pool_find(size, cs_policy_pool_max(), anyway,
				       recycled);
	if (!IS_ERR(segment)) {
		segment->user = xfer->user;
		cs_user_take(segment->user, segment->capacity);
		cs_user_unqueue(xfer);
	} else if (segment == ERR_PTR(-EAGAIN) && first) {
		cs_user_queue(xfer);
	}
	return segment;
}

/* Are more quarters in use, of all or of what the transfer's user may have? */
static bool cs_pool_is_used(struct cs_xfer *xfer, u32 of_all, u32 of_user)
{
	u64 used;

	spin_lock(&cs_pool_lock);
	used = cs_pool_held - cs_pool_spare;
	spin_unlock(&cs_pool_lock);
	return used > cs_policy_pool_max() / 4 * of_all ||
	       cs_user_has_used(xfer, of_user);
}

/**
 * cs_pool_is_in_demand - is a good part of what the transfer may have in use?
 * @xfer: the transfer
 *
 * Process context.  Then whose peer takes nothing leaves its memory to others.
 */
bool cs_pool_is_in_demand(struct cs_xfer *xfer)
{
	return cs_pool_is_used(xfer, 1, 1);
}

/**
 * cs_pool_is_scarce - is half of what the transfer's user may have in use, or most
 *	of the pool?
 * @xfer: the transfer
 *
 * Process context.  Then little is read ahead.
 */
bool cs_pool_is_scarce(struct cs_xfer *xfer)
{
	return cs_pool_is_used(xfer, 3, 2);
}

/**
 * cs_pool_is_tight - is most of what the transfer may have in use?
 * @xfer: the transfer
 *
 * Process context.  Then memory that only saves work is better given back.
 */
bool cs_pool_is_tight(struct cs_xfer *xfer)
{
	return cs_pool_is_used(xfer, 3, 3);
}

/**
 * cs_pool_put - gives a segment back to the pool
 * @segment: from cs_pool_get(), with no read in flight
 *
 * Process context.
 */
void cs_pool_put(struct cs_segment *segment)
{
	struct cs_user *user = segment->user;
	u32 size = segment->capacity;

	segment->reads = NULL;
	segment->user = NULL;
	segment->since = jiffies;
	spin_lock(&cs_pool_lock);
	cs_pool_spare += size;
	segment->idle = false;
	if (cs_segment_ours_alone(segment)) {
		cs_pool_set_idle(segment);
		list_add(&segment->link, &cs_pool_idle);
	} else {
		list_add_tail(&segment->link, &cs_pool_lingering);
	}
	spin_unlock(&cs_pool_lock);
	cs_user_give(user, size);
	schedule_delayed_work(&cs_pool_reaper, CS_REAP_EVERY);
}

static void cs_pool_collect_old(struct list_head *from, unsigned long age,
				struct list_head *victims)
{
	struct cs_segment *segment, *next;

	lockdep_assert_held(&cs_pool_lock);
	list_for_each_entry_safe(segment, next, from, link) {
		if (!time_after(jiffies, segment->since + age))
			continue;
		cs_pool_take_out(segment);
		list_add(&segment->link, victims);
	}
}

static void cs_pool_reap(struct work_struct *work)
{
	LIST_HEAD(victims);
	bool more;

	spin_lock(&cs_pool_lock);
	cs_pool_sweep(U32_MAX);
	cs_pool_collect_old(&cs_pool_lingering, CS_LINGER_MAX, &victims);
	cs_pool_collect_old(&cs_pool_idle, CS_IDLE_MAX, &victims);
	more = !list_empty(&cs_pool_idle) || !list_empty(&cs_pool_lingering);
	spin_unlock(&cs_pool_lock);

	cs_pool_drop_all(&victims);
	if (more)
		schedule_delayed_work(&cs_pool_reaper, CS_REAP_EVERY);
}

/* Pages that memory management may ask for. */
static unsigned long cs_pool_count_spare(struct shrinker *shrinker,
					 struct shrink_control *control)
{
	return (READ_ONCE(cs_pool_spare) + cs_pinned_bytes()) >> PAGE_SHIFT;
}

/* Called where memory is short, under locks of anybody but ours. */
static unsigned long cs_pool_shrink(struct shrinker *shrinker,
				    struct shrink_control *control)
{
	u64 wanted = (u64)control->nr_to_scan << PAGE_SHIFT;
	u64 freed = cs_pool_free_spare(wanted);

	if (freed < wanted) {
		/* That looks at all there is: not again for the next batch. */
		control->nr_scanned = max(control->nr_to_scan,
					  cs_pool_count_spare(shrinker,
							      control));
		freed += cs_pinned_free();
	}
	return freed ? freed >> PAGE_SHIFT : SHRINK_STOP;
}

/**
 * cs_pool_init - offers memory management what no transfer uses
 *
 * Return: 0 or -ENOMEM.
 */
int cs_pool_init(void)
{
	cs_pool_shrinker = compat_shrinker_register("coldsend",
						    cs_pool_count_spare,
						    cs_pool_shrink);
	return cs_pool_shrinker ? 0 : -ENOMEM;
}

/**
 * cs_pool_exit - frees all segments
 *
 * No transfer may be left.  Sleeps, never for a peer.
 */
void cs_pool_exit(void)
{
	compat_shrinker_free(cs_pool_shrinker);
	cancel_delayed_work_sync(&cs_pool_reaper);
	cs_pool_free_spare(U64_MAX);
	cs_pinned_exit();
}
