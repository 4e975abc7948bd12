// SPDX-License-Identifier: GPL-2.0
/*
 * Lingering: what a transfer keeps of the segments that it has sent, to read into
 * them again once the network has let go of them.
 */
#include <linux/log2.h>

#include "ring.h"

/* Segments that it keeps for itself before it gives them to the pool. */
#define CS_LINGERING_MAX	16U
/* One may be so much larger than the pool's for what is read into it. */
#define CS_LINGER_FACTOR	4

static struct cs_segment *cs_linger_first(struct cs_ring *ring)
{
	return list_first_entry_or_null(&ring->lingering, struct cs_segment,
					link);
}

static void cs_linger_remove(struct cs_ring *ring, struct cs_segment *segment)
{
	list_del_init(&segment->link);
	ring->nr_lingering--;
}

/**
 * cs_linger_add - keeps a segment
 * @ring: of the transfer
 * @segment: sent just now, in no list
 *
 * Process context.
 */
void cs_linger_add(struct cs_ring *ring, struct cs_segment *segment)
{
	list_add_tail(&segment->link, &ring->lingering);
	if (++ring->nr_lingering <= CS_LINGERING_MAX)
		return;
	segment = cs_linger_first(ring);
	cs_linger_remove(ring, segment);
	cs_pool_put(segment);
}

/**
 * cs_linger_take - memory for the next read
 * @ring: of the transfer
 * @wanted: bytes
 *
 * Process context.  Return: the segment sent longest ago, if the network has let
 * go of it, it is neither much too small nor, since all of it counts as used, too
 * large, and its folios are of the size that they may have now: a transfer that began
 * with little would stay slow.  Or NULL.
 */
struct cs_segment *cs_linger_take(struct cs_ring *ring, u32 wanted)
{
	u32 most = CS_LINGER_FACTOR *
		   roundup_pow_of_two(max(wanted, CS_SEGMENT_FIRST));
	struct cs_segment *segment = cs_linger_first(ring);

	if (!segment || !cs_segment_ours_alone(segment))
		return NULL;
	cs_linger_remove(ring, segment);
	if (segment->capacity >= wanted / 2 && segment->capacity <= most &&
	    segment->order_max == cs_pinned_order_max())
		return segment;
	cs_pool_put(segment);
	return NULL;
}

/**
 * cs_linger_put - gives all to the pool
 * @ring: of the transfer
 *
 * Process context.
 */
void cs_linger_put(struct cs_ring *ring)
{
	struct cs_segment *segment;

	while ((segment = cs_linger_first(ring))) {
		cs_linger_remove(ring, segment);
		cs_pool_put(segment);
	}
}

/**
 * cs_linger_drop - leaves to the network what it still holds, and frees the rest
 * @ring: of the transfer
 *
 * Process context.
 */
void cs_linger_drop(struct cs_ring *ring)
{
	struct cs_segment *segment;

	while ((segment = cs_linger_first(ring))) {
		cs_linger_remove(ring, segment);
		cs_pool_drop(segment);
	}
}
