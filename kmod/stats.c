// SPDX-License-Identifier: GPL-2.0
/*
 * Counters: of files, a row each, and in total.
 *
 * A transfer counts for itself while it runs and is added up when it ends.  The
 * table of rows is bounded: the row whose last transfer is longest ago leaves
 * first.  Rows are found by file in a hash table and by number, in the order in
 * which they were made, in an xarray, so that a dump can be interrupted and
 * taken up again however the table changes meanwhile.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/blkdev.h>
#include <linux/rhashtable.h>
#include <linux/fcntl.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/stat.h>
#include <linux/xarray.h>

#include "views.h"

/* Rows that are removed without a pause. */
#define CS_SHRINK_MAX	256

/**
 * struct cs_entry - a row and its places in the table
 * @key: which file
 * @id: number in cs_rows
 * @row: what is known; counters and the like guarded by cs_table_lock
 * @node: in cs_hash
 * @lru: in cs_lru
 * @rcu: frees it once no reader is left
 * @path: what row.path points to
 */
struct cs_entry {
	struct cs_key key;
	u32 id;
	struct cs_row row;
	struct rhash_head node;
	struct list_head lru;
	struct rcu_head rcu;
	char path[];
};

static const struct rhashtable_params cs_hash_params = {
	.key_len = sizeof(struct cs_key),
	.key_offset = offsetof(struct cs_entry, key),
	.head_offset = offsetof(struct cs_entry, node),
	.automatic_shrinking = true,
};

/* Guards all of the table, every counter in it and the totals. */
static DEFINE_SPINLOCK(cs_table_lock);
static struct rhashtable cs_hash;
static DEFINE_XARRAY_ALLOC1(cs_rows);
static LIST_HEAD(cs_lru);		/* least recently used first */
static u32 cs_nr_rows;
static u32 cs_next_id;
static struct cs_counters cs_totals;

/* What the module made and destroyed, by enum coldsend_a_objects. */
static atomic64_t cs_made[COLDSEND_A_OBJECTS_MAX + 1];

/**
 * cs_stats_made - counts an object made or destroyed
 * @object: enum coldsend_a_objects
 *
 * Any context.
 */
void cs_stats_made(u32 object)
{
	atomic64_inc(&cs_made[object]);
}

/**
 * cs_stats_objects - how many were made or destroyed, or are held now
 * @object: enum coldsend_a_objects
 *
 * Process context.
 */
u64 cs_stats_objects(u32 object)
{
	if (object == COLDSEND_A_OBJECTS_POOL_BYTES)
		return cs_pool_bytes();
	return atomic64_read(&cs_made[object]);
}

/* Each bit of xfer->counted is a counter. */
static_assert(COLDSEND_A_COUNTERS_MAX < BITS_PER_LONG_LONG);

static void cs_counters_add(struct cs_counters *to, const struct cs_xfer *xfer)
{
	u64 left;
	u32 i;

	for (left = xfer->counted; left; left &= left - 1) {
		i = __ffs64(left);
		to->value[i] += xfer->counters.value[i];
	}
}

static struct cs_entry *cs_entry_create(const struct cs_xfer *xfer)
{
	const struct cs_key *key = &xfer->key;
	char *buffer, *path = NULL;
	struct cs_entry *entry;
	size_t length;

	buffer = kmalloc(CS_PATH_MAX, GFP_KERNEL);
	if (buffer)
		path = file_path(xfer->file, buffer, CS_PATH_MAX);
	if (IS_ERR_OR_NULL(path))
		path = "";
	length = strlen(path);
	entry = kzalloc(struct_size(entry, path, length + 1), GFP_KERNEL);
	if (entry) {
		memcpy(entry->path, path, length);
		entry->key = *key;
		entry->row.dev = key->dev;
		entry->row.ino = key->ino;
		entry->row.generation = key->generation;
		entry->row.path = entry->path;
	}
	kfree(buffer);
	return entry;
}

/* Takes an entry out of the table; readers may see it until RCU frees it. */
static void cs_entry_remove(struct cs_entry *entry)
{
	lockdep_assert_held(&cs_table_lock);
	rhashtable_remove_fast(&cs_hash, &entry->node, cs_hash_params);
	xa_erase(&cs_rows, entry->id);
	list_del(&entry->lru);
	cs_nr_rows--;
	cs_stats_made(COLDSEND_A_OBJECTS_ROWS_DESTROYED);
	kfree_rcu(entry, rcu);
}

