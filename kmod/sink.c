// SPDX-License-Identifier: GPL-2.0
/*
 * The sink: moves segment bytes into a socket, and tells when it has room.
 *
 * Only the socket's own send operation is used, so that kTLS encrypts.  It
 * does not wait for room: a full socket says EAGAIN, and whoever pumps the
 * transfer waits for cs_sink_writable().
 */
#include <linux/file.h>
#include <linux/uio.h>
#include <net/inet_connection_sock.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "compat/sock_splice.h"
#include "coldsend.h"
#include "trace.h"

/* What a non-blocking socket is read ahead for at the least, in bytes. */
#define CS_WINDOW_MIN	SZ_64K
/* Less than that of a folio of ours is copied, in bytes. */
#define CS_TINY		(PAGE_SIZE / 2)
/* Of a segment that others go on with, less than this part is. */
#define CS_TINY_PART	4

/**
 * cs_sink_check - can this socket take a transfer?
 * @sock: any socket
 *
 * Process context.
 * Return: 0, -EOPNOTSUPP if it is no stream socket, -ENOTCONN.
 */
int cs_sink_check(struct socket *sock)
{
	const struct sock *sk = sock->sk;
	int state = READ_ONCE(sk->sk_state);

	if (sock->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (state == TCP_LISTEN)
		return -ENOTCONN;
	/* One that was connected once has its own story to tell. */
	if (state == TCP_CLOSE && !READ_ONCE(sk->sk_err) &&
	    !READ_ONCE(sk->sk_shutdown))
		return -ENOTCONN;
	return 0;
}

/* Would handing bytes over by reference have others wait for the peer? */
static bool cs_sink_must_copy(const struct cs_xfer *xfer)
{
	return xfer->flags & COLDSEND_F_ASYNC &&
	       compat_sock_splice_blocks(xfer->sock->sk);
}

/**
 * cs_sink_copies - are the transfer's bytes copied for the socket?
 * @xfer: its flags are set, its socket passed cs_sink_check()
 *
 * TCP does if the device it goes out by can't gather, kTLS and other upper
 * protocols write what they make of it to new memory, and of the families only
 * TCP and UNIX keep references at all.
 *
 * Process context.
 */
bool cs_sink_copies(const struct cs_xfer *xfer)
{
	struct sock *sk = xfer->sock->sk;

	if (sk->sk_family == AF_UNIX)
		return cs_sink_must_copy(xfer);
	if (!sk_is_tcp(sk) || inet_csk_has_ulp(sk))
		return true;
	return !(sk->sk_route_caps & NETIF_F_SG);
}

/**
 * cs_sink_blocks - may the socket have its sender wait for the peer, whatever
 *	the sender says?
 * @sock: one that passed cs_sink_check()
 *
 * kTLS takes a lock that another sender may hold while it waits; vsock takes the
 * socket's lock to tell whether there is room, MPTCP that of others.  Any context.
 */
bool cs_sink_blocks(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (sk_is_tcp(sk))
		return inet_csk_has_ulp(sk);
	return sk->sk_family != AF_UNIX;
}

/*
 * Asynchronous transfers share few threads, also with those of other users.  A
 * task that holds a socket's lock may sleep for as long as it likes, on memory
 * that it makes itself (FUSE, userfaultfd): the socket counts as full meanwhile.
 */
static bool cs_sink_is_held(const struct cs_xfer *xfer)
{
	return xfer->async && !xfer->blocks &&
	       sock_owned_by_user_nocheck(xfer->sock->sk);
}

/* Return: 0, or what keeps the transfer from calling the socket: -errno. */
static int cs_sink_obstacle(const struct cs_xfer *xfer)
{
	/* It became one while others' transfers wait with this one. */
	if (xfer->async && !xfer->blocks && cs_sink_blocks(xfer->sock))
		return -EOPNOTSUPP;
	return cs_sink_is_held(xfer) ? -EAGAIN : 0;
}

/* Bytes that the socket has room for; AF_UNIX counts them elsewhere than others do. */
static int cs_sink_room(const struct sock *sk)
{
	if (sk->sk_family == AF_UNIX)
		return READ_ONCE(sk->sk_sndbuf) - sk_wmem_alloc_get(sk);
	return sk_stream_wspace(sk);
}

/**
 * cs_sink_window - how far ahead of what is sent to read, in bytes
 * @xfer: the transfer
 *
 * A blocking socket takes all in the end.  What a non-blocking one has no room
 * for would be read in vain.  A wary transfer (an asynchronous one, of which there
 * may be many to slow peers, one whose peer took nothing for so long that what was
 * read ahead was given up, or was slow while memory was scarce) trusts a peer that
 * keeps up with more and more.  Process context.
 */
loff_t cs_sink_window(const struct cs_xfer *xfer)
{
	loff_t room;

	if (!xfer->nonblock && !xfer->wary)
		return LLONG_MAX;
	room = max(cs_sink_room(xfer->sock->sk), CS_WINDOW_MIN);
	return max_t(loff_t, room, xfer->trust);
}

/**
 * cs_sink_beware - less is read ahead for the peer, until it keeps up
 * @xfer: that becomes wary, if it was not
 *
 * Process context.
 */
void cs_sink_beware(struct cs_xfer *xfer)
{
	if (xfer->wary)
		return;
	xfer->wary = true;
	xfer->trust = xfer->tunables.segment_size;
}

/**
 * cs_sink_trust - the peer of a transfer keeps up, or doesn't
 * @xfer: the transfer
 * @keeps_up: whether the socket took all of a segment, or was full
 *
 * A socket that is full once in a while costs a fast peer little; one that is full
 * after each segment or two, all; and while memory is scarce, a transfer whose
 * socket is full becomes wary.  A synchronous one forgets that when it trusts the peer
 * with all again.  Process context.
 */
void cs_sink_trust(struct cs_xfer *xfer, bool keeps_up)
{
	/* As much as the ring has at the most. */
	u32 most = 2 * xfer->tunables.segment_size * xfer->tunables.depth;

	if (!keeps_up && cs_pool_is_scarce(xfer))
		cs_sink_beware(xfer);
	if (!xfer->wary)
		return;
	xfer->trust = !keeps_up ? xfer->trust / 4 :
		      min(max_t(u32, 2 * xfer->trust, CS_WINDOW_MIN), most);
	if (xfer->trust == most && !xfer->async)
		xfer->wary = false;
}

/**
 * cs_sink_reach - up to where it is worth having bytes ready
 * @xfer: the transfer
 * @pos: file position of the first of them
 *
 * Return: a file position past @pos, if that is not the end of the transfer.
 * Process context.
 */
loff_t cs_sink_reach(const struct cs_xfer *xfer, loff_t pos)
{
	return pos + min(xfer->end - pos, cs_sink_window(xfer));
}

/**
 * cs_sink_is_tiny - is the segment copied rather than handed over?
 * @segment: ready to be sent, or sent in part
 *
 * A few bytes would keep a whole folio of ours busy, while the send buffer
 * counts only them.  Any context.
 */
bool cs_sink_is_tiny(const struct cs_segment *segment)
{
	if (segment->beyond)
		return segment->end - segment->begin <
		       segment->capacity / CS_TINY_PART;
	return segment->capacity && segment->end - segment->first < CS_TINY;
}

static ssize_t cs_sink_copy(struct socket *sock,
			    const struct cs_segment *segment, int flags)
{
	struct msghdr msg = { .msg_flags = flags };

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, segment->bvec,
		      segment->nr_bvecs, segment->end);
	iov_iter_advance(&msg.msg_iter, segment->begin);
	return sock_sendmsg(sock, &msg);
}

