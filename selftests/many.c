// SPDX-License-Identifier: GPL-2.0
/*
 * Many asynchronous transfers of one file to receivers that read slowly: what
 * they cost in memory and threads is bounded.
 *
 * usage: many [N]	(1000)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd.h"

#define SECONDS		300
#define SNDBUF		16384
#define CHUNK		16384

static const struct cs_data data = { .seed = 95, .size = 256 * CS_KIB };
static int results;
static int failures;

static void result(bool right, const char *policy, const char *what)
{
	printf("%s %d %s: %s\n", right ? "ok" : "not ok", ++results, policy,
	       what);
	failures += !right;
}

static void run(int n, __u32 policy, const char *name)
{
	long workers = 2 * sysconf(_SC_NPROCESSORS_ONLN) + 2;
	long long pool_max = cs_get_pool_max();
	struct cs_crowd c = {
		.dev = cs_open(), .file = cs_data_create(cs_dir(), &data),
		.data = &data, .n = n, .chunk = CHUNK, .sndbuf = SNDBUF,
		.hold_ms = 1000, .pause_ms = 20,
	};
	const struct cs_flow *wrong;
	long long start;
	int err = 0;
	int i;

	c.flows = calloc(n, sizeof(*c.flows));
	for (i = 0; i < n; i++)
		c.flows[i].policy = policy;
	if (!c.flows || c.dev < 0 || c.file < 0 || cs_drop_cache(c.file))
		err = -EIO;
	err = err ?: cs_crowd_make(&c);
	start = cs_now_ms();
	err = err ?: cs_crowd_submit(&c);
	printf("# %s: %d submitted in %lld ms\n", name, n, cs_now_ms() - start);
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
	result(c.pool_max <= pool_max, name, "pool within its limit");
	result(c.workers_max > 0 && c.workers_max <= workers, name,
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
	puts("1..8");
	run(n, COLDSEND_POLICY_DIRECT, "direct");
	run(n, COLDSEND_POLICY_DROP_BEHIND, "drop-behind");
	return failures ? 1 : 0;
}
