// SPDX-License-Identifier: GPL-2.0
/*
 * Parking: what was read for a non-blocking socket, between two calls.
 *
 * An event loop calls SEND, is told how much went, and calls again from there
 * when the socket has room, or when others had their turn.  What the disk
 * brought beyond that is not thrown away meanwhile, nor what is still being
 * read: it is kept for the open device, named by the file and the offset that
 * comes next, and the call that goes on there finds it.
 *
 * Nothing but memory of the pool is held, no reference on socket or, once it is
 * read, on file.  (Whoever closes the file meanwhile may find its file system
 * busy until then, as with other asynchronous I/O.)  All parked bytes together
 * are bounded by half of pool_max, and the oldest leave first; none stays
 * longer than CS_PARK_MAX.  What leaves while it is being read waits for the
 * disk on its own.
 *
 * The file's size and change time tell whether the bytes are still the file's.
 * A write sets that time before it is done, and two may have the same: nothing
 * is parked of a file that is open for writing or was changed lately, nor of one of
 * FAT or exFAT, which take the time that users set for it, at once or when they read
 * the inode again.
 */
#include <linux/hashtable.h>
#include <linux/jiffies.h>
#include <linux/magic.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>

#include "ring.h"

#define CS_PARK_MAX		(10 * HZ)
#define CS_PARK_CHECK		(1 * HZ)
/* A file that was not changed for so many seconds is not changed right now. */
#define CS_PARK_STEADY		2
#define CS_PARK_HASH_BITS	8

/**
 * struct cs_parked - bytes of a file that a SEND may go on with
 * @link: in cs_park_all, or in cs_park_left
 * @hash: in cs_park_table, while in cs_park_all
 * @context: open device that they are kept for
 * @key: of the file
 * @version: of the file when they were read
 * @pos: first of them
 * @bytes: of memory that they occupy
 * @since: jiffies when they came
 * @segments: in file order
 * @reads: of @segments, NULL if there is none in flight
 */
struct cs_parked {
	struct list_head link;
	struct hlist_node hash;
	struct cs_context *context;
	struct cs_key key;
	struct cs_version version;
	loff_t pos;
	u64 bytes;
	unsigned long since;
	struct list_head segments;
	struct cs_reads *reads;
};

/* Guards the next four. */
static DEFINE_SPINLOCK(cs_park_lock);
static DEFINE_HASHTABLE(cs_park_table, CS_PARK_HASH_BITS);
static LIST_HEAD(cs_park_all);		/* oldest first */
static LIST_HEAD(cs_park_left);		/* nobody's any more, being read */
static u64 cs_park_bytes;		/* of those in cs_park_all */

static void cs_park_reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_park_reaper, cs_park_reap);

static u64 cs_park_limit(void)
{
	return cs_policy_pool_max() / 2;
}

/**
 * cs_park_room - bytes that may still be parked
 * @xfer: of which they would be
 *
 * Any context.
 */
u64 cs_park_room(const struct cs_xfer *xfer)
{
	u64 limit = cs_park_limit(), parked = READ_ONCE(cs_park_bytes);

	return parked < limit ? limit - parked : 0;
}

static void cs_park_unlink(struct cs_parked *parked)
{
	lockdep_assert_held(&cs_park_lock);
	list_del_init(&parked->link);
	hash_del(&parked->hash);
	cs_park_bytes -= parked->bytes;
}

