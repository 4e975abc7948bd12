// SPDX-License-Identifier: GPL-2.0
/*
 * One round: a method sends a scenario's file once, or as often as the time
 * asks for.
 *
 *	this process --fork--> receiver
 *	      |  `-----fork--> sender --TCP--> receiver
 *	      `-- page cache and disk, before and after
 *
 * The sender is a process of its own, so that what it spent can be told apart,
 * and that nothing of one round is left for the next.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define DEADLINE	300

static int send_pass(const struct bench_scenario *scenario,
		     const struct bench_method *method, struct bench_job *job)
{
	struct bench_range range = { .length = scenario->request };
	int err = 0;

	while (range.offset < scenario->size && !err) {
		err = method->send(job, &range);
		range.offset += range.length;
	}
	return err;
}

/* Return: bytes sent or -errno. */
static long long send_passes(const struct bench_scenario *scenario,
			     const struct bench_method *method,
			     struct bench_job *job)
{
	double until = bench_now() + scenario->seconds;
	long long bytes = 0;

	do {
		int err = send_pass(scenario, method, job);

		if (err)
			return err;
		bytes += scenario->size;
	} while (bench_now() < until);
	return bytes;
}

static int send_and_measure(struct bench_result *result, struct bench_job *job)
{
	struct bench_usage usage;
	__u64 received = 0;
	long long sent;
	int err;

	bench_usage_begin(&usage);
	sent = send_passes(result->scenario, result->method, job);
	if (sent < 0)
		return sent;
	err = bench_finish(job->sock, &received);
	bench_usage_end(&usage);
	if (err)
		return err;

	result->bytes = received;
	result->seconds = usage.seconds;
	result->cpu_seconds = usage.cpu_seconds;
	result->all_cpu_seconds = usage.all_cpu_seconds;
	result->switches = usage.switches;
	return received == (__u64)sent ? 0 : -EPROTO;
}

/* The sender; @result is shared with the process that waits for it. */
static int sender(struct bench_result *result, __u16 port)
{
	const struct bench_method *method = result->method;
	struct bench_job job = { .path = result->scenario->path, .file = -1 };
	double copies = method->copies_per_byte;
	int err;

	job.sock = bench_connect(port);
	if (job.sock < 0)
		return job.sock;
	err = method->setup(&job);
	if (err)
		return err;
	err = send_and_measure(result, &job);
	method->teardown(&job);
	close(job.sock);
	result->syscalls = job.syscalls;
	result->bytes_copied = copies == BENCH_COPIES_COUNTED ?
			       job.bytes_copied : copies * result->bytes;
	return err;
}

static void begin_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	alarm(DEADLINE);
}

/* Return: what the child returned, as it told by its exit status. */
static int child_result(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status))
		return WTERMSIG(status) == SIGALRM ? -ETIMEDOUT : -ECHILD;
	return -WEXITSTATUS(status);
}

static int run_children(struct bench_result *result, int listener, __u16 port)
{
	pid_t receiving, sending;
	int err, err2;

	receiving = fork();
	if (!receiving) {
		begin_child();
		_exit(-bench_receive(listener));
	}
	if (receiving < 0)
		return -errno;
	sending = fork();
	if (!sending) {
		begin_child();
		close(listener);
		_exit(-sender(result, port));
	}
	err = sending < 0 ? -errno : child_result(sending);
	/* It may wait for a connection that nobody will make. */
	if (err)
		kill(receiving, SIGKILL);
	err2 = child_result(receiving);
	return err ? err : err2;
}

static int transfer(struct bench_result *result)
{
	struct bench_result *shared;
	int listener;
	__u16 port;
	int err;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -errno;
	*shared = *result;
	listener = bench_listen(&port);
	err = listener < 0 ? listener : run_children(shared, listener, port);
	if (listener >= 0)
		close(listener);
	*result = *shared;
	munmap(shared, sizeof(*shared));
	return err;
}

/* What should be cold must have come from the disk, and hot must not. */
static int check_source(const struct bench_result *result)
{
	if (result->scenario->hot)
		return result->disk_bytes < result->bytes / 100 ? 0 : -ESTALE;
	return result->disk_bytes >= result->bytes ? 0 : -ESTALE;
}

/* Runs result->method in result->scenario and fills in the rest. */
int bench_round(struct bench_result *result)
{
	const struct bench_scenario *scenario = result->scenario;
	struct bench_disk before, after;
	long pages;
	int err;

	err = bench_cache_prepare(scenario);
	if (err)
		return err;
	pages = bench_cache_pages(scenario);
	if (pages < 0)
		return pages;
	err = bench_disk_read(scenario->fd, &before);
	if (!err)
		err = transfer(result);
	if (!err)
		err = bench_disk_read(scenario->fd, &after);
	if (err)
		return err;
	result->disk_reads = after.reads - before.reads;
	result->disk_bytes = after.bytes - before.bytes;
	result->pages_added = bench_cache_pages(scenario) - pages;
	return check_source(result);
}
