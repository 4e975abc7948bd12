// SPDX-License-Identifier: GPL-2.0
/* top: shows what the module does right now. */
#include <limits.h>
#include <unistd.h>

#include "views.h"

#define OPT_DELAY	'd'
#define DELAY_MAX	3600

static const struct option options[] = {
	{ "delay", required_argument, NULL, OPT_DELAY },
	{ NULL, 0, NULL, 0 },
};

static int snapshot(struct cs_nl *nl)
{
	struct cs_view view = { .when = 0 };
	int err = cs_nl_view(nl, &view);

	if (!err)
		cs_printer()->view(&view);
	cs_view_clear(&view);
	return err ? CS_FAILED : CS_OK;
}

static unsigned int parse(int argc, char **argv)
{
	unsigned int delay = 1;

	while (cs_args_next(argc, argv) != -1)
		delay = (unsigned int)cs_args_size("--delay", optarg,
						   DELAY_MAX);
	if (optind < argc)
		cs_args_err("it takes no argument");
	if (!delay)
		cs_args_err("--delay: at least 1 second");
	return delay;
}

static int run(int argc, char **argv)
{
	unsigned int delay = parse(argc, argv);
	struct cs_nl *nl = cs_nl_open();
	int status;

	if (!nl)
		return CS_FAILED;
	if (cs_args_json() || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		status = snapshot(nl);
	else
		status = cs_screen_run(nl, delay);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_top = {
	.name = "top",
	.usage = "[OPTION]...",
	.summary = "show what the module does right now",
	.help =
"Shows transfers that run, oldest first, with their speed; the files that\n"
"transfers left most of in the page cache, and those that the CPU copied most\n"
"of. Refreshed until q is pressed; where standard input or output is not a\n"
"terminal, or with --json, printed once. Without CAP_NET_ADMIN you see your own\n"
"transfers and no files.\n\n"
"  -d, --delay SECONDS  from one refresh to the next (1)\n",
	.options = options,
	.run = run,
};
