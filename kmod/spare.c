// SPDX-License-Identifier: GPL-2.0
/*
 * Spare segments: those of the pool that no transfer uses.
 *
 * Segments that nobody else holds are idle; those that the network still holds
 * linger until they are idle or CS_LINGER_MAX has passed, when they are the
 * pool's no more (pinned.c).  Idle ones are freed after CS_IDLE_MAX, or when the
 * machine is short of memory.
 */
#include <linux/jiffies.h>
#include <linux/log2.h>
#include <linux/workqueue.h>

#include "compat/shrinker.h"
#include "pool.h"

#define CS_LINGER_MAX		(1 * HZ)
#define CS_IDLE_MAX		(2 * HZ)
#define CS_REAP_EVERY		(HZ / 2)
/* Lingering segments that one look for an idle one may cost. */
#define CS_SWEEP_MAX		16

/* So many doublings from the smallest segment to the largest. */
#define CS_SPARE_SIZES		16

/*
 * Guarded by the pool lock.  Idle ones have a list a size, so that who wants a large
 * one does not walk past all small ones that somebody left.
 */
static struct list_head cs_spare_idle[CS_SPARE_SIZES];	/* most recently used first */
static LIST_HEAD(cs_spare_lingering);	/* oldest first */
static u64 cs_spare_all;		/* bytes in both */
static u64 cs_spare_at_rest;		/* bytes in the idle lists */
static struct shrinker *cs_spare_shrinker;

static void cs_spare_reap(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_spare_reaper, cs_spare_reap);

/**
 * cs_spare_bytes - bytes that no transfer uses
 *
 * Under the pool lock.
 */
u64 cs_spare_bytes(void)
{
	lockdep_assert_held(&cs_pool_lock);
	return cs_spare_all;
}

/**
 * cs_spare_idle_bytes - of them, those that nobody else holds
 *
 * Under the pool lock.
 */
u64 cs_spare_idle_bytes(void)
{
	lockdep_assert_held(&cs_pool_lock);
	return cs_spare_at_rest;
}

/* Which list segments of so many bytes are in. */
static u32 cs_spare_size(u32 bytes)
{
	return min_t(u32, ilog2(max_t(u32, bytes, PAGE_SIZE) >> PAGE_SHIFT),
		     CS_SPARE_SIZES - 1);
}

/* Nobody else holds it any more; it is in no list. */
static void cs_spare_add_idle(struct cs_segment *segment)
{
	segment->idle = true;
	cs_spare_at_rest += segment->capacity;
	list_add(&segment->link,
		 &cs_spare_idle[cs_spare_size(segment->capacity)]);
}

/**
 * cs_spare_add - a segment is no transfer's any more
 * @segment: in no list
 *
 * Under the pool lock, in process context.
 */
void cs_spare_add(struct cs_segment *segment)
{
	lockdep_assert_held(&cs_pool_lock);
	segment->since = jiffies;
	segment->idle = false;
	cs_spare_all += segment->capacity;
	if (cs_segment_ours_alone(segment))
		cs_spare_add_idle(segment);
	else
		list_add_tail(&segment->link, &cs_spare_lingering);
	schedule_delayed_work(&cs_spare_reaper, CS_REAP_EVERY);
}

/* Takes a segment out of the lists. */
static void cs_spare_remove(struct cs_segment *segment)
{
	list_del_init(&segment->link);
	cs_spare_all -= segment->capacity;
	if (segment->idle)
		cs_spare_at_rest -= segment->capacity;
}

/* Moves what nobody else holds any more to the idle lists; looks at @max. */
static void cs_spare_sweep(u32 max)
{
	struct cs_segment *segment, *next;
	u32 looked_at = 0;

	list_for_each_entry_safe(segment, next, &cs_spare_lingering, link) {
		if (looked_at++ == max)
			return;
		if (!cs_segment_ours_alone(segment))
			continue;
		list_del(&segment->link);
		segment->since = jiffies;
		cs_spare_add_idle(segment);
	}
}

/**
 * cs_spare_take - an idle segment is a transfer's
 * @size: bytes of it at least
 * @most: at the most
 * @order_max: what the order of its folios has to be bounded by: one of small ones is
 *	not used again once they may be large, as it would never go
 *
 * Under the pool lock, in process context.  Return: the segment, or NULL.
 */
struct cs_segment *cs_spare_take(u32 size, u32 most, u32 order_max)
{
	struct cs_segment *segment;
	u32 i;

	lockdep_assert_held(&cs_pool_lock);
	cs_spare_sweep(CS_SWEEP_MAX);
	for (i = cs_spare_size(size); i <= cs_spare_size(most); i++) {
		list_for_each_entry(segment, &cs_spare_idle[i], link) {
			if (segment->capacity < size ||
			    segment->capacity > most ||
			    segment->order_max != order_max)
				continue;
			cs_spare_remove(segment);
			return segment;
		}
	}
	return NULL;
}

