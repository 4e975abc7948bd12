/* SPDX-License-Identifier: GPL-2.0 */
/*
 * References on files: since 6.13 they are counted by a type of its own, in which 0
 * stands for one.
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
 */
static inline bool compat_file_put_unless_last(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
	return atomic_long_add_unless(&file->f_count, -1, 1);
#else
	return atomic_long_add_unless(&file->f_ref.refcnt, -1, FILE_REF_ONEREF);
#endif
}

#endif /* COLDSEND_COMPAT_FILE_H */
