// SPDX-License-Identifier: GPL-2.0
/*
 * Heat: how much files were asked for lately.
 *
 * Each time that a file is served whole it becomes hotter by CS_HEAT_ONCE, by
 * parts in proportion, and its heat halves every window.  Beside that, it is known
 * how much the page cache had to give up from one time to the next: had the file
 * been there as well, that would have come before it.
 *
 * A table of fixed size knows the files that were sent last: where a set of it
 * is full, its coldest file is forgotten.
 */
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/spinlock.h>

#include "auto.h"

#define CS_HEAT_SETS	4096U
#define CS_HEAT_WAYS	4
/*
 * Many readers at once make a file no hotter than that; it cools in time.  More
 * than twice the largest admit_after.
 */
#define CS_HEAT_MAX	(CS_HEAT_ONCE << 11)

/**
 * struct cs_warm - a file that was sent lately
 * @key: which
 * @since: jiffies at which it had @heat
 * @evicted: cs_memory_evicted() of then
 * @apart: pages that left the page cache while it was served whole once, and
 *	before that since the time before
 * @heat: in parts of CS_HEAT_ONCE
 * @brought: of the file, read into the page cache since it was let in, in the same
 *	parts; halves as heat does
 * @admitted: policy auto lets it into the page cache
 */
struct cs_warm {
	struct cs_key key;
	unsigned long since;
	unsigned long evicted;
	unsigned long apart;
	u32 heat;
	u32 brought;
	bool admitted;
};

struct cs_heat_set {
	struct cs_warm way[CS_HEAT_WAYS];
};

/* Guards the table. */
static DEFINE_SPINLOCK(cs_heat_lock);
static struct cs_heat_set *cs_heat_sets;
static u32 cs_heat_seed;

static struct cs_heat_set *cs_heat_set_of(const struct cs_key *key)
{
	return &cs_heat_sets[cs_key_hash(key, cs_heat_seed) % CS_HEAT_SETS];
}

/* What is left of heat: half of it after each window, less in between. */
static u32 cs_heat_left(u32 heat, unsigned long age, unsigned long window)
{
	unsigned long halvings;

	if (!heat)
		return 0;
	halvings = age / window;
	if (halvings >= BITS_PER_TYPE(u32))
		return 0;
	heat >>= halvings;
	return heat - div_u64((u64)heat * (age % window), 2 * window);
}

static u32 cs_heat_now(const struct cs_warm *warm, unsigned long window)
{
	return cs_heat_left(warm->heat, jiffies - warm->since, window);
}

/* Bytes of a transfer's file in parts of CS_HEAT_ONCE. */
static u32 cs_heat_part(const struct cs_xfer *xfer, u64 bytes)
{
	return mul_u64_u64_div_u64(min_t(u64, bytes, xfer->size), CS_HEAT_ONCE,
				   xfer->size);
}

static struct cs_warm *cs_heat_find(const struct cs_key *key)
{
	struct cs_heat_set *set = cs_heat_set_of(key);
	u32 i;

	lockdep_assert_held(&cs_heat_lock);
	for (i = 0; i < CS_HEAT_WAYS; i++)
		if (cs_key_equal(&set->way[i].key, key))
			return &set->way[i];
	return NULL;
}

/* The place of the coldest file of a set. */
static struct cs_warm *cs_heat_coldest(struct cs_heat_set *set,
				       unsigned long window)
{
	struct cs_warm *coldest = &set->way[0];
	u32 i;

	lockdep_assert_held(&cs_heat_lock);
	for (i = 1; i < CS_HEAT_WAYS; i++)
		if (cs_heat_now(&set->way[i], window) <
		    cs_heat_now(coldest, window))
			coldest = &set->way[i];
	return coldest;
}

/* Pages that left the page cache since the file was sent last. */
static unsigned long cs_heat_evicted_since(const struct cs_warm *warm,
					   unsigned long evicted)
{
	return max((long)(evicted - warm->evicted), 0L);
}

/* Of what lies behind, as much is forgotten as was sent of the file now. */
static void cs_heat_move_on(struct cs_warm *warm, u32 sent,
			    unsigned long evicted)
{
	u32 kept = CS_HEAT_ONCE - sent;

	warm->apart = mul_u64_u32_shr(warm->apart, kept, CS_HEAT_SHIFT) +
		      cs_heat_evicted_since(warm, evicted);
	warm->evicted = evicted;
	warm->since = jiffies;
}

