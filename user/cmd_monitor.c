// SPDX-License-Identifier: GPL-2.0
/* monitor: prints events as they come. */
#include <limits.h>
#include <stdlib.h>

#include "views.h"

#define OPT_COUNT	'n'

static const struct option options[] = {
	{ "count", required_argument, NULL, OPT_COUNT },
	{ NULL, 0, NULL, 0 },
};

/* Prints @count events, or without end for 0. */
static int monitor(struct cs_nl *nl, __u64 count)
{
	struct cs_event event;
	__u64 seen;

	if (cs_nl_listen(nl))
		return CS_FAILED;
	cs_err("waiting for events");
	for (seen = 0; !count || seen < count; seen++) {
		if (cs_nl_next_event(nl, &event))
			return CS_FAILED;
		cs_printer()->event(&event);
		free(event.path);
		/* print.c says why. */
		if (fflush(stdout))
			return CS_FAILED;
	}
	return CS_OK;
}

static int run(int argc, char **argv)
{
	struct cs_nl *nl;
	__u64 count = 0;
	int status;

	while (cs_args_next(argc, argv) != -1)
		count = cs_args_size("--count", optarg, LLONG_MAX);
	if (optind < argc)
		cs_args_err("it takes no argument");
	nl = cs_nl_open();
	if (!nl)
		return CS_FAILED;
	status = monitor(nl, count);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_monitor = {
	.name = "monitor",
	.usage = "[OPTION]...",
	.summary = "print events as they come",
	.help =
"Prints a line an event: a transfer is done or has failed, policy set has\n"
"changed something, a limit was hit (told once a second at the most). The module\n"
"tells 200 events a second and says with the next how many it left out. With\n"
"--json, a JSON object a line. Needs CAP_NET_ADMIN, in the initial network\n"
"namespace.\n\n"
"  -n, --count N        stop after N events (0: never)\n",
	.options = options,
	.run = run,
};
