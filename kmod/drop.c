// SPDX-License-Identifier: GPL-2.0
/*
 * Dropping: takes pages out of the page cache once the network has let go.
 *
 * Policy drop-behind hands over segments of pages that its transfer brought in
 * and sent.  As long as the socket (or, on this machine, the receiver) holds a
 * reference on a page it can't be evicted, so it is looked at now and then.
 *
 * All that is held meanwhile is a reference on each folio: none on the file,
 * the inode or the file system, so that nobody's unmount has to wait.  A folio
 * whose file went away has no mapping any more, and is simply let go.  To evict
 * one, its inode is pinned for the moment: while the folio is locked and has a
 * mapping, its inode and super block live; s_umount, taken for reading without
 * waiting, keeps them so.
 *
 * A page that somebody else has used, mapped or written to meanwhile is not
 * ours to drop: it is spared.
 */
#include <linux/folio_batch.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "coldsend.h"

/* After this a page that is still held stays, and counts as failed. */
#define CS_DROP_GIVE_UP		(300 * HZ)
/* The first look comes after CS_DROP_FIRST, each next after twice as long. */
#define CS_DROP_FIRST		(HZ / 50 + 1)
#define CS_DROP_SLOWEST		(HZ / 2)
/* So long it waits for a frozen file system. */
#define CS_DROP_THAW		HZ
/* So long a segment is taken to be held if its last page is. */
#define CS_DROP_EARLY		(HZ / 4)
/* Processors are asked no more often for what they keep, or may keep. */
#define CS_DROP_DRAIN_KEPT	(HZ / 4)
#define CS_DROP_DRAIN		HZ

/* Guards cs_drop_waiting and cs_drop_pause. */
static DEFINE_SPINLOCK(cs_drop_lock);
static LIST_HEAD(cs_drop_waiting);
static unsigned long cs_drop_pause = CS_DROP_FIRST;
/* Only the worker looks at it. */
static unsigned long cs_drop_drained_at = INITIAL_JIFFIES;

static void cs_drop_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(cs_drop_worker, cs_drop_work);

/**
 * enum cs_verdict - what is to become of a page
 * @CS_VERDICT_HELD: somebody still holds it; look again later
 * @CS_VERDICT_SPARE: somebody wants it; let go of it
 * @CS_VERDICT_GONE: it is in no page cache any more
 * @CS_VERDICT_DROP: evict it
 */
enum cs_verdict {
	CS_VERDICT_HELD,
	CS_VERDICT_SPARE,
	CS_VERDICT_GONE,
	CS_VERDICT_DROP,
};

/* The page cache has a reference for each page, its buffers one, we one. */
static bool cs_drop_is_held(struct folio *folio)
{
	return folio_ref_count(folio) >
	       folio_nr_pages(folio) + folio_has_private(folio) + 1;
}

/* Memory management makes a page active that came back soon, used or not. */
static bool cs_drop_is_used(struct folio *folio)
{
	return folio_test_dirty(folio) || folio_test_writeback(folio) ||
	       folio_mapped(folio) || folio_test_referenced(folio) ||
	       (folio_test_active(folio) && !folio_test_workingset(folio));
}

static enum cs_verdict cs_drop_judge(struct folio *folio,
				     struct address_space *mapping)
{
	if (READ_ONCE(folio->mapping) != mapping)
		return CS_VERDICT_GONE;
	if (cs_drop_is_used(folio))
		return CS_VERDICT_SPARE;
	return cs_drop_is_held(folio) ? CS_VERDICT_HELD : CS_VERDICT_DROP;
}

/* The folio is locked and has a mapping. */
static struct inode *cs_drop_grab(struct inode *inode)
{
	struct rw_semaphore *umount = &inode->i_sb->s_umount;

	if (!down_read_trylock(umount))
		return ERR_PTR(-EAGAIN);
	/* If ours were the last reference, letting go could wait for the thaw. */
	if (inode->i_sb->s_writers.frozen != SB_UNFROZEN)
		inode = ERR_PTR(-EBUSY);
	else if (!igrab(inode))
		inode = ERR_PTR(-ESTALE);
	if (IS_ERR(inode))
		up_read(umount);
	return inode;
}

/*
 * Pins the inode that the folio belongs to, with s_umount held for reading.
 * Return: it, NULL if the folio is in no page cache, or ERR_PTR: -EAGAIN not
 * now, -EBUSY not before the thaw, -ESTALE the inode goes away with all of its pages.
 */
static struct inode *cs_drop_pin(struct folio *folio)
{
	struct inode *inode = NULL;

	if (!folio_trylock(folio))
		return ERR_PTR(-EAGAIN);
	if (folio->mapping)
		inode = cs_drop_grab(folio->mapping->host);
	folio_unlock(folio);
	return inode;
}

/*
 * Pins the inode that the segment's pages belong to, and lets go of those at its
 * head that are in no page cache any more.  Return: as cs_drop_pin(), NULL if
 * none is left.
 */
static struct inode *cs_drop_pin_any(struct cs_segment *segment)
{
	struct inode *inode;
	struct folio *folio;

	while (segment->nr_bvecs) {
		folio = page_folio(segment->bvec[0].bv_page);
		inode = cs_drop_pin(folio);
		if (inode)
			return inode;
		folio_put(folio);
		segment->nr_bvecs--;
		memmove(&segment->bvec[0], &segment->bvec[1],
			segment->nr_bvecs * sizeof(segment->bvec[0]));
	}
	return NULL;
}

