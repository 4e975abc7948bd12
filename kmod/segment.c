// SPDX-License-Identifier: GPL-2.0
/*
 * Segments: memory that file bytes travel in.
 *
 * A segment of direct I/O is a few compound folios of our own.  Once its bytes
 * are in a socket, the network holds references on the folios until the peer
 * has acknowledged (or, on this machine, read) them.  It never gives them back
 * to us: we look whether ours is the only reference left, and then use the
 * segment again.  That is cheaper than a fresh one by a memset of every byte
 * where the kernel was booted with init_on_alloc=1, as distributions do.
 *
 * No folio of ours is of order 0, so that a receiver can't map one by
 * TCP_ZEROCOPY_RECEIVE, and none is ever on a list of the memory manager.
 *
 * A segment of the page cache has references on pages instead, and no memory
 * of its own.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "auto.h"

/**
 * cs_segment_ours_alone - does nobody else hold the segment's memory?
 * @segment: with no read in flight
 *
 * Once true it stays true until we hand the memory out again: nobody else can
 * find these folios to take a reference.  Any context.
 */
bool cs_segment_ours_alone(const struct cs_segment *segment)
{
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		if (folio_ref_count(page_folio(segment->bvec[i].bv_page)) != 1)
			return false;
	/* What the others did to the memory comes before what we will do. */
	smp_mb();
	return true;
}

/**
 * cs_segment_bytes - how large the segment's memory is
 * @segment: of the pool
 *
 * Any context.  Return: bytes, its capacity until cs_segment_shed().
 */
u32 cs_segment_bytes(const struct cs_segment *segment)
{
	u32 i, bytes = 0;

	for (i = 0; i < segment->nr_bvecs; i++)
		bytes += segment->bvec[i].bv_len;
	return bytes;
}

/**
 * cs_segment_order - how large the segment's largest folio is
 * @segment: of the pool
 *
 * Any context.  Return: order, 0 if it has no memory any more.
 */
u32 cs_segment_order(const struct cs_segment *segment)
{
	/* See cs_segment_fill_folios(). */
	return segment->nr_bvecs ?
		       folio_order(page_folio(segment->bvec[0].bv_page)) : 0;
}

/**
 * cs_segment_shed - frees those folios that nobody else holds
 * @segment: of the pool, with no read in flight; if some are, it will not be read
 *	into again
 *
 * Process context.  Return: bytes.
 */
u32 cs_segment_shed(struct cs_segment *segment)
{
	u32 i, left = 0, bytes = 0;
	struct folio *folio;

	for (i = 0; i < segment->nr_bvecs; i++) {
		folio = page_folio(segment->bvec[i].bv_page);
		if (folio_ref_count(folio) == 1) {
			bytes += segment->bvec[i].bv_len;
			folio_put(folio);
		} else {
			segment->bvec[left++] = segment->bvec[i];
		}
	}
	segment->nr_bvecs = left;
	return bytes;
}

static struct cs_segment *cs_segment_alloc(u32 max_bvecs)
{
	struct cs_segment *segment;

	segment = kmalloc(struct_size(segment, bvec, max_bvecs), GFP_KERNEL);
	if (!segment)
		return NULL;
	memset(segment, 0, sizeof(*segment));
	INIT_LIST_HEAD(&segment->link);
	segment->max_bvecs = max_bvecs;
	return segment;
}

/**
 * cs_segment_create_for_pages - a segment for pages of the page cache
 * @max_pages: entries of its bvec
 *
 * It is not of the pool; give it back with cs_segment_destroy().  May sleep.
 * Return: the segment or NULL.
 */
struct cs_segment *cs_segment_create_for_pages(u32 max_pages)
{
	struct cs_segment *segment = cs_segment_alloc(max_pages);

	if (segment)
		segment->counter = COLDSEND_A_COUNTERS_BYTES_CACHED;
	return segment;
}

/**
 * cs_segment_trim - gives back what a bvec no longer takes
 * @segment: for pages of the page cache, in a list
 *
 * Process context.  A smaller one may take its place in the list.
 */
void cs_segment_trim(struct cs_segment *segment)
{
	struct cs_segment *small;

	if (segment->nr_bvecs > segment->max_bvecs / 2)
		return;
	small = kmemdup(segment, struct_size(segment, bvec, segment->nr_bvecs),
			GFP_NOWAIT | __GFP_NOWARN);
	if (!small)
		return;
	small->max_bvecs = small->nr_bvecs;
	list_replace(&segment->link, &small->link);
	kfree(segment);
}

