/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Direct I/O: what the files that deal with it offer each other, and the sources
 * of policies direct and hybrid, which are made of them.
 *
 *	ring	  segments on their way from the disk
 *	fill	  what is read next, and how far ahead
 *	linger	  segments that were sent, until they can be read into again
 *	read	  one read of a segment
 *	park	  what was read for a non-blocking socket, between two calls
 *	ahead	  how much of that there should be
 *	buffered  files whose direct reads were none
 */
#ifndef COLDSEND_RING_H
#define COLDSEND_RING_H

#include "coldsend.h"

void cs_ring_open(struct cs_xfer *xfer,
		  struct cs_segment *(*plan)(struct cs_xfer *xfer,
					     loff_t *limit));
enum cs_next cs_ring_next(struct cs_xfer *xfer, struct cs_segment **segment);
void cs_ring_sent(struct cs_xfer *xfer, struct cs_segment *segment);
void cs_ring_empty(struct cs_xfer *xfer);
void cs_ring_count_read(struct cs_xfer *xfer, struct cs_segment *segment);
void cs_ring_idle(struct cs_xfer *xfer);
void cs_ring_close(struct cs_xfer *xfer);

int cs_fill_ring(struct cs_xfer *xfer);

void cs_linger_add(struct cs_ring *ring, struct cs_segment *segment);
struct cs_segment *cs_linger_take(struct cs_ring *ring, u32 wanted);
void cs_linger_put(struct cs_ring *ring);
void cs_linger_drop(struct cs_ring *ring);

int cs_read_open(struct cs_xfer *xfer);
void cs_read_start(struct cs_xfer *xfer, struct cs_segment *segment,
		   u32 length);
bool cs_read_done(struct cs_segment *segment);
bool cs_read_await(struct cs_xfer *xfer, struct cs_segment *segment);
u32 cs_read_in_flight(const struct cs_xfer *xfer);
bool cs_read_quiet(struct cs_reads *reads);
void cs_read_wait(struct cs_reads *reads);
void cs_read_close(struct cs_reads *reads);

u64 cs_park_room(const struct cs_xfer *xfer);
bool cs_park_may_trust(const struct cs_xfer *xfer);
bool cs_park_keeps_all(struct cs_xfer *xfer);
void cs_park_keep(struct cs_xfer *xfer);
void cs_park_take(struct cs_xfer *xfer);
void cs_park_forget(const struct cs_context *context);
void cs_park_exit(void);

bool cs_ahead_expects(const struct cs_xfer *xfer);
u32 cs_ahead_hash(const struct cs_xfer *xfer);
void cs_ahead_note_end(u32 hash);
bool cs_ahead_ended_here(u32 hash);
void cs_ahead_read(struct cs_xfer *xfer);
void cs_ahead_init(void);

void cs_buffered_note(const struct cs_xfer *xfer);
bool cs_buffered_is_known(const struct cs_xfer *xfer);
void cs_buffered_init(void);

#endif /* COLDSEND_RING_H */
