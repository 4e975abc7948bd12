// SPDX-License-Identifier: GPL-2.0
/*
 * Dropping: has pages evicted once the network has let go.
 *
 * Policy drop-behind hands over segments of pages that its transfer brought in
 * and sent.  As long as the socket (or, on this machine, the receiver) holds a
 * reference on a page it can't be evicted (evict.c), so it is looked at now and then.
 */
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "coldsend.h"

/* After this a page that is still held stays, and counts as failed. */
#define CS_DROP_GIVE_UP		(300 * HZ)
/* The first look comes after CS_DROP_FIRST, each next after twice as long. */
#define CS_DROP_FIRST		(HZ / 50 + 1)
#define CS_DROP_SLOWEST		(HZ / 2)
/* So long it waits for a file system that is frozen, or that somebody has for himself. */
#define CS_DROP_REFUSED		HZ
/* So long a segment is taken to be held if its last page is. */
#define CS_DROP_EARLY		(HZ / 4)
/* Processors are asked no more often for what they keep, or may keep. */
#define CS_DROP_DRAIN_KEPT	(HZ / 4)
#define CS_DROP_DRAIN		HZ

/* Of the machine's memory, what may come while the worker does not get to look at it. */
#define CS_DROP_BEHIND_SHIFT	4

/* Guards the next three. */
static DEFINE_SPINLOCK(cs_drop_lock);
static LIST_HEAD(cs_drop_waiting);
/* Pages that came since the worker last began. */
static u64 cs_drop_new;
static unsigned long cs_drop_pause = CS_DROP_FIRST;
/* Only the worker looks at it. */
static unsigned long cs_drop_drained_at = INITIAL_JIFFIES;

static void cs_drop_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_drop_worker, cs_drop_work);

static u64 cs_drop_pages(const struct cs_segment *segment)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		pages += folio_nr_pages(page_folio(segment->bvec[i].bv_page));
	return pages;
}

static void cs_drop_count_failed(const struct cs_segment *segment)
{
	cs_stats_note(&segment->key, COLDSEND_A_COUNTERS_PAGES_FAILED,
		      cs_drop_pages(segment));
}

/* They stay where they are. */
static void cs_drop_fail(struct cs_segment *segment)
{
	cs_drop_count_failed(segment);
	cs_segment_destroy(segment);
}

/*
 * Nothing is evicted while the file system is frozen, and what is sent meanwhile is
 * without bound: after a while it stays, where memory reclaim can have it.
 * Return: whether nothing is left to wait for.
 */
static bool cs_drop_while_refused(struct cs_segment *segment)
{
	u32 i, left = 0;
	u64 pages = 0;

	if (!segment->refused_at)
		segment->refused_at = jiffies ?: 1;
	if (time_before(jiffies, segment->refused_at + CS_DROP_REFUSED))
		return false;
	for (i = 0; i < segment->nr_bvecs; i++) {
		struct folio *folio = page_folio(segment->bvec[i].bv_page);

		if (cs_evict_is_held(folio)) {
			segment->bvec[left++] = segment->bvec[i];
			continue;
		}
		if (folio->mapping)
			pages += folio_nr_pages(folio);
		folio_put(folio);
	}
	segment->nr_bvecs = left;
	cs_stats_note(&segment->key, COLDSEND_A_COUNTERS_PAGES_FAILED, pages);
	return !left;
}

/*
 * Bytes are let go of in order: as long as the last is held, so are most of
 * them, at first.  Later it may be just the last.
 */
static bool cs_drop_is_early(const struct cs_segment *segment)
{
	const struct bio_vec *last = &segment->bvec[segment->nr_bvecs - 1];

	return time_before(jiffies, segment->since + CS_DROP_EARLY) &&
	       cs_evict_is_held(page_folio(last->bv_page));
}

/* A page on no list of the memory manager: one that a processor keeps. */
static bool cs_drop_is_kept(const struct cs_segment *segment)
{
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		if (!folio_test_lru(page_folio(segment->bvec[i].bv_page)))
			return true;
	return false;
}

/*
 * What is held for longer than that may wait for a processor that has nothing to do.
 * Of buffers of the network it can't be seen whether they do: now and then all are
 * asked.  It comes soon, if it does.
 */
