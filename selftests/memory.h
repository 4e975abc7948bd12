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
 * Fills memory with the page cache of @file, which takes none of the disk, until
 * about as much page cache is given up as comes in, and again: 0 or -errno.  The
 * kernel gives some up earlier too, to have memory in one piece.  The file is new,
 * or one that this did before, whose position has been left alone; its pages go
 * when it does.
 */
int cs_memory_fill(int file);

/* Does the kernel put zones around all that it allocates, to watch over them? */
bool cs_memory_is_padded(void);

#endif /* CS_MEMORY_H */
