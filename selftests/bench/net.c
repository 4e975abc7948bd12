// SPDX-License-Identifier: GPL-2.0
/* The TCP connection over loopback, and what its receiving end does. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

static void loopback(struct sockaddr_in *sin, __u16 port)
{
	*sin = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

/* Return: a listening socket or -errno. */
int bench_listen(__u16 *port)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int sock;

	loopback(&sin, 0);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (bind(sock, (struct sockaddr *)&sin, len) || listen(sock, 1) ||
	    getsockname(sock, (struct sockaddr *)&sin, &len)) {
		int err = -errno;

		close(sock);
		return err;
	}
	*port = ntohs(sin.sin_port);
	return sock;
}

/* Return: a connected socket or -errno. */
int bench_connect(__u16 port)
{
	struct sockaddr_in sin;
	int sock;

	loopback(&sin, port);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -errno;
	if (connect(sock, (struct sockaddr *)&sin, sizeof(sin))) {
		int err = -errno;

		close(sock);
		return err;
	}
	return sock;
}

/*
 * Receives one connection to its end and answers how many bytes came.  They are
 * thrown away in the kernel, as a network card would take them: the copy out of
 * the socket is not the sender's cost.
 */
int bench_receive(int listener)
{
	char *buf = malloc(BENCH_CHUNK);
	__u64 count = 0;
	ssize_t n;
	int sock;

	if (!buf)
		return -ENOMEM;
	sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return -errno;
	while ((n = recv(sock, buf, BENCH_CHUNK, MSG_TRUNC)) > 0)
		count += n;
	if (n < 0 || send(sock, &count, sizeof(count), MSG_NOSIGNAL) < 0)
		return -errno;
	close(sock);
	free(buf);
	return 0;
}

/* The sender's end of that: waits until the receiver has all. */
int bench_finish(int sock, __u64 *received)
{
	ssize_t n;

	if (shutdown(sock, SHUT_WR))
		return -errno;
	n = recv(sock, received, sizeof(*received), MSG_WAITALL);
	if (n < 0)
		return -errno;
	return n == sizeof(*received) ? 0 : -EPROTO;
}
