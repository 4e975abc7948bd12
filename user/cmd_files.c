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
"Shows a row a file, in the order of their first transfers.  SENT is bytes that\n"
"sockets took; of these came CACHED from the page cache and DIRECT by direct\n"
"I/O, and COPIED were copied by the CPU; ADDED is what transfers brought into\n"
"the page cache.  Suffixes are powers of 1024.  POLICY is the last transfer's,\n"
"FALLBACK the last reason for one.  --json has all counters in full.  Needs\n"
"CAP_NET_ADMIN.\n",
	.run = run,
};
