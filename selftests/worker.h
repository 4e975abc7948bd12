/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Workers: the kernel's threads that run work of workqueues, as /proc has them.
 */
#ifndef CS_WORKER_H
#define CS_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct cs_worker - one of them
 * @pid: the thread
 * @name: begins with "kworker/", the workqueue follows
 * @queue: of @name: the workqueue it works for, or did last; empty if for none yet
 * @works: whether it does now
 * @state: a letter, 'D' of one that sleeps for what can't be interrupted
 * @nice: its nice value
 */
struct cs_worker {
	pid_t pid;
	char name[80];
	const char *queue;
	bool works;
	char state;
	int nice;
};

/* How many work for @queue and sleep for what can't be interrupted; -1 as below. */
int cs_workers_asleep(const char *queue);

/* How many there are of whom @is_one says so; -1 if /proc can't be read. */
int cs_workers_count(bool (*is_one)(const struct cs_worker *w, void *arg), void *arg);

#endif /* CS_WORKER_H */
