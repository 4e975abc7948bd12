// SPDX-License-Identifier: GPL-2.0
/*
 * Claims: which pages of the page cache a drop-behind transfer has brought in.
 *
 * Before pages of the file are read, it is looked up which of them are in the page
 * cache; only those that are not are the transfer's own.  A page that is gone when
 * its turn comes, because its owner was faster, is the transfer's own from then on.
 *
 * Looking and reading are one step for all transfers of a file, so that a page
 * has one owner: two would each wait for the other to let go of it.
 *
 * The window being sent and the next are read ahead, no more: so that what a
 * stopped transfer leaves behind is little, and known.  For a non-blocking socket it
 * is what it has room for: the rest would be evicted, and read again for the next call.
 */
#include <linux/bitmap.h>
#include <linux/blkdev.h>
#include <linux/fadvise.h>
#include <linux/folio_batch.h>
#include <linux/hash.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "compat/pagemap.h"
#include "coldsend.h"

/* One call of read-ahead: every device takes that much at once. */
#define CS_AHEAD_PAGES	(SZ_128K >> PAGE_SHIFT)

#define CS_CLAIM_BITS	8

/* So long a worker waits for others of the same file, in jiffies. */
#define CS_CLAIM_PATIENCE	max(HZ / 50L, 1L)

/**
 * struct cs_claiming - somebody looks for pages of a file, until they are being read
 * @link: in the bucket
 * @inode: of the file
 *
 * He may sleep for as long as who writes to the file likes.  That is no lock that
 * files share: others of the same file wait for him, and nobody else.
 */
struct cs_claiming {
	struct hlist_node link;
	const struct inode *inode;
};

/**
 * struct cs_claim_bucket - those of some files
 * @lock: guards @all
 * @all: struct cs_claiming
 * @wait: woken when one has left
 */
struct cs_claim_bucket {
	spinlock_t lock;	/* see @lock above */
	struct hlist_head all;
	wait_queue_head_t wait;
};

static struct cs_claim_bucket cs_claim_buckets[1 << CS_CLAIM_BITS];

/**
 * cs_claim_init - makes ready for the first transfer
 */
void cs_claim_init(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cs_claim_buckets); i++) {
		spin_lock_init(&cs_claim_buckets[i].lock);
		init_waitqueue_head(&cs_claim_buckets[i].wait);
	}
}

static struct cs_claim_bucket *cs_claim_bucket(const struct inode *inode)
{
	return &cs_claim_buckets[hash_ptr((void *)inode, CS_CLAIM_BITS)];
}

/* Return: whether nobody else claims pages of the file; then it is in the bucket. */
static bool cs_claim_try_enter(struct cs_claim_bucket *bucket,
			       struct cs_claiming *claiming)
{
	struct cs_claiming *other;
	bool alone = true;

	spin_lock(&bucket->lock);
	hlist_for_each_entry(other, &bucket->all, link)
		if (other->inode == claiming->inode)
			alone = false;
	if (alone)
		hlist_add_head(&claiming->link, &bucket->all);
	spin_unlock(&bucket->lock);
	return alone;
}

/*
 * Sleeps for others of the same file, who mostly are quick.  A worker does so once, and
 * for no longer than that: others' transfers need it too.
 * Return: 0; -EAGAIN they took too long for a worker; -ERESTARTSYS on a deadly signal.
 */
static int cs_claim_enter(const struct cs_xfer *xfer, struct cs_claiming *claiming)
{
	struct cs_claim_bucket *bucket = cs_claim_bucket(claiming->inode);
	long patience = xfer->retries ? 0 : CS_CLAIM_PATIENCE;

	if (!xfer->async)
		return wait_event_killable(bucket->wait,
					   cs_claim_try_enter(bucket, claiming));
	return wait_event_timeout(bucket->wait,
				  cs_claim_try_enter(bucket, claiming),
				  patience) ? 0 : -EAGAIN;
}

static void cs_claim_leave(struct cs_claiming *claiming)
{
	struct cs_claim_bucket *bucket = cs_claim_bucket(claiming->inode);

	spin_lock(&bucket->lock);
	hlist_del(&claiming->link);
	spin_unlock(&bucket->lock);
	wake_up_all(&bucket->wait);
}

static pgoff_t cs_claim_window_of(loff_t pos)
{
	return (pos >> PAGE_SHIFT) / CS_DROP_WINDOW;
}

static unsigned long *cs_claim_own(struct cs_xfer *xfer, pgoff_t window)
{
	return xfer->drop.own[window % 2];
}

/* Clears the bits of pages that are in the page cache. */
static void cs_claim_find_foreign(struct inode *inode, pgoff_t first,
				  pgoff_t last, unsigned long *own)
{
	struct folio_batch folios;
	pgoff_t next = first, begin, end;
	u32 i;

	folio_batch_init(&folios);
	while (filemap_get_folios(inode->i_mapping, &next, last, &folios)) {
		for (i = 0; i < folio_batch_count(&folios); i++) {
			struct folio *folio = folios.folios[i];

			begin = max(folio->index, first);
			end = min(folio->index + folio_nr_pages(folio),
				  last + 1);
			if (begin < end)
				bitmap_clear(own, begin % CS_DROP_WINDOW,
					     end - begin);
		}
		folio_batch_release(&folios);
	}
}