/**
 * cs_heat_add - part of a file was sent
 * @xfer: that ended, of a file with at least a byte
 *
 * Process context.  Return: what cs_heat_admit() said of the file last.
 */
bool cs_heat_add(const struct cs_xfer *xfer)
{
	unsigned long window = xfer->tunables.admit_window * HZ;
	u32 sent = cs_heat_part(xfer, cs_xfer_sent(xfer));
	unsigned long evicted = cs_memory_evicted();
	struct cs_warm *warm;
	bool admitted;
	u64 heat;

	spin_lock(&cs_heat_lock);
	warm = cs_heat_find(&xfer->key);
	if (!warm) {
		warm = cs_heat_coldest(cs_heat_set_of(&xfer->key), window);
		*warm = (struct cs_warm) { .key = xfer->key,
					   .evicted = evicted };
	}
	heat = (u64)cs_heat_now(warm, window) + sent;
	warm->heat = min_t(u64, heat, CS_HEAT_MAX);
	warm->brought = cs_heat_left(warm->brought, jiffies - warm->since,
				     window);
	cs_heat_move_on(warm, sent, evicted);
	admitted = warm->admitted;
	spin_unlock(&cs_heat_lock);
	return admitted;
}

/**
 * cs_heat_get - how hot a file is
 * @xfer: that is about to start
 * @heat: filled in
 *
 * Process context.
 */
void cs_heat_get(const struct cs_xfer *xfer, struct cs_heat *heat)
{
	unsigned long evicted = cs_memory_evicted();
	struct cs_warm *warm;

	*heat = (struct cs_heat) {};
	spin_lock(&cs_heat_lock);
	warm = cs_heat_find(&xfer->key);
	if (warm) {
		heat->heat = cs_heat_now(warm,
					 xfer->tunables.admit_window * HZ);
		heat->apart = max(warm->apart,
				  cs_heat_evicted_since(warm, evicted));
		heat->admitted = warm->admitted;
	}
	spin_unlock(&cs_heat_lock);
}

/**
 * cs_heat_admit - remembers whether a file was let into the page cache
 * @xfer: of the file
 * @admitted: whether it was
 *
 * Process context.
 */
void cs_heat_admit(const struct cs_xfer *xfer, bool admitted)
{
	struct cs_warm *warm;

	spin_lock(&cs_heat_lock);
	warm = cs_heat_find(&xfer->key);
	if (warm) {
		warm->admitted = admitted;
		warm->brought = 0;
	}
	spin_unlock(&cs_heat_lock);
}

/**
 * cs_heat_bring - part of an admitted file had to be read
 * @xfer: that ended, after cs_heat_add()
 * @bytes: of the file, that came into the page cache
 *
 * Process context.  Return: all that did of late, in parts of CS_HEAT_ONCE.
 */
u32 cs_heat_bring(const struct cs_xfer *xfer, u64 bytes)
{
	struct cs_warm *warm;
	u32 brought = 0;

	spin_lock(&cs_heat_lock);
	warm = cs_heat_find(&xfer->key);
	if (warm) {
		brought = min_t(u64, CS_HEAT_MAX, (u64)warm->brought +
				cs_heat_part(xfer, bytes));
		warm->brought = brought;
	}
	spin_unlock(&cs_heat_lock);
	return brought;
}

/**
 * cs_heat_forget - takes a file for one that was never asked for
 * @xfer: of the file
 *
 * Process context.
 */
void cs_heat_forget(const struct cs_xfer *xfer)
{
	struct cs_warm *warm;

	spin_lock(&cs_heat_lock);
	warm = cs_heat_find(&xfer->key);
	if (warm)
		*warm = (struct cs_warm) {};
	spin_unlock(&cs_heat_lock);
}

/**
 * cs_heat_init - makes the table
 *
 * Return: 0 or -ENOMEM.
 */
int cs_heat_init(void)
{
	cs_heat_seed = get_random_u32();
	cs_heat_sets = kvcalloc(CS_HEAT_SETS, sizeof(*cs_heat_sets),
				GFP_KERNEL);
	return cs_heat_sets ? 0 : -ENOMEM;
}

/**
 * cs_heat_exit - frees the table
 *
 * No transfer may be left.
 */
void cs_heat_exit(void)
{
	kvfree(cs_heat_sets);
}