/* Where the last byte is to be: a file that was cut off meanwhile has no more. */
static loff_t cs_sink_last(const struct cs_xfer *xfer)
{
	return min(xfer->end, i_size_read(cs_pagecache_inode(xfer->file)));
}

/**
 * cs_sink_send - sends what it can of a segment
 * @xfer: the transfer, at the segment's @begin
 * @segment: with at least a byte to send
 *
 * Process context; sleeps for the socket's lock, not for the peer.
 *
 * Return: bytes accepted, at least one, or -errno: -EAGAIN the socket is full,
 * others as send(2).
 */
ssize_t cs_sink_send(struct cs_xfer *xfer, const struct cs_segment *segment)
{
	u32 length = segment->end - segment->begin;
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	ssize_t result;

	result = cs_sink_obstacle(xfer);
	if (result)
		return result;
	xfer->more = xfer->pos + length < cs_sink_last(xfer);
	if (xfer->more)
		flags |= MSG_MORE;
	if (cs_sink_is_tiny(segment) || cs_sink_must_copy(xfer))
		result = cs_sink_copy(xfer->sock, segment, flags);
	else
		result = compat_sock_splice(xfer->sock, segment->bvec,
					    segment->nr_bvecs, segment->begin,
					    length, flags);
	trace_coldsend_send(xfer, length, result);
	/*
	 * A stream socket has no reason to accept nothing; and one that connects only
	 * now (TCP_FASTOPEN_CONNECT) has room when that is done.
	 */
	return result && result != -EINPROGRESS ? result : -EAGAIN;
}

