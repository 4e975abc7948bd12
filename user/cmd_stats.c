// SPDX-License-Identifier: GPL-2.0
/* stats: shows and resets the totals. */
#include <stddef.h>
#include <string.h>

#include "cli.h"

static int show(struct cs_nl *nl)
{
	struct cs_stats stats;

	if (cs_nl_stats_get(nl, &stats))
		return CS_FAILED;
	cs_printer()->stats(&stats);
	return CS_OK;
}

static int reset(struct cs_nl *nl)
{
	if (cs_nl_stats_reset(nl))
		return CS_FAILED;
	return cs_args_json() ? show(nl) : CS_OK;
}

/* Return: is it "reset"? */
static bool parse(int argc, char **argv)
{
	cs_args_next(argc, argv);
	if (optind == argc)
		return false;
	if (optind + 1 < argc)
		cs_args_err("'%s' is one argument too many",
			    argv[optind + 1]);
	if (strcmp(argv[optind], "reset"))
		cs_args_err("'%s' is not reset", argv[optind]);
	return true;
}

static int run(int argc, char **argv)
{
	bool to_reset = parse(argc, argv);
	struct cs_nl *nl = cs_nl_open();
	int status;

	if (!nl)
		return CS_FAILED;
	status = to_reset ? reset(nl) : show(nl);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_stats = {
	.name = "stats",
	.usage = "\n"
		 "reset",
	.summary = "show the totals of all transfers, or set them to zero",
	.help =
"Shows counters of all transfers since the module was loaded or reset, and\n"
"what the module has made and destroyed.  reset sets the counters to zero and\n"
"forgets the rows of all files; it needs CAP_NET_ADMIN.\n",
	.run = run,
};
