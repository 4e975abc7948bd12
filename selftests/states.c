// SPDX-License-Identifier: GPL-2.0
/*
 * States: counts the tracepoint coldsend_state by perf, which loses no event
 * and needs no trace to be read.
 *
 * Always on all CPUs: for the events of a thread perf patches the scheduler, and
 * an emulated CPU that is just there dies of a breakpoint already taken out.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "states.h"

#define EVENT_ID	"/sys/kernel/tracing/events/coldsend/coldsend_state/id"

/* The number of the tracepoint, or -1. */
static long long event_id(void)
{
	FILE *f = fopen(EVENT_ID, "re");
	long long id = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%lld", &id) != 1)
		id = -1;
	fclose(f);
	return id;
}

static int open_counter(struct cs_states *s, const char *filter, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_TRACEPOINT,
		.config = event_id(),
	};
	int fd;

	if (attr.config == CS_NONE)
		return -ENOENT;
	fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1,
		     PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	s->fd[s->n++] = fd;
	return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter) ? -errno : 0;
}

/* Counts from now on, for all transfers: 0 or -errno. */
int cs_states_open(struct cs_states *s, const char *filter)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int err = cpus > CS_STATES_CPUS ? -E2BIG : 0;
	int cpu;

	s->n = 0;
	for (cpu = 0; cpu < cpus && !err; cpu++)
		err = open_counter(s, filter, cpu);
	return err;
}

/* The same for transfers that the calling thread pumps. */
int cs_states_open_thread(struct cs_states *s, const char *filter)
{
	char mine[128];

	snprintf(mine, sizeof(mine), "(%s) && common_pid == %d", filter,
		 gettid());
	return cs_states_open(s, mine);
}

__u64 cs_states_count(const struct cs_states *s)
{
	__u64 sum = 0;
	__u64 one;
	int i;

	for (i = 0; i < s->n; i++)
		if (read(s->fd[i], &one, sizeof(one)) == sizeof(one))
			sum += one;
	return sum;
}

void cs_states_close(struct cs_states *s)
{
	while (s->n)
		close(s->fd[--s->n]);
}
