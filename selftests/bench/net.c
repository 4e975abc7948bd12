// SPDX-License-Identifier: GPL-2.0
/* TCP connections over loopback. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run.h"

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
	if (bind(sock, (struct sockaddr *)&sin, len) || listen(sock, SOMAXCONN) ||
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
