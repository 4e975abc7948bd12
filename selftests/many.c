// SPDX-License-Identifier: GPL-2.0
/*
 * Many asynchronous transfers of one file to receivers that read slowly: what
 * they cost in memory and threads is bounded.
 *
 * Their memory is what the kernel uses more, by its own books, when all of them
 * wait for sockets that were full before they came: so there is nothing of
 * theirs in the sockets, and no socket among what is counted.
 *
 * usage: many [N]	(1000)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd.h"
#include "memory.h"
#include "submit.h"
#include "tunables.h"

#define SECONDS		300
#define SNDBUF		16384
#define CHUNK		16384
/* Memory of a transfer that waits, in bytes at the most. */
#define COST		2048LL
/* What the kernel uses for itself meanwhile, in bytes. */
#define NOISE		(256LL * 1024)
/* Time for all to find their sockets full, and for the pool to keep no more than they. */
#define SETTLE_MS	2000
/* Time in which no segment goes, once the pool has freed what it counts no more. */
#define STILL_MS	500
#define SPARE_SECONDS	30

static const struct cs_data data = { .seed = 95, .size = 256 * CS_KIB };
static int results;
static int failures;

static void result(bool right, const char *policy, const char *what)
{
	printf("%s %d %s: %s\n", right ? "ok" : "not ok", ++results, policy,
	       what);
	failures += !right;
}

static void check_cost(const struct cs_crowd *c, long long cost,
		       const char *policy)
{
	const char *what = "memory of a transfer";

	if (cs_memory_is_padded())
		printf("ok %d %s: %s # SKIP the kernel pads what it allocates\n",
		       ++results, policy, what);
	else
		result(cost <= COST * c->n + NOISE, policy, what);
}

/* Segments that exist, and since when it has been so many. */
struct segments {
	long long number;
	long long since_ms;
};

static bool nothing_is_spare(void *arg)
{
	long long number = cs_pool_stat("segments");
	struct segments *segments = arg;

	if (number != segments->number ||
	    cs_pool_stat("bytes_held") != cs_pool_stat("bytes_used"))
		segments->since_ms = cs_now_ms();
	segments->number = number;
	return cs_now_ms() - segments->since_ms >= STILL_MS;
}

/* Submits all, and says what they hold while they wait. */
static int submit(struct cs_crowd *c, const char *name)
{
	struct segments segments = { .since_ms = cs_now_ms() };
	struct cs_memory before, after;
	long long cost, pool;
	int err;

	before = cs_memory_now();
	err = cs_crowd_submit(c);
	if (err)
		return err;
	cs_crowd_watch(c, SETTLE_MS);
	cs_wait(nothing_is_spare, &segments, SPARE_SECONDS);
	after = cs_memory_now();
	pool = cs_stat("pool_bytes");
	cost = after.used - before.used - pool;
	printf("# %s: waiting: %lld bytes a transfer in small objects, %lld in all, pool %lld\n",
	       name, (after.slab - before.slab) / c->n, cost / c->n, pool);
	check_cost(c, cost, name);
	return 0;
}

static void run(int n, __u32 policy, const char *name)
{
	/* What all users may have: one's workers start the next as they end. */
	long workers = 2 * (2 * sysconf(_SC_NPROCESSORS_ONLN) + 2);
	struct cs_tunables tunables;
	struct cs_crowd c = {
		.dev = cs_open(), .file = cs_data_create(cs_dir(), &data),
		.data = &data, .n = n, .chunk = CHUNK, .sndbuf = SNDBUF,
		.pause_ms = 20,
	};
	const struct cs_flow *wrong;
	long long start, made;
	int err = cs_tunables_get(&tunables);
	int i;

	c.flows = calloc(n, sizeof(*c.flows));
	for (i = 0; i < n; i++)
		c.flows[i].policy = policy;
	if (!c.flows || c.dev < 0 || c.file < 0 || cs_drop_cache(c.file))
		err = -EIO;
	start = cs_now_ms();
	err = err ?: cs_crowd_make(&c);
	made = cs_now_ms();
	err = err ?: cs_crowd_stuff(&c);
	printf("# %s: %d made in %lld ms, full after %lld ms\n", name, n,
	       made - start, cs_now_ms() - made);
	start = cs_now_ms();
	err = err ?: submit(&c, name);
	err = err ?: cs_crowd_run(&c, SECONDS);
	printf("# %s: %s after %lld ms; %d and %d open; pool %lld, workers %d\n",
	       name, strerror(-err), cs_now_ms() - start, c.running, c.open,
	       c.pool_max, c.workers_max);
	result(!err, name, "all end");
	wrong = err ? NULL : cs_crowd_wrong(&c);
	if (wrong)
		printf("# got %lld, sent %lld, error %d, bad %d\n",
		       (long long)wrong->got, (long long)wrong->sent,
		       wrong->error, wrong->bad);
	result(!err && !wrong, name, "all bytes exact");
	result(c.pool_max <= tunables.pool_max, name, "pool within its limit");
	/* On one processor, none that runs is ever seen: only its name, later. */
	result(c.workers_seen && c.workers_max <= workers, name,
	       "a handful of threads");
	close(c.dev);
	close(c.file);
	free(c.expect);
	free(c.flows);
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1000;

	cs_need_device();
	if (n <= 0 || !cs_pool_empties(20)) {
		puts("Bail out! no number, or a pool in use");
		return 1;
	}
	puts("1..20");
	run(n, COLDSEND_POLICY_CACHED, "cached");
	run(n, COLDSEND_POLICY_DIRECT, "direct");
	run(n, COLDSEND_POLICY_DROP_BEHIND, "drop-behind");
	run(n, COLDSEND_POLICY_HYBRID, "hybrid");
	return failures ? 1 : 0;
}
