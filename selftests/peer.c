// SPDX-License-Identifier: GPL-2.0
/*
 * The other end of a transfer: connected stream sockets on this machine, and
 * a thread that receives and looks at each byte.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
/* Needs struct sockaddr of <sys/socket.h>. */
#include <linux/vm_sockets.h>

#include "cs_test.h"

#define CHUNK		(256 * CS_KIB)
#define JOIN_SECONDS	60

static const char * const names[CS_ALL_KINDS] = {
	[CS_TCP4] = "tcp4",
	[CS_TCP6] = "tcp6",
	[CS_UNIX] = "unix",
	[CS_MPTCP] = "mptcp",
	[CS_VSOCK] = "vsock",
};

const char *cs_kind_name(enum cs_kind kind)
{
	return names[kind];
}

int cs_kind_parse(const char *name)
{
	int i;

	for (i = 0; i < CS_ALL_KINDS; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -EINVAL;
}

static socklen_t loopback(enum cs_kind kind, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *four = (struct sockaddr_in *)ss;
	struct sockaddr_vm *vm = (struct sockaddr_vm *)ss;

	memset(ss, 0, sizeof(*ss));
	if (kind == CS_VSOCK) {
		vm->svm_family = AF_VSOCK;
		vm->svm_cid = VMADDR_CID_LOCAL;
		vm->svm_port = VMADDR_PORT_ANY;
		return sizeof(*vm);
	}
	if (kind == CS_TCP6) {
		six->sin6_family = AF_INET6;
		six->sin6_addr = in6addr_loopback;
		return sizeof(*six);
	}
	four->sin_family = AF_INET;
	four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sizeof(*four);
}

/* A socket of a network namespace, or of our own if @netns is negative. */
static int socket_in(int netns, int family, int protocol)
{
	if (netns >= 0 && setns(netns, CLONE_NEWNET))
		return -1;
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC, protocol);
}

/* Two sockets that meet at the address of the second. */
static int address_pair(struct sockaddr_storage *ss, socklen_t len,
			int protocol, const int netns[2], int sv[2])
{
	int server;
	int err = 0;

	sv[0] = -1;
	sv[1] = -1;
	server = socket_in(netns[1], ss->ss_family, protocol);
	if (server < 0)
		return -errno;
	if (bind(server, (struct sockaddr *)ss, len) || listen(server, 1) ||
	    getsockname(server, (struct sockaddr *)ss, &len))
		goto err_close;
	sv[0] = socket_in(netns[0], ss->ss_family, protocol);
	if (sv[0] < 0 || connect(sv[0], (struct sockaddr *)ss, len))
		goto err_close;
	sv[1] = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	if (sv[1] < 0)
		goto err_close;
	close(server);
	return 0;

err_close:
	err = -errno;
	close(server);
	close(sv[0]);
	return err;
}

/* Connected sockets: sv[0] to send by, sv[1] to receive by. */
int cs_pair(enum cs_kind kind, int sv[2])
{
	static const int here[2] = { -1, -1 };
	struct sockaddr_storage ss;
	socklen_t len = loopback(kind, &ss);

	if (kind != CS_UNIX)
		return address_pair(&ss, len,
				    kind == CS_MPTCP ? IPPROTO_MPTCP : 0,
				    here, sv);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return -errno;
	return 0;
}

