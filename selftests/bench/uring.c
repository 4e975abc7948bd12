// SPDX-License-Identifier: GPL-2.0
/* A ring of one thread: made, and waited for. */
#include <errno.h>

#include "uring.h"

/*
 * Makes what is cheapest where one thread does it all.
 * Return: 0, -ENOMEM, or -EOPNOTSUPP: no io_uring in this kernel, or not for us.
 */
int bench_uring_init(struct io_uring *ring, unsigned int entries)
{
	unsigned int cheap = IORING_SETUP_SINGLE_ISSUER |
			     IORING_SETUP_DEFER_TASKRUN;
	int err = io_uring_queue_init(entries, ring, cheap);

	if (err == -EINVAL)
		err = io_uring_queue_init(entries, ring, 0);
	if (err)
		return err == -ENOMEM ? err : -EOPNOTSUPP;
	return 0;
}

/* Submits, waits for at least one end, and takes all.  Return: as @take, of all. */
long long bench_uring_reap(struct io_uring *ring, __u64 *syscalls,
			   bench_uring_take take, void *arg)
{
	struct io_uring_cqe *cqe;
	unsigned int head, n = 0;
	long long left = 0;
	int err;

	err = io_uring_submit_and_wait(ring, 1);
	++*syscalls;
	if (err < 0)
		return err;
	io_uring_for_each_cqe(ring, head, cqe) {
		long long bytes = take(arg, cqe);

		if (bytes < 0)
			return bytes;
		left += bytes;
		n++;
	}
	io_uring_cq_advance(ring, n);
	return left;
}
