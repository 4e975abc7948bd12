/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory that file bytes travel in, and who may have how much of it when.
 */
#ifndef COLDSEND_SEGMENT_H
#define COLDSEND_SEGMENT_H

#include "xfer.h"

/* segment.c: memory that file bytes travel in */

/* The sizes that can be asked for, in bytes. */
#define CS_SEGMENT_SIZE_MIN	SZ_64K
#define CS_SEGMENT_SIZE_MAX	SZ_4M

/* Orders of the folios of segments. */
#define CS_SEGMENT_ORDER_MIN	1
#define CS_SEGMENT_ORDER_MAX	get_order(CS_SEGMENT_SIZE_MAX)

/* The smallest segment, and a small one that a transfer can go on with, bytes. */
#define CS_SEGMENT_MIN		(PAGE_SIZE << CS_SEGMENT_ORDER_MIN)
#define CS_SEGMENT_FIRST	max_t(u32, SZ_64K, CS_SEGMENT_MIN)

struct cs_segment *cs_segment_create(u32 size, u32 order_max, bool charged);
struct cs_segment *cs_segment_create_for_pages(u32 max_pages);
void cs_segment_trim(struct cs_segment *segment);
void cs_segment_destroy(struct cs_segment *segment);
void cs_segment_drop_pages(struct cs_segment *segment);
bool cs_segment_ours_alone(const struct cs_segment *segment);
u32 cs_segment_bytes(const struct cs_segment *segment);
u32 cs_segment_order(const struct cs_segment *segment);
u32 cs_segment_shed(struct cs_segment *segment);

/* Test builds overwrite what was in the memory before a read. */
#ifdef CS_POISON
void cs_segment_poison(struct cs_segment *segment);
#else
static inline void cs_segment_poison(struct cs_segment *segment) {}
#endif

/* Is there a segment with bytes left to send? */
static inline bool cs_segment_unsent(const struct cs_segment *segment)
{
	return segment && segment->begin < segment->end;
}

struct cs_pool_view;

/* pool.c: keeps segments between reads and transfers, and bounds them all */

struct cs_segment *cs_pool_get(struct cs_xfer *xfer, u32 size, bool first,
			       bool *recycled);
void cs_pool_put(struct cs_segment *segment);
void cs_pool_drop(struct cs_segment *segment);
bool cs_pool_promise(u32 bytes);
void cs_pool_unpromise(u32 bytes);
u64 cs_pool_used(void);
u64 cs_pool_bytes(void);
void cs_pool_look(struct cs_pool_view *view);

/* spare.c: segments that no transfer uses */

int cs_spare_init(void);
void cs_spare_exit(void);

/* demand.c: how much of the memory that a transfer may have is in use */

bool cs_user_has_used(struct cs_xfer *xfer, u32 quarters);
bool cs_pool_is_in_demand(struct cs_xfer *xfer);
bool cs_pool_is_scarce(struct cs_xfer *xfer);
bool cs_pool_is_tight(struct cs_xfer *xfer);
u64 cs_pool_until_tight(struct cs_xfer *xfer);

/* pinned.c: what the pool has let go of while others hold it */

void cs_pinned_add(struct cs_segment *segment);
struct cs_segment *cs_pinned_take(u32 size, u32 most, u32 order_max);
u64 cs_pinned_bytes(void);
u32 cs_pinned_order_max(void);
u64 cs_pinned_free(void);
void cs_pinned_exit(void);

/* user.c: what each user may have at once */

int cs_user_get(struct cs_xfer *xfer);
void cs_user_put(struct cs_xfer *xfer);
void cs_user_drop(struct cs_xfer *xfer);
kuid_t cs_user_uid(const struct cs_xfer *xfer);
struct cs_workers *cs_user_workers(const struct cs_xfer *xfer);
void cs_user_look(struct cs_pool_view *view);

/* turns.c: whose turn it is when the pool is full */

u32 cs_user_take(struct cs_xfer *xfer, u32 bytes, bool fewer);
u32 cs_user_take_on_top(struct cs_xfer *xfer, u32 bytes);
void cs_user_take_more(struct cs_xfer *xfer, u32 bytes);
void cs_user_give(struct cs_user *user, u32 size);
void cs_user_limits_changed(void);
void cs_user_queue(struct cs_xfer *xfer, u32 wanted);
long cs_user_patience(const struct cs_xfer *xfer);
bool cs_user_is_waiting(const struct cs_xfer *xfer);
void cs_user_pass(struct cs_xfer *xfer);
void cs_user_unqueue(struct cs_xfer *xfer);

#endif /* COLDSEND_SEGMENT_H */
