// SPDX-License-Identifier: GPL-2.0
/* Trees: which of the files below directories fill the page cache. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* Directories that are open at once while a tree is walked. */
#define WALK_DEPTH	64

/**
 * struct found - a file of a tree
 * @entry: its residency; the path is owned
 * @dev: with @ino, what tells it from other names of the same file
 * @ino: see @dev
 * @tree: number of the tree
 */
struct found {
	struct cs_resident entry;
	dev_t dev;
	ino_t ino;
	size_t tree;
};

/* nftw(3) has no argument for its callback. */
static struct {
	struct coldsend *dev;
	struct found *found;
	size_t count;
	size_t room;
	size_t tree;
	__u64 closed;	/* files that we may not look at */
} walk;

/**
 * cs_residency_ask - residency of an open file
 * @dev: the device
 * @file: descriptor
 * @path: of the file
 * @entry: filled in
 *
 * Return: 0, or -1 with errno.
 */
int cs_residency_ask(struct coldsend *dev, int file, const char *path,
		     struct cs_resident *entry)
{
	entry->file = path;
	entry->res = (struct coldsend_residency){
		.size = sizeof(entry->res),
		.file_fd = file,
		.length = COLDSEND_TO_EOF,
	};
	return coldsend_residency(dev, &entry->res);
}

/* Return: 0, or not without memory, which ends the walk. */
static int add(const struct cs_resident *entry, const struct stat *st)
{
	struct found *found;

	if (walk.count == walk.room) {
		size_t room = walk.room ? 2 * walk.room : 256;

		found = reallocarray(walk.found, room, sizeof(*found));
		if (!found)
			return -1;
		walk.found = found;
		walk.room = room;
	}
	found = &walk.found[walk.count];
	*found = (struct found){ *entry, st->st_dev, st->st_ino, walk.tree };
	found->entry.file = strdup(entry->file);
	walk.count += !!found->entry.file;
	return found->entry.file ? 0 : -1;
}

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *ftw)
{
	struct cs_resident entry;
	int file, err;

	(void)ftw;
	if (type == FTW_DNR || type == FTW_NS)
		walk.closed++;
	if (type != FTW_F || !S_ISREG(st->st_mode))
		return 0;
	/* It may have become something else since. */
	file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	err = file < 0 ? -1 : cs_residency_ask(walk.dev, file, path, &entry);
	if (file >= 0)
		close(file);
	if (!err)
		return add(&entry, st);
	/* What is gone by now fills nothing. */
	walk.closed += errno != ENOENT;
	return 0;
}

static int by_identity(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->tree != y->tree)
		return x->tree < y->tree ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static int by_size(const void *a, const void *b)
{
	const struct cs_resident *x = a, *y = b;

	return (x->res.resident < y->res.resident) -
	       (x->res.resident > y->res.resident);
}

static void sum_up(struct cs_tree *tree, const struct cs_resident *entry)
{
	tree->files++;
	tree->sum.page_size = entry->res.page_size;
	tree->sum.pages += entry->res.pages;
	tree->sum.resident += entry->res.resident;
	tree->sum.dirty += entry->res.dirty;
}

/* Files with several names count once; Return: how many @list has. */
static size_t settle(struct cs_tree *trees, struct cs_resident *list)
{
	size_t count = 0, i;

	qsort(walk.found, walk.count, sizeof(*walk.found), by_identity);
	for (i = 0; i < walk.count; i++) {
		const struct found *found = &walk.found[i];

		if (i && !by_identity(found - 1, found))
			continue;
		sum_up(&trees[found->tree], &found->entry);
		if (found->entry.res.resident)
			list[count++] = found->entry;
	}
	qsort(list, count, sizeof(*list), by_size);
	return count;
}

static int walk_all(char **paths, size_t count)
{
	for (walk.tree = 0; walk.tree < count; walk.tree++) {
		errno = 0;
		if (!nftw(paths[walk.tree], visit, WALK_DEPTH, FTW_PHYS))
			continue;
		cs_err("can't look below %s: %s", paths[walk.tree],
		       strerror(errno ? errno : ENOMEM));
		return -1;
	}
	return 0;
}

static int print(char **paths, size_t nr_trees)
{
	struct cs_tree *trees = calloc(nr_trees, sizeof(*trees));
	struct cs_resident *list = calloc(walk.count + 1, sizeof(*list));
	size_t count, i;

	if (!trees || !list) {
		cs_err("no memory for %zu files", walk.count);
		free(trees);
		free(list);
		return CS_FAILED;
	}
	for (i = 0; i < nr_trees; i++)
		trees[i].path = paths[i];
	count = settle(trees, list);
	cs_printer()->tree(trees, nr_trees, list, count);
	free(trees);
	free(list);
	if (!walk.closed)
		return CS_OK;
	cs_err("%llu files or directories are left out: you may not look at them",
	       walk.closed);
	return CS_FAILED;
}

/**
 * cs_residency_trees - print who fills the page cache
 * @dev: the device
 * @paths: directories
 * @count: how many
 *
 * Return: an exit status.
 */
int cs_residency_trees(struct coldsend *dev, char **paths, size_t count)
{
	int status = CS_FAILED;

	walk.dev = dev;
	if (!walk_all(paths, count))
		status = print(paths, count);
	while (walk.count)
		free((char *)walk.found[--walk.count].entry.file);
	free(walk.found);
	return status;
}