static int cs_entry_insert(struct cs_entry *entry)
{
	int err;

	lockdep_assert_held(&cs_table_lock);
	err = rhashtable_insert_fast(&cs_hash, &entry->node, cs_hash_params);
	if (err)
		return err;
	err = xa_alloc_cyclic(&cs_rows, &entry->id, entry, xa_limit_31b,
			      &cs_next_id, GFP_ATOMIC);
	if (err < 0) {
		rhashtable_remove_fast(&cs_hash, &entry->node, cs_hash_params);
		return err;
	}
	list_add_tail(&entry->lru, &cs_lru);
	cs_nr_rows++;
	cs_stats_made(COLDSEND_A_OBJECTS_ROWS_CREATED);
	return 0;
}

/* Removes the rows past @max, a few at a time.  Return: how many. */
static u32 cs_table_shrink(u32 max)
{
	u32 removed = 0, batch;

	do {
		spin_lock(&cs_table_lock);
		for (batch = 0; cs_nr_rows > max && batch < CS_SHRINK_MAX;
		     batch++)
			cs_entry_remove(list_first_entry(&cs_lru,
							 struct cs_entry, lru));
		spin_unlock(&cs_table_lock);
		removed += batch;
		cond_resched();
	} while (batch == CS_SHRINK_MAX);
	return removed;
}

static void cs_table_evict(void)
{
	struct cs_tunables tunables;

	cs_policy_get(&tunables);
	atomic64_add(cs_table_shrink(tunables.files_max),
		     &cs_made[COLDSEND_A_OBJECTS_ROWS_EVICTED]);
}

static void cs_entry_add(struct cs_entry *entry, const struct cs_xfer *xfer)
{
	lockdep_assert_held(&cs_table_lock);
	list_move_tail(&entry->lru, &cs_lru);
	entry->row.policy_used = xfer->source->policy;
	if (xfer->fallback)
		entry->row.fallback = xfer->fallback;
	cs_counters_add(&entry->row.counters, xfer);
}

static bool cs_table_add_to_old(const struct cs_xfer *xfer)
{
	struct cs_entry *entry;

	lockdep_assert_held(&cs_table_lock);
	entry = rhashtable_lookup_fast(&cs_hash, &xfer->key, cs_hash_params);
	if (entry)
		cs_entry_add(entry, xfer);
	return entry;
}

/* Without memory for the row, only the totals know of the transfer. */
static void cs_table_add_to_new(const struct cs_xfer *xfer)
{
	struct cs_entry *entry = cs_entry_create(xfer);

	if (!entry)
		return;
	spin_lock(&cs_table_lock);
	/* Another transfer of the file may have made it meanwhile. */
	if (cs_table_add_to_old(xfer) || cs_entry_insert(entry))
		kfree(entry);
	else
		cs_entry_add(entry, xfer);
	spin_unlock(&cs_table_lock);
	cs_table_evict();
}

/* Does the file system have one inode of a number, as its device tells? */
static bool cs_stats_numbers_tell(const struct super_block *sb)
{
	return sb->s_bdev && sb->s_bdev->bd_dev == sb->s_dev;
}

/**
 * cs_stats_key - what tells a file from all others
 * @file: regular file
 *
 * May sleep.  Only where numbers don't tell, as in subvolumes, the file system
 * is asked, of overlayfs the upper one: this is part of every transfer.
 */
struct cs_key cs_stats_key(struct file *file)
{
	const struct inode *inode = cs_pagecache_inode(file);
	struct cs_key key = {
		.ino = inode->i_ino,
		.dev = inode->i_sb->s_dev,
		.generation = inode->i_generation,
	};
	struct kstat stat;

	if (cs_stats_numbers_tell(inode->i_sb) ||
	    vfs_getattr_nosec(&file->f_path, &stat, STATX_INO,
			      AT_STATX_DONT_SYNC))
		return key;
	key.ino = stat.ino;
	key.dev = stat.dev;
	return key;
}