/* What is worth least, or NULL. */
static struct cs_segment *cs_spare_oldest(void)
{
	struct cs_segment *segment, *oldest = NULL;
	u32 i;

	for (i = 0; i < CS_SPARE_SIZES; i++) {
		if (list_empty(&cs_spare_idle[i]))
			continue;
		segment = list_last_entry(&cs_spare_idle[i], struct cs_segment,
					  link);
		if (!oldest || time_before(segment->since, oldest->since))
			oldest = segment;
	}
	return oldest ?: list_first_entry_or_null(&cs_spare_lingering,
						  struct cs_segment, link);
}

/**
 * cs_spare_give_up - picks what is worth least, to be freed
 * @bytes: that it has to be at least, as far as there are so many
 * @victims: where to put it, for cs_spare_free()
 *
 * Under the pool lock.  Return: bytes.
 */
u64 cs_spare_give_up(u64 bytes, struct list_head *victims)
{
	struct cs_segment *segment;
	u64 given = 0;

	lockdep_assert_held(&cs_pool_lock);
	while (given < bytes && (segment = cs_spare_oldest())) {
		given += segment->capacity;
		cs_spare_remove(segment);
		list_add(&segment->link, victims);
	}
	return given;
}

/**
 * cs_spare_free - frees segments, what others hold of them when they let go
 * @victims: a list of them, in no other
 *
 * Process context.
 */
void cs_spare_free(struct list_head *victims)
{
	struct cs_segment *segment, *next;

	list_for_each_entry_safe(segment, next, victims, link) {
		list_del(&segment->link);
		cs_pinned_add(segment);
	}
}

/* Frees at least @bytes, as far as there are so many.  Return: bytes. */
static u64 cs_spare_give_back(u64 bytes)
{
	LIST_HEAD(victims);
	u64 given;

	spin_lock(&cs_pool_lock);
	given = cs_spare_give_up(bytes, &victims);
	spin_unlock(&cs_pool_lock);
	cs_spare_free(&victims);
	return given;
}

static void cs_spare_collect_old(struct list_head *from, unsigned long age,
				 struct list_head *victims)
{
	struct cs_segment *segment, *next;

	list_for_each_entry_safe(segment, next, from, link) {
		if (!time_after(jiffies, segment->since + age))
			continue;
		cs_spare_remove(segment);
		list_add(&segment->link, victims);
	}
}

static void cs_spare_reap(struct work_struct *work)
{
	LIST_HEAD(victims);
	bool more;
	u32 i;

	spin_lock(&cs_pool_lock);
	cs_spare_sweep(U32_MAX);
	cs_spare_collect_old(&cs_spare_lingering, CS_LINGER_MAX, &victims);
	for (i = 0; i < CS_SPARE_SIZES; i++)
		cs_spare_collect_old(&cs_spare_idle[i], CS_IDLE_MAX, &victims);
	more = cs_spare_all;
	spin_unlock(&cs_pool_lock);

	cs_spare_free(&victims);
	if (more)
		schedule_delayed_work(&cs_spare_reaper, CS_REAP_EVERY);
}

/* Pages that memory management may ask for. */
static unsigned long cs_spare_count(struct shrinker *shrinker,
				    struct shrink_control *control)
{
	return (READ_ONCE(cs_spare_all) + cs_pinned_bytes()) >> PAGE_SHIFT;
}

/* Called where memory is short, under locks of anybody but ours. */
static unsigned long cs_spare_shrink(struct shrinker *shrinker,
				     struct shrink_control *control)
{
	u64 wanted = (u64)control->nr_to_scan << PAGE_SHIFT;
	u64 freed = cs_spare_give_back(wanted);

	if (freed < wanted) {
		/* That looks at all there is: not again for the next batch. */
		control->nr_scanned = max(control->nr_to_scan,
					  cs_spare_count(shrinker, control));
		freed += cs_pinned_free();
	}
	return freed ? freed >> PAGE_SHIFT : SHRINK_STOP;
}

/**
 * cs_spare_init - offers memory management what no transfer uses
 *
 * Return: 0 or -ENOMEM.
 */
int cs_spare_init(void)
{
	u32 i;

	for (i = 0; i < CS_SPARE_SIZES; i++)
		INIT_LIST_HEAD(&cs_spare_idle[i]);
	cs_spare_shrinker = compat_shrinker_register("coldsend",
						     cs_spare_count,
						     cs_spare_shrink);
	return cs_spare_shrinker ? 0 : -ENOMEM;
}

/**
 * cs_spare_exit - frees all segments
 *
 * No transfer may be left.  Sleeps, never for a peer.
 */
void cs_spare_exit(void)
{
	compat_shrinker_free(cs_spare_shrinker);
	cancel_delayed_work_sync(&cs_spare_reaper);
	cs_spare_give_back(U64_MAX);
	cs_pinned_exit();
}