/* The same with small buffers, so that they are full long before a file ends. */
int cs_pair_small(enum cs_kind kind, int sv[2])
{
	int bytes = 64 * CS_KIB;
	int err = cs_pair(kind, sv);

	if (err)
		return err;
	setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	setsockopt(sv[1], SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return 0;
}

/*
 * As cs_pair() over TCP, each in a network namespace of its own; the calling thread
 * is in the first one from then on.  @address: IPv4, of the second.
 */
int cs_pair_across(const int netns[2], const char *address, int sv[2])
{
	struct sockaddr_storage ss;
	struct sockaddr_in *four = (struct sockaddr_in *)&ss;
	socklen_t len = loopback(CS_TCP4, &ss);

	if (inet_pton(AF_INET, address, &four->sin_addr) != 1)
		return -EINVAL;
	return address_pair(&ss, len, 0, netns, sv);
}

static void look_at(struct cs_peer *p, const __u8 *buf, size_t len)
{
	if (p->data && p->bad == CS_NONE) {
		size_t right = cs_data_check(p->data, p->offset + p->count,
					     buf, len);

		if (right < len)
			p->bad = p->count + right;
	}
	if (p->keep && p->count < p->keep_len) {
		size_t room = p->keep_len - p->count;

		memcpy(p->keep + p->count, buf, len < room ? len : room);
	}
	/* Others watch it while this thread runs. */
	__atomic_store_n(&p->count, p->count + len, __ATOMIC_RELEASE);
}

static void receive_all(struct cs_peer *p, __u8 *buf, struct cs_sha256 *hash)
{
	while (!p->limit || p->count < p->limit) {
		size_t want = p->chunk;
		ssize_t n;

		if (p->limit && want > p->limit - p->count)
			want = p->limit - p->count;
		if (p->slow)
			cs_nap();
		n = recv(p->fd, buf, want, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			p->error = errno;
		if (n <= 0)
			return;
		if (p->digest)
			cs_sha256_update(hash, buf, n);
		look_at(p, buf, n);
	}
}

static void *peer_thread(void *arg)
{
	struct cs_peer *p = arg;
	struct cs_sha256 hash;
	__u8 *buf;

	buf = malloc(p->chunk);
	if (!buf) {
		p->error = ENOMEM;
		return NULL;
	}
	cs_sha256_init(&hash);
	receive_all(p, buf, &hash);
	cs_sha256_final(&hash, p->sha256);
	free(buf);
	return NULL;
}

/* Starts to receive; every start needs one cs_peer_join(). */
int cs_peer_start(struct cs_peer *p)
{
	if (!p->chunk)
		p->chunk = CHUNK;
	p->count = 0;
	p->bad = CS_NONE;
	p->error = 0;
	return -pthread_create(&p->thread, NULL, peer_thread, p);
}

/* Waits for the end of the stream, or -ETIMEDOUT. */
int cs_peer_join(struct cs_peer *p)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += cs_patient(JOIN_SECONDS);
	return -pthread_timedjoin_np(p->thread, NULL, &until);
}

/*
 * Receives @limit bytes, or to the end of the stream if that is 0.
 * Return: how many came, all of them as @data has them from @offset on; else CS_NONE.
 */
__u64 cs_receive(int fd, const struct cs_data *data, __u64 offset, __u64 limit)
{
	struct cs_peer p = {
		.fd = fd, .data = data, .offset = offset, .limit = limit,
	};
	int err = cs_peer_start(&p);

	if (err) {
		fprintf(stderr, "# no thread to receive: %s\n", strerror(-err));
		return CS_NONE;
	}
	err = cs_peer_join(&p);
	if (err) {
		fprintf(stderr, "# %llu bytes came, and no end of them\n",
			cs_peer_count(&p));
		/* It has @p, and goes on. */
		exit(EXIT_FAILURE);
	}
	if (!p.error && p.bad == CS_NONE)
		return p.count;
	if (p.error)
		fprintf(stderr, "# after %llu bytes: %s\n", p.count,
			strerror(p.error));
	else
		fprintf(stderr, "# byte %llu is wrong\n", p.bad);
	return CS_NONE;
}

/* Bytes received so far. */
__u64 cs_peer_count(const struct cs_peer *p)
{
	return __atomic_load_n(&p->count, __ATOMIC_ACQUIRE);
}

/* Sends a descriptor over a UNIX socket: 0 or -errno. */
int cs_pass(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { .iov_base = "", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}
