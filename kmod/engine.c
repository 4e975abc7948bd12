// SPDX-License-Identifier: GPL-2.0
/*
 * The engine: pumps a transfer to its end.
 *
 * cs_engine_pump() does what can be done now and says what it waits for; it
 * never sleeps for the network.  Whoever drives it does the waiting.  Here that
 * is the thread that called the ioctl, which sleeps interruptibly; the other
 * driver is async.c.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>
#include <net/sock.h>

#include "ring.h"
#include "views.h"

/* The longest pause is of so many jiffies, as a power of two. */
#define CS_PAUSE_SHIFT_MAX	6U

static void cs_engine_advance(struct cs_xfer *xfer, struct cs_segment *segment,
			      u32 sent)
{
	cs_xfer_count(xfer, segment->counter, sent);
	if ((xfer->copies || cs_sink_is_tiny(segment)) &&
	    segment->counter != COLDSEND_A_COUNTERS_BYTES_COPIED)
		cs_xfer_count(xfer, COLDSEND_A_COUNTERS_BYTES_COPIED, sent);
	segment->begin += sent;
	xfer->pos += sent;
	if (segment->begin == segment->end)
		xfer->source->sent(xfer, segment);
}

static enum cs_pumped cs_engine_send(struct cs_xfer *xfer,
				     struct cs_segment *segment)
{
	u32 length = segment->end - segment->begin;
	ssize_t sent = cs_sink_send(xfer, segment);

	if (sent == -EAGAIN)
		return CS_PUMPED_WAIT_SOCKET;
	if (sent < 0) {
		xfer->error = sent;
		return CS_PUMPED_ALL;
	}
	cs_engine_advance(xfer, segment, sent);
	xfer->retries = 0;
	xfer->full_since = 0;
	if (sent == length)
		cs_sink_trust(xfer, true);
	return xfer->pos < xfer->end ? CS_PUMPED_SOME : CS_PUMPED_ALL;
}

/**
 * cs_engine_pump - does what can be done now
 * @xfer: that has not ended
 *
 * Sends at most one segment, so that its driver can look around.  Sleeps for
 * memory and for the disk, never for the network.  xfer->error says why, if the
 * transfer has ended and not at its end.
 */
enum cs_pumped cs_engine_pump(struct cs_xfer *xfer)
{
	struct cs_segment *segment;
	enum cs_next next;

	cs_xfer_set_state(xfer, CS_STATE_PUMPING);
	if (xfer->pos >= xfer->end)
		return CS_PUMPED_ALL;
	next = xfer->source->next(xfer, &segment);
	/* It goes on without memory: others have their turn before it sleeps. */
	if (next != CS_NEXT_WAIT_POOL)
		cs_user_unqueue(xfer);
	switch (next) {
	case CS_NEXT_READY:
		return cs_engine_send(xfer, segment);
	case CS_NEXT_WAIT_DISK:
		return CS_PUMPED_WAIT_DISK;
	case CS_NEXT_WAIT_POOL:
		return CS_PUMPED_WAIT_POOL;
	case CS_NEXT_WAIT_FILE:
		return CS_PUMPED_WAIT_FILE;
	case CS_NEXT_AGAIN:
		return CS_PUMPED_SOME;
	case CS_NEXT_END:
		break;
	}
	return CS_PUMPED_ALL;
}

/*
 * May the transfer end rather than wait for the disk?  Its socket does not want more for
 * now, and wakes its owner when it does; what is being read is there then.
 */
static bool cs_engine_may_leave(struct cs_xfer *xfer)
{
	return xfer->nonblock && cs_park_keeps_all(xfer) &&
	       !cs_sink_has_room(xfer);
}

/* As for all reads of regular files, only a fatal signal ends the wait. */
static int cs_engine_wait_disk(struct cs_xfer *xfer)
{
	u64 since = ktime_get_ns();
	int err;

	if (cs_engine_may_leave(xfer))
		return -EAGAIN;
	cs_xfer_set_state(xfer, CS_STATE_WAIT_DISK);
	err = wait_event_killable(xfer->wait, !READ_ONCE(xfer->reads->awaited));
	cs_xfer_count_wait(xfer, COLDSEND_A_COUNTERS_DISK_WAIT_NS,
			   COLDSEND_TIMED_DISK, since);
	return err;
}

