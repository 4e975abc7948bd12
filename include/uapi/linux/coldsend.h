/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * coldsend: sendfile that leaves the page cache as it found it.
 *
 * The ioctl interface of /dev/coldsend.
 *
 * Every argument is a pointer to a struct whose first field is its size in
 * bytes, as the caller was compiled.  A shorter struct than the module's is
 * read as if it ended in zeros; a longer one is accepted if all that the
 * module doesn't know is zero.  Results are written back as far as the
 * caller's struct reaches.  Reserved fields must be zero.
 *
 * Policies and fallback reasons are in <linux/coldsend_netlink.h>, which is
 * generated from the netlink specification.
 *
 * The errno contract.  All commands:
 *
 *   EFAULT      the argument can't be read or written; nothing was done, unless
 *               it became so meanwhile
 *   E2BIG       the struct is longer than the module's and its tail not zero, or
 *               longer than a page
 *   EINVAL      the struct is shorter than its first version; an unknown flag;
 *               a reserved field that is not zero
 *   ENOTTY      unknown command
 *   EBADF       file_fd is not open, or not for reading (O_PATH included);
 *               sock_fd is not open
 *   EINVAL      file_fd is not a regular file
 *
 * COLDSEND_IOC_SEND.  0 means that the transfer ended with @sent bytes accepted
 * by the socket, which may be fewer than asked: the end of the file, a signal,
 * a full non-blocking socket, a send timeout or an error after the first
 * byte.  An error is returned only if no byte was sent; asking again from
 * offset + sent finds it.
 *
 *   EINVAL      unknown policy (COLDSEND_IOC_INFO tells the known ones);
 *               offset is negative as a signed number; the socket is open for
 *               appending (O_APPEND), as sendfile(2)
 *   EOVERFLOW   offset + length is past the largest file offset (and length is
 *               not COLDSEND_TO_EOF)
 *   EOPNOTSUPP  the socket is not a stream socket; with COLDSEND_F_STRICT, the
 *               file can't travel by the policy; with COLDSEND_F_ASYNC, a
 *               process answers reads of the file (FUSE), or the socket became
 *               one of kTLS meanwhile
 *   ENOTSOCK    sock_fd is not a socket
 *   ENOTCONN    the socket was never connected, or listens
 *   EPIPE       the socket is shut down for writing, by either side; there is
 *               no SIGPIPE
 *   ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ...
 *               what the connection died of, as send(2)
 *   EAGAIN      the socket is non-blocking and full, or SO_SNDTIMEO expired.
 *               Where the disk would have to be waited for, it is full when
 *               poll(2) says that it is not writable
 *   EINTR       a signal came (restarted if its handler has SA_RESTART and the
 *               socket has no SO_SNDTIMEO); a deadly one, if that is non-blocking
 *   EIO         the file could not be read at offset, or under direct I/O within
 *               a segment (coldsend_info.segment_size) from there: its disk,
 *               server or file system failed
 *   ENOMEM, ENOBUFS
 *               no memory; ENOBUFS if it was the socket that found none
 *   EDQUOT      the user, or all users together, have as many transfers as may
 *               be at once (user-transfers and transfers-max of the netlink
 *               specification); an asynchronous one counts until its result is
 *               read
 *   EACCES, EPERM
 *               a security module refused the read or the send
 *
 * COLDSEND_IOC_INFO: those of all commands.
 *
 *   ENOMEM      no memory
 *
 * COLDSEND_IOC_RESIDENCY.
 *
 *   EPERM       the caller does not own the file, may not write to it and lacks
 *               CAP_FOWNER: what mincore(2) keeps secret is kept here
 *   EINVAL      offset is negative as a signed number
 *   EINTR       a fatal signal came
 *
 * COLDSEND_IOC_CANCEL.
 *
 *   ENOENT      no transfer of this open device that has not ended has that number
 */
#ifndef _UAPI_LINUX_COLDSEND_H
#define _UAPI_LINUX_COLDSEND_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/coldsend_netlink.h>

#define COLDSEND_DEVICE		"/dev/coldsend"

/* Version of this interface; grows with every field, flag and command. */
#define COLDSEND_ABI_VERSION	3

/* A length: all from offset to the end of the file. */
#define COLDSEND_TO_EOF		(~(__u64)0)

