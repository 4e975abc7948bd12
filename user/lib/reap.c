// SPDX-License-Identifier: GPL-2.0
/* Reaping: takes results of submitted transfers, and waits for them. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "handle.h"

/*
 * Milliseconds of one wait at the most: another thread may have taken the last
 * result, and then the device has nothing more to say.
 */
#define SLICE	100

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Results that are there: how many, 0 if nothing runs, -1 with errno. */
static int take(struct coldsend *cs, struct coldsend_completion *results,
		unsigned int count)
{
	ssize_t bytes = read(cs->fd, results, count * sizeof(*results));

	return bytes < 0 ? -1 : (int)((size_t)bytes / sizeof(*results));
}

int coldsend_reap(struct coldsend *cs, struct coldsend_completion *results,
		  unsigned int count, int timeout)
{
	long long deadline = timeout < 0 ? LLONG_MAX : now_ms() + timeout;
	struct pollfd device = { .fd = cs->fd, .events = POLLIN };

	if (count > INT_MAX / sizeof(*results))
		count = INT_MAX / sizeof(*results);
	for (;;) {
		int taken = take(cs, results, count);
		long long left;

		if (taken >= 0 || errno != EAGAIN)
			return taken;
		left = deadline - now_ms();
		if (left <= 0) {
			errno = EAGAIN;
			return -1;
		}
		if (poll(&device, 1, left < SLICE ? (int)left : SLICE) < 0)
			return -1;
	}
}
