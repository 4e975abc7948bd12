/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hints: when something was there last.
 *
 * A table of fixed size; who comes later takes the slot.  Read and written
 * without a lock: at the worst something is forgotten, or taken for another.
 */
#ifndef COLDSEND_HINT_H
#define COLDSEND_HINT_H

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/random.h>

/**
 * struct cs_hints - a table
 * @slots: in the upper half what tells one thing from another, mostly, in the
 *	lower jiffies
 * @bits: binary logarithm of their number
 * @seed: to hash things with, so that nobody can have others' slots taken
 */
struct cs_hints {
	u64 *slots;
	u32 bits;
	u32 seed;
};

static inline void cs_hints_init(struct cs_hints *hints)
{
	hints->seed = get_random_u32();
}

static inline u64 *cs_hint_slot(const struct cs_hints *hints, u32 hash)
{
	return &hints->slots[hash >> (32 - hints->bits)];
}

/* It is there now. */
static inline void cs_hint_note(const struct cs_hints *hints, u32 hash)
{
	WRITE_ONCE(*cs_hint_slot(hints, hash), (u64)hash << 32 | (u32)jiffies);
}

/* Was it there less than @age jiffies ago? */
static inline bool cs_hint_is_fresh(const struct cs_hints *hints, u32 hash,
				    u32 age)
{
	u64 seen = READ_ONCE(*cs_hint_slot(hints, hash));

	return upper_32_bits(seen) == hash &&
	       (u32)jiffies - lower_32_bits(seen) < age;
}

#endif /* COLDSEND_HINT_H */
