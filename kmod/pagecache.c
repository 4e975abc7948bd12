// SPDX-License-Identifier: GPL-2.0
/* The page cache: what is in it, and what a file lets us do beside it. */
#include <linux/blkdev.h>
#include <linux/dcache.h>
#include <linux/folio_batch.h>
#include <linux/log2.h>
#include <linux/magic.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/stat.h>

#include "coldsend.h"

/* Larger alignments of direct I/O than a small segment can hold are refused. */
#define CS_ALIGN_MAX	SZ_64K
#define CS_STATX	(STATX_DIOALIGN | STATX_SIZE | STATX_CTIME)

/**
 * cs_pagecache_inode - the inode whose page cache holds the file's bytes
 * @file: regular file
 *
 * Below overlayfs that is the inode of the layer that has the data.
 *
 * Any context that may dereference @file.  Return: an inode that lives as long
 * as @file.
 */
struct inode *cs_pagecache_inode(struct file *file)
{
	return d_real_inode(file_dentry(file));
}

/**
 * cs_pagecache_reader - the file to name to read operations of the page cache
 * @file: regular file
 *
 * Layers below overlayfs must not see the file of the layer above.  Any context.
 * Return: @file or NULL.
 */
struct file *cs_pagecache_reader(struct file *file)
{
	return file->f_mapping == cs_pagecache_inode(file)->i_mapping ? file :
									NULL;
}

/**
 * cs_pagecache_pages - pages of the file in the page cache now
 * @file: regular file
 *
 * Any context.
 */
unsigned long cs_pagecache_pages(struct file *file)
{
	return READ_ONCE(cs_pagecache_inode(file)->i_mapping->nrpages);
}

/**
 * cs_pagecache_added - pages that came into the page cache meanwhile
 * @file: regular file
 * @before: cs_pagecache_pages() of a while ago
 *
 * Any context.  Approximate while others use the file.
 */
unsigned long cs_pagecache_added(struct file *file, unsigned long before)
{
	unsigned long now = cs_pagecache_pages(file);

	return now > before ? now - before : 0;
}

/**
 * cs_pagecache_has - is any page of a range in the page cache?
 * @file: regular file
 * @pos: first byte
 * @length: bytes, at least one
 *
 * Any context.
 */
bool cs_pagecache_has(struct file *file, loff_t pos, size_t length)
{
	return filemap_range_has_page(cs_pagecache_inode(file)->i_mapping, pos,
				      pos + length - 1);
}

/**
 * cs_pagecache_asks - does a process of a user's answer reads of the file?
 * @file: regular file
 *
 * It may never do so: nobody should wait who can't be killed.  Any context.
 */
bool cs_pagecache_asks(struct file *file)
{
	return cs_pagecache_inode(file)->i_sb->s_magic == FUSE_SUPER_MAGIC;
}

/**
 * cs_pagecache_is_locked - would who reads the file wait for one that writes it?
 * @file: regular file
 *
 * As of this moment.  Process context.
 */
bool cs_pagecache_is_locked(struct file *file)
{
	struct inode *inode = cs_pagecache_inode(file);

	if (!inode_trylock_shared(inode))
		return true;
	inode_unlock_shared(inode);
	return false;
}

/* Part of every transfer: most names differ in their first letter. */
static bool cs_pagecache_is_one_of(const struct inode *inode,
				   const char *const names[], u32 nr_names)
{
	const char *name = inode->i_sb->s_type->name;
	u32 i;

	for (i = 0; i < nr_names; i++)
		if (*name == *names[i] && !strcmp(name, names[i]))
			return true;
	return false;
}

/*
 * Others may write to their block devices, or not everybody may read what is in the
 * page cache, which only their read operation knows; or who brings a page has to have
 * a lock that is theirs alone.
 */
static const char *const cs_pagecache_asked[] = {
	"gfs2", "ocfs2", "ntfs", "ntfs3", "bcachefs",
};

/*
 * Past the end of what was written they have zeros for direct reads, but not if those
 * are asynchronous, or not for all of a block.
 */
static const char *const cs_pagecache_stale[] = { "exfat", "ntfs", "ntfs3" };

/* Images of erofs that have files in common keep the pages in an inode of their own. */
static bool cs_pagecache_is_elsewhere(const struct inode *inode)
{
	return inode->i_sb->s_magic == EROFS_SUPER_MAGIC_V1 &&
	       inode->i_fop->fadvise;
}

/**
 * cs_pagecache_can_gather - may pages be taken out of the page cache as they
 *	are?
 * @file: regular file
 *
 * Yes where an up-to-date page is the truth: on file systems of this machine's
 * block devices and in tmpfs.  Others (network and cluster file systems, FUSE) have to be
 * asked first, by their read operation.
 *
 * Any context.
 */
bool cs_pagecache_can_gather(struct file *file)
{
	const struct inode *inode = cs_pagecache_inode(file);
	const struct super_block *sb = inode->i_sb;

	if (IS_DAX(inode))
		return false;
	if (sb->s_magic == TMPFS_MAGIC)
		return true;
	return (sb->s_type->fs_flags & FS_REQUIRES_DEV) &&
	       !cs_pagecache_asks(file) && !cs_pagecache_is_elsewhere(inode) &&
	       !cs_pagecache_is_one_of(inode, cs_pagecache_asked,
				       ARRAY_SIZE(cs_pagecache_asked));
}

