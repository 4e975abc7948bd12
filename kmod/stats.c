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
#include <linux/bitops.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "views.h"

/* Rows that are removed without a pause. */
#define CS_SHRINK_MAX	256

/**
 * struct cs_entry - a row of the table, and its places in it
 * @key: which file
 * @id: number in cs_rows
 * @policy_used: enum coldsend_policy of the last transfer
 * @fallback: enum coldsend_fallback of the last one that had one
 * @node: in cs_hash
 * @lru: in cs_lru
 * @rcu: frees it once no reader is left
 * @counters: of the file; apart, since two pieces take less memory than one
 *	that is rounded up
 * @path: of the file when the row was made
 *
 * What changes is guarded by cs_table_lock.
 */
struct cs_entry {
	struct cs_key key;
	u32 id;
	u32 policy_used;
	u32 fallback;
	struct rhash_head node;
	struct list_head lru;
	struct rcu_head rcu;
	struct cs_counters *counters;
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
static u32 cs_rows_changes;
static struct cs_counters cs_totals;

/* Each bit of xfer->counted is a counter. */
static_assert(COLDSEND_A_COUNTERS_MAX < BITS_PER_LONG_LONG);

/* Less than nothing was read in vain if what was counted before was reset. */
static void cs_counters_check(struct cs_counters *counters)
{
	u64 *overhead = &counters->value[COLDSEND_A_COUNTERS_OVERHEAD_BYTES];

	if ((s64)*overhead < 0)
		*overhead = 0;
}

/* Adds what a transfer counted; @also may be NULL. */
static void cs_counters_add(struct cs_counters *to, struct cs_counters *also,
			    const struct cs_xfer *xfer)
{
	u64 left, n;
	u32 i;

	for (left = xfer->counted; left; left &= left - 1) {
		i = __ffs64(left);
		n = xfer->counters.value[i];
		to->value[i] += n;
		if (also)
			also->value[i] += n;
	}
	if (!(xfer->counted & BIT_ULL(COLDSEND_A_COUNTERS_OVERHEAD_BYTES)))
		return;
	cs_counters_check(to);
	if (also)
		cs_counters_check(also);
}

/* The file's path at the end of @buffer, "" if it can't be told. */
static const char *cs_entry_path(struct file *file, char *buffer)
{
	char *path = NULL;

	if (buffer)
		path = file_path(file, buffer, CS_PATH_MAX);
	return IS_ERR_OR_NULL(path) ? "" : path;
}

/* Return: an entry of that path, or NULL without memory. */
static struct cs_entry *cs_entry_alloc(const char *path)
{
	size_t length = strlen(path);
	struct cs_entry *entry;

	entry = kzalloc(struct_size(entry, path, length + 1), GFP_KERNEL);
	if (!entry)
		return NULL;
	memcpy(entry->path, path, length);
	entry->counters = kzalloc(sizeof(*entry->counters), GFP_KERNEL);
	if (entry->counters)
		return entry;
	kfree(entry);
	return NULL;
}

static struct cs_entry *cs_entry_create(const struct cs_xfer *xfer)
{
	char *buffer = kmalloc(CS_PATH_MAX, GFP_KERNEL);
	struct cs_entry *entry;

