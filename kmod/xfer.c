// SPDX-License-Identifier: GPL-2.0
/*
 * A transfer: made of what the caller asks for, checked once.
 *
 * The caller's own rights decide: the descriptors are looked up and the range
 * is verified in the ioctl.
 */
#include <linux/file.h>
#include <linux/ioprio.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "auto.h"
#include "views.h"
#include "trace.h"

/* Of each processor, the struct of its last synchronous transfer, or NULL. */
static DEFINE_PER_CPU(struct cs_xfer *, cs_xfer_spare);

/**
 * cs_xfer_set_state - tells what a transfer is doing
 * @xfer: the transfer
 * @state: from now on
 *
 * The only place that changes xfer->state; traces it.  Called by the thread
 * that pumps the transfer.
 */
void cs_xfer_set_state(struct cs_xfer *xfer, enum cs_state state)
{
	if (xfer->state == state)
		return;
	trace_coldsend_state(xfer, xfer->state, state);
	WRITE_ONCE(xfer->state, state);
}

/**
 * cs_xfer_get_file - the regular file behind a descriptor
 * @fd: of the calling task
 * @file: set to it; the caller drops the reference with fput()
 *
 * Process context.
 * Return: 0, -EBADF not open for reading, -EINVAL no regular file.
 */
int cs_xfer_get_file(int fd, struct file **file)
{
	struct file *found = fget(fd);
	int err = -EBADF;

	if (!found)
		return err;
	if (!(found->f_mode & FMODE_READ))
		goto err_put;
	err = -EINVAL;
	if (!S_ISREG(file_inode(found)->i_mode))
		goto err_put;
	*file = found;
	return 0;
err_put:
	fput(found);
	return err;
}

static int cs_xfer_get_sock(int fd, struct cs_xfer *xfer)
{
	struct file *found = fget(fd);
	struct socket *sock;
	int err;

	if (!found)
		return -EBADF;
	sock = sock_from_file(found);
	err = sock ? cs_sink_check(sock) : -ENOTSOCK;
	/* As sendfile(2), whose caller would have to look first, else. */
	if (!err && (found->f_flags & O_APPEND))
		err = -EINVAL;
	if (err) {
		fput(found);
		return err;
	}
	xfer->sock_file = found;
	xfer->sock = sock;
	xfer->nonblock = found->f_flags & O_NONBLOCK;
	xfer->copies = cs_sink_copies(xfer);
	return 0;
}

/* The range asked for, cut at the end of the file. */
static int cs_xfer_set_range(struct cs_xfer *xfer,
			     const struct coldsend_send *arg)
{
	loff_t size = i_size_read(file_inode(xfer->file));
	u64 length = arg->length;
	loff_t no_pos = 0;
	int err;

	if ((loff_t)arg->offset < 0)
		return -EINVAL;
	if (length != COLDSEND_TO_EOF && length > LLONG_MAX - arg->offset)
		return -EOVERFLOW;
	if (arg->offset >= size)
		length = 0;
	length = min_t(u64, length, size - arg->offset);
	xfer->size = size;
	xfer->start = arg->offset;
	xfer->pos = arg->offset;
	xfer->end = arg->offset + length;
	/* All of it: who fills files only when they are read is asked for it here. */
	length = min_t(u64, length, SSIZE_MAX);
	err = rw_verify_area(READ, xfer->file, &xfer->pos, length);
	if (err)
		return err;
	return rw_verify_area(WRITE, xfer->sock_file, &no_pos, length);
}

static int cs_xfer_check(const struct coldsend_send *arg)
{
	if (arg->flags & ~COLDSEND_F_ALL || arg->reserved || arg->reserved2)
		return -EINVAL;
	if (arg->policy != COLDSEND_POLICY_DEFAULT &&
	    !cs_policy_known(arg->policy))
		return -EINVAL;
	return 0;
}

static struct cs_xfer *cs_xfer_recycle(struct cs_xfer *xfer)
{
	struct cs_user *user = xfer->user;

	memset(xfer, 0, sizeof(*xfer));
	xfer->user = user;
	return xfer;
}

/* Asynchronous ones may be many, and are their submitter's memory. */
static struct cs_xfer *cs_xfer_alloc(const struct coldsend_send *arg)
{
	struct cs_xfer *xfer;

	if (arg->flags & COLDSEND_F_ASYNC)
		return kzalloc(sizeof(*xfer), GFP_KERNEL_ACCOUNT);
	xfer = this_cpu_xchg(cs_xfer_spare, NULL);
	return xfer ? cs_xfer_recycle(xfer) :
		      kzalloc(sizeof(*xfer), GFP_KERNEL);
}

static void cs_xfer_free(struct cs_xfer *xfer)
{
	if (!(xfer->flags & COLDSEND_F_ASYNC) &&
	    !this_cpu_cmpxchg(cs_xfer_spare, NULL, xfer))
		return;
	cs_user_drop(xfer);
	kfree(xfer);
}

static struct cs_xfer *cs_xfer_new(const struct coldsend_send *arg)
{
	struct cs_xfer *xfer = cs_xfer_alloc(arg);

	if (!xfer)
		return NULL;
	xfer->flags = arg->flags;
	xfer->ioprio = get_current_ioprio();
	cs_policy_get(&xfer->tunables);
	INIT_LIST_HEAD(&xfer->waiter);
	INIT_LIST_HEAD(&xfer->in_line);
	init_waitqueue_head(&xfer->wait);
	return xfer;
}

