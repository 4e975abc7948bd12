/* SPDX-License-Identifier: GPL-2.0 */
/* What the methods that use io_uring have in common. */
#ifndef BENCH_URING_H
#define BENCH_URING_H

#include <liburing.h>
#include <linux/types.h>

int bench_uring_init(struct io_uring *ring, unsigned int entries);

/* What becomes of a completion: bytes that have left their buffer, or -errno. */
typedef long long (*bench_uring_take)(void *arg, const struct io_uring_cqe *cqe);

long long bench_uring_reap(struct io_uring *ring, __u64 *syscalls,
			   bench_uring_take take, void *arg);

#endif /* BENCH_URING_H */
