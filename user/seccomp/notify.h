/* SPDX-License-Identifier: GPL-2.0 */
/*
 * "run --seccomp": calls of sendfile(2) that a filter stopped, and their
 * answers.
 *
 *	cmd_run -> filtered -> filter		stops them, in the command
 *			    -> notify -> call	threads that wait for calls
 *				      -> caller	the thread that made one
 */
#ifndef COLDSEND_NOTIFY_H
#define COLDSEND_NOTIFY_H

#include <linux/seccomp.h>
#include <sys/types.h>

#include "../cli.h"
#include "../preload/range.h"

/* filter.c: the filter, and its listener's way to us */

int cs_filter_install(__u64 min_size);
bool cs_filter_pass(int sock, int fd);
int cs_filter_take(int sock);

/* caller.c: the thread that called */

/**
 * struct cs_caller - a thread of the run
 * @thread: its number
 * @process: number of its process
 * @memory: its memory, which stays its own while numbers go to others; -1: not
 *	open
 * @uid: its effective user
 * @real_uid: its real user
 * @real_gid: its real group
 * @pending: signals that wait for it, bit N - 1 for signal N
 * @shared: those that wait for any thread of its process
 * @unheard: signals that it blocks or ignores
 */
struct cs_caller {
	pid_t thread;
	pid_t process;
	int memory;
	uid_t uid;
	uid_t real_uid;
	gid_t real_gid;
	__u64 pending;
	__u64 shared;
	__u64 unheard;
};

bool cs_caller_look(struct cs_caller *c, pid_t thread);
bool cs_caller_open(struct cs_caller *c);
void cs_caller_close(struct cs_caller *c);
bool cs_caller_signalled(const struct cs_caller *c);
bool cs_caller_shares(const struct cs_caller *c);
bool cs_caller_files(const struct cs_caller *c, int theirs[2], int ours[2]);
bool cs_caller_read(const struct cs_caller *c, __u64 at, void *value, size_t len);
bool cs_caller_write(const struct cs_caller *c, __u64 at, const void *value,
		     size_t len);
bool cs_caller_kill(const struct cs_caller *c, int sig);
bool cs_caller_act(const struct cs_caller *c);

/* call.c: one call and its answer */

bool cs_call_valid(int listener, __u64 id);
void cs_call_answer(int listener, __u64 id, ssize_t sent, int err);
ssize_t cs_call_do(int listener, const struct seccomp_notif *call,
		   const struct cs_range_how *how, int *err);

/* notify.c: the threads */

bool cs_notify_start(int listener, const struct cs_range_how *how,
		     struct cs_served *served);

#endif /* COLDSEND_NOTIFY_H */
