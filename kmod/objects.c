// SPDX-License-Identifier: GPL-2.0
/* What the module made and destroyed: at its end, nothing may be left. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/atomic.h>
#include <linux/printk.h>

#include "coldsend.h"

/* By enum coldsend_a_objects. */
static atomic64_t cs_objects[COLDSEND_A_OBJECTS_MAX + 1];

/**
 * cs_objects_add - counts objects made or destroyed
 * @object: enum coldsend_a_objects
 * @n: how many
 *
 * Any context.
 */
void cs_objects_add(u32 object, u32 n)
{
	atomic64_add(n, &cs_objects[object]);
}

/**
 * cs_objects_get - how many were made or destroyed, or are held now
 * @object: enum coldsend_a_objects
 *
 * Process context.
 */
u64 cs_objects_get(u32 object)
{
	if (object == COLDSEND_A_OBJECTS_POOL_BYTES)
		return cs_pool_bytes();
	return atomic64_read(&cs_objects[object]);
}

static bool cs_objects_equal(u32 created, u32 destroyed)
{
	return cs_objects_get(created) == cs_objects_get(destroyed);
}

/**
 * cs_objects_report - tells whether all that was made is gone
 *
 * When all else has ended.
 */
void cs_objects_report(void)
{
	bool balanced = !cs_pool_bytes() &&
		cs_objects_equal(COLDSEND_A_OBJECTS_TRANSFERS_CREATED,
				 COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED) &&
		cs_objects_equal(COLDSEND_A_OBJECTS_SEGMENTS_CREATED,
				 COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED) &&
		cs_objects_equal(COLDSEND_A_OBJECTS_ROWS_CREATED,
				 COLDSEND_A_OBJECTS_ROWS_DESTROYED);

	pr_info("%s: transfers %llu/%llu, segments %llu/%llu, rows %llu/%llu\n",
		balanced ? "created = destroyed" : "leak: created != destroyed",
		cs_objects_get(COLDSEND_A_OBJECTS_TRANSFERS_CREATED),
		cs_objects_get(COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED),
		cs_objects_get(COLDSEND_A_OBJECTS_SEGMENTS_CREATED),
		cs_objects_get(COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED),
		cs_objects_get(COLDSEND_A_OBJECTS_ROWS_CREATED),
		cs_objects_get(COLDSEND_A_OBJECTS_ROWS_DESTROYED));
}
