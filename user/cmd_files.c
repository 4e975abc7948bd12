// SPDX-License-Identifier: GPL-2.0
/* files: shows the statistics of each file. */
#include <stddef.h>

#include "cli.h"

static int show(struct cs_nl *nl)
{
	struct cs_rows rows = { .row = NULL };
	int err = cs_nl_files_dump(nl, &rows);

	if (!err) {
		cs_printer()->files(&rows);
		if (rows.interrupted)
			cs_err("the table changed while it was read, each time: rows may be missing or be there twice");
	}
	cs_rows_clear(&rows);
	return err ? CS_FAILED : CS_OK;
}

static int run(int argc, char **argv)
{
	struct cs_nl *nl;
	int status;

	cs_args_next(argc, argv);
	if (optind < argc)
		cs_args_err("it takes no argument");
	nl = cs_nl_open();
	if (!nl)
		return CS_FAILED;
	status = show(nl);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_files = {
	.name = "files",
	.usage = "",
	.summary = "show the statistics of each file",
	.help =
"Shows a row a file, the one least recently sent first.  SENT is bytes that\n"
"sockets took; of these came from the page cache CACHED and by direct I/O\n"
"DIRECT, and the CPU copied COPIED; ADDED is what transfers brought into the\n"
"page cache.  Suffixes are powers of 1024.  POLICY and FALLBACK are the last\n"
"transfer's and the last reason.  --json has all counters in full.  Needs\n"
"CAP_NET_ADMIN.\n",
	.run = run,
};
