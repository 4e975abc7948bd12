// SPDX-License-Identifier: GPL-2.0
/* A command whose sendfile a seccomp filter stops, and we do. */
#include <sys/socket.h>
#include <unistd.h>

#include "notify.h"

/**
 * struct filtered - a run
 * @command: the command and its arguments
 * @how: how calls go by the module
 * @served: what the module did
 * @pair: sockets by which the listener comes: ours, the command's
 */
struct filtered {
	char **command;
	struct cs_range_how how;
	struct cs_served served;
	int pair[2];
};

/* The run has one device, which all threads use. */
static struct coldsend *device;

static int device_fd(void)
{
	return coldsend_fd(device);
}

static int become(void *arg)
{
	struct filtered *run = arg;
	int listener = cs_filter_install(run->how.min_size);

	if (listener < 0)
		return CS_FAILED;
	if (!cs_filter_pass(run->pair[1], listener)) {
		cs_err("can't hand over the listener of the filter");
		return CS_FAILED;
	}
	close(listener);
	return cs_become(run->command);
}

/* The kernel does it all, and counts nothing. */
static int run_without_module(struct filtered *run, bool stats)
{
	struct cs_child child = { .become = cs_become, .arg = run->command };
	int status;

	cs_err("sendfile will not go through the module%s",
	       stats ? ", and is not counted" : "");
	if (!stats)
		return cs_become(run->command);
	status = cs_supervise(&child);
	cs_printer()->served(&run->served);
	return status;
}

static bool begun(void *arg)
{
	struct filtered *run = arg;
	int listener;

	close(run->pair[1]);
	listener = cs_filter_take(run->pair[0]);
	close(run->pair[0]);
	/* The command has said why. */
	return listener >= 0 &&
	       cs_notify_start(listener, &run->how, &run->served);
}

/**
 * cs_filtered_run - run a command whose sendfile we do
 * @command: the command and its arguments
 * @policy: enum coldsend_policy
 * @min_size: CS_ENV_MIN_SIZE
 * @stats: whether to print what was served
 *
 * Return: exit status.
 */
int cs_filtered_run(char **command, unsigned int policy, __u64 min_size,
		    bool stats)
{
	/* Threads that answer calls are there to the end of the process. */
	static struct filtered run;
	struct cs_child child = {
		.become = become,
		.begun = begun,
		.arg = &run,
	};
	int status;

	run.command = command;
	run.how = (struct cs_range_how){
		.device = device_fd,
		.policy = policy,
		.min_size = min_size,
	};
	device = cs_dev_open();
	if (!device)
		return run_without_module(&run, stats);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, run.pair)) {
		cs_err("can't make a socket pair");
		return CS_FAILED;
	}
	status = cs_supervise(&child);
	if (stats)
		cs_printer()->served(&run.served);
	return status;
}
