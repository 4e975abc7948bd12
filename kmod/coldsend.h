/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rooms of the module offer each other, grouped by the file that
 * owns it.
 *
 * Calls go downstream only:
 *
 *	chrdev -> context -> async -> engine -> source -> ring -> ... -> sink
 *
 *	engine	  pumps a transfer (xfer), which context and async do not look into
 *	source	  where its bytes come from; ring, read, gather, drop and park are
 *		  what sources are made of
 *	pool	  memory, in segments
 *	sink	  the socket
 *	stats	  what all of them count in
 *
 * The one call back is cs_context_ended().  policy is asked by chrdev, xfer and
 * stats; the control plane (genl, debugfs) only calls accessors of policy, stats
 * and pool.
 *
 * A transfer is pumped by one thread at a time.  What other contexts do to it
 * is to wake that thread: the completion of a direct read (irq) and a change
 * of the socket's state (softirq), room in the pool, a cancellation.
 *
 * Locks, none of which nests in another of ours but for the wake-ups under
 * cs_context.lock and the pool lock, which take the workqueue's:
 *
 *	cs_xfer.lock		cs_xfer.reads_in_flight and awaited,
 *				cs_segment.read_done
 *	pool lock		pool.c: waiting transfers, idle and lingering
 *				segments, bytes held
 *	policy lock		policy.c: the tunables
 *	cs_context.lock		context.c: the transfers of an open device
 *	park lock		park.c: parked segments
 *	drop lock		drop.c: pages that wait to be dropped
 *	table lock		stats.c: rows, their order and all counters
 */
#ifndef COLDSEND_H
#define COLDSEND_H

#include <linux/bitmap.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/sizes.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/coldsend.h>

struct cred;
struct cs_context;
struct cs_source;
struct cs_xfer;
struct mem_cgroup;

/* policy.c: the default policy and the tunables */

#define CS_SEGMENT_SIZE_MIN	SZ_64K
#define CS_SEGMENT_SIZE_MAX	SZ_4M
#define CS_DEPTH_MAX		16U

/**
 * struct cs_tunables - what netlink can change
 * @policy: enum coldsend_policy of transfers that ask for the default
 * @segment_size: bytes of one direct read at the most
 * @depth: direct reads in flight for one transfer
 * @files_max: rows of the statistics table
 * @pool_max: bytes of segments held at the most
 *
 * The netlink specification has their ranges.
 */
struct cs_tunables {
	u32 policy;
	u32 segment_size;
	u32 depth;
	u32 files_max;
	u64 pool_max;
};

void cs_policy_get(struct cs_tunables *tunables);
int cs_policy_set(const struct cs_tunables *tunables, const char **refusal);
void cs_policy_init(void);

/**
 * struct cs_key - what tells a file from all others
 * @ino: inode number as in stat(2)
 * @dev: device as in stat(2)
 * @generation: inode generation
 *
 * No padding: it is hashed as bytes.
 */
struct cs_key {
	u64 ino;
	u32 dev;
	u32 generation;
};

/* segment.c: memory that file bytes travel in */

/* The smallest segment, and a small one that a transfer can go on with, bytes. */
#define CS_SEGMENT_MIN		(PAGE_SIZE << 1)
#define CS_SEGMENT_FIRST	max_t(u32, SZ_64K, CS_SEGMENT_MIN)

/**
 * struct cs_segment - bytes of a file on their way to the socket
 * @link: in the list of whoever owns it: transfer, or pool
 * @pos: file position of the first byte of @bvec
 * @first: first byte to send at the start, in bytes from @pos
 * @begin: first byte still to send, in bytes from @pos
 * @end: end of the bytes to send, in bytes from @pos
 * @counter: enum coldsend_a_counters that its sent bytes are counted under
 * @capacity: bytes of memory, 0 if @bvec is of pages of the page cache
 * @nr_bvecs: entries of @bvec in use
 * @max_bvecs: entries of @bvec
 * @since: jiffies of the time that it came into a list of the pool
 * @xfer: transfer that reads into it, valid while the read is in flight
 * @read_pos: file position that the read was asked for
 * @read_result: bytes that the read brought, or -errno, valid once @read_done
 * @read_done: guarded by xfer->lock until it is seen set
 * @read_counted: what it brought is in the counters of a transfer
 * @buffered: the read went through the page cache, against our wish
 * @iocb: the read
 * @key: the file that the pages are of, if they are to be dropped
 * @bvec: the memory; each entry holds one reference on its folio
 */
