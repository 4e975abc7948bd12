// SPDX-License-Identifier: GPL-2.0
/* /dev/coldsend: takes ioctl structs apart and puts results into them. */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "coldsend.h"

/* One of each argument, on the stack of the ioctl. */
union cs_chrdev_arg {
	struct coldsend_send send;
	struct coldsend_info info;
	struct coldsend_residency residency;
};

/*
 * Writes the results even where the transfer failed, so that @sent is never
 * what the caller had there before.
 */
static int cs_chrdev_send(union cs_chrdev_arg *arg)
{
	struct coldsend_send *send = &arg->send;
	struct cs_xfer *xfer;
	int err;

	send->sent = 0;
	xfer = cs_xfer_create(send);
	if (IS_ERR(xfer))
		return PTR_ERR(xfer);
	cs_engine_run(xfer);
	cs_xfer_end(xfer);
	err = cs_xfer_report(xfer, send);
	cs_xfer_destroy(xfer);
	return err;
}

static void cs_chrdev_tell_file(struct file *file, struct coldsend_info *info)
{
	struct cs_alignment alignment;

	cs_pagecache_alignment(file, &alignment);
	if (alignment.offset)
		info->file_flags |= COLDSEND_FILE_DIRECT;
	if (cs_pagecache_can_gather(file))
		info->file_flags |= COLDSEND_FILE_CACHED;
	info->dio_mem_align = alignment.mem;
	info->dio_offset_align = alignment.offset;
	info->file_block = i_blocksize(file_inode(file));
	info->file_size = i_size_read(file_inode(file));
}

static int cs_chrdev_info(union cs_chrdev_arg *arg)
{
	struct coldsend_info *info = &arg->info;
	struct cs_tunables tunables;
	struct file *file;
	int err;

	if (info->flags || info->reserved)
		return -EINVAL;
	cs_policy_get(&tunables);
	*info = (struct coldsend_info) {
		.size = info->size,
		.file_fd = info->file_fd,
		.abi_version = COLDSEND_ABI_VERSION,
		.default_policy = tunables.policy,
		.policies = cs_source_policies(),
		.send_flags = COLDSEND_F_STRICT,
		.segment_size = tunables.segment_size,
		.depth = tunables.depth,
	};
	if (info->file_fd == -1)
		return 0;
	err = cs_xfer_get_file(info->file_fd, &file);
	if (err)
		return err;
	cs_chrdev_tell_file(file, info);
	fput(file);
	return 0;
}

/* The rule of mincore(2): the page cache tells what others read. */
static bool cs_chrdev_may_look(struct file *file)
{
	return file_owner_or_capable(file) ||
	       !file_permission(file, MAY_WRITE);
}

static int cs_chrdev_residency(union cs_chrdev_arg *arg)
{
	struct coldsend_residency *residency = &arg->residency;
	struct file *file;
	int err;

	if (residency->flags)
		return -EINVAL;
	residency->page_size = PAGE_SIZE;
	residency->pages = 0;
	residency->resident = 0;
	residency->dirty = 0;
	err = cs_xfer_get_file(residency->file_fd, &file);
	if (err)
		return err;
	err = -EPERM;
	if (cs_chrdev_may_look(file))
		err = cs_pagecache_residency(file, residency);
	fput(file);
	return err;
}

/**
 * struct cs_chrdev_command - an ioctl
 * @number: COLDSEND_IOC_*
 * @size: bytes of its struct in this version
 * @min_size: bytes of its struct in its first version
 * @run: does it, on a copy of the struct; 0 or -errno
 */
struct cs_chrdev_command {
	unsigned int number;
	size_t size;
	size_t min_size;
	int (*run)(union cs_chrdev_arg *arg);
};

static const struct cs_chrdev_command cs_chrdev_commands[] = {
	{
		.number = COLDSEND_IOC_SEND,
		.size = sizeof(struct coldsend_send),
		.min_size = offsetofend(struct coldsend_send, bytes_copied),
		.run = cs_chrdev_send,
	},
	{
		.number = COLDSEND_IOC_INFO,
		.size = sizeof(struct coldsend_info),
		.min_size = offsetofend(struct coldsend_info, file_size),
		.run = cs_chrdev_info,
	},
	{
		.number = COLDSEND_IOC_RESIDENCY,
		.size = sizeof(struct coldsend_residency),
		.min_size = offsetofend(struct coldsend_residency, dirty),
		.run = cs_chrdev_residency,
	},
};

static const struct cs_chrdev_command *cs_chrdev_find(unsigned int number)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cs_chrdev_commands); i++)
		if (cs_chrdev_commands[i].number == number)
			return &cs_chrdev_commands[i];
	return NULL;
}

static long cs_chrdev_ioctl(struct file *file, unsigned int number,
			    unsigned long address)
{
	const struct cs_chrdev_command *command = cs_chrdev_find(number);
	void __user *user = (void __user *)address;
	union cs_chrdev_arg arg = {};
	size_t result_size;
	u32 user_size;
	int err;

	if (!command)
		return -ENOTTY;
	if (get_user(user_size, (u32 __user *)user))
		return -EFAULT;
	if (user_size < command->min_size)
		return -EINVAL;
	if (user_size > PAGE_SIZE)
		return -E2BIG;
	err = copy_struct_from_user(&arg, command->size, user, user_size);
	if (err)
		return err;
	/* Found out now, a place for results that isn't one costs nothing. */
	result_size = min_t(size_t, user_size, command->size);
	if (copy_to_user(user, &arg, result_size))
		return -EFAULT;
	err = command->run(&arg);
	if (copy_to_user(user, &arg, result_size))
		return -EFAULT;
	return err;
}

static const struct file_operations cs_chrdev_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = cs_chrdev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice cs_chrdev = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "coldsend",
	.fops = &cs_chrdev_fops,
	.mode = 0600,
};

/**
 * cs_chrdev_init - makes the device; transfers may start before it returns
 *
 * Return: 0 or -errno.
 */
int cs_chrdev_init(void)
{
	return misc_register(&cs_chrdev);
}

/**
 * cs_chrdev_exit - takes the device away
 *
 * Nobody has it open: that would keep the module.
 */
void cs_chrdev_exit(void)
{
	misc_deregister(&cs_chrdev);
}