/**
 * cs_segment_drop_pages - drops the references that the bvec holds
 * @segment: the bvec is empty afterwards
 *
 * May sleep.
 */
void cs_segment_drop_pages(struct cs_segment *segment)
{
	u32 i;

	for (i = 0; i < segment->nr_bvecs; i++)
		folio_put(page_folio(segment->bvec[i].bv_page));
	segment->nr_bvecs = 0;
	segment->begin = 0;
	segment->end = 0;
}

/*
 * Large folios only if there are some: reclaiming page cache to make them, or
 * having kswapd do that, would do what this module exists to avoid.  Nor of what
 * the kernel keeps for interrupts: as nobody is woken, nobody would fill it up.
 */
static struct folio *cs_segment_alloc_folio(u32 order, bool charged)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NOWARN;

	if (order > PAGE_ALLOC_COSTLY_ORDER) {
		if (!cs_memory_has_unused(1UL << order))
			return NULL;
		gfp &= ~__GFP_RECLAIM;
	}
	if (order > CS_SEGMENT_ORDER_MIN)
		gfp |= __GFP_NORETRY;
	else if (charged)
		/* Nobody is killed for it. */
		gfp |= __GFP_RETRY_MAYFAIL;
	if (charged)
		gfp |= __GFP_ACCOUNT;
	return folio_alloc(gfp, order);
}

/* The largest come first.  Each entry takes the reference that folio_alloc() returns. */
static bool cs_segment_fill_folios(struct cs_segment *segment, u32 size,
				   u32 order_max, bool charged)
{
	u32 order = min_t(u32, get_order(size), order_max);
	struct folio *folio;

	while (size && !WARN_ON_ONCE(segment->nr_bvecs == segment->max_bvecs)) {
		folio = cs_segment_alloc_folio(order, charged);
		if (folio) {
			segment->bvec[segment->nr_bvecs++] = (struct bio_vec) {
				.bv_page = folio_page(folio, 0),
				.bv_len = PAGE_SIZE << order,
			};
			size -= PAGE_SIZE << order;
		} else if (order-- == CS_SEGMENT_ORDER_MIN) {
			return false;
		}
	}
	return true;
}

/**
 * cs_segment_create - a segment with memory of its own
 * @size: bytes, a power of two and at least CS_SEGMENT_MIN
 * @order_max: of its folios; at least CS_SEGMENT_ORDER_MIN
 * @charged: to the calling task's cgroup
 *
 * May sleep.  It is of the pool, which counts it; give it back there.
 * Return: the segment or NULL.
 */
struct cs_segment *cs_segment_create(u32 size, u32 order_max, bool charged)
{
	struct cs_segment *segment;

	segment = cs_segment_alloc(size / CS_SEGMENT_MIN);
	if (!segment)
		return NULL;
	segment->capacity = size;
	segment->order_max = order_max;
	cs_objects_add(COLDSEND_A_OBJECTS_SEGMENTS_CREATED, 1);
	if (!cs_segment_fill_folios(segment, size, order_max, charged)) {
		cs_segment_destroy(segment);
		return NULL;
	}
	return segment;
}

#ifdef CS_POISON

#define CS_POISON_BYTE		0xc5

MODULE_INFO(poison, "a test build: slow");

/**
 * cs_segment_poison - overwrites all of a segment's memory
 * @segment: ours alone
 *
 * What a read does not bring must never be sent; with this, one can see it.
 * Process context.
 */
void cs_segment_poison(struct cs_segment *segment)
{
	struct bio_vec *bvec;
	u32 i, at;

	for (i = 0; i < segment->nr_bvecs; i++) {
		bvec = &segment->bvec[i];
		for (at = 0; at < bvec->bv_len; at += PAGE_SIZE)
			memset_page(bvec->bv_page + at / PAGE_SIZE, 0,
				    CS_POISON_BYTE, PAGE_SIZE);
	}
}

#endif /* CS_POISON */

/**
 * cs_segment_destroy - frees a segment that is in no list
 * @segment: of pages, or of the pool's own; with no read in flight.  What the
 *	network still holds of its memory lives on until the network lets go
 *
 * May sleep.
 */
void cs_segment_destroy(struct cs_segment *segment)
{
	if (segment->capacity)
		cs_objects_add(COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED, 1);
	cs_segment_drop_pages(segment);
	kfree(segment);
}
