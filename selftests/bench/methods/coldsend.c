// SPDX-License-Identifier: GPL-2.0
/*
 * Methods coldsend: COLDSEND_IOC_SEND under each policy, synchronous and
 * asynchronous.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/coldsend.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

/* Results that one read(2) asks for. */
#define BATCH		64

/* The variant is the policy. */
static int setup(struct bench_job *job)
{
	int err;
	int dev;

	dev = open(COLDSEND_DEVICE, O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return -errno;
	err = bench_open(job, 0);
	if (err) {
		close(dev);
		return err;
	}
	job->state = (void *)(intptr_t)dev;
	return 0;
}

static void teardown(struct bench_job *job)
{
	close((int)(intptr_t)job->state);
	bench_close(job);
}

/* A fallback would measure something else. */
static int check_end(__u64 sent, __u32 fallback)
{
	if (fallback != COLDSEND_FALLBACK_NONE)
		return -EPROTO;
	return sent ? 0 : -ENODATA;
}

/* One ioctl if all goes well. */
static int send_range(struct bench_job *job, const struct bench_range *range)
{
	__u64 end = range->offset + range->length;
	__u64 pos = range->offset;

	while (pos < end) {
		struct coldsend_send request = {
			.size = sizeof(request),
			.file_fd = job->file,
			.sock_fd = job->sock,
			.offset = pos,
			.length = end - pos,
			.policy = job->method->variant,
		};
		int err;

		job->syscalls++;
		if (ioctl((int)(intptr_t)job->state, COLDSEND_IOC_SEND,
			  &request))
			return -errno;
		err = check_end(request.sent, request.fallback);
		if (err)
			return err;
		job->bytes_copied += request.bytes_copied;
		pos += request.sent;
	}
	return 0;
}

static int submit(struct bench_job *job, int dev, __u64 index)
{
	struct coldsend_send request = {
		.size = sizeof(request),
		.flags = COLDSEND_F_ASYNC,
		.file_fd = job->file,
		.sock_fd = job->sock,
		.offset = job->range.offset,
		.length = job->range.length,
		.policy = job->method->variant,
		.user_data = index,
	};

	job->syscalls++;
	return ioctl(dev, COLDSEND_IOC_SEND, &request) ? -errno : 0;
}

static int end(struct bench_job *job, const struct coldsend_completion *c)
{
	int err = c->error ? -c->error : check_end(c->sent, c->fallback);

	job->bytes_copied += c->bytes_copied;
	job->ended = bench_ticks();
	if (err)
		return err;
	return c->sent == job->range.length ? 0 : -EIO;
}

/* Return: how many ended, or -errno. */
static int reap(struct bench_job *jobs, int dev)
{
	struct coldsend_completion c[BATCH];
	ssize_t got = read(dev, c, sizeof(c));
	int n, i;

	jobs->syscalls++;
	if (got <= 0)
		return got ? -errno : -ENODATA;
	n = got / sizeof(*c);
	for (i = 0; i < n; i++) {
		int err = end(&jobs[c[i].user_data], &c[i]);

		if (err)
			return err;
	}
	return n;
}

static int send_all(struct bench_job *jobs, int n)
{
	int dev = (int)(intptr_t)jobs->state;
	int ended = 0;
	int err, i;

	for (i = 0; i < n; i++) {
		err = submit(&jobs[i], dev, i);
		if (err)
			return err;
	}
	while (ended < n) {
		int more = reap(jobs, dev);

		if (more < 0)
			return more;
		ended += more;
	}
	return 0;
}

static int send_one(struct bench_job *job, const struct bench_range *range)
{
	job->range = *range;
	return send_all(job, 1);
}

#define SYNCHRONOUS(symbol, words, policy)				\
const struct bench_method symbol = {					\
	.name = "coldsend " words,					\
	.copies_per_byte = BENCH_COPIES_COUNTED,			\
	.flags = BENCH_OURS,						\
	.variant = policy,						\
	.setup = setup,							\
	.send = send_range,						\
	.teardown = teardown,						\
}

#define ASYNCHRONOUS(symbol, words, policy)				\
const struct bench_method symbol = {					\
	.name = "coldsend " words " async",				\
	.copies_per_byte = BENCH_COPIES_COUNTED,			\
	.flags = BENCH_OURS,						\
	.variant = policy,						\
	.setup = setup,							\
	.send = send_one,						\
	.send_all = send_all,						\
	.teardown = teardown,						\
}

SYNCHRONOUS(bench_cached, "cached", COLDSEND_POLICY_CACHED);
SYNCHRONOUS(bench_direct, "direct", COLDSEND_POLICY_DIRECT);
SYNCHRONOUS(bench_drop, "drop-behind", COLDSEND_POLICY_DROP_BEHIND);
SYNCHRONOUS(bench_auto, "auto", COLDSEND_POLICY_AUTO);
SYNCHRONOUS(bench_hybrid, "hybrid", COLDSEND_POLICY_HYBRID);
ASYNCHRONOUS(bench_cached_async, "cached", COLDSEND_POLICY_CACHED);
ASYNCHRONOUS(bench_direct_async, "direct", COLDSEND_POLICY_DIRECT);
ASYNCHRONOUS(bench_drop_async, "drop-behind", COLDSEND_POLICY_DROP_BEHIND);
ASYNCHRONOUS(bench_hybrid_async, "hybrid", COLDSEND_POLICY_HYBRID);
