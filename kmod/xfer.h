/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a transfer is made of.
 *
 * The fields of a part belong to the file that the part is named after; others
 * only read them.
 */
#ifndef COLDSEND_XFER_H
#define COLDSEND_XFER_H

#include <linux/bitmap.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/jhash.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/rbtree.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/coldsend.h>

struct cgroup_subsys_state;
struct cred;
struct cs_context;
struct cs_source;
struct cs_stake;
struct cs_user;
struct cs_xfer;
struct mem_cgroup;
struct socket;

/**
 * struct cs_tunables - what netlink can change
 * @policy: enum coldsend_policy of transfers that ask for the default
 * @segment_size: bytes of one direct read at the most
 * @depth: direct reads in flight for one transfer
 * @files_max: rows of the statistics table
 * @transfers_max: transfers at once, of all users
 * @user_transfers: transfers at once, of one user
 * @user_share: percent of @pool_max that transfers of one user hold at the most
 * @small_max: bytes of a file that policy auto takes for small
 * @admit_after: times that a file is served whole until policy auto lets it into
 *	the page cache
 * @admit_window: seconds in which half of those are forgotten
 * @admit_max: percent of the available memory that such a file may have
 * @idle_max: seconds after which a peer that takes nothing ends an asynchronous
 *	transfer
 * @pool_max: bytes of segments held at the most, but for those had on top
 *
 * The netlink specification has their ranges.  A transfer goes by what they were when it
 * began, but by @pool_max and @user_share as they are now.
 */
struct cs_tunables {
	u32 policy;
	u32 segment_size;
	u32 depth;
	u32 files_max;
	u32 transfers_max;
	u32 user_transfers;
	u32 user_share;
	u32 idle_max;
	u32 small_max;
	u32 admit_after;
	u32 admit_window;
	u32 admit_max;
	u64 pool_max;
};

/**
 * struct cs_key - what tells a file from all others
 * @ino: inode number as in stat(2); below overlayfs, of the layer that has the
 *	data, whose page cache it is too
 * @dev: device, likewise
 * @generation: inode generation
 *
 * No padding: it is hashed as bytes.
 */
struct cs_key {
	u64 ino;
	u32 dev;
	u32 generation;
};

static inline u32 cs_key_hash(const struct cs_key *key, u32 seed)
{
	return jhash2((const u32 *)key, sizeof(*key) / sizeof(u32), seed);
}