/*
 * Does the file system read from a disk of this machine's, past the page cache, and
 * what is right?  Memory has none, a user's daemon and a server may never answer.
 */
static bool cs_pagecache_can_pass(struct file *file)
{
	const struct inode *inode = cs_pagecache_inode(file);

	return (file->f_mode & FMODE_CAN_ODIRECT) && !IS_DAX(inode) &&
	       (inode->i_sb->s_type->fs_flags & FS_REQUIRES_DEV) &&
	       !cs_pagecache_asks(file) && !cs_pagecache_is_elsewhere(inode) &&
	       !cs_pagecache_is_one_of(inode, cs_pagecache_stale,
				       ARRAY_SIZE(cs_pagecache_stale));
}

/*
 * Are direct reads done where they are said to be?  Below overlayfs, where the inode
 * that has the data is another, nothing tells; f2fs says so of files in inodes, too.
 */
static bool cs_pagecache_is_stated(const struct file *file,
				   const struct inode *inode)
{
	return inode == file_inode(file) &&
	       inode->i_sb->s_magic != F2FS_SUPER_MAGIC;
}

/**
 * cs_pagecache_alignment - what direct I/O on a file asks for
 * @file: regular file
 * @alignment: filled in; zeros if the file has no direct I/O that leaves the
 *	page cache alone
 *
 * May sleep.
 */
void cs_pagecache_alignment(struct file *file, struct cs_alignment *alignment)
{
	const struct inode *inode = cs_pagecache_inode(file);
	struct kstat stat = {};

	*alignment = (struct cs_alignment) {};
	if (!cs_pagecache_can_pass(file))
		return;
	if (vfs_getattr_nosec(&file->f_path, &stat, CS_STATX, 0))
		return;
	alignment->version.size = stat.size;
	alignment->version.seconds = stat.ctime.tv_sec;
	alignment->version.nanoseconds = stat.ctime.tv_nsec;
	if (stat.result_mask & STATX_DIOALIGN) {
		alignment->mem = stat.dio_mem_align;
		alignment->offset = stat.dio_offset_align;
		alignment->stated = cs_pagecache_is_stated(file, inode);
	} else {
		/* True of most that don't say. */
		alignment->mem = i_blocksize(inode);
		alignment->offset = i_blocksize(inode);
	}
	if (!alignment->mem || alignment->mem > PAGE_SIZE ||
	    alignment->offset > CS_ALIGN_MAX ||
	    !is_power_of_2(alignment->offset))
		*alignment = (struct cs_alignment) {};
}

/* Adds what @folio has of the pages from @first up to @last. */
static void cs_pagecache_tell(struct folio *folio, pgoff_t first, pgoff_t last,
			      struct coldsend_residency *arg)
{
	pgoff_t begin = max(folio->index, first);
	pgoff_t end = min(folio->index + folio_nr_pages(folio) - 1, last);

	if (end < begin || !folio_test_uptodate(folio))
		return;
	arg->resident += end - begin + 1;
	if (folio_test_dirty(folio))
		arg->dirty += end - begin + 1;
}

/**
 * cs_pagecache_residency - how much of a file is in the page cache
 * @file: regular file that the caller may ask about
 * @arg: offset and length in, pages, resident and dirty out
 *
 * May sleep.
 * Return: 0, -EINVAL or -EINTR as in the contract.
 */
int cs_pagecache_residency(struct file *file, struct coldsend_residency *arg)
{
	struct inode *inode = cs_pagecache_inode(file);
	pgoff_t next, last, first = arg->offset >> PAGE_SHIFT;
	loff_t size = i_size_read(inode);
	struct folio_batch batch;
	u32 i;

	if ((loff_t)arg->offset < 0)
		return -EINVAL;
	if (!arg->length || arg->offset >= size)
		return 0;
	last = (min_t(u64, arg->length, size - arg->offset) + arg->offset - 1)
		>> PAGE_SHIFT;
	arg->pages = last - first + 1;
	folio_batch_init(&batch);
	next = first;
	while (filemap_get_folios(inode->i_mapping, &next, last, &batch)) {
		for (i = 0; i < folio_batch_count(&batch); i++)
			cs_pagecache_tell(batch.folios[i], first, last, arg);
		folio_batch_release(&batch);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

/* Does the file system have one inode of a number, as its device tells? */
static bool cs_pagecache_numbers_tell(const struct super_block *sb)
{
	return sb->s_bdev && sb->s_bdev->bd_dev == sb->s_dev;
}

/**
 * cs_pagecache_key - what tells a file from all others
 * @file: regular file
 *
 * May sleep.  Only where numbers don't tell, as in subvolumes, the file system
 * is asked, of overlayfs the upper one: this is part of every transfer.
 */
struct cs_key cs_pagecache_key(struct file *file)
{
	const struct inode *inode = cs_pagecache_inode(file);
	struct cs_key key = {
		.ino = inode->i_ino,
		.dev = inode->i_sb->s_dev,
		.generation = inode->i_generation,
	};
	struct kstat stat;

	if (cs_pagecache_numbers_tell(inode->i_sb) ||
	    vfs_getattr_nosec(&file->f_path, &stat, STATX_INO,
			      AT_STATX_DONT_SYNC))
		return key;
	key.ino = stat.ino;
	key.dev = stat.dev;
	return key;
}