/* Sleeps for what is in flight. */
static void cs_park_free(struct cs_parked *parked)
{
	struct cs_segment *segment, *next;

	cs_read_close(parked->reads);
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

/**
 * cs_park_may_trust - will size and change time tell whether the file was changed?
 * @xfer: a transfer of it, its version known
 *
 * It has to be asked before anything is read: a write that began earlier may go on
 * behind what is read, and end.
 *
 * Process context.
 */
bool cs_park_may_trust(const struct cs_xfer *xfer)
{
	const struct inode *inode = cs_pagecache_inode(xfer->file);

	return inode->i_sb->s_magic != MSDOS_SUPER_MAGIC &&
	       inode->i_sb->s_magic != EXFAT_SUPER_MAGIC &&
	       !inode_is_open_for_write(inode) &&
	       xfer->ring.version.seconds + CS_PARK_STEADY <
	       ktime_get_real_seconds();
}

/* Is the segment one of a read that brings, or has brought, what was asked? */
static bool cs_park_may_stay(struct cs_segment *segment)
{
	if (!segment->capacity)
		return false;
	return !cs_read_done(segment) ||
	       (!segment->buffered && segment->read_result > segment->begin);
}

/* Counts what the read has brought, or will. */
static void cs_park_count(struct cs_xfer *xfer, struct cs_segment *segment)
{
	struct cs_ring *ring = &xfer->ring;

	if (!segment->reads || segment->read_counted) {
		cs_ring_count_read(xfer, segment);
		return;
	}
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_DISK_BYTES,
		      min_t(u64, round_up(segment->end, ring->align),
			    ring->version.size - segment->pos));
	segment->read_counted = true;
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
		segment->end = max(segment->end, segment->beyond);
		segment->beyond = 0;
		if (!segment->reads)
			segment->end = min_t(u32, segment->end,
					     segment->read_result);
		pos = segment->pos + segment->end;
		cs_park_count(xfer, segment);
		list_move_tail(&segment->link, &parked->segments);
		ring->nr_segments--;
		parked->bytes += segment->capacity;
	}
}

/* Moves what is @from there and not being read to @quiet. */
static void cs_park_collect_quiet(struct list_head *from,
				  struct list_head *quiet)
{
	struct cs_parked *parked, *next;

	lockdep_assert_held(&cs_park_lock);
	list_for_each_entry_safe(parked, next, from, link)
		if (cs_read_quiet(parked->reads))
			list_move(&parked->link, quiet);
}

static void cs_park_insert(struct cs_parked *parked, u32 hash, u64 max)
{
	struct cs_parked *oldest;
	LIST_HEAD(victims);

	spin_lock(&cs_park_lock);
	list_add_tail(&parked->link, &cs_park_all);
	hash_add(cs_park_table, &parked->hash, hash);
	cs_park_bytes += parked->bytes;
	while (cs_park_bytes > max) {
		oldest = list_first_entry(&cs_park_all, struct cs_parked, link);
		cs_park_unlink(oldest);
		list_add(&oldest->link, cs_read_quiet(oldest->reads) ?
			 &victims : &cs_park_left);
	}
	spin_unlock(&cs_park_lock);
	cs_park_free_all(&victims);
	schedule_delayed_work(&cs_park_reaper, CS_PARK_CHECK);
}

/* Where a file of overlayfs was copied up meanwhile, what was read last is another's. */
static bool cs_park_keeps(struct cs_xfer *xfer)
{
	const struct cs_ring *ring = &xfer->ring;

	return ring->nr_segments && !cs_user_has_used(xfer, 3) &&
	       ring->trusted && ring->inode == cs_pagecache_inode(xfer->file);
}

/**
 * cs_park_keeps_all - would all that is being read be parked, if the transfer ended?
 * @xfer: of a source with a ring
 *
 * If not, its end waits for the disk.  Process context.
 */
bool cs_park_keeps_all(struct cs_xfer *xfer)
{
	return !xfer->ring.taken && cs_park_keeps(xfer);
}

/**
 * cs_park_keep - parks what a transfer has read and did not send
 * @xfer: that ends
 *
 * May sleep, for the disk if not all can be kept.  What can't is given up.
 */
void cs_park_keep(struct cs_xfer *xfer)
{
	struct cs_parked *parked;
	u32 hash;

	if (!cs_ahead_expects(xfer))
		return;
	hash = cs_ahead_hash(xfer);
	if (cs_xfer_sent(xfer))
		cs_ahead_note_end(hash);
	parked = cs_park_keeps(xfer) ?
		 kzalloc(sizeof(*parked), GFP_KERNEL_ACCOUNT) : NULL;
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
	if (xfer->ring.nr_segments)
		cs_ring_empty(xfer);
	/* Once it is inserted, another thread may take it. */
	swap(parked->reads, xfer->reads);
	if (list_empty(&parked->segments))
		cs_park_free(parked);
	else
		cs_park_insert(parked, hash, cs_park_limit());
}

static struct cs_parked *cs_park_find(const struct cs_xfer *xfer, u32 hash)
{
	struct cs_parked *parked;

