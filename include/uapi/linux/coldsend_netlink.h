/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	netlink/specs/coldsend.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_COLDSEND_NETLINK_H
#define _UAPI_LINUX_COLDSEND_NETLINK_H

#define COLDSEND_FAMILY_NAME	"coldsend"
#define COLDSEND_FAMILY_VERSION	1

/**
 * enum coldsend_policy - How the bytes of a transfer travel from the file to
 *   the socket.
 * @COLDSEND_POLICY_DEFAULT: In a request, what the rules say (see rule-get),
 *   or else the module's default policy (see policy-get). Never the answer to
 *   "which policy was used".
 * @COLDSEND_POLICY_CACHED: Page-cache pages are handed to the socket, read in
 *   first where they are missing. They stay in the page cache.
 * @COLDSEND_POLICY_DIRECT: Direct I/O into the module's own memory, which is
 *   handed to the socket. The page cache is not touched.
 * @COLDSEND_POLICY_DROP_BEHIND: Page-cache pages are handed to the socket,
 *   read in first where they are missing. Those that the transfer brought in
 *   are evicted once the socket has let go of them; those that were there
 *   before, or that somebody used, mapped or wrote to since, stay.
 * @COLDSEND_POLICY_HYBRID: What is in the page cache is handed out of it, the
 *   rest goes as under direct. The page cache is not touched.
 * @COLDSEND_POLICY_AUTO: Chooses for each transfer where no rule does, see
 *   reason: cached for small files and for those that are asked for again and
 *   again, hybrid for the rest. "Which policy was used" has this answer where
 *   nothing was sent yet by a policy chosen so, or by what a budget has room
 *   for: it would tell what the page cache has of a file.
 */
enum coldsend_policy {
	COLDSEND_POLICY_DEFAULT,
	COLDSEND_POLICY_CACHED,
	COLDSEND_POLICY_DIRECT,
	COLDSEND_POLICY_DROP_BEHIND,
	COLDSEND_POLICY_HYBRID,
	COLDSEND_POLICY_AUTO,
};

/**
 * enum coldsend_fallback - Why a transfer did not travel (all the way) as its
 *   policy says.
 * @COLDSEND_FALLBACK_NONE: The whole transfer went as its policy says.
 * @COLDSEND_FALLBACK_NO_DIRECT: The file or its file system has no direct I/O
 *   that leaves the page cache alone, so the page cache was used (policies
 *   direct and hybrid).
 * @COLDSEND_FALLBACK_DIRECT_REFUSED: The file system offers direct I/O and
 *   refused a read of this file with EINVAL or EOPNOTSUPP, so the rest came
 *   through the page cache (policies direct and hybrid).
 * @COLDSEND_FALLBACK_BUFFERED: The file system said yes to direct I/O and read
 *   through the page cache all the same, so the rest came from there (policies
 *   direct and hybrid); and so do, for a minute, other transfers of the file
 *   from their start.
 * @COLDSEND_FALLBACK_COPIED: Pages of this file system's page cache can't be
 *   handed out, so the bytes were read through the file system and copied once
 *   by the CPU (any policy).
 */
enum coldsend_fallback {
	COLDSEND_FALLBACK_NONE,
	COLDSEND_FALLBACK_NO_DIRECT,
	COLDSEND_FALLBACK_DIRECT_REFUSED,
	COLDSEND_FALLBACK_BUFFERED,
	COLDSEND_FALLBACK_COPIED,
};

/**
 * enum coldsend_reason - Why a transfer whose caller left it to us goes by its
 *   policy.
 * @COLDSEND_REASON_NONE: The caller, or the default where no rule matches,
 *   named a policy other than auto; or the answer to which policy is auto.
 * @COLDSEND_REASON_SMALL: The file is not larger than small-max, and is not
 *   one that reason first is for, so cached.
 * @COLDSEND_REASON_ADMITTED: The file was served whole admit-after times
 *   within admit-window, and would be there still at the next time (see
 *   admit-max), so cached. It stays admitted until it is asked for less than
 *   half as much.
 * @COLDSEND_REASON_LARGE: The file is larger than small-max and not admitted,
 *   so hybrid.
 * @COLDSEND_REASON_FIRST: The file is not larger than small-max, but the page
 *   cache would have to give up others for it (less than 1/32 of memory is
 *   unused, beside what the kernel keeps, or less than 1/8 and kswapd took
 *   some within the last second; or a limit on the memory of the sender's
 *   cgroup is reached), it is not there, and nobody asked for it within
 *   admit-window, so hybrid.
 * @COLDSEND_REASON_RULE: A rule says so (see rule-get): the first that
 *   matches, where SEND named policy default or auto.
 */
