/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block I/O of a worker, charged to the cgroup of whom it works for: where the
 * kernel has such cgroups at all.
 */
#ifndef COLDSEND_COMPAT_BLKCG_H
#define COLDSEND_COMPAT_BLKCG_H

#include <linux/blk-cgroup.h>
#include <linux/cgroup.h>
#include <linux/kthread.h>
#include <linux/sched.h>

#ifdef CONFIG_BLK_CGROUP

/**
 * compat_blkcg_get - the block I/O cgroup of the calling task
 *
 * Return: a reference, for compat_blkcg_put().
 */
static inline struct cgroup_subsys_state *compat_blkcg_get(void)
{
	return task_get_css(current, io_cgrp_id);
}

static inline void compat_blkcg_put(struct cgroup_subsys_state *css)
{
	css_put(css);
}

#else

static inline struct cgroup_subsys_state *compat_blkcg_get(void)
{
	return NULL;
}

static inline void compat_blkcg_put(struct cgroup_subsys_state *css)
{
}

#endif

/**
 * compat_blkcg_work_for - charges the block I/O of this worker from now on
 * @css: to whom, NULL for itself
 */
static inline void compat_blkcg_work_for(struct cgroup_subsys_state *css)
{
	kthread_associate_blkcg(css);
}

#endif