/*
 * What memory management knows of pages that it had to give up would have it take
 * those that come now for used ones.
 */
static void cs_claim_forget(struct inode *inode, pgoff_t first,
			    const unsigned long *missing)
{
	pgoff_t base = round_down(first, CS_DROP_WINDOW);
	unsigned int begin, end;

	for_each_set_bitrange(begin, end, missing, CS_DROP_WINDOW)
		invalidate_mapping_pages(inode->i_mapping, base + begin,
					 base + end - 1);
}

/*
 * Submits reads for what is missing, and waits for none of them.  The largest file's
 * last page ends where positions do: they are counted in pages.
 */
static void cs_claim_read_ahead(struct cs_xfer *xfer, pgoff_t first,
				pgoff_t last)
{
	struct blk_plug plug;
	pgoff_t pages;

	blk_start_plug(&plug);
	for (; first <= last; first += pages) {
		pages = min_t(pgoff_t, CS_AHEAD_PAGES, last - first + 1);
		vfs_fadvise(xfer->file, (loff_t)first << PAGE_SHIFT,
			    (loff_t)pages << PAGE_SHIFT, POSIX_FADV_WILLNEED);
	}
	blk_finish_plug(&plug);
}

/*
 * Makes what is missing of some pages of a window the transfer's own, and reads it.
 * Return: 0 that was done, or will never be; -EAGAIN others of the file hold up a worker.
 */
static int cs_claim_pages(struct cs_xfer *xfer, pgoff_t first, pgoff_t last)
{
	struct cs_claiming claiming = { .inode = xfer->drop.inode };
	unsigned long *own = cs_claim_own(xfer, first / CS_DROP_WINDOW);
	DECLARE_BITMAP(missing, CS_DROP_WINDOW) = {};
	int err;

	/* Memory is all there is of some files; a hole has no page to bring. */
	if (!xfer->drop.inode->i_mapping->a_ops->read_folio)
		return 0;
	bitmap_set(missing, first % CS_DROP_WINDOW, last - first + 1);
	err = cs_claim_enter(xfer, &claiming);
	if (err)
		return err == -EAGAIN ? err : 0;
	cs_claim_find_foreign(xfer->drop.inode, first, last, missing);
	if (!bitmap_empty(missing, CS_DROP_WINDOW)) {
		cs_claim_forget(xfer->drop.inode, first, missing);
		cs_claim_read_ahead(xfer, first, last);
	}
	cs_claim_leave(&claiming);
	bitmap_or(own, own, missing, CS_DROP_WINDOW);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_ADDED,
		      bitmap_weight(missing, CS_DROP_WINDOW));
	return 0;
}

/* Blocks larger than pages come, and go, as a whole. */
static pgoff_t cs_claim_unit(const struct cs_xfer *xfer)
{
	return compat_mapping_min_folio_nrpages(xfer->drop.inode->i_mapping);
}

/* Where the block at xfer->pos begins. */
static pgoff_t cs_claim_first(const struct cs_xfer *xfer)
{
	return round_down(xfer->pos >> PAGE_SHIFT, cs_claim_unit(xfer));
}

/* Nothing is the transfer's own yet of the window that the page is in. */
static void cs_claim_begin_window(struct cs_xfer *xfer, pgoff_t page)
{
	bitmap_zero(cs_claim_own(xfer, page / CS_DROP_WINDOW), CS_DROP_WINDOW);
}

/**
 * cs_claim_open - nothing is claimed yet from xfer->pos on
 * @xfer: the transfer
 */
void cs_claim_open(struct cs_xfer *xfer)
{
	xfer->drop.claimed = cs_claim_first(xfer);
	cs_claim_begin_window(xfer, xfer->drop.claimed);
}

/* The page past those that should be there, or on their way. */
static pgoff_t cs_claim_goal(const struct cs_xfer *xfer)
{
	pgoff_t goal = (cs_claim_window_of(xfer->pos) + 2) * CS_DROP_WINDOW;
	pgoff_t end = round_up(DIV_ROUND_UP_ULL(xfer->end, PAGE_SIZE),
			       cs_claim_unit(xfer));
	pgoff_t reach;

	if (xfer->nonblock) {
		reach = DIV_ROUND_UP_ULL(cs_sink_reach(xfer, xfer->pos),
					 PAGE_SIZE);
		goal = min_t(pgoff_t, goal,
			     round_up(reach, CS_AHEAD_PAGES));
	}
	return min(goal, end);
}

/**
 * cs_claim_ahead - has the window at xfer->pos and the next read ahead
 * @xfer: the transfer
 *
 * Less, if the socket is a non-blocking one.  Sleeps, for others of the same file and
 * for a free request of the disk.
 *
 * Return: 0, or -EAGAIN others of the file hold up a worker: ask again later.
 */
