/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: one at every edge of a transfer's life.
 *
 * A transfer is named by its address (hashed in the output), which start and
 * end bracket.  Positions and lengths are bytes.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM coldsend

#if !defined(COLDSEND_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define COLDSEND_TRACE_H

#include <linux/tracepoint.h>

#include "coldsend.h"

TRACE_DEFINE_ENUM(COLDSEND_POLICY_CACHED);
TRACE_DEFINE_ENUM(COLDSEND_POLICY_DIRECT);
TRACE_DEFINE_ENUM(COLDSEND_POLICY_DROP_BEHIND);
TRACE_DEFINE_ENUM(COLDSEND_POLICY_HYBRID);
TRACE_DEFINE_ENUM(COLDSEND_REASON_NONE);
TRACE_DEFINE_ENUM(COLDSEND_REASON_SMALL);
TRACE_DEFINE_ENUM(COLDSEND_REASON_ADMITTED);
TRACE_DEFINE_ENUM(COLDSEND_REASON_LARGE);
TRACE_DEFINE_ENUM(COLDSEND_REASON_FIRST);
TRACE_DEFINE_ENUM(COLDSEND_REASON_RULE);
TRACE_DEFINE_ENUM(COLDSEND_FALLBACK_NONE);
TRACE_DEFINE_ENUM(COLDSEND_FALLBACK_NO_DIRECT);
TRACE_DEFINE_ENUM(COLDSEND_FALLBACK_DIRECT_REFUSED);
TRACE_DEFINE_ENUM(COLDSEND_FALLBACK_BUFFERED);
TRACE_DEFINE_ENUM(COLDSEND_FALLBACK_COPIED);
TRACE_DEFINE_ENUM(CS_STATE_PUMPING);
TRACE_DEFINE_ENUM(CS_STATE_WAIT_DISK);
TRACE_DEFINE_ENUM(CS_STATE_WAIT_POOL);
TRACE_DEFINE_ENUM(CS_STATE_WAIT_SOCKET);
TRACE_DEFINE_ENUM(CS_STATE_ENDED);

#define cs_show_policy(policy) __print_symbolic(policy,		\
	{ COLDSEND_POLICY_CACHED,	"cached" },		\
	{ COLDSEND_POLICY_DIRECT,	"direct" },		\
	{ COLDSEND_POLICY_DROP_BEHIND,	"drop-behind" },	\
	{ COLDSEND_POLICY_HYBRID,	"hybrid" })

#define cs_show_reason(reason) __print_symbolic(reason,		\
	{ COLDSEND_REASON_NONE,		"none" },		\
	{ COLDSEND_REASON_SMALL,	"small" },		\
	{ COLDSEND_REASON_ADMITTED,	"admitted" },		\
	{ COLDSEND_REASON_LARGE,	"large" },		\
	{ COLDSEND_REASON_FIRST,	"first" },		\
	{ COLDSEND_REASON_RULE,		"rule" })

#define cs_show_fallback(fallback) __print_symbolic(fallback,		\
	{ COLDSEND_FALLBACK_NONE,		"none" },		\
	{ COLDSEND_FALLBACK_NO_DIRECT,		"no-direct" },		\
	{ COLDSEND_FALLBACK_DIRECT_REFUSED,	"direct-refused" },	\
	{ COLDSEND_FALLBACK_BUFFERED,		"buffered" },		\
	{ COLDSEND_FALLBACK_COPIED,		"copied" })

#define cs_show_state(state) __print_symbolic(state,		\
	{ CS_STATE_PUMPING,	"pumping" },			\
	{ CS_STATE_WAIT_DISK,	"wait-disk" },			\
	{ CS_STATE_WAIT_POOL,	"wait-pool" },			\
	{ CS_STATE_WAIT_SOCKET,	"wait-socket" },		\
	{ CS_STATE_ENDED,	"ended" })

TRACE_EVENT(coldsend_start,
	TP_PROTO(const struct cs_xfer *xfer),
	TP_ARGS(xfer),
	TP_STRUCT__entry(
		__field(const void *, xfer)
		__field(dev_t, dev)
		__field(u64, ino)
		__field(loff_t, pos)
		__field(loff_t, end)
		__field(u32, policy)
		__field(u32, reason)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->xfer = xfer;
		__entry->dev = file_inode(xfer->file)->i_sb->s_dev;
		__entry->ino = file_inode(xfer->file)->i_ino;
		__entry->pos = xfer->pos;
		__entry->end = xfer->end;
		__entry->policy = xfer->source->policy;
		__entry->reason = xfer->reason;
		__entry->flags = xfer->flags;
	),
	TP_printk("xfer=%p dev=%d:%d ino=%llu pos=%lld end=%lld policy=%s reason=%s flags=%#x",
		  __entry->xfer, MAJOR(__entry->dev), MINOR(__entry->dev),
		  __entry->ino, __entry->pos, __entry->end,
		  cs_show_policy(__entry->policy),
		  cs_show_reason(__entry->reason), __entry->flags)
);