struct cs_segment {
	struct list_head link;
	loff_t pos;
	u32 first;
	u32 begin;
	u32 end;
	u32 counter;
	u32 capacity;
	u32 nr_bvecs;
	u32 max_bvecs;
	unsigned long since;
	struct cs_xfer *xfer;
	ssize_t read_result;
	bool read_done;
	bool read_counted;
	bool buffered;
	struct kiocb iocb;
	struct cs_key key;
	struct bio_vec bvec[];
};

struct cs_segment *cs_segment_create(u32 size);
struct cs_segment *cs_segment_create_for_pages(u32 max_pages);
void cs_segment_destroy(struct cs_segment *segment);
void cs_segment_drop_pages(struct cs_segment *segment);
bool cs_segment_ours_alone(const struct cs_segment *segment);

/* Is there a segment with bytes left to send? */
static inline bool cs_segment_unsent(const struct cs_segment *segment)
{
	return segment && segment->begin < segment->end;
}

/* pool.c: keeps segments between reads and transfers, and bounds them all */

struct cs_segment *cs_pool_get(struct cs_xfer *xfer, u32 size, bool first,
			       bool *recycled);
void cs_pool_put(struct cs_segment *segment);
void cs_pool_drop(struct cs_segment *segment);
void cs_pool_queue(struct cs_xfer *xfer);
void cs_pool_unqueue(struct cs_xfer *xfer);
u64 cs_pool_bytes(void);
void cs_pool_exit(void);

/* xfer.c: one transfer, from its descriptors to its last count */

/**
 * enum cs_state - what a transfer is doing
 * @CS_STATE_PUMPING: reading and sending what can be done now
 * @CS_STATE_WAIT_DISK: nothing to do until a direct read completes
 * @CS_STATE_WAIT_POOL: nothing to do until others give memory back
 * @CS_STATE_WAIT_SOCKET: nothing to do until the socket has room
 * @CS_STATE_ENDED: nothing more will be sent
 */
enum cs_state {
	CS_STATE_PUMPING,
	CS_STATE_WAIT_DISK,
	CS_STATE_WAIT_POOL,
	CS_STATE_WAIT_SOCKET,
	CS_STATE_ENDED,
};

/**
 * struct cs_counters - one value for each counter of the netlink specification
 * @value: indexed by enum coldsend_a_counters
 */
struct cs_counters {
	u64 value[COLDSEND_A_COUNTERS_MAX + 1];
};

/**
 * struct cs_version - changes when the content of a file does
 * @size: of the file in bytes
 * @seconds: change time
 * @nanoseconds: change time
 */
struct cs_version {
	s64 size;
	s64 seconds;
	s64 nanoseconds;
};

/**
 * struct cs_ring - segments of a transfer on their way from the disk
 * @segments: being read or sent, in file order
 * @lingering: that were sent, oldest first
 * @nr_segments: in @segments
 * @nr_lingering: in @lingering
 * @align: alignment in bytes of offsets of direct I/O
 * @doubtful: the file system doesn't say that its direct I/O is direct
 * @version: of the file when the ring was opened
 * @next: file position that the next segment will start at
 * @plan: what comes at @next: a segment of pages that are there already, or
 *	NULL: a read, up to *@limit
 */
struct cs_ring {
	struct list_head segments;
	struct list_head lingering;
	u32 nr_segments;
	u32 nr_lingering;
	u32 align;
	bool doubtful;
	struct cs_version version;
	loff_t next;
	struct cs_segment *(*plan)(struct cs_xfer *xfer, loff_t *limit);
};

/**
 * struct cs_cached - what policy cached knows of a transfer
 * @batch: pages of the page cache to be sent, NULL before the first
 * @inode: inode whose page cache has the pages, below overlayfs the real one
 * @can_gather: pages may be taken out of the page cache as they are
 * @pages: pages sent, of which some were brought in for this transfer
 * @ra: read-ahead of this transfer
 */
