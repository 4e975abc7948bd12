/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the machine stands still: a thread that looks at the clock all the time.  The
 * module's timers run out meanwhile, whatever is the case when it goes on.
 */
#ifndef CS_WATCH_H
#define CS_WATCH_H

#include <pthread.h>
#include <stdatomic.h>

/**
 * struct cs_watch - a watched clock
 * @ms: what counts as standing still, in milliseconds
 * @last: when it was looked at, in milliseconds
 * @stands: how often that was so long ago at the next look
 * @ends: tells the thread to end
 * @thread: that looks
 */
struct cs_watch {
	long long ms;
	atomic_long last;
	atomic_int stands;
	atomic_bool ends;
	pthread_t thread;
};

int cs_watch_start(struct cs_watch *w, long long ms);
int cs_watch_stands(struct cs_watch *w);
void cs_watch_end(struct cs_watch *w);

#endif /* CS_WATCH_H */
