// SPDX-License-Identifier: GPL-2.0
/* Progress: the time of a transfer, and a line on stderr if it is a terminal. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/* Seconds between two looks of the line. */
#define REFRESH	0.2

/** cs_progress_now - seconds of the monotonic clock */
double cs_progress_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/**
 * cs_progress_start - start the clock of a transfer
 * @p: the transfer in time
 * @total: bytes that are expected, 0 for not known
 */
void cs_progress_start(struct cs_progress *p, __u64 total)
{
	p->shown = isatty(STDERR_FILENO);
	p->start = cs_progress_now();
	p->last = 0;
	p->total = total;
}

static void print_share(const struct cs_progress *p, __u64 done, double rate)
{
	__u64 left = done < p->total ? p->total - done : 0;

	fprintf(stderr, "\r\033[K%3.0f %%  %.1f of %.1f MB  %.1f MB/s",
		100.0 * (double)done / (double)p->total, (double)done / 1e6,
		(double)p->total / 1e6, rate);
	if (rate > 0)
		fprintf(stderr, "  %.0f s left", (double)left / 1e6 / rate);
}

/**
 * cs_progress_step - show how far it is, if there is a terminal and it is time
 * @p: the transfer in time
 * @done: bytes so far
 */
void cs_progress_step(struct cs_progress *p, __u64 done)
{
	double now, rate;

	if (!p->shown)
		return;
	now = cs_progress_now();
	if (now - (p->last > 0 ? p->last : p->start) < REFRESH)
		return;
	p->last = now;
	rate = cs_print_rate(done, now - p->start);
	if (p->total)
		print_share(p, done, rate);
	else
		fprintf(stderr, "\r\033[K%.1f MB  %.1f MB/s",
			(double)done / 1e6, rate);
}

/**
 * cs_progress_stop - take the line away
 * @p: the transfer in time
 *
 * Return: seconds since the start.
 */
double cs_progress_stop(struct cs_progress *p)
{
	double seconds = cs_progress_now() - p->start;

	if (p->last > 0)
		fputs("\r\033[K", stderr);
	return seconds;
}
