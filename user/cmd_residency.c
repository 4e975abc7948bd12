// SPDX-License-Identifier: GPL-2.0
/* residency: shows how much of files is in the page cache. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct option options[] = {
	{ "recursive", no_argument, NULL, 'r' },
	{ NULL, 0, NULL, 0 },
};

static void say_failed(const char *path, int err)
{
	if (err == EPERM)
		cs_err("no permission to look at the pages of %s: you neither own it nor may write to it",
		       path);
	else
		cs_err("can't look at the pages of %s: %s", path,
		       strerror(err));
}

static bool look(struct coldsend *dev, const char *path, struct cs_resident *entry)
{
	struct stat st;
	int file = cs_file_open(path, &st);
	int err = 0;

	if (file < 0)
		return false;
	if (cs_residency_ask(dev, file, path, entry)) {
		err = errno;
		say_failed(path, err);
	}
	close(file);
	return !err;
}

/* Files that can't be looked at are left out, and make it fail. */
static int look_at_all(struct coldsend *dev, char **paths, size_t count)
{
	struct cs_resident *list = calloc(count, sizeof(*list));
	size_t known = 0, i;

	if (!list) {
		cs_err("no memory for %zu files", count);
		return CS_FAILED;
	}
	for (i = 0; i < count; i++)
		known += look(dev, paths[i], &list[known]);
	if (known)
		cs_printer()->residency(list, known);
	free(list);
	return known == count ? CS_OK : CS_FAILED;
}

static int run(int argc, char **argv)
{
	bool recursive = false;
	struct coldsend *dev;
	int status;

	while (cs_args_next(argc, argv) != -1)
		recursive = true;
	if (optind == argc)
		cs_args_err("it needs a FILE");
	dev = cs_dev_open();
	if (!dev)
		return CS_FAILED;
	if (recursive)
		status = cs_residency_trees(dev, argv + optind,
					    (size_t)(argc - optind));
	else
		status = look_at_all(dev, argv + optind,
				     (size_t)(argc - optind));
	coldsend_close(dev);
	return status;
}

const struct cs_command cs_cmd_residency = {
	.name = "residency",
	.usage = "FILE...\n"
		 "-r DIR...",
	.summary = "show how much of files is in the page cache",
	.help =
"Shows the pages of each FILE, those of them in the page cache, those of these\n"
"not yet written back, and the share that is in the page cache; and the total\n"
"of several files.  You must own a file, or may write to it.\n\n"
"  -r, --recursive      who fills the page cache: the files below each DIR that\n"
"                       have pages in it, the largest first, and the sum of all\n"
"                       files below it\n",
	.options = options,
	.run = run,
};