static inline bool cs_key_equal(const struct cs_key *a, const struct cs_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/**
 * struct cs_segment - bytes of a file on their way to the socket
 * @link: in the list of whoever owns it: transfer, or pool
 * @pos: file position of the first byte of @bvec
 * @first: first byte to send at the start, in bytes from @pos
 * @begin: first byte still to send, in bytes from @pos
 * @end: end of the bytes to send, in bytes from @pos
 * @beyond: end of those that the read brings, if more than the transfer asks
 *	for, likewise; else 0
 * @counter: enum coldsend_a_counters that its sent bytes are counted under
 * @capacity: bytes of memory, 0 if @bvec is of pages of the page cache
 * @nr_bvecs: entries of @bvec in use
 * @max_bvecs: entries of @bvec
 * @order_max: what the order of its folios was bounded by
 * @since: jiffies of the time that it came into a list of the pool
 * @looked_at: jiffies of the time that its pages were last looked at, see drop.c
 * @refused_at: jiffies since which its file system lets none be evicted, 0 if it does
 * @user: whose share of the pool it counts in, NULL if nobody's
 * @reads: of which its read is one, until that is seen done
 * @idle: the list of the pool that it is in is that of idle ones
 * @on_top: it does not count in the pool's maximum
 * @read_result: bytes that the read brought, or -errno, valid once @read_done
 * @read_done: guarded by @reads->lock until it is seen set
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
	u32 beyond;
	u32 counter;
	u32 capacity;
	u32 nr_bvecs;
	u32 max_bvecs;
	u32 order_max;
	unsigned long since;
	unsigned long looked_at;
	unsigned long refused_at;
	struct cs_user *user;
	struct cs_reads *reads;
	ssize_t read_result;
	bool idle;
	bool on_top;
	bool read_done;
	bool read_counted;
	bool buffered;
	struct kiocb iocb;
	struct cs_key key;
	struct bio_vec bvec[];
};

/**
 * struct cs_reads - direct reads, of a transfer and of the one that goes on
 *	where it ended
 * @lock: guards all else, and the read_done of segments
 * @in_flight: submitted and not completed
 * @awaited: the segment whose completion wakes @xfer, or NULL
 * @xfer: valid while @awaited is set
 * @wait: woken when none is in flight
 *
 * Belongs to a transfer, or to what it has parked.
 */
struct cs_reads {
	spinlock_t lock;	/* see @lock above */
	u32 in_flight;
	struct cs_segment *awaited;
	struct cs_xfer *xfer;
	wait_queue_head_t wait;
};

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
 * @taken: bytes of the segments of pages that are there already
 * @slack: segments past the depth that may wait to be sent: the depth when the disk
 *	was waited for, one less with each that is sent, none when the socket is full
 * @align: alignment in bytes of offsets of direct I/O
 * @doubtful: the file system doesn't say that its direct I/O is direct
 * @for_next: what is read is not for the transfer, but for the one that goes on
 * @version: of the file when the ring was opened
 * @trusted: it tells whether the file was changed since; only of non-blocking ones
 * @inode: that had the file's data then, only to be compared
 * @next: file position that the next segment will start at
 * @plan: what comes at @next: a segment of pages that are there already, or
 *	NULL: a read, up to *@limit
 */
struct cs_ring {
	struct list_head segments;
	struct list_head lingering;
	u32 nr_segments;
	u32 nr_lingering;
	u32 taken;
	u32 slack;
	u32 align;
	bool doubtful;
	bool for_next;
	bool trusted;
	const struct inode *inode;
	struct cs_version version;
	loff_t next;
	struct cs_segment *(*plan)(struct cs_xfer *xfer, loff_t *limit);
};

/**
 * struct cs_cached - what policy cached knows of a transfer
 * @inode: inode whose page cache has the pages, below overlayfs the real one
 * @can_gather: pages may be taken out of the page cache as they are
 * @pages: pages sent, of which some were brought in for this transfer
 * @ra: read-ahead of this transfer
 */
struct cs_cached {
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
 * @can_gather: pages may be taken out of the page cache as they are
 * @claimed: first page that was not looked at yet (claim.c)
 * @own: of those before it, bit set: the page of the window was missing; of even and
 *	odd windows
 */
struct cs_drop {
	struct inode *inode;
	bool can_gather;
	pgoff_t claimed;
	DECLARE_BITMAP(own[2], CS_DROP_WINDOW);
};

/**
 * struct cs_workers - those that transfers of a user occupy, of one queue
 * @lock: guards the rest
 * @line: transfers that wait for one, first come first
 * @busy: how many there are
 */
struct cs_workers {
	spinlock_t lock;	/* see @lock above */
	struct list_head line;
	u32 busy;
};

/**
 * struct cs_xfer - one transfer
 * @file: the file, one reference held until the end
 * @sock_file: the socket's file, one reference held until the end
 * @sock: the socket, lives as long as @sock_file
 * @source: where bytes come from; changes with a fallback
 * @tunables: as they were at the start
 * @state: changed by cs_xfer_set_state() alone
 * @flags: COLDSEND_F_*
 * @fallback: enum coldsend_fallback, the first that happened
 * @reason: enum coldsend_reason, why a rule or policy auto chose @source
 * @looked: @source was chosen by what the page cache has, or others sent; see
 *	cs_xfer_policy()
 * @copies: the socket copies what it is given
 * @nonblock: the socket is non-blocking
 * @urgent: it does not wait for memory that others hold; if synchronous
 * @more: the last send said that more would come
 * @async: pumped by @work; @link to @waits_since are only for that
 * @cancelled: to be ended
 * @privileged: it was seen that no limit of @user's holds for it
 * @blocks: @sock may have its sender wait, known when it was submitted
 * @sock_woken: the socket's state changed since this was last cleared
 * @size: of the file at the start, in bytes
 * @start: first byte asked for, in bytes from the start of the file
 * @pos: next byte to send
 * @end: end of the bytes asked for, clamped to the file's size at the start
 * @error: 0, or -errno that the transfer stopped at
 * @ioprio: I/O priority of the task that asked for it
 * @nice: nice value of that task, if the transfer is asynchronous
 * @key: of the file
 * @counters: of this transfer
 * @counted: bit set: the counter was counted in
 * @ring: of policies direct and hybrid
 * @batch: pages of the page cache being sent, NULL if none; of the next two
 * @cached: of policy cached, which never becomes the next
 * @drop: of policy drop-behind
 * @copied: segment of the copying source, NULL if none
 * @stake: what it may take of a rule's budget, NULL if nothing (budget.c)
 * @user: whose it is; lives at least as long
 * @waiter: in the line of its user's that wait for memory; with the next two, of the
 *	user lock
 * @wanted: bytes that it waits for
 * @granted: bytes that it was promised, and has not taken; if synchronous
 * @wait: the pumping thread sleeps here
 * @reads: direct ones, NULL before the first
 * @retries: times in a row that the socket said it has room and had none
 * @wary: little is read ahead until the peer keeps up
 * @trust: bytes that are read ahead for a peer that keeps up, where @wary
 * @keeps_up: an earlier transfer ended where it starts, not long ago
 * @full_since: jiffies at which the socket was full first, 0 since it took some
 * @context: open device that it belongs to
 * @link: in a list of @context, guarded by its lock
 * @owner: descriptor table that it was submitted from, to compare with
 * @id: its number
 * @user_data: the submitter's
 * @cred: the submitter's, one reference held
 * @memcg: the submitter's, one reference held
 * @blkcg: the submitter's for block I/O, one reference held; or NULL
 * @work: pumps it
 * @timer: wakes it where nothing else did
 * @in_line: where it waits for a worker; with the next, of cs_workers.lock
 * @has_worker: one of its user's is its own
 * @waits_since: nanoseconds of the clock at the start of the wait
 * @sock_wait: entry in the socket's wait queue
 * @sock_wait_head: the queue that @sock_wait is in, NULL if none
 * @sock_poll: puts @sock_wait there
 * @live: in the tree of live.c
 * @number: in the order of SENDs, of all users
 * @started: nanoseconds of the clock at which it was created
 * @pid: process that called SEND
 * @pid_ns: number of its PID namespace
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
	u32 reason;
	bool looked;
	bool copies;
	bool nonblock;
	bool urgent;
	bool more;
	bool async;
	bool wary;
	bool cancelled;
	bool privileged;
	bool blocks;
	bool sock_woken;
	bool keeps_up;
	loff_t size;
	loff_t start;
	loff_t pos;
	loff_t end;
	int error;
	u16 ioprio;
	s8 nice;
	struct cs_key key;
	struct cs_counters counters;
	u64 counted;
	struct cs_ring ring;
	struct cs_segment *batch;
	union {
		struct cs_cached cached;
		struct cs_drop drop;
	};
	struct cs_segment *copied;
	struct cs_stake *stake;
	struct cs_user *user;
	struct list_head waiter;
	u32 wanted;
	u32 granted;
	wait_queue_head_t wait;
	struct cs_reads *reads;
	u32 retries;
	u32 trust;
	unsigned long full_since;
	struct cs_context *context;
	struct list_head link;
	fl_owner_t owner;
	u64 id;
	u64 user_data;
	const struct cred *cred;
	struct mem_cgroup *memcg;
	struct cgroup_subsys_state *blkcg;
	struct work_struct work;
	struct timer_list timer;
	struct list_head in_line;
	bool has_worker;
	u64 waits_since;
	wait_queue_entry_t sock_wait;
	wait_queue_head_t *sock_wait_head;
	poll_table sock_poll;
	struct rb_node live;
	u64 number;
	u64 started;
	u32 pid;
	u32 pid_ns;
};

#endif /* COLDSEND_XFER_H */