struct cs_cached {
	struct cs_segment *batch;
	struct inode *inode;
	bool can_gather;
	u64 pages;
	struct file_ra_state ra;
};

/* Pages of a window of policy drop-behind. */
#define CS_DROP_WINDOW	(SZ_1M >> PAGE_SHIFT)

/**
 * struct cs_drop - what policy drop-behind knows of a transfer
 * @inode: inode whose page cache has the pages, below overlayfs the real one
 * @batch: pages of the page cache being sent, NULL if none
 * @can_gather: pages may be taken out of the page cache as they are
 * @key: of the file, for what is counted after the transfer's end
 * @prepared: first window that @own says nothing of yet
 * @own: bit set: the page of the window was missing; of even and odd windows
 */
struct cs_drop {
	struct inode *inode;
	struct cs_segment *batch;
	bool can_gather;
	struct cs_key key;
	pgoff_t prepared;
	DECLARE_BITMAP(own[2], CS_DROP_WINDOW);
};

/**
 * struct cs_xfer - one transfer
 * @file: the file, one reference held until the end
 * @sock_file: the socket's file, one reference held until the end
 * @sock: the socket, lives as long as @sock_file
 * @source: where bytes come from; changes at most from direct to cached to
 *	copied
 * @tunables: as they were at the start
 * @state: changed by cs_xfer_set_state() alone
 * @flags: COLDSEND_F_*
 * @fallback: enum coldsend_fallback, the first that happened
 * @copies: the socket copies what it is given
 * @nonblock: the socket is non-blocking
 * @more: the last send said that more would come
 * @start: first byte asked for, in bytes from the start of the file
 * @pos: next byte to send
 * @end: end of the bytes asked for, clamped to the file's size at the start
 * @error: 0, or -errno that the transfer stopped at
 * @counters: of this transfer
 * @ring: of policies direct and hybrid
 * @cached: of policy cached
 * @drop: of policy drop-behind
 * @copied: segment of the copying source, NULL if none
 * @pool_link: in the queue of those that wait for a segment; of the pool lock
 * @wait: the pumping thread sleeps here
 * @lock: guards the next two and the read_done of segments
 * @reads_in_flight: submitted and not completed
 * @awaited: the segment whose completion wakes the pumping thread, or NULL
 * @retries: times in a row that the socket said it has room and had none
 * @full_since: jiffies at which the socket was full first, 0 since it took some
 * @context: open device that it belongs to
 * @async: pumped by @work; the fields from here to @waits_since are only for that
 * @cancelled: to be ended
 * @link: in a list of @context, guarded by its lock
 * @owner: descriptor table that it was submitted from, to compare with
 * @id: its number
 * @user_data: the submitter's
 * @cred: the submitter's, one reference held
 * @memcg: the submitter's, one reference held
 * @work: pumps it
 * @waits_since: nanoseconds of the clock at the start of the wait
 * @sock_woken: the socket's state changed since this was last cleared
 * @sock_wait: entry in the socket's wait queue
 * @sock_wait_head: the queue that @sock_wait is in, NULL if none
 * @sock_poll: puts @sock_wait there
 */
struct cs_xfer {
	struct file *file;
	struct file *sock_file;
	struct socket *sock;
	const struct cs_source *source;
	struct cs_tunables tunables;
	enum cs_state state;
	u32 flags;
	u32 fallback;
	bool copies;
	bool nonblock;
	bool more;
	loff_t start;
	loff_t pos;
	loff_t end;
	int error;
	struct cs_counters counters;
	struct cs_ring ring;
	struct cs_cached cached;
	struct cs_drop drop;
	struct cs_segment *copied;
	struct list_head pool_link;
	wait_queue_head_t wait;
	spinlock_t lock;	/* see @lock above */
	u32 reads_in_flight;
	struct cs_segment *awaited;
	u32 retries;
	unsigned long full_since;
	struct cs_context *context;
	bool async;
	bool cancelled;
	struct list_head link;
	fl_owner_t owner;
	u64 id;
	u64 user_data;
	const struct cred *cred;
	struct mem_cgroup *memcg;
	struct delayed_work work;
	u64 waits_since;
	bool sock_woken;
	wait_queue_entry_t sock_wait;
	wait_queue_head_t *sock_wait_head;
	poll_table sock_poll;
};

