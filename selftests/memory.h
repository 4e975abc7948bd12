/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory: what the kernel uses, as /proc/meminfo has it.
 */
#ifndef CS_MEMORY_H
#define CS_MEMORY_H

#include <stdbool.h>

/**
 * struct cs_memory - bytes
 * @used: of all pages in use, but for the page cache and what can be had back
 * @slab: of @used, in small objects
 * @available: that can be had without swapping
 */
struct cs_memory {
	long long used;
	long long slab;
	long long available;
};

struct cs_memory cs_memory_now(void);

/*
 * Fills memory with the page cache of a file in @dir that takes none of the disk,
 * until less than 1/@part of it is unused.  Return: the file, which has no name
 * and whose pages go when it is closed, or -errno.
 */
int cs_memory_fill(const char *dir, int part);

/* Does the kernel put zones around all that it allocates, to watch over them? */
bool cs_memory_is_padded(void);

#endif /* CS_MEMORY_H */
