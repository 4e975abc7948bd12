// SPDX-License-Identifier: GPL-2.0
/*
 * Ahead: what is read for the transfer that will go on where one ends.
 *
 * An event loop asks for a file's bytes call after call, until the socket is
 * full or its turn is over.  For one that came back soon where the last call
 * ended, the disk works meanwhile: as much is read, and parked, as the next call
 * will want.
 */
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <net/sock.h>

#include "hint.h"
#include "ring.h"

/* Who comes back within that keeps up. */
#define CS_AHEAD_SOON		(1 * HZ)
/* Less is not worth reading on for, in bytes. */
#define CS_AHEAD_MIN		SZ_64K
#define CS_AHEAD_ENDS_BITS	12

/**
 * struct cs_place - where a SEND ended, or starts
 * @key: of the file
 * @pos: in it, in bytes
 * @context: open device, only to compare
 *
 * No padding: it is hashed as bytes.
 */
struct cs_place {
	struct cs_key key;
	u64 pos;
	u64 context;
};

/* Places where SENDs ended of late. */
static u64 cs_ahead_slots[1 << CS_AHEAD_ENDS_BITS];
static struct cs_hints cs_ahead_ends = {
	.slots = cs_ahead_slots,
	.bits = CS_AHEAD_ENDS_BITS,
};

/**
 * cs_ahead_expects - will the transfer's caller go on where it ends?
 * @xfer: that ends
 *
 * Any context.
 */
bool cs_ahead_expects(const struct cs_xfer *xfer)
{
	if (!xfer->nonblock || !xfer->ring.align)
		return false;
	return xfer->error ? xfer->error == -EAGAIN :
			     xfer->pos == xfer->end && xfer->end < xfer->size;
}

/*
 * What the next call will want: as much as this one did, if there was room for
 * all of that; else, what there is room for when the socket wakes its owner: a
 * third of its buffer is free then, and more when he comes, for peers make room in
 * large steps.
 */
static u64 cs_ahead_next(const struct cs_xfer *xfer)
{
	return xfer->error ? READ_ONCE(xfer->sock->sk->sk_sndbuf) / 2 :
			     xfer->end - xfer->start;
}

/**
 * cs_ahead_hash - a number for the place that a transfer is at
 * @xfer: the transfer
 *
 * Any context.
 */
u32 cs_ahead_hash(const struct cs_xfer *xfer)
{
	struct cs_place place = {
		.key = xfer->key,
		.pos = xfer->pos,
		.context = (unsigned long)xfer->context,
	};

	return jhash2((const u32 *)&place, sizeof(place) / sizeof(u32),
		      cs_ahead_ends.seed);
}

/**
 * cs_ahead_note_end - remembers that a transfer ended there
 * @hash: of the place, from cs_ahead_hash()
 *
 * Any context.
 */
void cs_ahead_note_end(u32 hash)
{
	cs_hint_note(&cs_ahead_ends, hash);
}

/**
 * cs_ahead_ended_here - did a transfer end there a moment ago?
 * @hash: of the place, from cs_ahead_hash()
 *
 * Any context.
 */
bool cs_ahead_ended_here(u32 hash)
{
	return cs_hint_is_fresh(&cs_ahead_ends, hash, CS_AHEAD_SOON);
}

/* How much to read on for whoever will go on, in bytes past xfer->pos, or 0. */
static u64 cs_ahead_window(struct cs_xfer *xfer)
{
	u64 most = (u64)xfer->tunables.segment_size * xfer->tunables.depth;
	u64 room, window;

	if (!xfer->keeps_up || !cs_xfer_sent(xfer) || !cs_ahead_expects(xfer) ||
	    !xfer->ring.trusted)
		return 0;
	/* The more is parked, the less for each; and what can't be is read in vain. */
	room = min(cs_park_room(xfer), cs_pool_until_tight(xfer));
	window = min3(cs_ahead_next(xfer), most, room / 2);
	return window < CS_AHEAD_MIN ? 0 : window;
}

/**
 * cs_ahead_read - reads for who goes on, as if the transfer asked for so much
 * @xfer: that ends, with its ring
 *
 * May sleep, for memory, not for the disk.
 */
void cs_ahead_read(struct cs_xfer *xfer)
{
	u64 window = cs_ahead_window(xfer);
	loff_t end = xfer->end;

	/* Pages are there anyway, and what comes behind them is not parked. */
	if (!window || xfer->ring.taken)
		return;
	xfer->trust = window;
	xfer->end = max_t(loff_t, end, min_t(u64, xfer->pos + window,
					     xfer->size));
	xfer->ring.for_next = true;
	cs_fill_ring(xfer);
	xfer->end = end;
}

/**
 * cs_ahead_init - makes places hard to guess
 */
void cs_ahead_init(void)
{
	cs_hints_init(&cs_ahead_ends);
}