enum coldsend_reason {
	COLDSEND_REASON_NONE,
	COLDSEND_REASON_SMALL,
	COLDSEND_REASON_ADMITTED,
	COLDSEND_REASON_LARGE,
	COLDSEND_REASON_FIRST,
	COLDSEND_REASON_RULE,
};

/**
 * enum coldsend_state - What a transfer is doing.
 * @COLDSEND_STATE_PUMPING: Reading and sending what can be done now.
 * @COLDSEND_STATE_WAIT_DISK: It waits for a direct read, or for who holds the
 *   file's lock.
 * @COLDSEND_STATE_WAIT_POOL: It waits for memory that others give back.
 * @COLDSEND_STATE_WAIT_SOCKET: It waits for room in the socket.
 * @COLDSEND_STATE_ENDED: Nothing more will be sent.
 */
enum coldsend_state {
	COLDSEND_STATE_PUMPING,
	COLDSEND_STATE_WAIT_DISK,
	COLDSEND_STATE_WAIT_POOL,
	COLDSEND_STATE_WAIT_SOCKET,
	COLDSEND_STATE_ENDED,
};

/**
 * enum coldsend_timed - What a histogram is of.
 * @COLDSEND_TIMED_TRANSFER: Transfers, from SEND to their last count.
 * @COLDSEND_TIMED_DISK: Waits for a direct read to complete, or for the file's
 *   lock.
 * @COLDSEND_TIMED_SOCKET: Waits for room in the socket.
 * @COLDSEND_TIMED_POOL: Waits for memory of the pool.
 */
enum coldsend_timed {
	COLDSEND_TIMED_TRANSFER,
	COLDSEND_TIMED_DISK,
	COLDSEND_TIMED_SOCKET,
	COLDSEND_TIMED_POOL,
};

/**
 * enum coldsend_event - What an event tells.
 * @COLDSEND_EVENT_TRANSFER_DONE: A transfer has ended: all of it was sent, or
 *   its caller (CANCEL, or the end of his process, too), a signal, a
 *   non-blocking socket or SO_SNDTIMEO ended it early.
 * @COLDSEND_EVENT_TRANSFER_FAILED: A transfer met an error, after some bytes
 *   or none.
 * @COLDSEND_EVENT_POLICY_CHANGED: policy-set has changed the tunables, which
 *   come along.
 * @COLDSEND_EVENT_LIMIT_HIT: A limit was hit. Told of each limit once a second
 *   at the most.
 */
enum coldsend_event {
	COLDSEND_EVENT_TRANSFER_DONE,
	COLDSEND_EVENT_TRANSFER_FAILED,
	COLDSEND_EVENT_POLICY_CHANGED,
	COLDSEND_EVENT_LIMIT_HIT,
};

/**
 * enum coldsend_limit - Which limit was hit.
 * @COLDSEND_LIMIT_TRANSFERS: SEND was refused with EDQUOT, see transfers-max,
 *   user-transfers.
 * @COLDSEND_LIMIT_POOL: A transfer began to wait for memory, see pool-max and
 *   user-share.
 */
enum coldsend_limit {
	COLDSEND_LIMIT_TRANSFERS,
	COLDSEND_LIMIT_POOL,
};

enum {
	COLDSEND_A_PAD = 1,
	COLDSEND_A_POLICY,
	COLDSEND_A_SEGMENT_SIZE,
	COLDSEND_A_DEPTH,
	COLDSEND_A_POOL_MAX,
	COLDSEND_A_FILES_MAX,
	COLDSEND_A_TRANSFERS_MAX,
	COLDSEND_A_USER_TRANSFERS,
	COLDSEND_A_USER_SHARE,
	COLDSEND_A_IDLE_MAX,
	COLDSEND_A_SMALL_MAX,
	COLDSEND_A_ADMIT_AFTER,
	COLDSEND_A_ADMIT_WINDOW,
	COLDSEND_A_ADMIT_MAX,
	COLDSEND_A_FILE,
	COLDSEND_A_COUNTERS,
	COLDSEND_A_OBJECTS,
	COLDSEND_A_RULE,
	COLDSEND_A_WHICH_RULE,
	COLDSEND_A_RULE_POSITION,
	COLDSEND_A_TRANSFER,
	COLDSEND_A_POOL,
	COLDSEND_A_HISTOGRAM,
	COLDSEND_A_EVENT,
	COLDSEND_A_LIMIT,
	COLDSEND_A_EVENTS_DROPPED,