/**
 * cs_stats_account - adds a transfer that ended to its file and the totals
 * @xfer: with its counters complete
 *
 * May sleep.
 */
void cs_stats_account(const struct cs_xfer *xfer)
{
	bool old;

	spin_lock(&cs_table_lock);
	cs_counters_add(&cs_totals, xfer);
	old = cs_table_add_to_old(xfer);
	spin_unlock(&cs_table_lock);
	if (!old)
		cs_table_add_to_new(xfer);
}

/**
 * cs_stats_note - counts something that happened after a transfer's end
 * @key: of the file
 * @counter: enum coldsend_a_counters
 * @n: to add
 *
 * Process context.
 */
void cs_stats_note(const struct cs_key *key, u32 counter, u64 n)
{
	struct cs_entry *entry;

	spin_lock(&cs_table_lock);
	cs_totals.value[counter] += n;
	entry = rhashtable_lookup_fast(&cs_hash, key, cs_hash_params);
	if (entry)
		entry->row.counters.value[counter] += n;
	spin_unlock(&cs_table_lock);
}

/**
 * cs_stats_totals - counters of all transfers since insmod or reset
 * @counters: filled in
 *
 * Process context.
 */
void cs_stats_totals(struct cs_counters *counters)
{
	spin_lock(&cs_table_lock);
	*counters = cs_totals;
	spin_unlock(&cs_table_lock);
}

/**
 * cs_stats_reset - forgets all rows and sets the totals to zero
 *
 * May sleep.
 */
void cs_stats_reset(void)
{
	cs_table_shrink(0);
	spin_lock(&cs_table_lock);
	memset(&cs_totals, 0, sizeof(cs_totals));
	spin_unlock(&cs_table_lock);
}

/**
 * cs_stats_row_from - the first row whose number is at least *@id
 * @id: in: where to start, 0 for the first; out: number of the row
 * @row: copied there
 *
 * Process context, inside an RCU read section, which @row->path needs.
 *
 * Return: whether there is one.
 */
bool cs_stats_row_from(unsigned long *id, struct cs_row *row)
{
	struct cs_entry *entry;

	entry = xa_find(&cs_rows, id, ULONG_MAX, XA_PRESENT);
	if (!entry)
		return false;
	spin_lock(&cs_table_lock);
	*row = entry->row;
	spin_unlock(&cs_table_lock);
	return true;
}

/**
 * cs_stats_init - prepares the table
 *
 * Return: 0 or -ENOMEM.
 */
int cs_stats_init(void)
{
	return rhashtable_init(&cs_hash, &cs_hash_params);
}

static bool cs_stats_balanced(u32 created, u32 destroyed)
{
	return cs_stats_objects(created) == cs_stats_objects(destroyed);
}

/**
 * cs_stats_exit - frees the table, and tells whether all that was made is gone
 *
 * No transfer and no segment may be left.
 */
void cs_stats_exit(void)
{
	bool balanced;

	cs_stats_reset();
	rhashtable_destroy(&cs_hash);
	xa_destroy(&cs_rows);
	balanced = !cs_pool_bytes() &&
		cs_stats_balanced(COLDSEND_A_OBJECTS_TRANSFERS_CREATED,
				  COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED) &&
		cs_stats_balanced(COLDSEND_A_OBJECTS_SEGMENTS_CREATED,
				  COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED) &&
		cs_stats_balanced(COLDSEND_A_OBJECTS_ROWS_CREATED,
				  COLDSEND_A_OBJECTS_ROWS_DESTROYED);
	pr_info("%s: transfers %llu/%llu, segments %llu/%llu, rows %llu/%llu\n",
		balanced ? "created = destroyed" : "leak: created != destroyed",
		cs_stats_objects(COLDSEND_A_OBJECTS_TRANSFERS_CREATED),
		cs_stats_objects(COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED),
		cs_stats_objects(COLDSEND_A_OBJECTS_SEGMENTS_CREATED),
		cs_stats_objects(COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED),
		cs_stats_objects(COLDSEND_A_OBJECTS_ROWS_CREATED),
		cs_stats_objects(COLDSEND_A_OBJECTS_ROWS_DESTROYED));
}
