// SPDX-License-Identifier: GPL-2.0
/*
 * Buffered: files whose direct reads went through the page cache lately.
 *
 * Only a read tells, and what it brought stays.  So the next transfers of the file do
 * not ask: each would leave some more, until all of the file is cached.
 */
#include "hint.h"
#include "ring.h"

/* So long a file is taken to be as it was. */
#define CS_BUFFERED_AGE		(60 * HZ)
#define CS_BUFFERED_BITS	10

static u64 cs_buffered_slots[1 << CS_BUFFERED_BITS];
static struct cs_hints cs_buffered_files = {
	.slots = cs_buffered_slots,
	.bits = CS_BUFFERED_BITS,
};

/**
 * cs_buffered_note - remembers that a direct read of the transfer's file was none
 * @xfer: the transfer
 *
 * Any context.
 */
void cs_buffered_note(const struct cs_xfer *xfer)
{
	cs_hint_note(&cs_buffered_files,
		     cs_key_hash(&xfer->key, cs_buffered_files.seed));
}

/**
 * cs_buffered_is_known - was a direct read of the transfer's file none lately?
 * @xfer: the transfer
 *
 * Any context.
 */
bool cs_buffered_is_known(const struct cs_xfer *xfer)
{
	return cs_hint_is_fresh(&cs_buffered_files,
				cs_key_hash(&xfer->key, cs_buffered_files.seed),
				CS_BUFFERED_AGE);
}

/**
 * cs_buffered_init - makes slots hard to guess
 */
void cs_buffered_init(void)
{
	cs_hints_init(&cs_buffered_files);
}