struct cs_xfer *cs_xfer_create(struct cs_context *context,
			       const struct coldsend_send *arg);
void cs_xfer_destroy(struct cs_xfer *xfer);
void cs_xfer_set_state(struct cs_xfer *xfer, enum cs_state state);
void cs_xfer_end(struct cs_xfer *xfer);
int cs_xfer_report(const struct cs_xfer *xfer, struct coldsend_send *arg);
void cs_xfer_complete(const struct cs_xfer *xfer,
		      struct coldsend_completion *record);
int cs_xfer_get_file(int fd, struct file **file);

static inline void cs_xfer_count(struct cs_xfer *xfer, u32 counter, u64 n)
{
	xfer->counters.value[counter] += n;
}

void cs_async_wake(struct cs_xfer *xfer);

/* Something that the transfer waits for has happened; any context. */
static inline void cs_xfer_wake(struct cs_xfer *xfer)
{
	if (xfer->async)
		cs_async_wake(xfer);
	else
		wake_up(&xfer->wait);
}

static inline u64 cs_xfer_sent(const struct cs_xfer *xfer)
{
	return xfer->pos - xfer->start;
}

/* engine.c: pumps a transfer to its end */

/**
 * enum cs_pumped - why cs_engine_pump() returned
 * @CS_PUMPED_SOME: a segment or part of it went; pump again
 * @CS_PUMPED_WAIT_DISK: a read has to complete first
 * @CS_PUMPED_WAIT_POOL: others have to give memory back first; asynchronous
 *	transfers only
 * @CS_PUMPED_WAIT_SOCKET: the socket has to have room first
 * @CS_PUMPED_ALL: the transfer has ended
 */
enum cs_pumped {
	CS_PUMPED_SOME,
	CS_PUMPED_WAIT_DISK,
	CS_PUMPED_WAIT_POOL,
	CS_PUMPED_WAIT_SOCKET,
	CS_PUMPED_ALL,
};

enum cs_pumped cs_engine_pump(struct cs_xfer *xfer);
void cs_engine_progress(struct cs_xfer *xfer);
long cs_engine_patience(struct cs_xfer *xfer);
void cs_engine_run(struct cs_xfer *xfer);

/* context.c: what an open device owns */

struct cs_context *cs_context_open(void);
void cs_context_close(struct cs_context *context);
u64 cs_context_submit(struct cs_context *context, struct cs_xfer *xfer,
		      u64 user_data);
void cs_context_ended(struct cs_xfer *xfer);
int cs_context_cancel(struct cs_context *context, u64 id);
void cs_context_cancel_all(struct cs_context *context, fl_owner_t owner);
ssize_t cs_context_read(struct cs_context *context, char __user *to,
			size_t size, bool nonblock);
__poll_t cs_context_poll(struct cs_context *context, struct file *file,
			 poll_table *poll);

/* async.c: transfers that are pumped by a work item */

void cs_async_prepare(struct cs_xfer *xfer);
void cs_async_free(struct cs_xfer *xfer);
int cs_async_init(void);
void cs_async_exit(void);

/* source.c: where bytes come from */

/**
 * enum cs_next - what a source says when asked for the next segment
 * @CS_NEXT_READY: here it is
 * @CS_NEXT_WAIT_DISK: it is being read
 * @CS_NEXT_WAIT_POOL: there is no memory to read it into
 * @CS_NEXT_AGAIN: ask again, things have changed
 * @CS_NEXT_END: there is none, xfer->error says why if it is not the end
 */
enum cs_next {
	CS_NEXT_READY,
	CS_NEXT_WAIT_DISK,
	CS_NEXT_WAIT_POOL,
	CS_NEXT_AGAIN,
	CS_NEXT_END,
};