/*
 * The policy of a transfer that asks for @policy: where that leaves it to us,
 * rules come first, then the default, then auto.  @trial as in
 * cs_rules_choose().
 */
static u32 cs_xfer_choose(struct cs_xfer *xfer, u32 policy, u32 *trial)
{
	u32 fallback = policy;

	if (policy != COLDSEND_POLICY_DEFAULT && policy != COLDSEND_POLICY_AUTO)
		return policy;
	if (policy == COLDSEND_POLICY_DEFAULT)
		fallback = xfer->tunables.policy;
	policy = cs_rules_choose(xfer, fallback, trial);
	return policy == COLDSEND_POLICY_AUTO ? cs_auto_choose(xfer, trial) :
						policy;
}

/**
 * cs_xfer_policy - the policy that a transfer goes by, as far as it may be told
 * @xfer: with its source; another thread may pump it
 *
 * Where that tells what the page cache has of a file, or what others do with it, who
 * asked has to bring something for it: a transfer that has sent nothing, so that it
 * disturbed nothing, tells AUTO.
 *
 * Any context.  Return: enum coldsend_policy.
 */
u32 cs_xfer_policy(const struct cs_xfer *xfer)
{
	if (xfer->looked && READ_ONCE(xfer->pos) == xfer->start)
		return COLDSEND_POLICY_AUTO;
	return READ_ONCE(xfer->source)->policy;
}

/**
 * cs_xfer_try - what a transfer of all of a file would go by
 * @file: regular file
 * @may_look: the caller may know what the page cache has of it
 * @info: filled in, the fields policy, reason and rule
 *
 * As if the calling task asked for it now, and left the policy to us.  May
 * sleep.  Return: 0 or -ENOMEM.
 */
int cs_xfer_try(struct file *file, bool may_look, struct coldsend_info *info)
{
	struct cs_xfer *xfer = kzalloc(sizeof(*xfer), GFP_KERNEL);

	if (!xfer)
		return -ENOMEM;
	cs_policy_get(&xfer->tunables);
	xfer->file = file;
	xfer->size = i_size_read(file_inode(file));
	xfer->key = cs_pagecache_key(file);
	info->policy = cs_xfer_choose(xfer, COLDSEND_POLICY_DEFAULT,
				      &info->rule);
	info->reason = xfer->reason;
	if (xfer->looked && !may_look) {
		info->policy = COLDSEND_POLICY_AUTO;
		info->reason = COLDSEND_REASON_NONE;
	}
	kfree(xfer);
	return 0;
}

/**
 * cs_xfer_create - prepares the transfer that a caller asks for
 * @context: of the open device that it asks
 * @arg: what the caller asks for
 *
 * May sleep.  Holds a reference on the file and one on the socket's file until
 * cs_xfer_end().
 *
 * Return: the transfer, or ERR_PTR with an errno of COLDSEND_IOC_SEND's
 * contract.
 */
struct cs_xfer *cs_xfer_create(struct cs_context *context,
			       const struct coldsend_send *arg)
{
	struct cs_xfer *xfer;
	int err;

	err = cs_xfer_check(arg);
	if (err)
		return ERR_PTR(err);
	xfer = cs_xfer_new(arg);
	if (!xfer)
		return ERR_PTR(-ENOMEM);
	xfer->context = context;
	err = cs_user_get(xfer);
	if (err)
		goto err_free;
	err = cs_xfer_get_file(arg->file_fd, &xfer->file);
	if (err)
		goto err_put_user;
	err = -EOPNOTSUPP;
	if (arg->flags & COLDSEND_F_ASYNC && cs_pagecache_asks(xfer->file))
		goto err_put_file;
	xfer->key = cs_pagecache_key(xfer->file);
	err = cs_xfer_get_sock(arg->sock_fd, xfer);
	if (err)
		goto err_put_file;
	err = cs_xfer_set_range(xfer, arg);
	if (err)
		goto err_put_sock;
	cs_source_open(xfer, cs_xfer_choose(xfer, arg->policy, NULL));
	cs_objects_add(COLDSEND_A_OBJECTS_TRANSFERS_CREATED, 1);
	trace_coldsend_start(xfer);
	cs_live_add(xfer);
	return xfer;

err_put_sock:
	fput(xfer->sock_file);
err_put_file:
	fput(xfer->file);
err_put_user:
	cs_user_put(xfer);
err_free:
	cs_xfer_free(xfer);
	return ERR_PTR(err);
}

/**
 * cs_xfer_destroy - frees a transfer
 * @xfer: after cs_xfer_end()
 *
 * Process context.
 */
void cs_xfer_destroy(struct cs_xfer *xfer)
{
	cs_user_put(xfer);
	cs_xfer_free(xfer);
	cs_objects_add(COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED, 1);
}

/**
 * cs_xfer_exit - frees what was kept for the next transfer
 *
 * No transfer may be left.
 */
void cs_xfer_exit(void)
{
	struct cs_xfer *xfer;
	int cpu;

	for_each_possible_cpu(cpu) {
		xfer = per_cpu(cs_xfer_spare, cpu);
		if (!xfer)
			continue;
		cs_user_drop(xfer);
		kfree(xfer);
	}
}
