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
 * @COLDSEND_POLICY_DEFAULT: In a request, the module's default policy (see
 *   policy-get). Never the answer to "which policy was used".
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
 */
enum coldsend_policy {
	COLDSEND_POLICY_DEFAULT,
	COLDSEND_POLICY_CACHED,
	COLDSEND_POLICY_DIRECT,
	COLDSEND_POLICY_DROP_BEHIND,
	COLDSEND_POLICY_HYBRID,
};

/**
 * enum coldsend_fallback - Why a transfer did not travel (all the way) as its
 *   policy says.
 * @COLDSEND_FALLBACK_NONE: The whole transfer went as its policy says.
 * @COLDSEND_FALLBACK_NO_DIRECT: The file or its file system has no direct I/O
 *   that leaves the page cache alone, so the page cache was used (policy
 *   direct).
 * @COLDSEND_FALLBACK_DIRECT_REFUSED: The file system offers direct I/O and
 *   refused a read of this file with EINVAL or EOPNOTSUPP, so the rest came
 *   through the page cache (policy direct).
 * @COLDSEND_FALLBACK_BUFFERED: The file system said yes to direct I/O and read
 *   through the page cache all the same, so the rest came from there (policy
 *   direct).
 * @COLDSEND_FALLBACK_COPIED: Pages of this file system's page cache can't be
 *   handed out, so the bytes were read through the file system and copied once
 *   by the CPU (policy cached, or what policy direct fell back to).
 */
enum coldsend_fallback {
	COLDSEND_FALLBACK_NONE,
	COLDSEND_FALLBACK_NO_DIRECT,
	COLDSEND_FALLBACK_DIRECT_REFUSED,
	COLDSEND_FALLBACK_BUFFERED,
	COLDSEND_FALLBACK_COPIED,
};

enum {
	COLDSEND_A_PAD = 1,
	COLDSEND_A_POLICY,
	COLDSEND_A_SEGMENT_SIZE,
	COLDSEND_A_DEPTH,
	COLDSEND_A_POOL_MAX,
	COLDSEND_A_FILES_MAX,
	COLDSEND_A_FILE,
	COLDSEND_A_COUNTERS,
	COLDSEND_A_OBJECTS,

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
	COLDSEND_A_COUNTERS_FALLBACK_NO_DIRECT,
	COLDSEND_A_COUNTERS_FALLBACK_DIRECT_REFUSED,
	COLDSEND_A_COUNTERS_FALLBACK_BUFFERED,
	COLDSEND_A_COUNTERS_FALLBACK_COPIED,
	COLDSEND_A_COUNTERS_PARTIALS,
	COLDSEND_A_COUNTERS_ERRORS,

	__COLDSEND_A_COUNTERS_MAX,
	COLDSEND_A_COUNTERS_MAX = (__COLDSEND_A_COUNTERS_MAX - 1)
};

enum coldsend_a_objects {
	COLDSEND_A_OBJECTS_PAD = 1,
	COLDSEND_A_OBJECTS_TRANSFERS_CREATED,
	COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED,
	COLDSEND_A_OBJECTS_SEGMENTS_CREATED,
	COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED,
	COLDSEND_A_OBJECTS_ROWS_CREATED,
	COLDSEND_A_OBJECTS_ROWS_DESTROYED,
	COLDSEND_A_OBJECTS_ROWS_EVICTED,
	COLDSEND_A_OBJECTS_POOL_BYTES,

	__COLDSEND_A_OBJECTS_MAX,
	COLDSEND_A_OBJECTS_MAX = (__COLDSEND_A_OBJECTS_MAX - 1)
};

enum coldsend_cmd {
	COLDSEND_CMD_POLICY_GET = 1,
	COLDSEND_CMD_POLICY_SET,
	COLDSEND_CMD_STATS_GET,
	COLDSEND_CMD_STATS_RESET,
	COLDSEND_CMD_FILE_GET,

	__COLDSEND_CMD_MAX,
	COLDSEND_CMD_MAX = (__COLDSEND_CMD_MAX - 1)
};

#endif /* _UAPI_LINUX_COLDSEND_NETLINK_H */
