// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that sees the machine stand still.
 */
#include "cs_test.h"
#include "watch.h"

static void *look(void *arg)
{
	struct cs_watch *w = arg;
	long long now;

	while (!w->ends) {
		now = cs_now_ms();
		if (now - w->last >= w->ms)
			w->stands++;
		w->last = now;
		cs_nap();
	}
	return NULL;
}

/* Watches for stands of @ms milliseconds and more: 0 or -errno. */
int cs_watch_start(struct cs_watch *w, long long ms)
{
	*w = (struct cs_watch){ .ms = ms, .last = cs_now_ms() };
	return -pthread_create(&w->thread, NULL, look, w);
}

static bool stands_now(struct cs_watch *w)
{
	return cs_now_ms() - w->last >= w->ms;
}

/* How often it stood still so far, with a stand of which the thread does not know yet. */
int cs_watch_stands(struct cs_watch *w)
{
	/* First: what the thread counts meanwhile is there twice, not missing. */
	int now = !w->ends && stands_now(w);

	return w->stands + now;
}

/* Ends; what was counted can be asked for afterwards, too. */
void cs_watch_end(struct cs_watch *w)
{
	w->ends = true;
	pthread_join(w->thread, NULL);
	w->stands += stands_now(w);
}
