// SPDX-License-Identifier: GPL-2.0
/*
 * What runs beside a scan: a client asks a server for blocks of a hot file, a
 * few of them often and most of them seldom (Zipf), one after the other.  The
 * client tells how long it waited.
 *
 * The server and the sender of the cold file share a memory cgroup, of which
 * the hot file fills most.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../cs_test.h"
#include "run.h"

#define BLOCK		(64 * BENCH_KIB)
/* So that client and server do not use up the machine. */
#define THINK_NS	(2 * 1000 * 1000)
#define SECONDS		60

/**
 * struct bench_beside - shared by the processes
 * @server: process
 * @client: process
 * @ready: the file is hot and the client asks
 * @stop: the client should end
 * @latencies: of the client's requests
 */
struct bench_beside {
	pid_t server;
	pid_t client;
	bool ready;
	bool stop;
	struct bench_histogram latencies;
};

static __u32 nr_blocks(void)
{
	return bench_beside_file.size / BLOCK;
}

/* Twice: what was read only once is the first to go. */
static int warm(void)
{
	int err = bench_read_all(bench_beside_file.fd, bench_beside_file.size);

	return err ?: bench_read_all(bench_beside_file.fd, bench_beside_file.size);
}

static int answer(int sock, __u32 block)
{
	off_t pos = block * BLOCK;
	off_t end = pos + BLOCK;
	ssize_t sent = 1;

	while (pos < end && sent > 0)
		sent = sendfile(sock, bench_beside_file.fd, &pos, end - pos);
	if (sent < 0)
		return -errno;
	return sent ? 0 : -EIO;
}

static int serve(const struct bench_scenario *scenario, int listener)
{
	int err, sock;
	__u32 block;

	err = bench_join_group(scenario);
	if (err)
		return err;
	err = warm();
	if (err)
		return err;
	sock = accept(listener, NULL, NULL);
	if (sock < 0)
		return -errno;
	while (recv(sock, &block, sizeof(block), MSG_WAITALL) == sizeof(block)) {
		err = answer(sock, block);
		if (err)
			return err;
	}
	return 0;
}

/*
 * By a bounded Pareto distribution of shape near 0, which falls off as 1/rank;
 * the ranks lie anywhere in the file.
 */
static __u32 choose(__u64 *seed)
{
	double uniform;
	__u32 rank;

	*seed = cs_mix(*seed);
	uniform = ldexp(*seed >> 11, -53);
	rank = pow(nr_blocks(), uniform);
	return cs_mix(rank) % nr_blocks();
}

static int ask(int sock, char *buf, __u64 *seed)
{
	__u32 block = choose(seed);

	if (send(sock, &block, sizeof(block), MSG_NOSIGNAL) < 0)
		return -errno;
	return recv(sock, buf, BLOCK, MSG_WAITALL) == BLOCK ? 0 : -EPIPE;
}

static int request_until_stopped(struct bench_beside *b, __u16 port)
{
	struct timespec think = { .tv_nsec = THINK_NS };
	char *buf = malloc(BLOCK);
	int sock = bench_connect(port);
	__u64 seed = 1;
	int err;

	if (!buf || sock < 0)
		return -ENOMEM;
	/* The first waits until the server has warmed up. */
	err = ask(sock, buf, &seed);
	b->ready = true;
	while (!err && !__atomic_load_n(&b->stop, __ATOMIC_ACQUIRE)) {
		__u64 since;

		nanosleep(&think, NULL);
		since = bench_ticks();
		err = ask(sock, buf, &seed);
		bench_histogram_add(&b->latencies, bench_ticks() - since);
	}
	return err;
}

static void end_both(struct bench_beside *b)
{
	if (b->client > 0)
		kill(b->client, SIGKILL);
	if (b->server > 0)
		kill(b->server, SIGKILL);
}

static bool is_ready(void *arg)
{
	struct bench_beside *b = arg;

	return __atomic_load_n(&b->ready, __ATOMIC_ACQUIRE);
}

static int start_both(struct bench_beside *b,
		      const struct bench_scenario *scenario)
{
	__u16 port;
	int listener = bench_listen(&port);
	pid_t server, client;

	if (listener < 0)
		return listener;
	server = bench_child();
	if (!server)
		_exit(-serve(scenario, listener));
	client = bench_child();
	if (!client)
		_exit(-request_until_stopped(b, port));
	close(listener);
	/* By this process alone: the children's 0 would be seen here, too. */
	b->server = server;
	b->client = client;
	if (b->server < 0 || b->client < 0 || !cs_wait(is_ready, b, SECONDS)) {
		end_both(b);
		return -ETIMEDOUT;
	}
	return 0;
}

int bench_beside_start(const struct bench_scenario *scenario,
		       struct bench_beside **beside)
{
	struct bench_beside *b = bench_shared_get(sizeof(*b));
	int err;

	if (!b)
		return -ENOMEM;
	err = start_both(b, scenario);
	if (err)
		bench_shared_put(b, sizeof(*b));
	*beside = b;
	return err;
}

int bench_beside_end(struct bench_beside *b, struct bench_result *result)
{
	long pages = bench_beside_file.size / sysconf(_SC_PAGESIZE);
	int err, err2;

	result->hot_kept = (double)bench_cache_pages(&bench_beside_file) / pages;
	__atomic_store_n(&b->stop, true, __ATOMIC_RELEASE);
	err = bench_child_result(b->client);
	err2 = bench_child_result(b->server);
	result->p50_us = bench_histogram_us(&b->latencies, .5);
	result->p99_us = bench_histogram_us(&b->latencies, .99);
	result->p999_us = bench_histogram_us(&b->latencies, .999);
	bench_shared_put(b, sizeof(*b));
	return err ? err : err2;
}
