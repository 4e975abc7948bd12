// SPDX-License-Identifier: GPL-2.0
/*
 * An example of libcoldsend: sends a file to whoever connects, from one thread.
 *
 *	cc serve.c $(pkg-config --cflags --libs libcoldsend) -o serve
 *	./serve 8000 big.iso direct
 *
 * One epoll set waits for connections and for results of transfers; the kernel
 * does the rest, however many receivers there are (each is a descriptor, see
 * ulimit -n) and however slow they are.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* accept4 */
#endif
#include <coldsend.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/**
 * struct server - all there is
 * @cs: the open device
 * @epoll: waits for @listener and for @cs
 * @listener: where receivers connect
 * @file: what they get
 * @policy: how it travels
 * @open: connections
 */
struct server {
	struct coldsend *cs;
	int epoll;
	int listener;
	int file;
	int policy;
	unsigned int open;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int listen_on(unsigned short port)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(here);
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			  0);
	int on = 1;

	if (sock < 0 ||
	    setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(sock, (struct sockaddr *)&here, len) ||
	    listen(sock, SOMAXCONN) ||
	    getsockname(sock, (struct sockaddr *)&here, &len))
		die("can't listen");
	printf("listening on port %d\n", ntohs(here.sin_port));
	fflush(stdout);
	return sock;
}

static void watch(const struct server *server, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	if (epoll_ctl(server->epoll, EPOLL_CTL_MOD, fd, &event) &&
	    epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event))
		die("can't wait for a descriptor");
}

static void hang_up(struct server *server, int sock)
{
	close(sock);
	server->open--;
	watch(server, server->listener, EPOLLIN);
}

/* The socket is all that has to be known of a transfer. */
static void start(struct server *server, int sock)
{
	struct coldsend_send request = COLDSEND_REQUEST(sock, server->file, 0,
							COLDSEND_TO_EOF);

	request.policy = (unsigned int)server->policy;
	request.user_data = (unsigned int)sock;
	server->open++;
	if (!coldsend_submit(server->cs, &request))
		return;
	fprintf(stderr, "not sent: %s\n", coldsend_strerror(errno));
	hang_up(server, sock);
}

/* Who finds no descriptor left waits until a connection has ended. */
static void accept_all(struct server *server)
{
	int sock;

	while ((sock = accept4(server->listener, NULL, NULL,
			       SOCK_CLOEXEC)) >= 0)
		start(server, sock);
	if (errno != EMFILE && errno != ENFILE)
		return;
	if (server->open)
		watch(server, server->listener, 0);
	else
		sleep(1);	/* others have them all */
}

/*
 * What the receiver said, a request maybe, is thrown away: closed with it, TCP would
 * throw away what is on its way.  To strangers, give a time for that.
 */
static void read_to_end(struct server *server, int sock)
{
	char rest[4096];
	ssize_t n;

	do {
		n = recv(sock, rest, sizeof(rest), MSG_DONTWAIT);
	} while (n > 0);
	if (!n || errno != EAGAIN)
		hang_up(server, sock);
}

static void finish(const struct server *server,
		   const struct coldsend_completion *result)
{
	int sock = (int)result->user_data;

	printf("sent %llu bytes, policy %s%s%s\n",
	       (unsigned long long)result->sent,
	       coldsend_policy_name(result->policy_used),
	       result->error ? ", stopped: " : "",
	       result->error ? coldsend_strerror(result->error) : "");
	fflush(stdout);
	shutdown(sock, SHUT_WR);
	watch(server, sock, EPOLLIN);
}

static void reap_all(const struct server *server)
{
	struct coldsend_completion results[16];
	int count, i;

	while ((count = coldsend_reap(server->cs, results, 16, 0)) > 0)
		for (i = 0; i < count; i++)
			finish(server, &results[i]);
}

static void serve(struct server *server)
{
	struct epoll_event event;

	watch(server, server->listener, EPOLLIN);
	watch(server, coldsend_fd(server->cs), EPOLLIN);
	for (;;) {
		if (epoll_wait(server->epoll, &event, 1, -1) < 1)
			continue;
		if (event.data.fd == server->listener)
			accept_all(server);
		else if (event.data.fd == coldsend_fd(server->cs))
			reap_all(server);
		else
			read_to_end(server, event.data.fd);
	}
}

int main(int argc, char **argv)
{
	struct server server = { .policy = COLDSEND_POLICY_DEFAULT };

	if (argc < 3) {
		fprintf(stderr, "usage: %s PORT FILE [POLICY]\n", argv[0]);
		return 2;
	}
	if (argc > 3)
		server.policy = coldsend_policy_find(argv[3]);
	if (server.policy < 0)
		die(argv[3]);
	server.cs = coldsend_open();
	if (!server.cs)
		die(COLDSEND_DEVICE);
	server.file = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (server.file < 0)
		die(argv[2]);
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server.epoll < 0)
		die("epoll");
	server.listener = listen_on((unsigned short)atoi(argv[1]));
	serve(&server);
}
