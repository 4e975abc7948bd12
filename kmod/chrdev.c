// SPDX-License-Identifier: GPL-2.0
/* /dev/coldsend: takes ioctl structs apart and puts results into them. */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "coldsend.h"

/* Has all been made that who opens the device may use? */
static bool cs_chrdev_started;

/* One of each argument, on the stack of the ioctl. */
union cs_chrdev_arg {
	struct coldsend_send send;
	struct coldsend_info info;
	struct coldsend_residency residency;
	struct coldsend_cancel cancel;
};

/*
 * Writes the results even where the transfer failed, so that @sent is never
 * what the caller had there before.
 */
static int cs_chrdev_send(struct cs_context *context, union cs_chrdev_arg *arg)
{
	struct coldsend_send *send = &arg->send;
	struct cs_xfer *xfer;
	int err;

	send->sent = 0;
	send->id = 0;
	xfer = cs_xfer_create(context, send);
	if (IS_ERR(xfer))
		return PTR_ERR(xfer);
	if (send->flags & COLDSEND_F_ASYNC) {
		send->id = cs_context_submit(context, xfer, send->user_data);
		return 0;
	}
	cs_engine_run(xfer);
	cs_xfer_end(xfer);
	err = cs_xfer_report(xfer, send);
	cs_xfer_destroy(xfer);
	return err;
}

/* The rule of mincore(2): the page cache tells what others read. */
static bool cs_chrdev_may_look(struct file *file)
{
	return file_owner_or_capable(file) ||
	       !file_permission(file, MAY_WRITE);
}

static int cs_chrdev_tell_file(struct file *file, struct coldsend_info *info)
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
	return cs_xfer_try(file, cs_chrdev_may_look(file), info);
}

static int cs_chrdev_info(struct cs_context *context, union cs_chrdev_arg *arg)
{
	struct coldsend_info *info = &arg->info;
	struct cs_tunables tunables;
	struct file *file;
	int err;

	if (info->flags || info->reserved || info->reserved2)
		return -EINVAL;
	cs_policy_get(&tunables);
	*info = (struct coldsend_info) {
		.size = info->size,
		.file_fd = info->file_fd,
		.abi_version = COLDSEND_ABI_VERSION,
		.default_policy = tunables.policy,
		.policies = cs_source_policies() |
			    1U << COLDSEND_POLICY_AUTO,
		.send_flags = COLDSEND_F_ALL,
		.segment_size = tunables.segment_size,
		.depth = tunables.depth,
	};
	if (info->file_fd == -1)
		return 0;
	err = cs_xfer_get_file(info->file_fd, &file);
	if (err)
		return err;
	err = cs_chrdev_tell_file(file, info);
	fput(file);
	return err;
}

static int cs_chrdev_residency(struct cs_context *context,
			       union cs_chrdev_arg *arg)
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

static int cs_chrdev_cancel(struct cs_context *context,
			    union cs_chrdev_arg *arg)
{
	if (arg->cancel.flags)
		return -EINVAL;
	return cs_context_cancel(context, arg->cancel.id);
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
	int (*run)(struct cs_context *context, union cs_chrdev_arg *arg);
};

static const struct cs_chrdev_command cs_chrdev_commands[] = {
	{
		.number = COLDSEND_IOC_SEND,
		.size = sizeof(struct coldsend_send),
		.min_size = offsetofend(struct coldsend_send, id),
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
	{
		.number = COLDSEND_IOC_CANCEL,
		.size = sizeof(struct coldsend_cancel),
		.min_size = offsetofend(struct coldsend_cancel, id),
		.run = cs_chrdev_cancel,
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
	err = command->run(file->private_data, &arg);
	if (copy_to_user(user, &arg, result_size))
		return -EFAULT;
	return err;
}

static int cs_chrdev_open(struct inode *inode, struct file *file)
{
	/* Pairs with that in cs_chrdev_start(). */
	if (!smp_load_acquire(&cs_chrdev_started))
		return -ENODEV;
	file->private_data = cs_context_open();
	return file->private_data ? stream_open(inode, file) : -ENOMEM;
}

static ssize_t cs_chrdev_read(struct file *file, char __user *to, size_t size,
			      loff_t *pos)
{
	return cs_context_read(file->private_data, to, size,
			     file->f_flags & O_NONBLOCK);
}

static __poll_t cs_chrdev_poll(struct file *file, poll_table *poll)
{
	return cs_context_poll(file->private_data, file, poll);
}

/*
 * A descriptor table lets go of the device.  What the process submitted ends,
 * if the process does, or if nobody else has the device open: so that a
 * transfer whose socket holds the device in flight can't outlive them all.
 */
static int cs_chrdev_flush(struct file *file, fl_owner_t owner)
{
	if (current->flags & PF_EXITING || file_count(file) == 1)
		cs_context_cancel_all(file->private_data, owner);
	return 0;
}

static int cs_chrdev_release(struct inode *inode, struct file *file)
{
	cs_context_close(file->private_data);
	return 0;
}

static const struct file_operations cs_chrdev_fops = {
	.owner = THIS_MODULE,
	.open = cs_chrdev_open,
	.read = cs_chrdev_read,
	.poll = cs_chrdev_poll,
	.flush = cs_chrdev_flush,
	.release = cs_chrdev_release,
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
 * cs_chrdev_init - makes the device, which nobody may open before cs_chrdev_start()
 *
 * Return: 0 or -errno.
 */
int cs_chrdev_init(void)
{
	return misc_register(&cs_chrdev);
}

/**
 * cs_chrdev_start - whoever has the rights may open the device from now on
 */
void cs_chrdev_start(void)
{
	/* Pairs with that in cs_chrdev_open(). */
	smp_store_release(&cs_chrdev_started, true);
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
