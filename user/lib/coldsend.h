/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libcoldsend: sends ranges of files to sockets inside the kernel, under a
 * policy for the page cache.
 *
 * Requests and results are the structs of <linux/coldsend.h>, which also says
 * what each errno means.  Set .size of a struct to its sizeof (or use
 * COLDSEND_REQUEST): so programs and libraries of different ages understand
 * each other.
 *
 * Functions that return an int or a count return -1 with errno on failure.  All
 * may be called by any number of threads on one handle, without a lock: there
 * are no globals, and a handle never changes after coldsend_open().  Nothing
 * here raises SIGPIPE.  A handle lives on in a child after fork(2), where it is
 * the same open device, and not across execve(2).
 */
#ifndef COLDSEND_H
#define COLDSEND_H

#include <linux/coldsend.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct coldsend - an open device; opaque */
struct coldsend;

/*
 * Initializer of a struct coldsend_send: file bytes [offset, offset + length)
 * to a socket by the module's default policy.
 */
#define COLDSEND_REQUEST(sock, file, first, bytes)	\
	{						\
		.size = sizeof(struct coldsend_send),	\
		.file_fd = (file),			\
		.sock_fd = (sock),			\
		.offset = (__u64)(first),		\
		.length = (__u64)(bytes),		\
	}

/**
 * coldsend_open - open the device
 *
 * Do it before dropping privileges: /dev/coldsend is root's unless its
 * administrator gave it to a group.  The descriptor is close-on-exec.
 *
 * Return: a handle that coldsend_close() frees, or NULL with errno: ENOENT,
 * ENXIO or ENODEV without the module, EACCES or EPERM without permission,
 * EMFILE, ENFILE, ENOMEM.
 */
struct coldsend *coldsend_open(void);

/**
 * coldsend_close - close the device and free the handle; errno stays
 * @cs: from coldsend_open(), or NULL; no thread may be using it
 *
 * Asynchronous transfers of the handle end, unless another process still has it
 * open after a fork.  Sleeps for the disk, and where one sends to a socket that
 * blocks its sender (kTLS, MPTCP, vsock), for who holds that.
 */
void coldsend_close(struct coldsend *cs);

/**
 * coldsend_fd - descriptor for poll(2) and epoll(7)
 * @cs: the handle, which still owns the descriptor
 *
 * It is readable (POLLIN) while there is a result for coldsend_reap().
 *
 * Return: the descriptor.
 */
int coldsend_fd(const struct coldsend *cs);

/**
 * coldsend_send - send a range of a file to a socket
 * @cs: the handle
 * @request: what to send, see struct coldsend_send; the results are written
 *	into it; its flags must not have COLDSEND_F_ASYNC
 *
 * Waits for the peer if the socket is blocking, as long as SO_SNDTIMEO allows;
 * if it is non-blocking, sends what fits now.  Neither uses nor moves the file
 * position.
 *
 * Return: bytes that the socket took, which may be fewer than asked for: go on
 * from offset + that.  0: the file ends at offset, or length is 0.  -1: no byte
 * was sent and errno says why; EAGAIN: wait until the socket is writable.
 */
long long coldsend_send(struct coldsend *cs, struct coldsend_send *request);

/**
 * coldsend_submit - start to send and do not wait
 * @cs: the handle
 * @request: what to send; user_data comes back with the result; may be used
 *	again at once, and both descriptors closed
 *
 * The transfer waits for the peer whether the socket is non-blocking or not; it
 * gives up when the peer takes nothing for long: with ETIMEDOUT after idle-max,
 * with EAGAIN after SO_SNDTIMEO, if the socket has one.  Do not write to the socket
 * before its result is there.
 *
 * Return: 0, with request->id set to the transfer's number, from 1 and never
 * used again by this handle; -1 and nothing was started: EDQUOT, there are too
 * many; EOPNOTSUPP, a process answers reads of the file (FUSE); or what
 * coldsend_send() says.
 */
int coldsend_submit(struct coldsend *cs, struct coldsend_send *request);

/**
 * coldsend_reap - take results of submitted transfers
 * @cs: the handle
 * @results: filled with results, in the order in which the transfers ended
 * @count: room in @results, at least 1
 * @timeout: milliseconds to wait for the first, 0 not to wait, -1 for ever
 *
 * Each result comes once, to one of the threads that ask.
 *
 * Return: results taken; 0: there are none, and no transfer runs; -1: EAGAIN,
 * the time is over; EINTR, a signal came while waiting; EINVAL, @count is 0.
 */
int coldsend_reap(struct coldsend *cs, struct coldsend_completion *results,
		  unsigned int count, int timeout);

/**
 * coldsend_cancel - end a submitted transfer soon
 * @cs: the handle
 * @id: its number
 *
 * Its result still comes: ECANCELED with the bytes sent until then, or its
 * regular end if that was first.
 *
 * Return: 0, or -1: ENOENT, none with that number runs.
 */
int coldsend_cancel(struct coldsend *cs, unsigned long long id);

/**
 * coldsend_info - what the module can do, and what it can do with a file
 * @cs: the handle
 * @file_fd: a regular file open for reading, or -1 for none
 * @info: filled, see struct coldsend_info; only .size is read
 *
 * Return: 0, or -1: EBADF, EINVAL.
 */
int coldsend_info(struct coldsend *cs, int file_fd, struct coldsend_info *info);

/**
 * coldsend_residency - how much of a range is in the page cache
 * @cs: the handle
 * @residency: .size, file_fd, offset and length say what to look at; results
 *	are written into it, see struct coldsend_residency
 *
 * Return: 0, or -1: EPERM, the caller neither owns the file nor may write to
 * it; EBADF, EINVAL, EINTR.
 */
int coldsend_residency(struct coldsend *cs,
		       struct coldsend_residency *residency);

/**
 * coldsend_policy_name - name of a policy
 * @policy: enum coldsend_policy; they are numbered from 0 without a gap
 *
 * Return: static text, or NULL if this library knows no such policy.
 */
const char *coldsend_policy_name(unsigned int policy);

/**
 * coldsend_policy_find - the policy with a name
 * @name: "default", "auto", "cached", "direct", "drop-behind" or "hybrid"
 *
 * Return: enum coldsend_policy, or -1: EINVAL.
 */
int coldsend_policy_find(const char *name);

/**
 * coldsend_reason_name - why policy auto chose as it did, in a word
 * @reason: enum coldsend_reason
 *
 * Return: static text, or NULL if this library knows no such reason.
 */
const char *coldsend_reason_name(unsigned int reason);

/**
 * coldsend_fallback_name - a reason to fall back, in a word
 * @fallback: enum coldsend_fallback
 *
 * Return: static text, or NULL if this library knows no such reason.
 */
const char *coldsend_fallback_name(unsigned int fallback);

/**
 * coldsend_fallback_meaning - a reason to fall back, in a sentence
 * @fallback: enum coldsend_fallback
 *
 * Return: static text without a capital and a full stop, or NULL.
 */
const char *coldsend_fallback_meaning(unsigned int fallback);

/**
 * coldsend_strerror - what an errno of a transfer means
 * @err: errno after coldsend_send() or coldsend_submit(), or error of a result
 *
 * Return: static text without a capital and a full stop; never NULL.
 */
const char *coldsend_strerror(int err);

#ifdef __cplusplus
}
#endif

#endif /* COLDSEND_H */
