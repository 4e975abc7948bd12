/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pool's two halves share: what transfers use (pool.c), and what none does
 * (spare.c).
 */
#ifndef COLDSEND_POOL_H
#define COLDSEND_POOL_H

#include <linux/spinlock.h>

#include "coldsend.h"

/* Guards both halves.  Within the user lock. */
extern spinlock_t cs_pool_lock;

/* Under the pool lock: */

u64 cs_spare_bytes(void);
u64 cs_spare_idle_bytes(void);
void cs_spare_add(struct cs_segment *segment);
struct cs_segment *cs_spare_take(u32 size, u32 most, u32 order_max);
u64 cs_spare_give_up(u64 bytes, struct list_head *victims);

/* Without it: */

void cs_spare_free(struct list_head *victims);

#endif /* COLDSEND_POOL_H */