/* Once it has waited in vain, it does not wait for memory again. */
static int cs_engine_wait_pool(struct cs_xfer *xfer)
{
	long timeout = sock_sndtimeo(xfer->sock->sk, false);
	long patience = min(cs_user_patience(xfer), timeout);
	u64 since = ktime_get_ns();
	long left;

	if (!patience) {
		xfer->urgent = true;
		return 0;
	}
	cs_event_limit(COLDSEND_LIMIT_POOL, xfer);
	cs_xfer_set_state(xfer, CS_STATE_WAIT_POOL);
	left = wait_event_interruptible_timeout(xfer->wait,
						READ_ONCE(xfer->granted),
						patience);
	cs_xfer_count_wait(xfer, COLDSEND_A_COUNTERS_POOL_WAIT_NS,
			   COLDSEND_TIMED_POOL, since);
	/* Whose owner has a limit to waiting does not wait again. */
	xfer->urgent = !left && timeout != MAX_SCHEDULE_TIMEOUT;
	return min(left, 0L);
}

/**
 * cs_engine_patience - how long the socket's owner wants to wait for it
 * @xfer: whose socket is full
 *
 * Return: jiffies, 0 if no more, MAX_SCHEDULE_TIMEOUT.
 */
long cs_engine_patience(struct cs_xfer *xfer)
{
	long timeout = sock_sndtimeo(xfer->sock->sk, xfer->nonblock);
	long waited;

	if (!xfer->full_since)
		xfer->full_since = jiffies ?: 1;
	if (!timeout || timeout == MAX_SCHEDULE_TIMEOUT)
		return timeout;
	waited = jiffies - xfer->full_since;
	return max(timeout - waited, 0L);
}

/* Has nothing been sent for so many jiffies? */
static bool cs_engine_waits_for(const struct cs_xfer *xfer, long time)
{
	if (xfer->retries > CS_PAUSE_SHIFT_MAX)
		return true;
	return xfer->full_since &&
	       time_after_eq(jiffies, xfer->full_since + time);
}

/**
 * cs_engine_is_stalled - has nothing been sent for long, the peer's or a lock's fault?
 * @xfer: the transfer
 *
 * Then it keeps no memory that others need.  Any context.
 */
bool cs_engine_is_stalled(const struct cs_xfer *xfer)
{
	return cs_engine_waits_for(xfer, CS_STALLED_AFTER);
}

/**
 * cs_engine_is_slow - has nothing been sent for a while, the peer's or a lock's fault?
 * @xfer: the transfer
 *
 * Then it keeps no page of the page cache that the socket does not: nobody counts
 * these.  Any context.
 */
bool cs_engine_is_slow(const struct cs_xfer *xfer)
{
	return cs_engine_waits_for(xfer, CS_SLOW_AFTER);
}

/**
 * cs_engine_must_yield - do others need memory that was read into and not sent?
 * @xfer: whose socket is full
 *
 * What waits for a peer that takes nothing is worth little.  But a socket that says
 * it has room is asked again soon, and all would be read again each time: that is
 * for when memory is tight.  Process context.
 */
bool cs_engine_must_yield(struct cs_xfer *xfer)
{
	if (cs_pool_is_tight(xfer))
		return true;
	return cs_engine_is_stalled(xfer) && !xfer->retries &&
	       cs_pool_is_in_demand(xfer);
}

/**
 * cs_engine_pause - how long to leave alone what can't be had and won't wake us
 * @xfer: that nothing was sent of since it was asked last
 *
 * A socket that says it has room mostly has; but TCP short of memory says so all
 * the time, and a socket that somebody holds.  From the second time in a row on it
 * is asked less and less often.
 *
 * Return: jiffies, 0 the first time.
 */
