/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shrinkers: allocated by the kernel from Linux 6.7 on, by their owner before.
 */
#ifndef COLDSEND_COMPAT_SHRINKER_H
#define COLDSEND_COMPAT_SHRINKER_H

#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/version.h>

typedef unsigned long (*compat_shrinker_fn)(struct shrinker *shrinker,
					    struct shrink_control *control);

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)

/**
 * compat_shrinker_register - has memory management ask for memory
 * @name: of the shrinker
 * @count: as in struct shrinker
 * @scan: as in struct shrinker
 *
 * May sleep.  Return: the shrinker or NULL.
 */
static inline struct shrinker *compat_shrinker_register(const char *name,
							compat_shrinker_fn count,
							compat_shrinker_fn scan)
{
	struct shrinker *shrinker = shrinker_alloc(0, "%s", name);

	if (!shrinker)
		return NULL;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	shrinker_register(shrinker);
	return shrinker;
}

/**
 * compat_shrinker_free - the reverse; waits for calls that run
 * @shrinker: from compat_shrinker_register()
 */
static inline void compat_shrinker_free(struct shrinker *shrinker)
{
	shrinker_free(shrinker);
}

#else

static inline struct shrinker *compat_shrinker_register(const char *name,
							compat_shrinker_fn count,
							compat_shrinker_fn scan)
{
	struct shrinker *shrinker = kzalloc(sizeof(*shrinker), GFP_KERNEL);

	if (!shrinker)
		return NULL;
	shrinker->seeks = DEFAULT_SEEKS;
	shrinker->count_objects = count;
	shrinker->scan_objects = scan;
	if (!register_shrinker(shrinker, "%s", name))
		return shrinker;
	kfree(shrinker);
	return NULL;
}

static inline void compat_shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}

#endif
#endif
