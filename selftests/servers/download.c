// SPDX-License-Identifier: GPL-2.0
/*
 * download: clients of a web server that take no CPU to speak of: what they are
 * sent is thrown away in the kernel.
 *
 * usage: download PORT CLIENTS SECONDS RATE PATH…
 * Each client gets the paths again and again, from another one on, over one
 * connection to 127.0.0.1, at RATE bytes a second (0: as fast as it comes).
 * Prints the bytes that all got.  Exit: 1 if the server did not send a file.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX	1000
#define AT_ONCE		1048576
#define HEAD_MAX	4096

/* What all clients are told. */
static struct sockaddr_in server;
static char **paths;
static int nr_paths;
static double deadline, rate;

/**
 * struct client - one of them
 * @thread: that it is
 * @number: of the path that it begins with
 * @fd: its connection
 * @since: when it began
 * @bytes: of bodies that it got
 * @failed: the server did not send a file
 */
struct client {
	pthread_t thread;
	int number;
	int fd;
	double since;
	long long bytes;
	bool failed;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* Until the client may take more. */
static void pace(const struct client *c)
{
	double wait = rate ? c->since + c->bytes / rate - now() : 0;
	struct timespec t = { .tv_sec = wait };

	if (wait <= 0)
		return;
	t.tv_nsec = (wait - t.tv_sec) * 1e9;
	nanosleep(&t, NULL);
}

/* Bytes of the body that @head announces, or -1. */
static long long length_of(const char *head)
{
	static const char name[] = "Content-Length: ";
	const char *at = strstr(head, name);

	if (strncmp(head, "HTTP/1.1 200", 12) || !at)
		return -1;
	return atoll(at + sizeof(name) - 1);
}

/* Takes the head of an answer, and nothing behind it: bytes to come, or -1. */
static long long take_head(int fd)
{
	char head[HEAD_MAX];
	ssize_t n, used;
	char *end;

	do {
		n = recv(fd, head, sizeof(head) - 1, MSG_PEEK);
		if (n <= 0)
			return -1;
		head[n] = '\0';
		end = strstr(head, "\r\n\r\n");
		if (!end && n == sizeof(head) - 1)
			return -1;
	} while (!end);
	end[2] = '\0';
	used = end + 4 - head;
	return recv(fd, NULL, used, MSG_TRUNC) == used ?
	       length_of(head) : -1;
}

static bool take_body(struct client *c, long long left)
{
	ssize_t n;

	while (left && now() < deadline) {
		pace(c);
		n = recv(c->fd, NULL, left < AT_ONCE ? left : AT_ONCE,
			 MSG_TRUNC);
		if (n <= 0)
			return false;
		left -= n;
		c->bytes += n;
	}
	return true;
}

static bool get(struct client *c, const char *path)
{
	char ask[HEAD_MAX];
	int n = snprintf(ask, sizeof(ask),
			 "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	long long left;

	if (send(c->fd, ask, n, MSG_NOSIGNAL) != n)
		return false;
	left = take_head(c->fd);
	return left >= 0 && take_body(c, left);
}

static void *run(void *arg)
{
	struct client *c = arg;
	int i;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	c->since = now();
	c->failed = c->fd < 0 || connect(c->fd, (struct sockaddr *)&server,
					 sizeof(server));
	for (i = c->number; !c->failed && now() < deadline; i++)
		c->failed = !get(c, paths[i % nr_paths]);
	if (c->fd >= 0)
		close(c->fd);
	return NULL;
}

static int run_all(struct client *clients, int n)
{
	long long bytes = 0;
	int failed = 0, i;

	for (i = 0; i < n; i++) {
		clients[i].number = i;
		if (pthread_create(&clients[i].thread, NULL, run, &clients[i]))
			return 1;
	}
	for (i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		bytes += clients[i].bytes;
		failed += clients[i].failed;
	}
	printf("%lld\n", bytes);
	if (failed)
		fprintf(stderr, "download: %d clients were not sent a file\n",
			failed);
	return failed > 0;
}

int main(int argc, char **argv)
{
	static struct client clients[CLIENTS_MAX];
	int n = argc > 5 ? atoi(argv[2]) : 0;

	if (n < 1 || n > CLIENTS_MAX) {
		fprintf(stderr, "usage: download PORT CLIENTS SECONDS RATE PATH...\n");
		return 2;
	}
	server.sin_family = AF_INET;
	server.sin_port = htons(atoi(argv[1]));
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	deadline = now() + atof(argv[3]);
	rate = atof(argv[4]);
	paths = argv + 5;
	nr_paths = argc - 5;
	return run_all(clients, n);
}
