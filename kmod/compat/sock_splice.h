/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Handing pages to a socket by reference.
 *
 * From Linux 6.5 on that is sendmsg with MSG_SPLICE_PAGES.  Before, it is
 * sendpage, one page or folio a call.  The version is tested, not the macro:
 * stable 6.1 kernels define MSG_SPLICE_PAGES and ignore it, which would copy
 * every byte.
 */
#ifndef COLDSEND_COMPAT_SOCK_SPLICE_H
#define COLDSEND_COMPAT_SOCK_SPLICE_H

#include <linux/bvec.h>
#include <linux/highmem.h>
#include <linux/net.h>
#include <linux/socket.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <net/sock.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)

/**
 * compat_sock_splice - hands @length bytes of @bvec to @sock by reference
 * @sock: connected stream socket
 * @bvec: the pages, none of them slab memory
 * @nr: entries of @bvec
 * @skip: bytes of @bvec to leave out at the front
 * @length: bytes to send
 * @flags: MSG_DONTWAIT, MSG_NOSIGNAL, MSG_MORE
 *
 * The socket takes references of its own on what it accepts.  Process context,
 * may sleep for the socket's lock.
 *
 * Return: bytes accepted or -errno.
 */
static inline ssize_t compat_sock_splice(struct socket *sock,
					 const struct bio_vec *bvec, u32 nr,
					 size_t skip, size_t length, int flags)
{
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bvec, nr, skip + length);
	iov_iter_advance(&msg.msg_iter, skip);
	return sock_sendmsg(sock, &msg);
}

/**
 * compat_sock_splice_blocks - can compat_sock_splice() wait for the peer?
 * @sk: of a connected stream socket
 */
static inline bool compat_sock_splice_blocks(const struct sock *sk)
{
	return false;
}

/**
 * compat_sock_splice_eof - tells @sock that no more comes, after a MSG_MORE
 * @sock: connected stream socket
 *
 * Process context, may sleep for the socket's lock.
 */
static inline void compat_sock_splice_eof(struct socket *sock)
{
	const struct proto_ops *ops = READ_ONCE(sock->ops);

	if (ops->splice_eof)
		ops->splice_eof(sock);
}

#else

/*
 * UNIX sockets look at their send buffer only when a piece does not fit the last
 * skb any more, and neighbouring pieces merge there without end: so the same
 * look is taken before each piece.  One that is shut down or broken is not full:
 * it has an error to tell.
 */
static inline bool compat_sock_full(const struct sock *sk)
{
	return sk->sk_family == AF_UNIX && !READ_ONCE(sk->sk_err) &&
	       !(READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN) &&
	       sk_wmem_alloc_get(sk) >= READ_ONCE(sk->sk_sndbuf);
}

/* High memory is mapped page by page, UNIX sockets are filled so. */
static inline size_t compat_sock_piece(const struct sock *sk, struct page *page,
				       size_t offset, size_t length)
{
	if (sk->sk_family == AF_UNIX || PageHighMem(page))
		return min(length, PAGE_SIZE - offset);
	return length;
}

/* Hands over part of one entry.  Return: bytes accepted or -errno. */
static inline ssize_t compat_sock_sendpage(struct socket *sock,
					   const struct bio_vec *bvec,
					   size_t skip, size_t length, int flags)
{
	size_t offset = bvec->bv_offset + skip;
	struct page *page = bvec->bv_page + offset / PAGE_SIZE;
	size_t piece;

	if (compat_sock_full(sock->sk))
		return -EAGAIN;
	offset %= PAGE_SIZE;
	piece = compat_sock_piece(sock->sk, page, offset, length);
	if (piece < length)
		flags |= MSG_MORE | MSG_SENDPAGE_NOTLAST;
	return kernel_sendpage(sock, page, offset, piece, flags);
}

static inline ssize_t compat_sock_splice(struct socket *sock,
					 const struct bio_vec *bvec, u32 nr,
					 size_t skip, size_t length, int flags)
{
	size_t sent = 0, part;
	ssize_t ret;

	while (sent < length) {
		if (skip >= bvec->bv_len) {
			skip -= bvec++->bv_len;
			continue;
		}
		part = min(bvec->bv_len - skip, length - sent);
		ret = compat_sock_sendpage(sock, bvec, skip, part,
					   sent + part < length ?
					   flags | MSG_MORE |
					   MSG_SENDPAGE_NOTLAST : flags);
		if (ret <= 0)
			return sent ? sent : ret;
		sent += ret;
		skip += ret;
	}
	return sent;
}

/* It takes the lock under which the peer waits for what is sent to it. */
static inline bool compat_sock_splice_blocks(const struct sock *sk)
{
	return sk->sk_family == AF_UNIX;
}

/* Nothing of the kind: TCP sends by its cork timer, within 200 ms. */
static inline void compat_sock_splice_eof(struct socket *sock)
{
}

#endif
#endif