/* coldsend_send.flags: an error (EOPNOTSUPP) instead of a fallback. */
#define COLDSEND_F_STRICT	(1U << 0)
/* coldsend_send.flags: start it and return; read(2) the result later. */
#define COLDSEND_F_ASYNC	(1U << 1)
/* coldsend_send.flags: all that this version knows. */
#define COLDSEND_F_ALL		(COLDSEND_F_STRICT | COLDSEND_F_ASYNC)

/**
 * struct coldsend_send - argument of COLDSEND_IOC_SEND
 * @size: bytes of this struct
 * @flags: COLDSEND_F_* or 0
 * @file_fd: regular file, open for reading; its file position is neither used
 *	nor changed
 * @sock_fd: connected stream socket
 * @offset: first byte to send, in bytes from the start of the file
 * @length: bytes to send, 0 for none, COLDSEND_TO_EOF for all there are
 * @policy: enum coldsend_policy
 * @reserved: 0
 * @sent: out: bytes that the socket accepted; written on errors too, as 0
 * @policy_used: out: enum coldsend_policy that the transfer ended with; AUTO, if
 *	it was left to auto, or to a rule's budget, and nothing was sent
 * @fallback: out: enum coldsend_fallback, why @policy_used is not what was
 *	asked, or did not go as it says; NONE where @policy_used is AUTO
 * @bytes_cached: out: bytes of @sent that were handed out of the page cache
 * @bytes_direct: out: bytes of @sent that were read by direct I/O
 * @bytes_copied: out: bytes of @sent that a CPU of this machine copied between
 *	file and socket
 * @user_data: with COLDSEND_F_ASYNC: given back with the result
 * @id: out: with COLDSEND_F_ASYNC: number of the transfer, from 1; else 0
 * @reason: out: enum coldsend_reason, why a rule or policy auto chose as it
 *	did, where @policy is DEFAULT or AUTO: a policy by name is always taken;
 *	NONE where @policy_used is AUTO
 * @reserved2: 0
 */
struct coldsend_send {
	__u32 size;
	__u32 flags;
	__s32 file_fd;
	__s32 sock_fd;
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 policy;
	__u32 reserved;
	__aligned_u64 sent;
	__u32 policy_used;
	__u32 fallback;
	__aligned_u64 bytes_cached;
	__aligned_u64 bytes_direct;
	__aligned_u64 bytes_copied;
	__aligned_u64 user_data;
	__aligned_u64 id;
	__u32 reason;
	__u32 reserved2;
};

/**
 * struct coldsend_completion - result of an asynchronous transfer
 * @id: number that SEND gave it
 * @user_data: what the submitter gave it
 * @sent: bytes that the socket accepted
 * @error: why it stopped before its end, an errno of SEND's contract, ECANCELED
 *	or ETIMEDOUT (the peer took nothing for idle-max seconds, see the netlink
 *	specification); 0 if it did not
 * @policy_used: as in struct coldsend_send
 * @fallback: as in struct coldsend_send
 * @reason: as in struct coldsend_send
 * @bytes_cached: as in struct coldsend_send
 * @bytes_direct: as in struct coldsend_send
 * @bytes_copied: as in struct coldsend_send
 *
 * read(2) on the device returns whole records, in the order in which the
 * transfers ended.  It waits for the first, unless the device is open with
 * O_NONBLOCK (EAGAIN), and returns 0 if no transfer runs.  EINVAL: there is no
 * room for a record.  poll(2) says POLLIN if there is one.  The record has this
 * size for ever.
 *
 * Transfers end (ECANCELED) when the process that submitted them does, if it has
 * the device open then, and when the device is closed for the last time.  A
 * transfer lets go of its file and socket when it ends, a moment (a clock tick)
 * before or after its result comes; which comes when they are closed, if the
 * transfer was the last to have them.
 */
struct coldsend_completion {
	__aligned_u64 id;
	__aligned_u64 user_data;
	__aligned_u64 sent;
	__s32 error;
	__u32 policy_used;
	__u32 fallback;
	__u32 reason;
	__aligned_u64 bytes_cached;
	__aligned_u64 bytes_direct;
	__aligned_u64 bytes_copied;
};

