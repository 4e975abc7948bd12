// SPDX-License-Identifier: GPL-2.0
/*
 * Segments: memory that file bytes travel in.
 *
 * A segment of direct I/O is a few compound folios of our own.  Once its bytes
 * are in a socket, the network holds references on the folios until the peer
 * has acknowledged (or, on this machine, read) them.  It never gives them back
 * to us: we look whether ours is the only reference left, and then use the
 * segment again.  That is cheaper than a fresh one by a memset of every byte
 * where the kernel was booted with init_on_alloc=1, as distributions do.
 *
 * The pool keeps segments between transfers.  Segments that nobody else holds
 * are idle; those that the network still holds linger until they are idle or
 * CS_LINGER_MAX has passed, when our references go and the network frees the
 * folios.  Idle ones are freed after CS_IDLE_MAX.
 *
 * Pool memory is charged to no cgroup: it serves all senders in turn and is
 * bounded by pool_max.  What the network still holds after we let go is bounded
 * by the send buffers, which count bytes sent: that is why what is much smaller
 * than its folio is not handed over by reference, see cs_sink_send().
 *
 * No folio is of order 0, so that a receiver can't map one by
 * TCP_ZEROCOPY_RECEIVE, and none is ever on a list of the memory manager.
 */
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "coldsend.h"

#define CS_FOLIO_ORDER_MIN	1
#define CS_LINGER_MAX		(1 * HZ)
#define CS_IDLE_MAX		(5 * HZ)
#define CS_REAP_EVERY		(HZ / 2)
/* Lingering segments that one look at the pool may cost. */
#define CS_SWEEP_MAX		16

/* Guards the lists and cs_pool_bytes. */
static DEFINE_SPINLOCK(cs_pool_lock);
static LIST_HEAD(cs_pool_waiters);	/* transfers, first come first served */
static LIST_HEAD(cs_pool_idle);		/* most recently used first */
static LIST_HEAD(cs_pool_lingering);	/* oldest first */
static u64 cs_pool_bytes;		/* capacity of all that exist */

static void cs_segment_reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_pool_reaper, cs_segment_reap);

/**
 * cs_segment_pool_bytes - bytes of segments that the module holds
 *
 * Process context.
 */
u64 cs_segment_pool_bytes(void)
{
	u64 bytes;

	spin_lock(&cs_pool_lock);
	bytes = cs_pool_bytes;
	spin_unlock(&cs_pool_lock);
	return bytes;
}

/* There may be room now for the transfer that waits longest. */
static void cs_segment_wake_waiter(void)
{
	struct cs_xfer *xfer;

	lockdep_assert_held(&cs_pool_lock);
	xfer = list_first_entry_or_null(&cs_pool_waiters, struct cs_xfer,
					pool_link);
	if (xfer)
		cs_xfer_wake(xfer);
}

static void cs_segment_unreserve(u32 size)
{
	spin_lock(&cs_pool_lock);
	cs_pool_bytes -= size;
	cs_segment_wake_waiter();
	spin_unlock(&cs_pool_lock);
}

/**
 * cs_segment_queue - a transfer that got no segment will be woken for one
 * @xfer: asynchronous
 *
 * It keeps its place until cs_segment_unqueue().  Process context.
 */
void cs_segment_queue(struct cs_xfer *xfer)
{
	spin_lock(&cs_pool_lock);
	if (list_empty(&xfer->pool_link)) {
		list_add_tail(&xfer->pool_link, &cs_pool_waiters);
		/* What it missed meanwhile it will find when it runs again. */
		cs_segment_wake_waiter();
	}
	spin_unlock(&cs_pool_lock);
}

/**
 * cs_segment_unqueue - a transfer waits for a segment no more
 * @xfer: that may or may not have waited
 *
 * Process context.
 */
void cs_segment_unqueue(struct cs_xfer *xfer)
{
	spin_lock(&cs_pool_lock);
	if (!list_empty(&xfer->pool_link)) {
		list_del_init(&xfer->pool_link);
		cs_segment_wake_waiter();
	}
	spin_unlock(&cs_pool_lock);
}

/* May the transfer take what there is, or do others come first? */
static bool cs_segment_has_turn(const struct cs_xfer *xfer)
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
 * cs_segment_ours_alone - does nobody else hold the segment's memory?
 * @segment: with no read in flight
 *
 * Once true it stays true until we hand the memory out again: nobody else can
 * find these folios to take a reference.  Any context.
 */
