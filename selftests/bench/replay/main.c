// SPDX-License-Identifier: GPL-2.0
/*
 * replay: replays a trace by each way to serve files, and says how much of what
 * is hot was in the page cache, and how much the disk had to read.
 *
 * usage: replay DIR HOT-MIB ROUNDS REQUESTS SEED FORGET
 * FORGET is a command that has the module forget what it knows of the files; it runs
 * before each way, as the page cache is emptied.
 *
 * A line a way and round on stdout, tabs between: hot MiB, way, round, hit ratio,
 * bytes of the disk, bytes sent, seconds.  As many requests come before, unmeasured.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cs_test.h"
#include "../run.h"
#include "replay.h"

#define EXPONENT	0.9

static const struct replay_way ways[] = {
	{ "sendfile", &bench_sendfile, &bench_sendfile },
	{ "coldsend cached", &bench_cached, &bench_cached },
	{ "sendfile+DONTNEED lag", &bench_dontneed_later, &bench_dontneed_later },
	{ "DONTNEED lag threshold", &bench_sendfile, &bench_dontneed_later },
	{ "directio threshold", &bench_sendfile, &bench_direct_write },
	{ "coldsend direct threshold", &bench_cached, &bench_direct },
	{ "coldsend auto", &bench_auto, &bench_auto },
};

#define WAYS	((int)ARRAY_SIZE(ways))

/**
 * struct replay - what main was asked for
 * @files: that are served
 * @trace: what is asked for
 * @server: who serves
 * @hot_mib: bytes of the hot set, for readers
 * @requests: of a round
 * @seed: of the trace, and of the order of the ways
 * @forget: command, see above
 */
struct replay {
	struct replay_files files;
	struct replay_trace trace;
	struct replay_server *server;
	int hot_mib;
	int requests;
	__u64 seed;
	const char *forget;
};

static int start_anew(const struct replay *r)
{
	return system(r->forget) ? -ECHILD : cs_drop_all_caches();
}

/* Once to fill the page cache, and once, with other requests and scans, to count. */
static int run(struct replay *r, const struct replay_way *way, int round)
{
	struct replay_counts warm = { 0 }, counts = { 0 };
	int err = start_anew(r);

	replay_trace_start(&r->trace, cs_mix(r->seed + round));
	if (!err)
		err = replay_serve(r->server, way, &r->files, &r->trace,
				   0, r->requests, &warm);
	if (!err)
		err = replay_serve(r->server, way, &r->files, &r->trace,
				   r->requests, r->requests, &counts);
	if (err) {
		fprintf(stderr, "%s: %s\n", way->name, strerror(-err));
		return err;
	}
	printf("%d\t%s\t%d\t%.4f\t%llu\t%llu\t%.3f\n", r->hot_mib, way->name,
	       round, (double)counts.hit / counts.asked, counts.disk,
	       counts.sent, counts.seconds);
	fflush(stdout);
	return 0;
}

/* All ways, each once, in an order of its own each time. */
static int run_round(struct replay *r, int round)
{
	int order[WAYS];
	int err = 0;
	int i;

	for (i = 0; i < WAYS; i++)
		order[i] = i;
	bench_shuffle(order, WAYS, r->seed + round * 1000);
	for (i = 0; i < WAYS && !err; i++)
		err = run(r, &ways[order[i]], round);
	return err;
}

static int run_all(struct replay *r, int rounds)
{
	int err = replay_server_start(&r->server);
	int round;

	if (err)
		return err;
	for (round = 1; round <= rounds && !err; round++)
		err = run_round(r, round);
	replay_server_stop(r->server);
	return err;
}

int main(int argc, char **argv)
{
	struct replay r = { .hot_mib = argc == 7 ? atoi(argv[2]) : 0 };
	int err;

	if (r.hot_mib <= 0 || atoi(argv[3]) <= 0 || atoi(argv[4]) <= 0) {
		fputs("usage: replay DIR HOT-MIB ROUNDS REQUESTS SEED FORGET\n",
		      stderr);
		return 2;
	}
	bench_ticks_init();
	r.requests = atoi(argv[4]);
	r.seed = strtoull(argv[5], NULL, 0);
	r.forget = argv[6];
	err = replay_files_make(&r.files, argv[1], r.hot_mib * BENCH_MIB);
	if (!err)
		err = replay_trace_init(&r.trace, r.files.nr_small, EXPONENT);
	if (!err)
		err = run_all(&r, atoi(argv[3]));
	replay_trace_free(&r.trace);
	replay_files_remove(&r.files);
	if (err)
		fprintf(stderr, "replay: %s\n", strerror(-err));
	return err ? 1 : 0;
}