int cs_claim_ahead(struct cs_xfer *xfer)
{
	struct cs_drop *drop = &xfer->drop;
	pgoff_t goal = cs_claim_goal(xfer);
	pgoff_t first, last;
	int err;

	/* All was sent that was claimed, and perhaps what was there, or copied. */
	if (drop->claimed <= xfer->pos >> PAGE_SHIFT)
		cs_claim_open(xfer);
	while (drop->claimed < goal) {
		first = drop->claimed;
		last = min_t(pgoff_t, goal,
			     round_down(first, CS_DROP_WINDOW) + CS_DROP_WINDOW) - 1;
		if (first % CS_DROP_WINDOW == 0)
			cs_claim_begin_window(xfer, first);
		err = cs_claim_pages(xfer, first, last);
		if (err)
			return err;
		drop->claimed = last + 1;
	}
	return 0;
}

/* What is claimed of a window and still to be sent.  Return: whether that is a page. */
static bool cs_claim_range(const struct cs_xfer *xfer, pgoff_t window,
			   pgoff_t *first, pgoff_t *last)
{
	pgoff_t past = min_t(pgoff_t, (window + 1) * CS_DROP_WINDOW,
			     xfer->drop.claimed);

	*first = max_t(pgoff_t, window * CS_DROP_WINDOW, cs_claim_first(xfer));
	*last = past - 1;
	return *first < past;
}

/**
 * cs_claim_again - claims what went missing of what is claimed of the window at
 *	xfer->pos
 * @xfer: the transfer
 *
 * Sleeps, as cs_claim_ahead() does.  Return: as it.
 */
int cs_claim_again(struct cs_xfer *xfer)
{
	pgoff_t first, last;

	if (!cs_claim_range(xfer, cs_claim_window_of(xfer->pos), &first, &last))
		return 0;
	return cs_claim_pages(xfer, first, last);
}

/**
 * cs_claim_end - end of the window at xfer->pos, or of the transfer
 * @xfer: the transfer
 *
 * Any context.  Return: a file position.
 */
loff_t cs_claim_end(const struct cs_xfer *xfer)
{
	pgoff_t past = (cs_claim_window_of(xfer->pos) + 1) * CS_DROP_WINDOW;

	return past > xfer->end >> PAGE_SHIFT ? xfer->end :
						(loff_t)past << PAGE_SHIFT;
}

/**
 * cs_claim_has - is the folio the transfer's own, all of it?
 * @xfer: the transfer
 * @folio: of the window at xfer->pos, or a neighbouring one
 *
 * Any context.
 */
bool cs_claim_has(struct cs_xfer *xfer, struct folio *folio)
{
	pgoff_t window = folio->index / CS_DROP_WINDOW;
	u32 first = folio->index % CS_DROP_WINDOW;
	u32 end = first + folio_nr_pages(folio);

	return end <= CS_DROP_WINDOW &&
	       folio->index + folio_nr_pages(folio) <= xfer->drop.claimed &&
	       find_next_zero_bit(cs_claim_own(xfer, window), end, first) >= end;
}

/* Adds the transfer's own pages of a range, those being read still too. */
static void cs_claim_collect(struct cs_xfer *xfer, struct cs_segment *segment,
			     pgoff_t first, pgoff_t last)
{
	struct address_space *mapping = xfer->drop.inode->i_mapping;
	struct folio_batch folios;
	u32 i;

	folio_batch_init(&folios);
	while (filemap_get_folios(mapping, &first, last, &folios)) {
		for (i = 0; i < folio_batch_count(&folios); i++) {
			struct folio *folio = folios.folios[i];

			if (segment->nr_bvecs == segment->max_bvecs ||
			    !cs_claim_has(xfer, folio))
				continue;
			folio_get(folio);
			bvec_set_page(&segment->bvec[segment->nr_bvecs++],
				      folio_page(folio, 0), PAGE_SIZE, 0);
		}
		folio_batch_release(&folios);
	}
}

/* Hands over what is the transfer's own of a window, from xfer->pos on. */
static void cs_claim_give_up_window(struct cs_xfer *xfer, pgoff_t window)
{
	struct cs_segment *segment;
	pgoff_t first, last;

	if (!cs_claim_range(xfer, window, &first, &last))
		return;
	segment = cs_segment_create_for_pages(CS_DROP_WINDOW);
	if (!segment) {
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PAGES_FAILED,
			      bitmap_weight(cs_claim_own(xfer, window),
					    CS_DROP_WINDOW));
		return;
	}
	segment->key = xfer->key;
	cs_claim_collect(xfer, segment, first, last);
	if (segment->nr_bvecs)
		cs_drop_later(segment);
	else
		cs_segment_destroy(segment);
}

/**
 * cs_claim_give_up - hands over what a transfer that stopped early has claimed
 * @xfer: the transfer, from whose pos on nothing was sent
 *
 * May sleep.  cs_drop_later() has the pages.
 */
void cs_claim_give_up(struct cs_xfer *xfer)
{
	pgoff_t window = cs_claim_window_of(xfer->pos);

	if (xfer->pos >= xfer->end)
		return;
	for (; window * CS_DROP_WINDOW < xfer->drop.claimed; window++)
		cs_claim_give_up_window(xfer, window);
}
