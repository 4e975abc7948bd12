// SPDX-License-Identifier: GPL-2.0
/*
 * One round: a method sends a scenario's file once, or as often as the time
 * asks for.
 *
 *	this process --fork--> receiver ----.
 *	      |  `-----fork--> sender --TCP-' (and a pipe back: all is there)
 *	      `-- page cache and disk, before and after
 *
 * The sender is a process of its own, so that what it spent can be told apart,
 * and that nothing of one round is left for the next.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "../cs_test.h"
#include "run.h"

#define SETTLE_SECONDS	1

/* The receiver may wait for a connection that a sender that failed never made. */
static int wait_for_both(pid_t sending, pid_t receiving)
{
	int err = sending < 0 ? -EAGAIN : bench_child_result(sending);
	int err2;

	if (err)
		kill(receiving, SIGKILL);
	err2 = bench_child_result(receiving);
	return err ? err : err2;
}

static int run_children(struct bench_result *result, int listener, __u16 port,
			const int *told)
{
	pid_t receiving, sending;

	receiving = bench_child();
	if (!receiving) {
		close(told[0]);
		_exit(-bench_receive(result->scenario, listener, told[1]));
	}
	if (receiving < 0)
		return -EAGAIN;
	sending = bench_child();
	if (!sending) {
		close(listener);
		close(told[1]);
		_exit(-bench_sender(result, port, told[0]));
	}
	return wait_for_both(sending, receiving);
}

static int connect_children(struct bench_result *result)
{
	int told[2];
	__u16 port;
	int listener, err;

	if (pipe(told))
		return -errno;
	listener = bench_listen(&port);
	err = listener < 0 ? listener : run_children(result, listener, port, told);
	if (listener >= 0)
		close(listener);
	close(told[0]);
	close(told[1]);
	return err;
}

static int transfer(struct bench_result *result)
{
	struct bench_result *shared = bench_shared_get(sizeof(*shared));
	int err;

	if (!shared)
		return -ENOMEM;
	*shared = *result;
	err = connect_children(shared);
	*result = *shared;
	bench_shared_put(shared, sizeof(*shared));
	return err;
}

/* What the disk does for the transfer, and not for what has been made hot before. */
static int transfer_and_look(struct bench_result *result)
{
	struct bench_disk before, after;
	int fd = result->scenario->file->fd;
	int err;

	err = bench_disk_read(fd, &before);
	if (!err)
		err = transfer(result);
	if (!err)
		err = bench_disk_read(fd, &after);
	if (err)
		return err;
	result->disk_reads = after.reads - before.reads;
	result->disk_bytes = after.bytes - before.bytes;
	return 0;
}

static int transfer_beside(struct bench_result *result)
{
	struct bench_beside *beside;
	int err, err2;

	if (!result->scenario->beside)
		return transfer_and_look(result);
	err = bench_beside_start(result->scenario, &beside);
	if (err)
		return err;
	err = transfer_and_look(result);
	err2 = bench_beside_end(beside, result);
	return err ? err : err2;
}

/*
 * What should be cold must have come from the disk, and hot must not.  A file
 * of which parts are asked for again may be anything.
 */
static int check_source(const struct bench_result *result)
{
	const struct bench_scenario *scenario = result->scenario;

	if (result->method->flags & BENCH_LIMIT)
		return 0;
	if (scenario->hot)
		return result->disk_bytes <= scenario->size / 100 ? 0 : -ESTALE;
	if (scenario->seconds)
		return 0;
	return result->disk_bytes >= result->bytes ? 0 : -ESTALE;
}

/**
 * struct residue - what a method leaves behind
 * @file: that it sent
 * @before: its pages in the page cache before
 */
struct residue {
	const struct bench_file *file;
	long before;
};

static bool is_gone(void *arg)
{
	const struct residue *r = arg;

	return bench_cache_pages(r->file) <= r->before;
}

/* Runs result->method in result->scenario and fills in the rest. */
int bench_round(struct bench_result *result)
{
	const struct bench_scenario *scenario = result->scenario;
	struct residue residue = { .file = scenario->file };
	int err;

	err = bench_cache_prepare(scenario);
	if (err)
		return err;
	residue.before = bench_cache_pages(scenario->file);
	if (residue.before < 0)
		return residue.before;
	err = transfer_beside(result);
	if (err)
		return err;
	/* What the network held last may go a moment later. */
	cs_wait(is_gone, &residue, SETTLE_SECONDS);
	result->pages_added = bench_cache_pages(scenario->file) - residue.before;
	return check_source(result);
}
