// SPDX-License-Identifier: GPL-2.0
/*
 * The end of a transfer: it lets go of what it used, is counted, and tells what
 * came of it.
 */
#include <linux/file.h>
#include <linux/fsnotify.h>
#include <linux/ktime.h>
#include <linux/sched/xacct.h>

#include "auto.h"
#include "views.h"
#include "trace.h"

/* Has the transfer stopped at something that is wrong? */
static bool cs_xfer_failed(const struct cs_xfer *xfer)
{
	return xfer->error && xfer->error != -EAGAIN &&
	       xfer->error != -EINTR && xfer->error != -ERESTARTSYS &&
	       xfer->error != -ECANCELED;
}

static void cs_xfer_sum_up(struct cs_xfer *xfer)
{
	u64 asked = xfer->end - xfer->start;
	u64 sent = cs_xfer_sent(xfer);

	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_TRANSFERS, 1);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_BYTES_ASKED, asked);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_BYTES_SENT, sent);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_PARTIALS, sent && sent < asked);
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_ERRORS, cs_xfer_failed(xfer));
	cs_stats_account(xfer);
	cs_latency_add(COLDSEND_TIMED_TRANSFER, ktime_get_ns() - xfer->started);
}

/* What sendfile(2) tells the rest of the kernel. */
static void cs_xfer_notify(const struct cs_xfer *xfer)
{
	u64 sent = cs_xfer_sent(xfer);

	if (sent) {
		fsnotify_access(xfer->file);
		fsnotify_modify(xfer->sock_file);
	}
	if (xfer->async)
		return;
	add_rchar(current, sent);
	add_wchar(current, sent);
	inc_syscr(current);
	inc_syscw(current);
}

static void cs_xfer_put_file(struct cs_xfer *xfer)
{
	struct file *file = xfer->file;

	xfer->file = NULL;
	if (!cs_xfer_put_unless_last(xfer, file))
		__fput_sync(file);
}

/**
 * cs_xfer_end - lets go of everything that a transfer used, and counts it
 * @xfer: that has ended; only cs_xfer_report() and cs_xfer_destroy() follow
 *
 * That includes the references on the file and on the socket's file: a result
 * that nobody reads must keep neither open, nor be part of a cycle if the
 * device's own descriptor is in flight in that socket.  May sleep, for reads in
 * flight and to close the file, not for the peer (but see cs_sink_put()).
 */
void cs_xfer_end(struct cs_xfer *xfer)
{
	cs_live_remove(xfer);
	cs_user_unqueue(xfer);
	xfer->source->close(xfer);
	cs_sink_exit(xfer);
	trace_coldsend_end(xfer);
	cs_auto_learn(xfer);
	cs_budget_settle(xfer);
	cs_xfer_sum_up(xfer);
	cs_event_transfer(xfer, cs_xfer_failed(xfer));
	cs_xfer_notify(xfer);
	/* Taken in cs_xfer_get_sock() and cs_xfer_get_file(). */
	cs_sink_put(xfer);
	cs_xfer_put_file(xfer);
}

/**
 * cs_xfer_report - fills in what SEND gives back
 * @xfer: after cs_xfer_end()
 * @arg: its out fields are set
 *
 * Return: 0 or -errno, as COLDSEND_IOC_SEND's contract says.
 */
int cs_xfer_report(const struct cs_xfer *xfer, struct coldsend_send *arg)
{
	const u64 *value = xfer->counters.value;

	arg->sent = cs_xfer_sent(xfer);
	arg->policy_used = cs_xfer_policy(xfer);
	arg->fallback = COLDSEND_FALLBACK_NONE;
	arg->reason = COLDSEND_REASON_NONE;
	if (arg->policy_used != COLDSEND_POLICY_AUTO) {
		arg->fallback = xfer->fallback;
		arg->reason = xfer->reason;
	}
	arg->bytes_cached = value[COLDSEND_A_COUNTERS_BYTES_CACHED] +
			    value[COLDSEND_A_COUNTERS_BYTES_DROP_BEHIND];
	arg->bytes_direct = value[COLDSEND_A_COUNTERS_BYTES_DIRECT];
	arg->bytes_copied = value[COLDSEND_A_COUNTERS_BYTES_COPIED];
	return arg->sent ? 0 : xfer->error;
}

/**
 * cs_xfer_complete - fills in what an asynchronous SEND gives back
 * @xfer: after cs_xfer_end()
 * @record: filled in
 */
void cs_xfer_complete(const struct cs_xfer *xfer,
		      struct coldsend_completion *record)
{
	struct coldsend_send report;

	cs_xfer_report(xfer, &report);
	*record = (struct coldsend_completion) {
		.id = xfer->id,
		.user_data = xfer->user_data,
		.sent = report.sent,
		.error = -xfer->error,
		.policy_used = report.policy_used,
		.fallback = report.fallback,
		.reason = report.reason,
		.bytes_cached = report.bytes_cached,
		.bytes_direct = report.bytes_direct,
		.bytes_copied = report.bytes_copied,
	};
}
