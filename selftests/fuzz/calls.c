// SPDX-License-Identifier: GPL-2.0
/* What a program can do with descriptors while transfers use them. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

static void close_one(struct fuzz_world *w, const __u16 *word)
{
	fuzz_put(w, word[0], -1);
}

static void dup_one(struct fuzz_world *w, const __u16 *word)
{
	int from = fuzz_slot(w, word[0]), to = fuzz_slot(w, word[1]);

	/* Over another one, or beside it. */
	if (word[2] & 1 && to >= 0)
		dup3(from, to, from == to ? 0 : O_CLOEXEC);
	else
		fuzz_put(w, word[1], fcntl(from, F_DUPFD_CLOEXEC, 0));
}

static void shut(struct fuzz_world *w, const __u16 *word)
{
	shutdown(fuzz_slot(w, 6 + word[0] % 6), word[1] % 3);
}

static void cut(struct fuzz_world *w, const __u16 *word)
{
	(void)!ftruncate(fuzz_slot(w, word[0]), fuzz_offset(word[1]) % (2 * CS_MIB));
}

static void punch(struct fuzz_world *w, const __u16 *word)
{
	static const int modes[] = {
		FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		FALLOC_FL_ZERO_RANGE, FALLOC_FL_COLLAPSE_RANGE,
	};

	fallocate(fuzz_slot(w, word[0]), modes[word[1] % 4],
		  fuzz_offset(word[2]) % CS_MIB, 1 + fuzz_offset(word[3]) % CS_MIB);
}

static void write_some(struct fuzz_world *w, const __u16 *word)
{
	__u8 buf[16384];

	memset(buf, word[2], sizeof(buf));
	(void)!pwrite(fuzz_slot(w, word[0]), buf, sizeof(buf), word[1] * 16ULL);
}

static void write_socket(struct fuzz_world *w, const __u16 *word)
{
	__u8 buf[4096];

	memset(buf, word[2], sizeof(buf));
	send(fuzz_slot(w, 6 + word[0] % 6), buf, word[1] % sizeof(buf),
	     MSG_DONTWAIT | MSG_NOSIGNAL | (word[3] & 1 ? MSG_MORE : 0));
}

static void receive(struct fuzz_world *w, const __u16 *word)
{
	__u8 buf[65536];
	int times = 1 + word[1] % 32;

	while (times-- && recv(fuzz_slot(w, 6 + word[0] % 6), buf,
			       sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

static void read_results(struct fuzz_world *w, const __u16 *word)
{
	struct coldsend_completion c[4];
	int dev = fuzz_slot(w, word[0] % 2);
	struct pollfd p = { .fd = dev, .events = POLLIN };

	if (poll(&p, 1, word[1] % 50) == 1 || word[1] & 1)
		(void)!read(dev, c, 1 + word[2] % sizeof(c));
}

static void new_sockets(struct fuzz_world *w, const __u16 *word)
{
	int sv[2];

	if (cs_pair(word[1] % CS_KINDS, sv))
		return;
	fuzz_put(w, 6 + word[0] % 3 * 2, sv[0]);
	fuzz_put(w, 7 + word[0] % 3 * 2, sv[1]);
}

static void new_device(struct fuzz_world *w, const __u16 *word)
{
	fuzz_put(w, word[0] % 2, open(COLDSEND_DEVICE, O_RDWR | O_CLOEXEC |
				      (word[1] & 1 ? O_NONBLOCK : 0)));
}

static void new_file(struct fuzz_world *w, const __u16 *word)
{
	fuzz_put(w, 2 + word[0] % 4, fuzz_open_file(w, word[1]));
}

static void set_option(struct fuzz_world *w, const __u16 *word)
{
	int sock = fuzz_slot(w, 6 + word[0] % 6);
	struct timeval soon = { .tv_usec = word[2] };
	struct linger now = { .l_onoff = 1 };
	int value = word[2];

	switch (word[1] % 7) {
	case 0:
		setsockopt(sock, SOL_SOCKET, SO_SNDBUF, &value, sizeof(value));
		break;
	case 1:
		setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &value, sizeof(value));
		break;
	case 2:
		setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
		break;
	case 3:
		setsockopt(sock, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		break;
	case 4:
		value &= 1;
		setsockopt(sock, IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
		break;
	case 5:
		setsockopt(sock, IPPROTO_TCP, TCP_ULP, "tls", 3);
		break;
	default:
		fcntl(sock, F_SETFL, word[2] & 1 ? O_NONBLOCK : 0);
	}
}

/* A descriptor travels through a socket, into itself perhaps. */
static void pass(struct fuzz_world *w, const __u16 *word)
{
	char control[CMSG_SPACE(sizeof(int))] = {};
	struct iovec iov = { .iov_base = "x", .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int fd = fuzz_slot(w, word[1]);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	sendmsg(fuzz_slot(w, 8 + word[0] % 2), &msg,
		MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void forget_cache(struct fuzz_world *w, const __u16 *word)
{
	int fd = fuzz_slot(w, 2 + word[0] % 4);

	if (word[1] & 1)
		fdatasync(fd);
	posix_fadvise(fd, 0, 0, word[1] & 2 ? POSIX_FADV_DONTNEED :
					      POSIX_FADV_WILLNEED);
}

/* Read-only works only while nobody writes, which is a game of its own. */
static void remount(struct fuzz_world *w, const __u16 *word)
{
	if (w->mount)
		mount(NULL, w->mount, NULL,
		      MS_REMOUNT | (word[0] & 1 ? MS_RDONLY : 0), NULL);
}

/* Sockets of a network that goes away with the last who is in it. */
static void other_network(struct fuzz_world *w, const __u16 *word)
{
	if (unshare(CLONE_NEWNET))
		return;
	fuzz_put(w, 6 + word[0] % 6, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void pause_a_little(struct fuzz_world *w, const __u16 *word)
{
	(void)w;
	usleep(word[0] % 3000);
}

const struct fuzz_op fuzz_ops[] = {
	{ "send", 24, fuzz_send },
	{ "info", 2, fuzz_info },
	{ "residency", 2, fuzz_residency },
	{ "cancel", 3, fuzz_cancel },
	{ "ioctl", 2, fuzz_ioctl },
	{ "netlink", 4, fuzz_netlink },
	{ "close", 4, close_one },
	{ "dup", 2, dup_one },
	{ "shutdown", 2, shut },
	{ "truncate", 3, cut },
	{ "punch", 3, punch },
	{ "write", 3, write_some },
	{ "put", 2, write_socket },
	{ "receive", 8, receive },
	{ "results", 4, read_results },
	{ "sockets", 3, new_sockets },
	{ "device", 2, new_device },
	{ "file", 4, new_file },
	{ "option", 3, set_option },
	{ "pass", 2, pass },
	{ "cache", 4, forget_cache },
	{ "remount", 1, remount },
	{ "network", 1, other_network },
	{ "pause", 3, pause_a_little },
};

const int fuzz_nr_ops = ARRAY_SIZE(fuzz_ops);

int fuzz_op_find(const char *name)
{
	int i;

	for (i = 0; i < fuzz_nr_ops; i++)
		if (!strcmp(fuzz_ops[i].name, name))
			return i;
	return -ENOENT;
}
