/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where a transfer's bytes come from, and what sources are made of that deal with
 * the page cache; with direct I/O, see ring.h.
 */
#ifndef COLDSEND_SOURCE_H
#define COLDSEND_SOURCE_H

#include "xfer.h"

/* source.c: where bytes come from */

/**
 * enum cs_next - what a source says when asked for the next segment
 * @CS_NEXT_READY: here it is
 * @CS_NEXT_WAIT_DISK: it is being read
 * @CS_NEXT_WAIT_FILE: somebody has the file's lock, or claims pages of it, and the
 *	transfer is asynchronous
 * @CS_NEXT_WAIT_POOL: there is no memory to read it into
 * @CS_NEXT_AGAIN: ask again, things have changed
 * @CS_NEXT_END: there is none, xfer->error says why if it is not the end
 */
enum cs_next {
	CS_NEXT_READY,
	CS_NEXT_WAIT_DISK,
	CS_NEXT_WAIT_FILE,
	CS_NEXT_WAIT_POOL,
	CS_NEXT_AGAIN,
	CS_NEXT_END,
};

/**
 * struct cs_source - operations of a source
 * @policy: enum coldsend_policy that it serves
 * @locks: its reads may take the file's lock
 * @open: prepares, at xfer->pos.  May sleep.
 * @next: the segment that holds xfer->pos.  May sleep for memory and for the
 *	disk, never for the network.
 * @sent: all of the segment was sent; the source owns it again
 * @idle: the peer takes nothing for now; gives back what others could use
 * @close: gives everything back; waits for reads in flight
 */
struct cs_source {
	u32 policy;
	bool locks;
	void (*open)(struct cs_xfer *xfer);
	enum cs_next (*next)(struct cs_xfer *xfer, struct cs_segment **segment);
	void (*sent)(struct cs_xfer *xfer, struct cs_segment *segment);
	void (*idle)(struct cs_xfer *xfer);
	void (*close)(struct cs_xfer *xfer);
};

void cs_source_open(struct cs_xfer *xfer, u32 policy);
int cs_source_read_error(ssize_t result);
enum cs_next cs_source_fall_back(struct cs_xfer *xfer,
				 const struct cs_source *to, u32 reason);
bool cs_source_supports(u32 policy);
u32 cs_source_policies(void);

/* source_*.c, a file each */

extern const struct cs_source cs_source_cached;
extern const struct cs_source cs_source_direct;
extern const struct cs_source cs_source_hybrid;
extern const struct cs_source cs_source_drop;
extern const struct cs_source cs_source_copied;

/* pagecache.c: what file systems let us do, and what is in the page cache */

/**
 * struct cs_alignment - what direct I/O on a file asks for
 * @mem: alignment of memory in bytes, 0 if the file has no direct I/O that
 *	leaves the page cache alone
 * @offset: alignment of file offsets in bytes, or 0
 * @stated: the file system itself says so (STATX_DIOALIGN)
 * @version: of the file at this time
 */
struct cs_alignment {
	u32 mem;
	u32 offset;
	bool stated;
	struct cs_version version;
};

struct inode *cs_pagecache_inode(struct file *file);
struct cs_key cs_pagecache_key(struct file *file);
bool cs_pagecache_asks(struct file *file);
bool cs_pagecache_is_locked(struct file *file);
bool cs_pagecache_can_gather(struct file *file);
void cs_pagecache_alignment(struct file *file, struct cs_alignment *alignment);
struct file *cs_pagecache_reader(struct file *file);
bool cs_pagecache_has(struct file *file, loff_t pos, size_t length);
unsigned long cs_pagecache_pages(struct file *file);
unsigned long cs_pagecache_added(struct file *file, unsigned long before);
int cs_pagecache_residency(struct file *file, struct coldsend_residency *arg);

/* gather.c: takes pages out of the page cache, as they are */

void cs_gather(struct cs_segment *segment, struct inode *inode, loff_t pos,
	       loff_t end);
int cs_gather_wait(struct cs_xfer *xfer, struct inode *inode);
bool cs_gather_bring(struct cs_xfer *xfer, struct inode *inode, bool once);
u32 cs_gather_span(loff_t pos, loff_t end, u32 max);
struct cs_segment *cs_gather_segment(struct cs_xfer *xfer, loff_t pos, u32 max);
u32 cs_gather_pages(const struct cs_segment *segment);
u32 cs_gather_pages_sent(const struct cs_segment *segment);
void cs_gather_touch(const struct cs_segment *segment);

/* claim.c: which pages a drop-behind transfer has brought in */

void cs_claim_init(void);
void cs_claim_open(struct cs_xfer *xfer);
int cs_claim_ahead(struct cs_xfer *xfer);
int cs_claim_again(struct cs_xfer *xfer);
loff_t cs_claim_end(const struct cs_xfer *xfer);
bool cs_claim_has(struct cs_xfer *xfer, struct folio *folio);
void cs_claim_give_up(struct cs_xfer *xfer);

/* drain.c: the pages that processors keep to themselves */

int cs_drain_init(void);
void cs_drain_exit(void);
void cs_drain_all_cpus(void);

/* evict.c: takes pages out of the page cache that nobody holds or wants */

bool cs_evict_is_held(struct folio *folio);
int cs_evict_segment(struct cs_segment *segment);

/* drop.c: has pages evicted once the network has let go */

void cs_drop_later(struct cs_segment *segment);
void cs_drop_exit(void);

#endif /* COLDSEND_SOURCE_H */
