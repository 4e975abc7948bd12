// SPDX-License-Identifier: GPL-2.0
/*
 * Eviction: takes pages out of the page cache that nobody holds or wants.
 *
 * All that is held of them is a reference on each folio: none on the file,
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
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "coldsend.h"

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

/**
 * cs_evict_is_held - has somebody a reference on the folio, but the page cache and us?
 * @folio: on which the caller has one
 *
 * The page cache has one for each page, its buffers one.  Any context.
 */
bool cs_evict_is_held(struct folio *folio)
{
	return folio_ref_count(folio) >
	       folio_nr_pages(folio) + folio_has_private(folio) + 1;
}

/* Memory management makes a page active that came back soon, used or not. */
static bool cs_evict_is_used(struct folio *folio)
{
	return folio_test_dirty(folio) || folio_test_writeback(folio) ||
	       folio_mapped(folio) || folio_test_referenced(folio) ||
	       (folio_test_active(folio) && !folio_test_workingset(folio));
}

static enum cs_verdict cs_evict_judge(struct folio *folio,
				      struct address_space *mapping)
{
	if (READ_ONCE(folio->mapping) != mapping)
		return CS_VERDICT_GONE;
	if (cs_evict_is_used(folio))
		return CS_VERDICT_SPARE;
	return cs_evict_is_held(folio) ? CS_VERDICT_HELD : CS_VERDICT_DROP;
}

/* The folio is locked and has a mapping. */
static struct inode *cs_evict_grab(struct inode *inode)
{
	struct rw_semaphore *umount = &inode->i_sb->s_umount;

	/* Who freezes, mounts anew or unmounts it may have that for long. */
	if (!down_read_trylock(umount))
		return ERR_PTR(-EBUSY);
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
 * now, -EBUSY not while somebody has the file system for himself, -ESTALE the inode
 * goes away with all of its pages.
 */
static struct inode *cs_evict_pin(struct folio *folio)
{
	struct inode *inode = NULL;

	if (!folio_trylock(folio))
		return ERR_PTR(-EAGAIN);
	if (folio->mapping)
		inode = cs_evict_grab(folio->mapping->host);
	folio_unlock(folio);
	return inode;
}

/*
 * Pins the inode that the segment's pages belong to, and lets go of those at its
 * head that are in no page cache any more.  Return: as cs_evict_pin(), NULL if
 * none is left.
 */
static struct inode *cs_evict_pin_any(struct cs_segment *segment)
{
	struct inode *inode;
	struct folio *folio;

	while (segment->nr_bvecs) {
		folio = page_folio(segment->bvec[0].bv_page);
		inode = cs_evict_pin(folio);
		if (inode)
			return inode;
		folio_put(folio);
		segment->nr_bvecs--;
		memmove(&segment->bvec[0], &segment->bvec[1],
			segment->nr_bvecs * sizeof(segment->bvec[0]));
	}
	return NULL;
}

static void cs_evict_unpin(struct inode *inode)
{
	struct super_block *sb = inode->i_sb;

	iput(inode);
	up_read(&sb->s_umount);
}

/*
 * Takes our reference again if the folio is still where it was and nobody uses
 * it.  Return: whether.
 */
static bool cs_evict_take_back(struct folio *folio, pgoff_t index,
			       struct address_space *mapping)
{
	struct folio_batch batch;
	pgoff_t next = index;
	bool ours;

	folio_batch_init(&batch);
	ours = filemap_get_folios(mapping, &next, index, &batch) &&
	       batch.folios[0] == folio && !cs_evict_is_used(folio);
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
static bool cs_evict_now(struct cs_segment *segment, struct folio *folio,
			 struct address_space *mapping)
{
	pgoff_t index = folio->index;
	u32 pages = folio_nr_pages(folio);
	u32 dropped;

	folio_put(folio);
	dropped = invalidate_mapping_pages(mapping, index, index + pages - 1);
	if (!dropped && cs_evict_take_back(folio, index, mapping))
		return false;
	cs_stats_note(&segment->key, dropped ?
		      COLDSEND_A_COUNTERS_PAGES_DROPPED :
		      COLDSEND_A_COUNTERS_PAGES_SPARED, pages);
	return true;
}

/* Return: whether the folio is dealt with, and our reference gone. */
static bool cs_evict_folio(struct cs_segment *segment, struct folio *folio,
			   struct address_space *mapping)
{
	switch (cs_evict_judge(folio, mapping)) {
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
		return cs_evict_now(segment, folio, mapping);
	}
	return true;
}

/**
 * cs_evict_segment - evicts those pages of a segment that nobody holds or wants
 * @segment: of pages of one file, with its key set; keeps those that are held
 *
 * May sleep, and waits for nobody.
 *
 * Return: 0; -EAGAIN not now; -EBUSY not while the file system is frozen, or somebody
 * has it for himself; -ESTALE the file goes away, and all of its pages with it.
 */
int cs_evict_segment(struct cs_segment *segment)
{
	struct inode *inode = cs_evict_pin_any(segment);
	u32 i, left = 0;

	if (IS_ERR_OR_NULL(inode))
		return PTR_ERR_OR_ZERO(inode);
	for (i = 0; i < segment->nr_bvecs; i++)
		if (!cs_evict_folio(segment,
				    page_folio(segment->bvec[i].bv_page),
				    inode->i_mapping))
			segment->bvec[left++] = segment->bvec[i];
	segment->nr_bvecs = left;
	cs_evict_unpin(inode);
	return 0;
}