long cs_engine_pause(struct cs_xfer *xfer)
{
	u32 retries = xfer->retries++;

	return retries ? 1L << min(retries - 1, CS_PAUSE_SHIFT_MAX) : 0;
}

/*
 * The socket was full a moment ago.
 * Return: as wait_event_interruptible_timeout(); 0 if it is not written to yet.
 */
static long cs_engine_sleep(struct cs_xfer *xfer, bool writable, long timeout)
{
	bool slow = cs_engine_is_slow(xfer);
	long longest = timeout;

	if (slow || (!writable && cs_pool_is_tight(xfer)))
		xfer->source->idle(xfer);
	if (writable) {
		longest = cs_engine_pause(xfer);
	} else {
		if (!cs_engine_is_stalled(xfer))
			longest = slow ? CS_STALLED_AFTER : CS_SLOW_AFTER;
	}
	if (longest)
		cs_xfer_set_state(xfer, CS_STATE_WAIT_SOCKET);
	if (signal_pending(current))
		return -ERESTARTSYS;
	return wait_event_interruptible_timeout(xfer->wait,
						READ_ONCE(xfer->sock_woken),
						min(longest, timeout));
}

static int cs_engine_wait_socket(struct cs_xfer *xfer)
{
	long timeout = cs_engine_patience(xfer);
	u64 since = ktime_get_ns();
	bool writable;
	long left;

	if (!timeout)
		return -EAGAIN;
	cs_sink_trust(xfer, false);
	/* In between it lets go of more and more, for others. */
	do {
		writable = cs_sink_writable(xfer);
		left = cs_engine_sleep(xfer, writable, timeout);
		timeout = cs_engine_patience(xfer);
	} while (!left && !writable && timeout);
	cs_xfer_count_wait(xfer, COLDSEND_A_COUNTERS_SOCKET_WAIT_NS,
			   COLDSEND_TIMED_SOCKET, since);
	if (left < 0)
		return left;
	return left || writable ? 0 : -EAGAIN;
}

/* Who does not want to wait, and got nothing sent yet, is not told of a signal. */
static bool cs_engine_is_interrupted(const struct cs_xfer *xfer)
{
	if (xfer->nonblock && !cs_xfer_sent(xfer))
		return fatal_signal_pending(current);
	return signal_pending(current);
}

static int cs_engine_wait(struct cs_xfer *xfer, enum cs_pumped pumped)
{
	switch (pumped) {
	case CS_PUMPED_WAIT_DISK:
		return cs_engine_wait_disk(xfer);
	case CS_PUMPED_WAIT_POOL:
		return cs_engine_wait_pool(xfer);
	case CS_PUMPED_WAIT_SOCKET:
		return cs_engine_wait_socket(xfer);
	default:
		cond_resched();
		return cs_engine_is_interrupted(xfer) ? -ERESTARTSYS : 0;
	}
}

/**
 * cs_engine_run - pumps a transfer in the calling thread until it ends
 * @xfer: just created
 *
 * Sleeps for the disk, for memory and for the peer, interruptibly.  xfer->error says
 * what ended it, 0 if that is the end of the range or of the file.
 */
void cs_engine_run(struct cs_xfer *xfer)
{
	enum cs_pumped pumped;
	int err = 0;

	xfer->urgent = xfer->nonblock;
	/* Nothing is read for a socket that can't take anything. */
	if (xfer->nonblock && xfer->pos < xfer->end && !cs_sink_has_room(xfer))
		err = -EAGAIN;
	while (!err) {
		pumped = cs_engine_pump(xfer);
		if (pumped == CS_PUMPED_ALL)
			break;
		err = cs_engine_wait(xfer, pumped);
	}
	/* As all of the socket layer: a timeout would start anew. */
	if (err == -ERESTARTSYS &&
	    sock_sndtimeo(xfer->sock->sk, false) != MAX_SCHEDULE_TIMEOUT)
		err = -EINTR;
	if (err)
		xfer->error = err;
	cs_xfer_set_state(xfer, CS_STATE_ENDED);
}