	lockdep_assert_held(&cs_park_lock);
	hash_for_each_possible(cs_park_table, parked, hash, hash)
		if (parked->context == xfer->context &&
		    parked->pos == xfer->pos &&
		    cs_key_equal(&parked->key, &xfer->key))
			return parked;
	return NULL;
}

/* More than was asked for is kept for whoever goes on. */
static void cs_park_cut(const struct cs_xfer *xfer, struct cs_segment *segment)
{
	if (segment->pos + segment->begin > xfer->end ||
	    segment->pos + segment->end <= xfer->end)
		return;
	segment->beyond = segment->end;
	segment->end = xfer->end - segment->pos;
}

static void cs_park_use(struct cs_xfer *xfer, struct cs_parked *parked)
{
	struct cs_ring *ring = &xfer->ring;
	struct cs_segment *segment, *next;

	list_for_each_entry_safe(segment, next, &parked->segments, link) {
		ring->next = segment->pos + segment->end;
		cs_park_cut(xfer, segment);
		list_move_tail(&segment->link, &ring->segments);
		ring->nr_segments++;
	}
	swap(parked->reads, xfer->reads);
	cs_park_free(parked);
}

/* It is of another content: to be freed once it is not being read any more. */
static void cs_park_leave(struct cs_parked *parked)
{
	spin_lock(&cs_park_lock);
	list_add(&parked->link, &cs_park_left);
	spin_unlock(&cs_park_lock);
	schedule_delayed_work(&cs_park_reaper, CS_PARK_CHECK);
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
	u32 hash;

	if (!xfer->nonblock || !xfer->ring.align)
		return;
	hash = cs_ahead_hash(xfer);
	xfer->keeps_up = cs_ahead_ended_here(hash);
	if (list_empty_careful(&cs_park_all))
		return;
	spin_lock(&cs_park_lock);
	parked = cs_park_find(xfer, hash);
	if (parked)
		cs_park_unlink(parked);
	spin_unlock(&cs_park_lock);
	if (!parked)
		return;
	if (!memcmp(&parked->version, &xfer->ring.version,
		    sizeof(parked->version)))
		cs_park_use(xfer, parked);
	else
		cs_park_leave(parked);
}

/* What has been there for too long is nobody's any more. */
static void cs_park_leave_old(void)
{
	struct cs_parked *parked, *next;

	lockdep_assert_held(&cs_park_lock);
	list_for_each_entry_safe(parked, next, &cs_park_all, link) {
		if (time_before(jiffies, parked->since + CS_PARK_MAX))
			return;
		cs_park_unlink(parked);
		list_add(&parked->link, &cs_park_left);
	}
}

static void cs_park_reap(struct work_struct *work)
{
	LIST_HEAD(victims);
	bool more;

	spin_lock(&cs_park_lock);
	cs_park_leave_old();
	cs_park_collect_quiet(&cs_park_left, &victims);
	more = !list_empty(&cs_park_all) || !list_empty(&cs_park_left);
	spin_unlock(&cs_park_lock);
	cs_park_free_all(&victims);
	if (more)
		schedule_delayed_work(&cs_park_reaper, CS_PARK_CHECK);
}

/**
 * cs_park_forget - gives back what is kept for an open device
 * @context: that goes away
 *
 * What the disk is at work on goes later.  May sleep, not for the disk.
 */
void cs_park_forget(const struct cs_context *context)
{
	struct cs_parked *parked, *next;
	LIST_HEAD(victims);
	bool more;

	spin_lock(&cs_park_lock);
	list_for_each_entry_safe(parked, next, &cs_park_all, link) {
		if (parked->context != context)
			continue;
		cs_park_unlink(parked);
		list_add(&parked->link, &cs_park_left);
	}
	cs_park_collect_quiet(&cs_park_left, &victims);
	more = !list_empty(&cs_park_left);
	spin_unlock(&cs_park_lock);
	cs_park_free_all(&victims);
	if (more)
		schedule_delayed_work(&cs_park_reaper, CS_PARK_CHECK);
}

/**
 * cs_park_exit - gives back what the disk was still at work on
 *
 * No context may be left.  Sleeps, for the disk.
 */
void cs_park_exit(void)
{
	cancel_delayed_work_sync(&cs_park_reaper);
	cs_park_free_all(&cs_park_left);
}