static void cs_drop_unpin(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	iput(inode);
	up_read(&sb->s_umount);
}

/*
 * Takes our reference again if the folio is still where it was and nobody uses
 * it.  Return: whether.
 */
static bool cs_drop_take_back(struct folio *folio, pgoff_t index,
			      struct address_space *mapping)
{
	struct folio_batch batch;
	pgoff_t next = index;
	bool ours;

	folio_batch_init(&batch);
	ours = filemap_get_folios(mapping, &next, index, &batch) &&
	       batch.folios[0] == folio && !cs_drop_is_used(folio);
	if (ours)
		folio_get(folio);
	/* Also drains what eviction put in a list of this CPU, referenced. */
	folio_batch_release(&batch);
	return ours;
}

/*
 * Gives our reference up first: eviction wants the page for itself.  It fails
 * as well if somebody, compaction say, looks at the page in this moment.
 * Return: false if another try is worth it.
 */
static bool cs_drop_evict(struct cs_segment *segment, struct folio *folio,
			  struct address_space *mapping)
{
	pgoff_t index = folio->index;
	u32 pages = folio_nr_pages(folio);
	u32 dropped;

	folio_put(folio);
	dropped = invalidate_mapping_pages(mapping, index, index + pages - 1);
	if (!dropped && cs_drop_take_back(folio, index, mapping))
		return false;
	cs_stats_note(&segment->key, dropped ?
		      COLDSEND_A_COUNTERS_PAGES_DROPPED :
		      COLDSEND_A_COUNTERS_PAGES_SPARED, pages);
	return true;
}

/* Return: whether the folio is dealt with, and our reference gone. */
static bool cs_drop_folio(struct cs_segment *segment, struct folio *folio,
			  struct address_space *mapping)
{
	switch (cs_drop_judge(folio, mapping)) {
	case CS_VERDICT_HELD:
		return false;
	case CS_VERDICT_SPARE:
		cs_stats_note(&segment->key, COLDSEND_A_COUNTERS_PAGES_SPARED,
			      folio_nr_pages(folio));
		folio_put(folio);
		return true;
	case CS_VERDICT_GONE:
		folio_put(folio);
		return true;
	case CS_VERDICT_DROP:
		return cs_drop_evict(segment, folio, mapping);
	}
	return true;
}

static void cs_drop_segment(struct cs_segment *segment, struct inode *inode)
{
	u32 i, left = 0;

	for (i = 0; i < segment->nr_bvecs; i++)
		if (!cs_drop_folio(segment,
				   page_folio(segment->bvec[i].bv_page),
				   inode->i_mapping))
			segment->bvec[left++] = segment->bvec[i];
	segment->nr_bvecs = left;
}

static void cs_drop_count_failed(struct cs_segment *segment)
{
	u64 pages = 0;
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		pages += folio_nr_pages(page_folio(segment->bvec[i].bv_page));
	cs_stats_note(&segment->key, COLDSEND_A_COUNTERS_PAGES_FAILED, pages);
}

/*
 * Nothing is evicted while the file system is frozen, and what is sent meanwhile is
 * without bound: after a while it stays, where memory reclaim can have it.
 * Return: whether nothing is left to wait for.
 */
static bool cs_drop_while_frozen(struct cs_segment *segment)
{
	u32 i, left = 0;
	u64 pages = 0;

	if (time_before(jiffies, segment->since + CS_DROP_THAW))
		return false;
	for (i = 0; i < segment->nr_bvecs; i++) {
		struct folio *folio = page_folio(segment->bvec[i].bv_page);

		if (cs_drop_is_held(folio)) {
			segment->bvec[left++] = segment->bvec[i];
			continue;
		}
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
	       cs_drop_is_held(page_folio(last->bv_page));
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
	struct inode *inode;

	if (!segment->nr_bvecs)
		return true;
	if (time_after(jiffies, segment->since + CS_DROP_GIVE_UP)) {
		cs_drop_count_failed(segment);
		return true;
	}
	if (cs_drop_is_early(segment) || !cs_drop_is_due(segment))
		return false;
	segment->looked_at = jiffies;
	inode = cs_drop_pin_any(segment);
	if (inode == ERR_PTR(-EBUSY))
		return cs_drop_while_frozen(segment);
	if (IS_ERR_OR_NULL(inode))
		return inode != ERR_PTR(-EAGAIN);
	cs_drop_segment(segment, inode);
	cs_drop_unpin(inode);
	if (!segment->nr_bvecs)
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
 * Process context.
 */
void cs_drop_later(struct cs_segment *segment)
{
	bool paused;

	segment->since = jiffies;
	segment->looked_at = jiffies;
	spin_lock(&cs_drop_lock);
	list_add_tail(&segment->link, &cs_drop_waiting);
	/* Others, which are held for long, don't have this one wait for them. */
	paused = cs_drop_pause > CS_DROP_FIRST;
	cs_drop_pause = CS_DROP_FIRST;
	spin_unlock(&cs_drop_lock);
	if (paused)
		cancel_delayed_work(&cs_drop_worker);
	schedule_delayed_work(&cs_drop_worker, CS_DROP_FIRST);
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
		cs_drop_count_failed(segment);
		cs_segment_destroy(segment);
	}
}
