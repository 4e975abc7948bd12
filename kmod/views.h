/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Views: what is seen of files, of transfers while they run, of the pool and of
 * times, and what listeners are told.
 *
 * Transfers, the pool and users say here what happens; genl.c, genl_views.c,
 * debugfs.c, debugfs_views.c and events.c show it.
 */
#ifndef COLDSEND_VIEWS_H
#define COLDSEND_VIEWS_H

#include <linux/ktime.h>

#include "coldsend.h"

struct dentry;
struct seq_file;

/**
 * struct cs_cursor - where a reader of numbered rows goes on; all zero to begin
 * @next: number of the row that comes next
 * @last: number given last when the reader began: what came later is for the next
 *	reader, or who makes rows fast enough would keep this one for ever
 */
struct cs_cursor {
	u64 next;
	u64 last;
};

/* A reader of a text file is at @pos: a row's number, or 0, before all of them. */
static inline void cs_cursor_seek(struct cs_cursor *at, loff_t pos)
{
	at->next = pos;
	if (!pos)
		at->last = 0;
}

/* stats.c: rows of files */

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

bool cs_stats_row_from(struct cs_cursor *at, struct cs_row *row);
u32 cs_stats_rows_version(void);

/* debugfs.c: what debugfs_views.c needs of it, and the other way round */

const char *cs_debugfs_policy(u32 policy);
void cs_debugfs_show_path(struct seq_file *seq, const char *path);
void cs_debugfs_add_views(struct dentry *dir);

/**
 * struct cs_pool_view - what the pool and its users hold now
 * @max: bytes that it may hold
 * @held: bytes that it holds: @used, @idle and @lingering
 * @used: by transfers, or parked
 * @idle: by nobody
 * @lingering: by the network, when last looked at
 * @pinned: bytes that it holds no more, but others do; see pinned.c
 * @users: known
 * @transfers: that count against limits
 * @waiting: of them, those in line for memory
 * @refused: SENDs that a limit on transfers stopped
 * @segments: that exist
 */
struct cs_pool_view {
	u64 max;
	u64 held;
	u64 used;
	u64 idle;
	u64 lingering;
	u64 pinned;
	u32 users;
	u32 transfers;
	u32 waiting;
	u64 refused;
	u64 segments;
};

/* live.c: transfers that run */

/* Longest path that is told, with its zero: it has to fit a message. */
#define CS_PATH_MAX	2048

/**
 * struct cs_live_row - what is seen of a transfer that runs
 * @number: in the order of SENDs
 * @ino: of its file, as in struct cs_key
 * @dev: likewise
 * @pid: process that called SEND
 * @pid_ns: number of its PID namespace
 * @uid: its user
 * @policy: enum coldsend_policy that it goes by
 * @state: enum coldsend_state
 * @async: SEND did not wait for it
 * @error: errno that it stopped at, or 0
 * @asked: bytes
 * @sent: bytes
 * @age: nanoseconds
 * @segments: that it holds
 * @path: of the file, may be empty; in @buffer if not
 * @buffer: for @path
 */
struct cs_live_row {
	u64 number;
	u64 ino;
	dev_t dev;
	u32 pid;
	u32 pid_ns;
	kuid_t uid;
	u32 policy;
	u32 state;
	bool async;
	u32 error;
	u64 asked;
	u64 sent;
	u64 age;
	u32 segments;
	const char *path;
	char buffer[CS_PATH_MAX];
};

/**
 * struct cs_live_reader - who looks at transfers
 * @all: may see those of everybody
 * @uid: if not, those of this user
 * @pid_ns: and of this PID namespace
 */
struct cs_live_reader {
	bool all;
	kuid_t uid;
	u32 pid_ns;
};

void cs_live_add(struct cs_xfer *xfer);
void cs_live_remove(struct cs_xfer *xfer);
u32 cs_live_version(void);
void cs_live_describe(const struct cs_xfer *xfer, struct cs_live_row *row);
bool cs_live_row_from(struct cs_cursor *at, const struct cs_live_reader *reader,
		      struct cs_live_row *row);

/* latency.c: how long things took */

#define CS_LATENCY_KINDS	(COLDSEND_TIMED_POOL + 1)
#define CS_LATENCY_BUCKETS	32

/**
 * struct cs_histogram - how long something took
 * @sum_us: microseconds of all together
 * @bucket: how many took less than 2^N microseconds and no less than half as
 *	much, indexed by N; the last has the longer ones too
 */
struct cs_histogram {
	u64 sum_us;
	u64 bucket[CS_LATENCY_BUCKETS];
};

void cs_latency_add(u32 timed, u64 ns);
void cs_latency_get(u32 timed, struct cs_histogram *histogram);

/* Counts a wait that ends now, in its counter and its histogram. */
static inline void cs_xfer_count_wait(struct cs_xfer *xfer, u32 counter,
				      u32 timed, u64 since)
{
	u64 ns = ktime_get_ns() - since;

	cs_xfer_count(xfer, counter, ns);
	cs_latency_add(timed, ns);
}

/* events.c: tells listeners what has happened */

void cs_event_transfer(const struct cs_xfer *xfer, bool failed);
void cs_event_policy(void);
void cs_event_limit(u32 limit, const struct cs_xfer *xfer);

#endif /* COLDSEND_VIEWS_H */