/**
 * struct coldsend_cancel - argument of COLDSEND_IOC_CANCEL
 * @size: bytes of this struct
 * @flags: 0
 * @id: number of the transfer to end
 */
struct coldsend_cancel {
	__u32 size;
	__u32 flags;
	__aligned_u64 id;
};

/*
 * coldsend_info.file_flags: the file says that it has direct I/O.  Its file system
 * may refuse a read all the same, or do it through the page cache.
 */
#define COLDSEND_FILE_DIRECT	(1U << 0)
/* coldsend_info.file_flags: page-cache pages of the file can be handed out. */
#define COLDSEND_FILE_CACHED	(1U << 1)

/**
 * struct coldsend_info - argument of COLDSEND_IOC_INFO
 * @size: bytes of this struct
 * @flags: 0
 * @file_fd: a file to tell about, or -1 for none (the file_* and dio_* fields
 *	are then 0)
 * @reserved: 0
 * @abi_version: out: COLDSEND_ABI_VERSION of the module
 * @default_policy: out: enum coldsend_policy
 * @policies: out: bit 1 << P is set if the module has enum coldsend_policy P
 * @send_flags: out: COLDSEND_F_* that the module knows
 * @segment_size: out: bytes of one direct read at the most
 * @depth: out: direct reads in flight for one transfer
 * @file_flags: out: COLDSEND_FILE_*
 * @dio_mem_align: out: alignment in bytes of memory for direct I/O, 0 where
 *	the file has none
 * @dio_offset_align: out: alignment in bytes of offset and length of direct
 *	I/O, 0 where the file has none.  SEND takes any offset and length.
 * @file_block: out: block size of the file's file system in bytes
 * @file_size: out: size of the file in bytes
 * @policy: out: enum coldsend_policy that SEND would go by, if this task asked
 *	for all of the file now with COLDSEND_POLICY_DEFAULT; 0 without a file;
 *	AUTO, where it depends on what the page cache has of the file, or what
 *	others do with it, and the caller may not know (the rule of mincore(2):
 *	who owns the file, or may write to it)
 * @reason: out: enum coldsend_reason, why; NONE where @policy is AUTO
 * @rule: out: id of the rule that matches, 0 for none
 * @reserved2: 0
 */
struct coldsend_info {
	__u32 size;
	__u32 flags;
	__s32 file_fd;
	__u32 reserved;
	__u32 abi_version;
	__u32 default_policy;
	__u32 policies;
	__u32 send_flags;
	__u32 segment_size;
	__u32 depth;
	__u32 file_flags;
	__u32 dio_mem_align;
	__u32 dio_offset_align;
	__u32 file_block;
	__aligned_u64 file_size;
	__u32 policy;
	__u32 reason;
	__u32 rule;
	__u32 reserved2;
};

/**
 * struct coldsend_residency - argument of COLDSEND_IOC_RESIDENCY
 * @size: bytes of this struct
 * @flags: 0
 * @file_fd: the file
 * @page_size: out: bytes of a page
 * @offset: first byte of the range to look at
 * @length: bytes of the range; clamped to the file's end
 * @pages: out: pages that the range touches
 * @resident: out: of @pages, those in the page cache and up to date
 * @dirty: out: of @resident, those not yet written back
 */
struct coldsend_residency {
	__u32 size;
	__u32 flags;
	__s32 file_fd;
	__u32 page_size;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 pages;
	__aligned_u64 resident;
	__aligned_u64 dirty;
};

/*
 * The numbers carry no size: the structs do.  0xCD 0x40 - 0x4f, a range that
 * the kernel's ioctl-number.rst lists for nobody.
 */
#define COLDSEND_IOC_MAGIC	0xCD
#define COLDSEND_IOC_SEND	_IO(COLDSEND_IOC_MAGIC, 0x40)
#define COLDSEND_IOC_INFO	_IO(COLDSEND_IOC_MAGIC, 0x41)
#define COLDSEND_IOC_RESIDENCY	_IO(COLDSEND_IOC_MAGIC, 0x42)
#define COLDSEND_IOC_CANCEL	_IO(COLDSEND_IOC_MAGIC, 0x43)

#endif /* _UAPI_LINUX_COLDSEND_H */
