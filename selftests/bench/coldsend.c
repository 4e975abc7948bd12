// SPDX-License-Identifier: GPL-2.0
/* What the methods by /dev/coldsend share: the device and its ioctl. */
#include <errno.h>
#include <fcntl.h>
#include <linux/coldsend.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"

int bench_coldsend_setup(struct bench_job *job)
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

void bench_coldsend_teardown(struct bench_job *job)
{
	close((int)(intptr_t)job->state);
	bench_close(job);
}

/* One ioctl if all goes well.  A fallback would measure something else. */
int bench_coldsend_range(struct bench_job *job, const struct bench_range *range,
			 __u32 policy)
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
			.policy = policy,
		};

		job->syscalls++;
		if (ioctl((int)(intptr_t)job->state, COLDSEND_IOC_SEND,
			  &request))
			return -errno;
		if (request.fallback != COLDSEND_FALLBACK_NONE)
			return -EOPNOTSUPP;
		if (!request.sent)
			return -ENODATA;
		job->bytes_copied += request.bytes_copied;
		pos += request.sent;
	}
	return 0;
}