static void cs_drop_drain(struct cs_segment *segment)
{
	unsigned long pause = cs_drop_is_kept(segment) ? CS_DROP_DRAIN_KEPT :
							 CS_DROP_DRAIN;

	if (time_before(jiffies, segment->since + CS_DROP_EARLY) ||
	    time_before(jiffies, cs_drop_drained_at + pause))
		return;
	cs_drop_drained_at = jiffies;
	cs_drain_all_cpus();
	segment->looked_at = segment->since;
}

/* What is held for long is looked at less often, however often others are. */
static bool cs_drop_is_due(const struct cs_segment *segment)
{
	unsigned long age = segment->looked_at - segment->since;

	return !time_before(jiffies, segment->looked_at +
			    min_t(unsigned long, age, CS_DROP_SLOWEST));
}

/* Return: whether nothing is left to wait for. */
static bool cs_drop_try(struct cs_segment *segment)
{
	int err;

	if (!segment->nr_bvecs)
		return true;
	if (time_after(jiffies, segment->since + CS_DROP_GIVE_UP)) {
		cs_drop_count_failed(segment);
		return true;
	}
	if (cs_drop_is_early(segment) || !cs_drop_is_due(segment))
		return false;
	segment->looked_at = jiffies;
	err = cs_evict_segment(segment);
	if (err == -EBUSY)
		return cs_drop_while_refused(segment);
	if (err == -EAGAIN)
		return false;
	segment->refused_at = 0;
	if (err || !segment->nr_bvecs)
		return true;
	cs_drop_drain(segment);
	return false;
}

static void cs_drop_work(struct work_struct *work)
{
	unsigned long drained_at = cs_drop_drained_at;
	struct cs_segment *segment, *next;
	LIST_HEAD(todo);

	spin_lock(&cs_drop_lock);
	list_splice_init(&cs_drop_waiting, &todo);
	cs_drop_new = 0;
	spin_unlock(&cs_drop_lock);

	list_for_each_entry_safe(segment, next, &todo, link) {
		cond_resched();
		if (!cs_drop_try(segment)) {
			/* A page that is held for long should cost no other. */
			cs_segment_trim(segment);
			continue;
		}
		list_del(&segment->link);
		cs_segment_destroy(segment);
	}

	spin_lock(&cs_drop_lock);
	list_splice(&todo, &cs_drop_waiting);
	cs_drop_pause = cs_drop_drained_at != drained_at ? CS_DROP_FIRST :
		min_t(unsigned long, 2 * cs_drop_pause, CS_DROP_SLOWEST);
	if (!list_empty(&cs_drop_waiting))
		schedule_delayed_work(&cs_drop_worker, cs_drop_pause);
	spin_unlock(&cs_drop_lock);
}

/**
 * cs_drop_later - evicts pages as soon as nobody holds them any more
 * @segment: of pages to evict, with its key set; ownership passes
 *
 * What waits can't be reclaimed: if the worker is far behind, they stay.
 *
 * Process context.
 */
void cs_drop_later(struct cs_segment *segment)
{
	u64 max = totalram_pages() >> CS_DROP_BEHIND_SHIFT;
	u64 pages = cs_drop_pages(segment);
	bool paused, many;

	segment->since = jiffies;
	segment->looked_at = jiffies;
	spin_lock(&cs_drop_lock);
	if (cs_drop_new + pages > max) {
		spin_unlock(&cs_drop_lock);
		cs_drop_fail(segment);
		return;
	}
	many = cs_drop_new <= max / 2 && cs_drop_new + pages > max / 2;
	cs_drop_new += pages;
	list_add_tail(&segment->link, &cs_drop_waiting);
	/* Others, which are held for long, don't have this one wait for them. */
	paused = cs_drop_pause > CS_DROP_FIRST;
	cs_drop_pause = CS_DROP_FIRST;
	spin_unlock(&cs_drop_lock);
	if (paused || many)
		cancel_delayed_work(&cs_drop_worker);
	schedule_delayed_work(&cs_drop_worker, many ? 0 : CS_DROP_FIRST);
}

/**
 * cs_drop_exit - lets go of all pages; they stay where they are
 *
 * No transfer may be left.  Sleeps.
 */
void cs_drop_exit(void)
{
	struct cs_segment *segment, *next;

	cancel_delayed_work_sync(&cs_drop_worker);
	list_for_each_entry_safe(segment, next, &cs_drop_waiting, link) {
		list_del(&segment->link);
		cs_drop_fail(segment);
	}
}
