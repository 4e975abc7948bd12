/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the rooms of the module offer each other, grouped by the file that
 * owns it: memory in segment.h, sources in source.h, what most need here.
 *
 * Calls go downstream only:
 *
 *	chrdev -> context -> async -> engine -> source -> ring -> ... -> sink
 *
 *	engine	  pumps a transfer (xfer), which context and async do not look into
 *	source	  where its bytes come from; ring, read and park (see ring.h), gather,
 *		  claim, drop and drain are what sources are made of
 *	pool	  memory, in segments; user and turns say how much of it, and when, and
 *		  pinned how large its pieces may be
 *	sink	  the socket
 *	stats	  what all of them count in
 *
 * The one call back is cs_context_ended().  policy is asked by chrdev, xfer and
 * stats, auto (see auto.h) and rules by xfer; the control plane (genl,
 * debugfs) only calls accessors of policy, rules, stats, pool, live and latency.
 * events is called by whoever has something to tell, and calls nobody but
 * accessors.
 *
 * A transfer is pumped by one thread at a time.  What other contexts do to it
 * is to wake that thread: the completion of a direct read (irq) and a change
 * of the socket's state (softirq), room in the pool, a cancellation.
 *
 * Locks, none of which nests in another of ours but for the wake-ups under
 * cs_reads.lock, cs_context.lock and the user lock, which take cs_workers.lock and
 * that the workqueue's, or that of the transfer's wait queue; for cs_reads.lock in the
 * park lock; for the pool lock in the user lock; and for the pinned lock in the pool
 * lock:
 *
 *	cs_reads.lock		which reads are in flight, who awaits one
 *	pool lock		pool.h: bytes used and promised, spare segments
 *	pinned lock		pinned.c: segments that the network holds
 *	user lock		user.h: users and what waits for memory
 *	cs_workers.lock		workers.c: what waits for a worker
 *	policy lock		policy.c: the tunables
 *	cs_context.lock		context.c: the transfers of an open device
 *	park lock		park.c: parked segments
 *	heat lock		heat.c: how hot files are
 *	drop lock		drop.c: pages that wait to be dropped
 *	claim locks		claim.c: who looks for pages of which file
 *	rules and budget lock	see rule.h
 *	live lock		live.c: which transfers run
 *	event lock		events.c: how many were told of late
 *	table lock		stats.c: rows, their order and all counters
 */
#ifndef COLDSEND_H
#define COLDSEND_H

#include <linux/net.h>

#include "compat/file.h"
#include "segment.h"
#include "source.h"
#include "xfer.h"

/* policy.c: the default policy and the tunables */

#define CS_DEPTH_MAX		16U

void cs_policy_get(struct cs_tunables *tunables);
int cs_policy_set(const struct cs_tunables *tunables, const char **refusal);
u64 cs_policy_pool_max(void);
bool cs_policy_known(u32 policy);
void cs_policy_init(void);

/* rules.c: choose it before auto does; budget.c: what they let it leave */

u32 cs_rules_choose(struct cs_xfer *xfer, u32 policy, u32 *trial);
void cs_rules_exit(void);
void cs_budget_settle(struct cs_xfer *xfer);

/* xfer.c: one transfer, made of its descriptors; xfer_end.c: up to its last count */

struct cs_xfer *cs_xfer_create(struct cs_context *context,
			       const struct coldsend_send *arg);
void cs_xfer_destroy(struct cs_xfer *xfer);
void cs_xfer_set_state(struct cs_xfer *xfer, enum cs_state state);
void cs_xfer_end(struct cs_xfer *xfer);
int cs_xfer_report(const struct cs_xfer *xfer, struct coldsend_send *arg);
void cs_xfer_complete(const struct cs_xfer *xfer,
		      struct coldsend_completion *record);
int cs_xfer_get_file(int fd, struct file **file);
u32 cs_xfer_policy(const struct cs_xfer *xfer);
int cs_xfer_try(struct file *file, bool may_look, struct coldsend_info *info);
void cs_xfer_exit(void);

/**
 * cs_xfer_put_unless_last - lets go of a file that a transfer used
 * @xfer: the transfer
 * @file: its file or its socket's
 *
 * The last to do so closes it, which may take long: as a large file is freed, a server
 * answers, a socket lingers.  Where a thread of the kernel is that, a work item that
 * all of them share does it: others' files would be closed later.  A worker of the
 * user's own does it instead.  May sleep.
 *
 * Return: false if it is for the caller, a worker, to close the file: __fput_sync().
 */