	__COLDSEND_A_MAX,
	COLDSEND_A_MAX = (__COLDSEND_A_MAX - 1)
};

enum coldsend_a_file {
	COLDSEND_A_FILE_PAD = 1,
	COLDSEND_A_FILE_DEV_MAJOR,
	COLDSEND_A_FILE_DEV_MINOR,
	COLDSEND_A_FILE_INO,
	COLDSEND_A_FILE_GENERATION,
	COLDSEND_A_FILE_PATH,
	COLDSEND_A_FILE_POLICY_USED,
	COLDSEND_A_FILE_FALLBACK,

	__COLDSEND_A_FILE_MAX,
	COLDSEND_A_FILE_MAX = (__COLDSEND_A_FILE_MAX - 1)
};

enum coldsend_a_counters {
	COLDSEND_A_COUNTERS_PAD = 1,
	COLDSEND_A_COUNTERS_TRANSFERS,
	COLDSEND_A_COUNTERS_BYTES_ASKED,
	COLDSEND_A_COUNTERS_BYTES_SENT,
	COLDSEND_A_COUNTERS_BYTES_CACHED,
	COLDSEND_A_COUNTERS_BYTES_DIRECT,
	COLDSEND_A_COUNTERS_BYTES_DROP_BEHIND,
	COLDSEND_A_COUNTERS_BYTES_COPIED,
	COLDSEND_A_COUNTERS_DISK_READS,
	COLDSEND_A_COUNTERS_DISK_BYTES,
	COLDSEND_A_COUNTERS_OVERHEAD_BYTES,
	COLDSEND_A_COUNTERS_PAGES_RESIDENT,
	COLDSEND_A_COUNTERS_PAGES_ADDED,
	COLDSEND_A_COUNTERS_PAGES_DROPPED,
	COLDSEND_A_COUNTERS_PAGES_SPARED,
	COLDSEND_A_COUNTERS_PAGES_FAILED,
	COLDSEND_A_COUNTERS_SEGMENTS_RECYCLED,
	COLDSEND_A_COUNTERS_SEGMENTS_ALLOCATED,
	COLDSEND_A_COUNTERS_DISK_WAIT_NS,
	COLDSEND_A_COUNTERS_SOCKET_WAIT_NS,
	COLDSEND_A_COUNTERS_POOL_WAIT_NS,
	COLDSEND_A_COUNTERS_FALLBACK_NO_DIRECT,
	COLDSEND_A_COUNTERS_FALLBACK_DIRECT_REFUSED,
	COLDSEND_A_COUNTERS_FALLBACK_BUFFERED,
	COLDSEND_A_COUNTERS_FALLBACK_COPIED,
	COLDSEND_A_COUNTERS_AUTO_SMALL,
	COLDSEND_A_COUNTERS_AUTO_ADMITTED,
	COLDSEND_A_COUNTERS_AUTO_LARGE,
	COLDSEND_A_COUNTERS_AUTO_FIRST,
	COLDSEND_A_COUNTERS_PARTIALS,
	COLDSEND_A_COUNTERS_ERRORS,

	__COLDSEND_A_COUNTERS_MAX,
	COLDSEND_A_COUNTERS_MAX = (__COLDSEND_A_COUNTERS_MAX - 1)
};

enum coldsend_a_objects {
	COLDSEND_A_OBJECTS_PAD = 1,
	COLDSEND_A_OBJECTS_TRANSFERS_CREATED,
	COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED,
	COLDSEND_A_OBJECTS_TRANSFERS_REFUSED,
	COLDSEND_A_OBJECTS_SEGMENTS_CREATED,
	COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED,
	COLDSEND_A_OBJECTS_ROWS_CREATED,
	COLDSEND_A_OBJECTS_ROWS_DESTROYED,
	COLDSEND_A_OBJECTS_ROWS_EVICTED,
	COLDSEND_A_OBJECTS_POOL_BYTES,
	COLDSEND_A_OBJECTS_EVENTS_SENT,
	COLDSEND_A_OBJECTS_EVENTS_DROPPED,

	__COLDSEND_A_OBJECTS_MAX,
	COLDSEND_A_OBJECTS_MAX = (__COLDSEND_A_OBJECTS_MAX - 1)
};