/* The socket's state changed; softirq, under locks of the socket. */
static int cs_sink_wake(wait_queue_entry_t *entry, unsigned int mode, int sync,
			void *key)
{
	struct cs_xfer *xfer = container_of(entry, struct cs_xfer, sock_wait);
	__poll_t events = key_to_poll(key);

	if (events && !(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return 0;
	WRITE_ONCE(xfer->sock_woken, true);
	cs_xfer_wake(xfer);
	return 1;
}

/* Called by the socket's poll, at most once with a queue is enough. */
static void cs_sink_queue(struct file *file, wait_queue_head_t *head,
			  poll_table *poll)
{
	struct cs_xfer *xfer = container_of(poll, struct cs_xfer, sock_poll);

	if (xfer->sock_wait_head)
		return;
	init_waitqueue_func_entry(&xfer->sock_wait, cs_sink_wake);
	xfer->sock_wait_head = head;
	add_wait_queue(head, &xfer->sock_wait);
}

static bool cs_sink_poll(struct cs_xfer *xfer, poll_queue_proc queue)
{
	const struct sock *sk = xfer->sock->sk;
	poll_table *poll = &xfer->sock_poll;
	__poll_t events;

	init_poll_funcptr(poll, queue);
	/* Not EPOLLIN, and above all not the bit that asks for busy polling. */
	poll->_key = EPOLLOUT | EPOLLERR | EPOLLHUP;
	events = vfs_poll(xfer->sock_file, poll);
	/*
	 * EPOLLERR also stands for time stamps and the like to be fetched, and a
	 * UNIX socket doesn't tell that no more can be sent.
	 */
	return events & (EPOLLOUT | EPOLLHUP) || READ_ONCE(sk->sk_err) ||
	       READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN;
}

/**
 * cs_sink_has_room - has the socket room, or died?
 * @xfer: the transfer
 *
 * May sleep.
 */
bool cs_sink_has_room(struct cs_xfer *xfer)
{
	return cs_sink_poll(xfer, NULL);
}

/**
 * cs_sink_writable - has the socket room, or died, and tell when it has
 * @xfer: the transfer
 *
 * If not, xfer->sock_woken will be set and the transfer woken when that may
 * have changed, from now until cs_sink_exit().  May sleep.
 */
bool cs_sink_writable(struct cs_xfer *xfer)
{
	bool writable;

	/* A wake-up that comes from now on must not be overwritten. */
	smp_store_mb(xfer->sock_woken, false);
	writable = cs_sink_poll(xfer, xfer->sock_wait_head ? NULL :
							     cs_sink_queue);
	if (!writable)
		xfer->retries = 0;
	return writable;
}

/*
 * Does the socket hold something back for more that won't come, and can it be
 * told so?  kTLS may wait for the peer then, which only a caller does that would
 * have waited anyway; the next send does it for the others.
 */
static bool cs_sink_may_push(const struct cs_xfer *xfer)
{
	if (!xfer->more || xfer->pos == xfer->start ||
	    xfer->error == -EAGAIN || cs_sink_is_held(xfer) ||
	    !sk_stream_is_writeable(xfer->sock->sk))
		return false;
	return !cs_sink_blocks(xfer->sock) ||
	       !(xfer->async || xfer->nonblock || xfer->error);
}

/**
 * cs_sink_exit - ends sending
 * @xfer: the transfer
 *
 * May sleep for the socket's lock.
 */
void cs_sink_exit(struct cs_xfer *xfer)
{
	if (cs_sink_may_push(xfer))
		compat_sock_splice_eof(xfer->sock);
	if (xfer->sock_wait_head)
		remove_wait_queue(xfer->sock_wait_head, &xfer->sock_wait);
	xfer->sock_wait_head = NULL;
}

/* Nobody is left to linger for; what is queued is sent all the same. */
static void cs_sink_dont_linger(struct sock *sk)
{
	lock_sock(sk);
	/* To linger for no time at all means to reset the connection. */
	if (sk->sk_lingertime)
		sock_reset_flag(sk, SOCK_LINGER);
	release_sock(sk);
}

/**
 * cs_sink_put - lets go of the socket's file
 * @xfer: the transfer, after cs_sink_exit()
 *
 * The last to do so sleeps while the socket lingers (SO_LINGER); a worker has it
 * not linger any more.  May sleep.
 */
void cs_sink_put(struct cs_xfer *xfer)
{
	struct file *file = xfer->sock_file;

	xfer->sock_file = NULL;
	if (cs_xfer_put_unless_last(xfer, file))
		return;
	cs_sink_dont_linger(xfer->sock->sk);
	__fput_sync(file);
}
