/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory: what the kernel uses, as /proc/meminfo has it.
 */
#ifndef CS_MEMORY_H
#define CS_MEMORY_H

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

#endif /* CS_MEMORY_H */