bool cs_segment_ours_alone(const struct cs_segment *segment)
{
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		if (folio_ref_count(page_folio(segment->bvec[i].bv_page)) != 1)
			return false;
	/* What the others did to the memory comes before what we will do. */
	smp_mb();
	return true;
}

static struct cs_segment *cs_segment_create(u32 max_bvecs)
{
	struct cs_segment *segment;

	segment = kmalloc(struct_size(segment, bvec, max_bvecs), GFP_KERNEL);
	if (!segment)
		return NULL;
	memset(segment, 0, sizeof(*segment));
	INIT_LIST_HEAD(&segment->link);
	segment->max_bvecs = max_bvecs;
	return segment;
}

/**
 * cs_segment_create_for_pages - a segment for pages of the page cache
 * @max_pages: entries of its bvec
 *
 * It is not of the pool; give it back with cs_segment_destroy().  May sleep.
 * Return: the segment or NULL.
 */
struct cs_segment *cs_segment_create_for_pages(u32 max_pages)
{
	struct cs_segment *segment = cs_segment_create(max_pages);

	if (segment)
		segment->counter = COLDSEND_A_COUNTERS_BYTES_CACHED;
	return segment;
}

/**
 * cs_segment_drop_pages - drops the references that the bvec holds
 * @segment: the bvec is empty afterwards
 *
 * May sleep.
 */
void cs_segment_drop_pages(struct cs_segment *segment)
{
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		folio_put(page_folio(segment->bvec[i].bv_page));
	segment->nr_bvecs = 0;
	segment->begin = 0;
	segment->end = 0;
}

/**
 * cs_segment_destroy - frees a segment that is in no list
 * @segment: with no read in flight; what the network still holds of its memory
 *	lives on until the network lets go
 *
 * May sleep.
 */
void cs_segment_destroy(struct cs_segment *segment)
{
	if (segment->capacity) {
		cs_stats_made(COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED);
		cs_segment_unreserve(segment->capacity);
	}
	cs_segment_drop_pages(segment);
	kfree(segment);
}

/*
 * Large folios only if there are some: reclaiming page cache to make them
 * would do what this module exists to avoid.
 */
static struct folio *cs_segment_alloc_folio(u32 order)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	if (order > PAGE_ALLOC_COSTLY_ORDER)
		gfp &= ~__GFP_DIRECT_RECLAIM;
	if (order > CS_FOLIO_ORDER_MIN)
		gfp |= __GFP_NORETRY;
	return folio_alloc(gfp, order);
}

/* Each entry takes the reference that folio_alloc() returns. */
static bool cs_segment_fill_folios(struct cs_segment *segment, u32 size)
{
	u32 order = get_order(size);
	struct folio *folio;

	while (size && !WARN_ON_ONCE(segment->nr_bvecs == segment->max_bvecs)) {
		folio = cs_segment_alloc_folio(order);
		if (folio) {
			segment->bvec[segment->nr_bvecs++] = (struct bio_vec) {
				.bv_page = folio_page(folio, 0),
				.bv_len = PAGE_SIZE << order,
			};
			size -= PAGE_SIZE << order;
		} else if (order-- == CS_FOLIO_ORDER_MIN) {
			return false;
		}
	}
	return true;
}

/* @size is a power of two; cs_pool_bytes has it already. */
static struct cs_segment *cs_segment_alloc(u32 size)
{
	struct cs_segment *segment;

	segment = cs_segment_create(size / (PAGE_SIZE << CS_FOLIO_ORDER_MIN));
	if (!segment) {
		cs_segment_unreserve(size);
		return NULL;
	}
	segment->capacity = size;
	cs_stats_made(COLDSEND_A_OBJECTS_SEGMENTS_CREATED);
	if (!cs_segment_fill_folios(segment, size)) {
		cs_segment_destroy(segment);
		return NULL;
	}
	return segment;
}

/* Moves what nobody else holds any more to the idle list. */
static void cs_segment_sweep(void)
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
static struct cs_segment *cs_segment_take_idle(u32 size)
{
	struct cs_segment *segment, *found = NULL;

