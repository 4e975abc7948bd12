// SPDX-License-Identifier: GPL-2.0
/* info: shows what the module can do, and what it can do with a file. */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int show(struct coldsend *dev, int file, const char *path)
{
	struct coldsend_info info = { .size = sizeof(info) };

	if (coldsend_info(dev, file, &info)) {
		cs_err("the module tells nothing about %s: %s",
		       path ? path : "itself", strerror(errno));
		return CS_FAILED;
	}
	cs_printer()->info(&info, path);
	return CS_OK;
}

static int run(int argc, char **argv)
{
	int file = -1, status = CS_FAILED;
	struct coldsend *dev;
	const char *path;
	struct stat st;

	cs_args_next(argc, argv);
	if (argc - optind > 1)
		cs_args_err("it takes one FILE at the most");
	path = argv[optind];	/* may be the NULL at the end */
	dev = cs_dev_open();
	if (!dev)
		return CS_FAILED;
	if (path)
		file = cs_file_open(path, &st);
	if (!path || file >= 0)
		status = show(dev, file, path);
	if (file >= 0)
		close(file);
	coldsend_close(dev);
	return status;
}

const struct cs_command cs_cmd_info = {
	.name = "info",
	.usage = "[FILE]",
	.summary = "show what the module can do, and what with a file",
	.help =
"Shows the version of the interface, the policies and the tunables of the\n"
"loaded module; for a FILE also whether policy direct and policy cached can\n"
"take it as they are, its alignment for direct I/O in bytes (0: it has none),\n"
"and the policy that it would go by if you sent it now, with the reason and the\n"
"rule (0: none matches).  Any offset and length can be sent.\n",
	.run = run,
};