enum coldsend_a_rule {
	COLDSEND_A_RULE_PAD = 1,
	COLDSEND_A_RULE_ID,
	COLDSEND_A_RULE_POLICY,
	COLDSEND_A_RULE_BUDGET,
	COLDSEND_A_RULE_SIZE_MIN,
	COLDSEND_A_RULE_SIZE_MAX,
	COLDSEND_A_RULE_PATH,
	COLDSEND_A_RULE_FS,
	COLDSEND_A_RULE_DEV_MAJOR,
	COLDSEND_A_RULE_DEV_MINOR,
	COLDSEND_A_RULE_UID,
	COLDSEND_A_RULE_CGROUP,
	COLDSEND_A_RULE_HITS,
	COLDSEND_A_RULE_BUDGET_USED,

	__COLDSEND_A_RULE_MAX,
	COLDSEND_A_RULE_MAX = (__COLDSEND_A_RULE_MAX - 1)
};

enum coldsend_a_transfer {
	COLDSEND_A_TRANSFER_PAD = 1,
	COLDSEND_A_TRANSFER_ID,
	COLDSEND_A_TRANSFER_PID,
	COLDSEND_A_TRANSFER_UID,
	COLDSEND_A_TRANSFER_DEV_MAJOR,
	COLDSEND_A_TRANSFER_DEV_MINOR,
	COLDSEND_A_TRANSFER_INO,
	COLDSEND_A_TRANSFER_PATH,
	COLDSEND_A_TRANSFER_POLICY_USED,
	COLDSEND_A_TRANSFER_STATE,
	COLDSEND_A_TRANSFER_ASYNC,
	COLDSEND_A_TRANSFER_BYTES_ASKED,
	COLDSEND_A_TRANSFER_BYTES_SENT,
	COLDSEND_A_TRANSFER_AGE_NS,
	COLDSEND_A_TRANSFER_SEGMENTS,
	COLDSEND_A_TRANSFER_ERROR,

	__COLDSEND_A_TRANSFER_MAX,
	COLDSEND_A_TRANSFER_MAX = (__COLDSEND_A_TRANSFER_MAX - 1)
};

enum coldsend_a_pool {
	COLDSEND_A_POOL_PAD = 1,
	COLDSEND_A_POOL_BYTES_MAX,
	COLDSEND_A_POOL_BYTES_HELD,
	COLDSEND_A_POOL_BYTES_USED,
	COLDSEND_A_POOL_BYTES_IDLE,
	COLDSEND_A_POOL_BYTES_LINGERING,
	COLDSEND_A_POOL_USERS,
	COLDSEND_A_POOL_TRANSFERS,
	COLDSEND_A_POOL_WAITING,
	COLDSEND_A_POOL_REFUSED,
	COLDSEND_A_POOL_SEGMENTS,
	COLDSEND_A_POOL_BYTES_PINNED,

	__COLDSEND_A_POOL_MAX,
	COLDSEND_A_POOL_LAST = (__COLDSEND_A_POOL_MAX - 1)
};

enum coldsend_a_histogram {
	COLDSEND_A_HISTOGRAM_PAD = 1,
	COLDSEND_A_HISTOGRAM_TIMED,
	COLDSEND_A_HISTOGRAM_SUM_US,
	COLDSEND_A_HISTOGRAM_BUCKET,

	__COLDSEND_A_HISTOGRAM_MAX,
	COLDSEND_A_HISTOGRAM_MAX = (__COLDSEND_A_HISTOGRAM_MAX - 1)
};

enum coldsend_cmd {
	COLDSEND_CMD_POLICY_GET = 1,
	COLDSEND_CMD_POLICY_SET,
	COLDSEND_CMD_STATS_GET,
	COLDSEND_CMD_STATS_RESET,
	COLDSEND_CMD_FILE_GET,
	COLDSEND_CMD_RULE_GET,
	COLDSEND_CMD_RULE_ADD,
	COLDSEND_CMD_RULE_DEL,
	COLDSEND_CMD_RULE_LOAD,
	COLDSEND_CMD_TRANSFER_GET,
	COLDSEND_CMD_POOL_GET,
	COLDSEND_CMD_LATENCY_GET,
	COLDSEND_CMD_EVENT,

	__COLDSEND_CMD_MAX,
	COLDSEND_CMD_MAX = (__COLDSEND_CMD_MAX - 1)
};

#define COLDSEND_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_COLDSEND_NETLINK_H */
