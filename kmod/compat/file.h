/* SPDX-License-Identifier: GPL-2.0 */
/*
 * References on files: since 6.13 they are counted by a type of its own, of which
 * nobody outside can let go but for good.
 */
#ifndef COLDSEND_COMPAT_FILE_H
#define COLDSEND_COMPAT_FILE_H

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/version.h>

/**
 * compat_file_put_unless_last - lets go of a file that others have too
 * @file: the caller has a reference
 *
 * Return: false if nobody else has one, nor can get one; the caller keeps its own.
 * True since 6.13 too if the others let go at the same moment: then the file is
 * closed here.
 */
static inline bool compat_file_put_unless_last(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	return atomic_long_add_unless(&file->f_count, -1, 1);
#else
	if (file_count(file) == 1)
		return false;
	__fput_sync(file);
	return true;
#endif
}

#endif /* COLDSEND_COMPAT_FILE_H */