	entry = cs_entry_alloc(cs_entry_path(xfer->file, buffer));
	if (entry)
		entry->key = xfer->key;
	kfree(buffer);
	return entry;
}

static void cs_entry_free(struct cs_entry *entry)
{
	kfree(entry->counters);
	kfree(entry);
}

static void cs_entry_free_rcu(struct rcu_head *rcu)
{
	cs_entry_free(container_of(rcu, struct cs_entry, rcu));
}

/* Takes an entry out of the table; readers may see it until RCU frees it. */
static void cs_entry_remove(struct cs_entry *entry)
{
	lockdep_assert_held(&cs_table_lock);
	rhashtable_remove_fast(&cs_hash, &entry->node, cs_hash_params);
	xa_erase(&cs_rows, entry->id);
	list_del(&entry->lru);
	cs_nr_rows--;
	cs_rows_changes++;
	cs_objects_add(COLDSEND_A_OBJECTS_ROWS_DESTROYED, 1);
	call_rcu(&entry->rcu, cs_entry_free_rcu);
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
	cs_rows_changes++;
	cs_objects_add(COLDSEND_A_OBJECTS_ROWS_CREATED, 1);
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

/**
 * cs_stats_evict - removes the rows that there are too many of
 *
 * May sleep.
 */
void cs_stats_evict(void)
{
	struct cs_tunables tunables;

	cs_policy_get(&tunables);
	cs_objects_add(COLDSEND_A_OBJECTS_ROWS_EVICTED,
		       cs_table_shrink(tunables.files_max));
}

/* The row of the transfer's file, or NULL. */
static struct cs_entry *cs_table_find(const struct cs_xfer *xfer)
{
	lockdep_assert_held(&cs_table_lock);
	return rhashtable_lookup_fast(&cs_hash, &xfer->key, cs_hash_params);
}

static void cs_entry_touch(struct cs_entry *entry, const struct cs_xfer *xfer)
{
	lockdep_assert_held(&cs_table_lock);
	if (!list_is_last(&entry->lru, &cs_lru))
		list_move_tail(&entry->lru, &cs_lru);
	entry->policy_used = xfer->source->policy;
	if (xfer->fallback)
		entry->fallback = xfer->fallback;
}

/* Counts a transfer, for its row if it has one: a reset comes before, or after. */
static void cs_table_add(struct cs_entry *entry, const struct cs_xfer *xfer)
{
	lockdep_assert_held(&cs_table_lock);
	if (entry)
		cs_entry_touch(entry, xfer);
	cs_counters_add(&cs_totals, entry ? entry->counters : NULL, xfer);
}

/* Without memory for the row, only the totals know of the transfer. */
static void cs_table_add_to_new(const struct cs_xfer *xfer)
{
	struct cs_entry *entry = cs_entry_create(xfer), *other;

	spin_lock(&cs_table_lock);
	/* Another transfer of the file may have made it meanwhile. */
	other = cs_table_find(xfer);
	if (entry && (other || cs_entry_insert(entry))) {
		cs_entry_free(entry);
		entry = NULL;
	}
	cs_table_add(entry ?: other, xfer);
	spin_unlock(&cs_table_lock);
	cs_stats_evict();
}

/**
 * cs_stats_account - adds a transfer that ended to its file and the totals
 * @xfer: with its counters complete
 *
 * May sleep.
 */
void cs_stats_account(const struct cs_xfer *xfer)
{
	struct cs_entry *entry;

	spin_lock(&cs_table_lock);
	entry = cs_table_find(xfer);
	if (entry)
		cs_table_add(entry, xfer);
	spin_unlock(&cs_table_lock);
	if (!entry)
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
		entry->counters->value[counter] += n;
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
	/* Those that came meanwhile: totals and rows begin anew together. */
	while (cs_nr_rows)
		cs_entry_remove(list_first_entry(&cs_lru, struct cs_entry, lru));
	memset(&cs_totals, 0, sizeof(cs_totals));
	spin_unlock(&cs_table_lock);
}

/* Number given last, or a higher one of old: numbers begin anew after INT_MAX. */
static unsigned long cs_stats_last_row(void)
{
	unsigned long last = READ_ONCE(cs_next_id) - 1UL;
	unsigned long id = last + 1;

	return xa_find(&cs_rows, &id, ULONG_MAX, XA_PRESENT) ? INT_MAX : last;
}

/**
 * cs_stats_row_from - the next row
 * @at: the reader's place, set to the number of the row
 * @row: copied there
 *
 * Process context, inside an RCU read section, which @row->path needs.
 *
 * Return: whether there is one.
 */
bool cs_stats_row_from(struct cs_cursor *at, struct cs_row *row)
{
	unsigned long id = at->next;
	struct cs_entry *entry;

	at->last = at->last ?: cs_stats_last_row();
	entry = xa_find(&cs_rows, &id, at->last, XA_PRESENT);
	if (!entry)
		return false;
	at->next = id;
	spin_lock(&cs_table_lock);
	row->dev = entry->key.dev;
	row->ino = entry->key.ino;
	row->generation = entry->key.generation;
	row->policy_used = entry->policy_used;
	row->fallback = entry->fallback;
	row->path = entry->path;
	row->counters = *entry->counters;
	spin_unlock(&cs_table_lock);
	return true;
}

/**
 * cs_stats_rows_version - changes when a row comes or goes; never 0
 *
 * Any context.
 */
u32 cs_stats_rows_version(void)
{
	return READ_ONCE(cs_rows_changes) | BIT(31);
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

/**
 * cs_stats_exit - frees the table
 *
 * No transfer and no segment may be left.
 */
void cs_stats_exit(void)
{
	cs_stats_reset();
	rhashtable_destroy(&cs_hash);
	xa_destroy(&cs_rows);
	/* Rows that wait to be freed. */
	rcu_barrier();
}