	spin_lock(&cs_pool_lock);
	cs_segment_sweep();
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

static void cs_segment_destroy_all(struct list_head *segments)
{
	struct cs_segment *segment, *next;

	list_for_each_entry_safe(segment, next, segments, link) {
		list_del(&segment->link);
		cs_segment_destroy(segment);
	}
}

/* Frees what no transfer uses, oldest first, until @size more fit in @max. */
static void cs_segment_make_room(u32 size, u64 max)
{
	struct cs_segment *segment;
	struct list_head *from;
	LIST_HEAD(victims);
	u64 bytes;

	spin_lock(&cs_pool_lock);
	for (bytes = cs_pool_bytes; bytes + size > max;
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
	cs_segment_destroy_all(&victims);
}

/* Counts a new segment as held.  Return: its bytes, or 0: the pool is full. */
static u32 cs_segment_reserve(u32 size, u64 max, bool first)
{
	spin_lock(&cs_pool_lock);
	if (cs_pool_bytes + size > max)
		size = first ? min(size, CS_SEGMENT_FIRST) : 0;
	cs_pool_bytes += size;
	spin_unlock(&cs_pool_lock);
	return size;
}

/**
 * cs_segment_get - memory for a read
 * @xfer: the transfer that reads
 * @size: bytes wanted, at most CS_SEGMENT_SIZE_MAX
 * @first: the transfer has no segment at all and can't wait for one, so it gets
 *	one (of 64 KiB) even if the pool is full
 * @recycled: set to whether the segment was used before
 *
 * May sleep.  The caller owns the segment and gives it back with
 * cs_segment_put() or cs_segment_destroy().
 *
 * Return: a segment, whose capacity may be more or less than @size, or
 * ERR_PTR: -EAGAIN the pool is full, or others wait, and this is not the first;
 * -ENOMEM.
 */
struct cs_segment *cs_segment_get(struct cs_xfer *xfer, u32 size, bool first,
				  bool *recycled)
{
	u64 pool_max = xfer->tunables.pool_max;
	struct cs_segment *segment;

	if (!first && !cs_segment_has_turn(xfer))
		return ERR_PTR(-EAGAIN);

	size = max_t(u32, roundup_pow_of_two(size),
		     PAGE_SIZE << CS_FOLIO_ORDER_MIN);
	segment = cs_segment_take_idle(size);
	*recycled = segment;
	if (segment)
		return segment;
	cs_segment_make_room(size, pool_max);
	size = cs_segment_reserve(size, pool_max, first);
	if (!size)
		return ERR_PTR(-EAGAIN);
	segment = cs_segment_alloc(size);
	return segment ? segment : ERR_PTR(-ENOMEM);
}

/**
 * cs_segment_put - gives a segment back to the pool
 * @segment: from cs_segment_get(), with no read in flight
 *
 * Process context.
 */
void cs_segment_put(struct cs_segment *segment)
{
	segment->xfer = NULL;
	segment->since = jiffies;
	spin_lock(&cs_pool_lock);
	if (cs_segment_ours_alone(segment))
		list_add(&segment->link, &cs_pool_idle);
	else
		list_add_tail(&segment->link, &cs_pool_lingering);
	cs_segment_wake_waiter();
	spin_unlock(&cs_pool_lock);
	schedule_delayed_work(&cs_pool_reaper, CS_REAP_EVERY);
}

static void cs_segment_collect_old(struct list_head *from, unsigned long age,
				   struct list_head *victims)
{
	struct cs_segment *segment, *next;

	lockdep_assert_held(&cs_pool_lock);
	list_for_each_entry_safe(segment, next, from, link)
		if (time_after(jiffies, segment->since + age))
			list_move(&segment->link, victims);
}

static void cs_segment_reap(struct work_struct *work)
{
	LIST_HEAD(victims);
	bool more;

	spin_lock(&cs_pool_lock);
	cs_segment_sweep();
	cs_segment_collect_old(&cs_pool_lingering, CS_LINGER_MAX, &victims);
	cs_segment_collect_old(&cs_pool_idle, CS_IDLE_MAX, &victims);
	more = !list_empty(&cs_pool_idle) || !list_empty(&cs_pool_lingering);
	spin_unlock(&cs_pool_lock);

	cs_segment_destroy_all(&victims);
	if (more)
		schedule_delayed_work(&cs_pool_reaper, CS_REAP_EVERY);
}

/**
 * cs_segment_exit - frees all segments
 *
 * No transfer may be left.  Sleeps, never for a peer.
 */
void cs_segment_exit(void)
{
	cancel_delayed_work_sync(&cs_pool_reaper);
	cs_segment_destroy_all(&cs_pool_idle);
	cs_segment_destroy_all(&cs_pool_lingering);
}