TRACE_EVENT(coldsend_state,
	TP_PROTO(const struct cs_xfer *xfer, u32 from, u32 to),
	TP_ARGS(xfer, from, to),
	TP_STRUCT__entry(
		__field(const void *, xfer)
		__field(loff_t, pos)
		__field(u32, from)
		__field(u32, to)
	),
	TP_fast_assign(
		__entry->xfer = xfer;
		__entry->pos = xfer->pos;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("xfer=%p pos=%lld %s -> %s", __entry->xfer, __entry->pos,
		  cs_show_state(__entry->from), cs_show_state(__entry->to))
);

TRACE_EVENT(coldsend_read_submit,
	TP_PROTO(const struct cs_xfer *xfer, loff_t pos, u32 length),
	TP_ARGS(xfer, pos, length),
	TP_STRUCT__entry(
		__field(const void *, xfer)
		__field(const void *, reads)
		__field(loff_t, pos)
		__field(u32, length)
		__field(u32, in_flight)
	),
	TP_fast_assign(
		__entry->xfer = xfer;
		__entry->reads = xfer->reads;
		__entry->pos = pos;
		__entry->length = length;
		__entry->in_flight = xfer->reads->in_flight;
	),
	TP_printk("xfer=%p reads=%p pos=%lld length=%u in_flight=%u",
		  __entry->xfer, __entry->reads, __entry->pos, __entry->length,
		  __entry->in_flight)
);

/* The transfer that submitted it may be gone. */
TRACE_EVENT(coldsend_read_done,
	TP_PROTO(const struct cs_reads *reads, loff_t pos, ssize_t result),
	TP_ARGS(reads, pos, result),
	TP_STRUCT__entry(
		__field(const void *, reads)
		__field(loff_t, pos)
		__field(ssize_t, result)
	),
	TP_fast_assign(
		__entry->reads = reads;
		__entry->pos = pos;
		__entry->result = result;
	),
	TP_printk("reads=%p pos=%lld result=%zd", __entry->reads, __entry->pos,
		  __entry->result)
);

TRACE_EVENT(coldsend_send,
	TP_PROTO(const struct cs_xfer *xfer, u32 length, ssize_t result),
	TP_ARGS(xfer, length, result),
	TP_STRUCT__entry(
		__field(const void *, xfer)
		__field(loff_t, pos)
		__field(u32, length)
		__field(ssize_t, result)
	),
	TP_fast_assign(
		__entry->xfer = xfer;
		__entry->pos = xfer->pos;
		__entry->length = length;
		__entry->result = result;
	),
	TP_printk("xfer=%p pos=%lld length=%u result=%zd", __entry->xfer,
		  __entry->pos, __entry->length, __entry->result)
);

TRACE_EVENT(coldsend_fall_back,
	TP_PROTO(const struct cs_xfer *xfer, u32 reason),
	TP_ARGS(xfer, reason),
	TP_STRUCT__entry(
		__field(const void *, xfer)
		__field(loff_t, pos)
		__field(u32, reason)
	),
	TP_fast_assign(
		__entry->xfer = xfer;
		__entry->pos = xfer->pos;
		__entry->reason = reason;
	),
	TP_printk("xfer=%p pos=%lld reason=%s", __entry->xfer, __entry->pos,
		  cs_show_fallback(__entry->reason))
);

TRACE_EVENT(coldsend_end,
	TP_PROTO(const struct cs_xfer *xfer),
	TP_ARGS(xfer),
	TP_STRUCT__entry(
		__field(const void *, xfer)
		__field(u64, sent)
		__field(u32, policy)
		__field(u32, fallback)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->xfer = xfer;
		__entry->sent = cs_xfer_sent(xfer);
		__entry->policy = xfer->source->policy;
		__entry->fallback = xfer->fallback;
		__entry->error = xfer->error;
	),
	TP_printk("xfer=%p sent=%llu policy=%s fallback=%s error=%d",
		  __entry->xfer, __entry->sent,
		  cs_show_policy(__entry->policy),
		  cs_show_fallback(__entry->fallback), __entry->error)
);

#endif /* COLDSEND_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
