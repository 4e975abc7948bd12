// SPDX-License-Identifier: GPL-2.0
/* Trees: which of the files below directories fill the page cache. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli.h"

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

/**
 * struct walk - what a walk through trees has come across
 * @dev: the device
 * @found: files, @count of them
 * @count: see @found
 * @room: files that @found has room for
 * @tree: number of the tree that it is in
 * @root: descriptor of that, below which all is opened; -1: it is no directory
 * @skip: bytes of a path before what is relative to @root
 * @closed: files and directories that we may not look at
 * @failed: those at which a look failed for another reason
 * @first: the first of these, with @err; owned
 * @err: its errno
 */
struct walk {
	struct coldsend *dev;
	struct found *found;
	size_t count;
	size_t room;
	size_t tree;
	int root;
	size_t skip;
	__u64 closed;
	__u64 failed;
	char *first;
	int err;
};

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

/* Return: false without memory. */
static bool add(struct walk *walk, const struct cs_resident *entry,
		const struct stat *st)
{
	struct found *found;

	if (walk->count == walk->room) {
		size_t room = walk->room ? 2 * walk->room : 256;

		found = reallocarray(walk->found, room, sizeof(*found));
		if (!found)
			return false;
		walk->found = found;
		walk->room = room;
	}
	found = &walk->found[walk->count];
	*found = (struct found){ *entry, st->st_dev, st->st_ino, walk->tree };
	found->entry.file = strdup(entry->file);
	walk->count += !!found->entry.file;
	return found->entry.file;
}

/* What is gone by now, or something else, fills nothing. */
static void leave_out(struct walk *walk, const char *path, int err)
{
	if (err == EACCES || err == EPERM) {
		walk->closed++;
		return;
	}
	if (err == ENOENT || err == ELOOP || err == ENOTDIR || err == EXDEV)
		return;
	if (!walk->failed++) {
		walk->first = strdup(path);
		walk->err = err;
	}
}

/* It, or a directory on the way, may have become something else since: a link, say. */
static int open_below(const struct walk *walk, const FTSENT *file, __u64 flags)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_LARGEFILE | flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	const char *path = file->fts_path + walk->skip;

	if (file->fts_level == FTS_ROOTLEVEL)
		return open(file->fts_path, (int)how.flags);
	path += strspn(path, "/");
	return (int)syscall(SYS_openat2, walk->root, path, &how, sizeof(how));
}

/* Return: false without memory. */
static bool look_at(struct walk *walk, const FTSENT *file)
{
	struct cs_resident entry;
	int fd, err;

	fd = open_below(walk, file, O_NONBLOCK);
	/* As cs_file_open(): who has a lease of it gives it back meanwhile. */
	if (fd < 0 && errno == EWOULDBLOCK)
		fd = open_below(walk, file, 0);
	err = fd < 0 ? -1 :
		       cs_residency_ask(walk->dev, fd, file->fts_path, &entry);
	if (err)
		leave_out(walk, file->fts_path, errno);
	if (fd >= 0)
		close(fd);
	return err || add(walk, &entry, file->fts_statp);
}

/* Return: false, with errno, if the walk can't go on. */
static bool visit(struct walk *walk, const FTSENT *entry)
{
	switch (entry->fts_info) {
	case FTS_F:
		return look_at(walk, entry);
	case FTS_NS:
		errno = entry->fts_errno;
		if (entry->fts_level == FTS_ROOTLEVEL)
			return false;
		__attribute__((fallthrough));
	case FTS_DNR:
	case FTS_ERR:
		leave_out(walk, entry->fts_path, entry->fts_errno);
	}
	return true;
}

/* Return: false, with errno, if the walk did not come to its end. */
static bool walk_tree(struct walk *walk, char *path)
{
	char *const paths[] = { path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int err;

	if (!tree)
		return false;
	walk->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	walk->skip = strlen(path);
	do {
		errno = 0;
		entry = fts_read(tree);
	} while (entry && visit(walk, entry));
	err = errno;
	if (walk->root >= 0)
		close(walk->root);
	fts_close(tree);
	errno = err;
	return !entry && !err;
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
static size_t settle(struct walk *walk, struct cs_tree *trees,
		     struct cs_resident *list)
{
	size_t count = 0, i;

	qsort(walk->found, walk->count, sizeof(*walk->found), by_identity);
	for (i = 0; i < walk->count; i++) {
		const struct found *found = &walk->found[i];

		if (i && !by_identity(found - 1, found))
			continue;
		sum_up(&trees[found->tree], &found->entry);
		if (found->entry.res.resident)
			list[count++] = found->entry;
	}
	qsort(list, count, sizeof(*list), by_size);
	return count;
}

static bool walk_all(struct walk *walk, char **paths, size_t count)
{
	for (walk->tree = 0; walk->tree < count; walk->tree++) {
		if (walk_tree(walk, paths[walk->tree]))
			continue;
		cs_err("can't look below %s: %s", paths[walk->tree],
		       strerror(errno));
		return false;
	}
	return true;
}

/* Return: an exit status. */
static int say_left_out(const struct walk *walk)
{
	if (walk->closed)
		cs_err("%llu files or directories are left out: you may not look at them",
		       walk->closed);
	if (walk->failed)
		cs_err("%llu files or directories are left out; %s: %s",
		       walk->failed, walk->first ? walk->first : "the first",
		       strerror(walk->err));
	return walk->closed || walk->failed ? CS_FAILED : CS_OK;
}

static int print(struct walk *walk, char **paths, size_t nr_trees)
{
	struct cs_tree *trees = calloc(nr_trees, sizeof(*trees));
	struct cs_resident *list = calloc(walk->count + 1, sizeof(*list));
	size_t count, i;

	if (!trees || !list) {
		cs_err("no memory for %zu files", walk->count);
		free(trees);
		free(list);
		return CS_FAILED;
	}
	for (i = 0; i < nr_trees; i++)
		trees[i].path = paths[i];
	count = settle(walk, trees, list);
	cs_printer()->tree(trees, nr_trees, list, count);
	free(trees);
	free(list);
	return say_left_out(walk);
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
	struct walk walk = { .dev = dev };
	int status = CS_FAILED;

	if (walk_all(&walk, paths, count))
		status = print(&walk, paths, count);
	while (walk.count)
		free((char *)walk.found[--walk.count].entry.file);
	free(walk.found);
	free(walk.first);
	return status;
}
