/* SPDX-License-Identifier: GPL-2.0 */
/*
 * States: how often transfers went into a state, as the tracepoint
 * coldsend_state has it, counted by perf.
 */
#ifndef CS_STATES_H
#define CS_STATES_H

#include "cs_test.h"

#define CS_STATES_CPUS		64

/* Filters of the tracepoint, whose states are numbers: kmod/coldsend.h. */
#define CS_STATES_DISK		"to == 1"
#define CS_STATES_POOL		"to == 2"
#define CS_STATES_SOCKET	"to == 3"
#define CS_STATES_ENDED		"to == 4"

/**
 * struct cs_states - a count that has begun
 * @n: counters, one for each CPU
 * @fd: the counters
 */
struct cs_states {
	int n;
	int fd[CS_STATES_CPUS];
};

int cs_states_open(struct cs_states *s, const char *filter);
int cs_states_open_thread(struct cs_states *s, const char *filter);
__u64 cs_states_count(const struct cs_states *s);
void cs_states_close(struct cs_states *s);

#endif /* CS_STATES_H */