/**
 * struct cs_source - operations of a source
 * @policy: enum coldsend_policy that it serves
 * @open: prepares, at xfer->pos.  May sleep.
 * @next: the segment that holds xfer->pos.  May sleep for memory and for the
 *	disk, never for the network.
 * @sent: all of the segment was sent; the source owns it again
 * @idle: the peer takes nothing for now; gives back what others could use
 * @close: gives everything back; waits for reads in flight
 */
struct cs_source {
	u32 policy;
	void (*open)(struct cs_xfer *xfer);
	enum cs_next (*next)(struct cs_xfer *xfer, struct cs_segment **segment);
	void (*sent)(struct cs_xfer *xfer, struct cs_segment *segment);
	void (*idle)(struct cs_xfer *xfer);
	void (*close)(struct cs_xfer *xfer);
};

void cs_source_open(struct cs_xfer *xfer, u32 policy);
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

/* ring.c: segments on their way from the disk */

void cs_ring_open(struct cs_xfer *xfer,
		  struct cs_segment *(*plan)(struct cs_xfer *xfer,
					     loff_t *limit));
enum cs_next cs_ring_next(struct cs_xfer *xfer, struct cs_segment **segment);
void cs_ring_sent(struct cs_xfer *xfer, struct cs_segment *segment);
void cs_ring_count_read(struct cs_xfer *xfer, struct cs_segment *segment);
void cs_ring_idle(struct cs_xfer *xfer);
void cs_ring_close(struct cs_xfer *xfer);

/* read.c: direct reads */

void cs_read_start(struct cs_xfer *xfer, struct cs_segment *segment,
		   u32 length);
bool cs_read_done(struct cs_xfer *xfer, struct cs_segment *segment);
void cs_read_wait(struct cs_xfer *xfer);

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
bool cs_gather_bring(struct cs_xfer *xfer, struct inode *inode);
u32 cs_gather_pages(const struct cs_segment *segment);
void cs_gather_touch(const struct cs_segment *segment);

/* park.c: what was read for a non-blocking socket and found it full */

void cs_park_keep(struct cs_xfer *xfer);
void cs_park_take(struct cs_xfer *xfer);
void cs_park_forget(const struct cs_context *context);
void cs_park_exit(void);

/* drop.c: takes pages out of the page cache once the network has let go */

void cs_drop_later(struct cs_segment *segment);
void cs_drop_exit(void);

/* sink.c: moves segment bytes into a socket */

ssize_t cs_sink_send(struct cs_xfer *xfer, const struct cs_segment *segment);
loff_t cs_sink_window(const struct cs_xfer *xfer);
bool cs_sink_writable(struct cs_xfer *xfer);
bool cs_sink_copies(struct socket *sock);
bool cs_sink_is_tiny(const struct cs_segment *segment);
int cs_sink_check(struct socket *sock);
void cs_sink_exit(struct cs_xfer *xfer);

/* stats.c: counters, of files and in total */

/**
 * struct cs_row - what is known of one file
 * @dev: device of the file
 * @ino: inode number
 * @generation: inode generation
 * @policy_used: enum coldsend_policy of the last transfer
 * @fallback: enum coldsend_fallback of the last transfer that fell back
 * @counters: sums of all transfers
 * @path: as the first sender saw it, may be empty; valid inside the RCU read
 *	section that the row was read in
 */
struct cs_row {
	dev_t dev;
	u32 generation;
	u64 ino;
	u32 policy_used;
	u32 fallback;
	struct cs_counters counters;
	const char *path;
};

struct cs_key cs_stats_key(struct file *file);
void cs_stats_note(const struct cs_key *key, u32 counter, u64 n);
void cs_stats_account(const struct cs_xfer *xfer);
void cs_stats_totals(struct cs_counters *counters);
void cs_stats_reset(void);
bool cs_stats_row_from(unsigned long *id, struct cs_row *row);
void cs_stats_made(u32 object);
u64 cs_stats_objects(u32 object);
int cs_stats_init(void);
void cs_stats_exit(void);

/* genl.c, debugfs.c: the control plane */

int cs_genl_init(void);
void cs_genl_exit(void);
void cs_debugfs_init(void);
void cs_debugfs_exit(void);

/* chrdev.c: /dev/coldsend */

int cs_chrdev_init(void);
void cs_chrdev_exit(void);

#endif /* COLDSEND_H */
