// SPDX-License-Identifier: GPL-2.0
/* stats: shows and resets the totals. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "views.h"

#define OPT_PROMETHEUS	'P'
#define OPT_WATCH	256
#define WATCH_MAX	86400

static const struct option options[] = {
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ "watch", optional_argument, NULL, OPT_WATCH },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct request - what to do
 * @reset: set the totals to zero
 * @prometheus: print them in that format
 * @watch: seconds after which to print them again, 0 for never
 */
struct request {
	bool reset;
	bool prometheus;
	unsigned int watch;
};

static int show(struct cs_nl *nl, const struct request *request)
{
	struct cs_stats stats;

	if (request->prometheus)
		return cs_prometheus_print(nl) ? CS_FAILED : CS_OK;
	if (cs_nl_stats_get(nl, &stats))
		return CS_FAILED;
	cs_printer()->stats(&stats, request->watch);
	return CS_OK;
}

/* Until it is interrupted, or nobody reads what it says. */
static int watch(struct cs_nl *nl, const struct request *request)
{
	/* A terminal shows them in one place, a file one by one. */
	bool is_text = !cs_args_json();
	bool in_place = is_text && isatty(STDOUT_FILENO);

	while (!show(nl, request)) {
		if (is_text && !in_place)
			putchar('\n');
		if (fflush(stdout))
			return CS_FAILED;
		sleep(request->watch);
		if (in_place)
			fputs("\033[H\033[2J", stdout);
	}
	return CS_FAILED;
}

static int reset(struct cs_nl *nl, const struct request *request)
{
	if (cs_nl_stats_reset(nl))
		return CS_FAILED;
	return cs_args_json() ? show(nl, request) : CS_OK;
}

static unsigned int parse_watch(const char *text)
{
	__u64 seconds = text ? cs_args_size("--watch", text, WATCH_MAX) : 1;

	if (!seconds)
		cs_args_err("--watch: at least 1 second");
	return (unsigned int)seconds;
}

static void parse(int argc, char **argv, struct request *request)
{
	int opt;

	while ((opt = cs_args_next(argc, argv)) != -1) {
		if (opt == OPT_PROMETHEUS)
			request->prometheus = true;
		else
			request->watch = parse_watch(optarg);
	}
	if (request->prometheus && cs_args_json())
		cs_args_err("either --prometheus or --json");
	/* "--watch 2" as well as "--watch=2": getopt only knows the latter. */
	if (request->watch && optind < argc && *argv[optind] >= '0' &&
	    *argv[optind] <= '9')
		request->watch = parse_watch(argv[optind++]);
	if (optind == argc)
		return;
	if (optind + 1 < argc)
		cs_args_err("'%s' is one argument too many",
			    argv[optind + 1]);
	if (strcmp(argv[optind], "reset"))
		cs_args_err("'%s' is not reset", argv[optind]);
	if (request->watch || request->prometheus)
		cs_args_err("reset takes neither --watch nor --prometheus");
	request->reset = true;
}

static int run(int argc, char **argv)
{
	struct request request = { .reset = false };
	struct cs_nl *nl;
	int status;

	parse(argc, argv, &request);
	nl = cs_nl_open();
	if (!nl)
		return CS_FAILED;
	if (request.reset)
		status = reset(nl, &request);
	else
		status = request.watch ? watch(nl, &request) :
					 show(nl, &request);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_stats = {
	.name = "stats",
	.usage = "[--prometheus] [--watch [SECONDS]]\n"
		 "reset",
	.summary = "show the totals of all transfers, or set them to zero",
	.help =
"Shows counters of all transfers since the module was loaded or reset, and\n"
"what the module has made and destroyed.  reset sets the counters to zero and\n"
"forgets the rows of all files; it needs CAP_NET_ADMIN.\n\n"
"  -P, --prometheus     in the text format of Prometheus, with the pool and how\n"
"                       long transfers and their waits took\n"
"      --watch [SECONDS] again and again, every second or as told\n",
	.options = options,
	.run = run,
};