static inline bool cs_xfer_put_unless_last(const struct cs_xfer *xfer,
					   struct file *file)
{
	if (xfer->async)
		return compat_file_put_unless_last(file);
	fput(file);
	return true;
}

static inline void cs_xfer_count(struct cs_xfer *xfer, u32 counter, u64 n)
{
	xfer->counters.value[counter] += n;
	xfer->counted |= BIT_ULL(counter);
}

/* async.c: transfers that are pumped by a work item */

int cs_async_init(void);
void cs_async_exit(void);
void cs_async_prepare(struct cs_xfer *xfer);
void cs_async_free(struct cs_xfer *xfer);
void cs_async_run(struct cs_xfer *xfer);
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
 * @CS_PUMPED_WAIT_FILE: somebody has to let go of the file first, its lock or a
 *	claim; asynchronous transfers only
 * @CS_PUMPED_WAIT_POOL: others have to give memory back first
 * @CS_PUMPED_WAIT_SOCKET: the socket has to have room first
 * @CS_PUMPED_ALL: the transfer has ended
 */
enum cs_pumped {
	CS_PUMPED_SOME,
	CS_PUMPED_WAIT_DISK,
	CS_PUMPED_WAIT_FILE,
	CS_PUMPED_WAIT_POOL,
	CS_PUMPED_WAIT_SOCKET,
	CS_PUMPED_ALL,
};

/* So long a socket is full before its peer counts as slow, or as stalled, in jiffies. */
#define CS_SLOW_AFTER		max(HZ / 20L, 1L)
#define CS_STALLED_AFTER	(1L * HZ)

enum cs_pumped cs_engine_pump(struct cs_xfer *xfer);
bool cs_engine_is_stalled(const struct cs_xfer *xfer);
bool cs_engine_is_slow(const struct cs_xfer *xfer);
bool cs_engine_must_yield(struct cs_xfer *xfer);
long cs_engine_patience(struct cs_xfer *xfer);
long cs_engine_pause(struct cs_xfer *xfer);
void cs_engine_run(struct cs_xfer *xfer);

/* context.c: what an open device owns */

int cs_context_init(void);
void cs_context_exit(void);
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

/* workers.c: how many workers a user has */

void cs_workers_init(struct cs_workers *workers);
bool cs_workers_enter(struct cs_workers *workers, struct cs_xfer *xfer, u32 max);
void cs_workers_leave(struct cs_workers *workers, struct cs_xfer *xfer, u32 max);
void cs_workers_forget(struct cs_workers *workers, struct cs_xfer *xfer);

/* sink.c: moves segment bytes into a socket */

ssize_t cs_sink_send(struct cs_xfer *xfer, const struct cs_segment *segment);
loff_t cs_sink_window(const struct cs_xfer *xfer);
loff_t cs_sink_reach(const struct cs_xfer *xfer, loff_t pos);
void cs_sink_beware(struct cs_xfer *xfer);
void cs_sink_trust(struct cs_xfer *xfer, bool keeps_up);
bool cs_sink_has_room(struct cs_xfer *xfer);
bool cs_sink_writable(struct cs_xfer *xfer);
bool cs_sink_copies(const struct cs_xfer *xfer);
bool cs_sink_blocks(struct socket *sock);
bool cs_sink_is_tiny(const struct cs_segment *segment);
int cs_sink_check(struct socket *sock);
void cs_sink_exit(struct cs_xfer *xfer);
void cs_sink_put(struct cs_xfer *xfer);

/* objects.c: what was made, and is to be gone at the end */

void cs_objects_add(u32 object, u32 n);
u64 cs_objects_get(u32 object);
void cs_objects_report(void);

/* stats.c: counters, of files and in total */

void cs_stats_note(const struct cs_key *key, u32 counter, u64 n);
void cs_stats_account(const struct cs_xfer *xfer);
void cs_stats_totals(struct cs_counters *counters);
void cs_stats_evict(void);
void cs_stats_reset(void);
int cs_stats_init(void);
void cs_stats_exit(void);

/* genl.c, debugfs.c: the control plane */

int cs_genl_init(void);
void cs_genl_exit(void);
void cs_debugfs_init(void);
void cs_debugfs_exit(void);

/* chrdev.c: /dev/coldsend */

int cs_chrdev_init(void);
void cs_chrdev_start(void);
void cs_chrdev_exit(void);

#endif /* COLDSEND_H */
