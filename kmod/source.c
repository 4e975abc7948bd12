// SPDX-License-Identifier: GPL-2.0
/*
 * Sources: where the bytes of a transfer come from.
 *
 * Each policy has a source.  A source that can't serve the file (any more)
 * falls back to the next in line, counted and with its reason:
 *
 *	direct, hybrid -> drop-behind -> copied
 *	cached -> copied
 */
#include "coldsend.h"
#include "trace.h"

static const struct cs_source *const cs_sources[] = {
	[COLDSEND_POLICY_CACHED] = &cs_source_cached,
	[COLDSEND_POLICY_DIRECT] = &cs_source_direct,
	[COLDSEND_POLICY_DROP_BEHIND] = &cs_source_drop,
	[COLDSEND_POLICY_HYBRID] = &cs_source_hybrid,
};

/**
 * cs_source_supports - is there a source for the policy?
 * @policy: any number
 *
 * Any context.
 */
bool cs_source_supports(u32 policy)
{
	return policy < ARRAY_SIZE(cs_sources) && cs_sources[policy];
}

/**
 * cs_source_policies - the policies that have a source
 *
 * Any context.
 * Return: bit 1 << P is set for enum coldsend_policy P.
 */
u32 cs_source_policies(void)
{
	u32 policy, policies = 0;

	for (policy = 0; policy < ARRAY_SIZE(cs_sources); policy++)
		if (cs_source_supports(policy))
			policies |= 1U << policy;
	return policies;
}

/**
 * cs_source_open - gives a transfer its source
 * @xfer: at its first byte
 * @policy: one that cs_source_supports()
 *
 * May sleep.  The source is a fallback already if the file can't travel by the
 * policy at all.
 */
void cs_source_open(struct cs_xfer *xfer, u32 policy)
{
	xfer->source = cs_sources[policy];
	xfer->source->open(xfer);
}

/**
 * cs_source_fall_back - puts another source in the place of the transfer's
 * @xfer: at the first byte that the old source did not deliver
 * @to: the new source
 * @reason: enum coldsend_fallback
 *
 * With COLDSEND_F_STRICT the transfer ends instead, with -EOPNOTSUPP.  May
 * sleep, for reads in flight too.
 *
 * Return: CS_NEXT_AGAIN or CS_NEXT_END.
 */
enum cs_next cs_source_fall_back(struct cs_xfer *xfer,
				 const struct cs_source *to, u32 reason)
{
	trace_coldsend_fall_back(xfer, reason);
	if (xfer->flags & COLDSEND_F_STRICT) {
		xfer->error = -EOPNOTSUPP;
		return CS_NEXT_END;
	}
	cs_xfer_count(xfer, COLDSEND_A_COUNTERS_FALLBACK_NO_DIRECT + reason -
		      COLDSEND_FALLBACK_NO_DIRECT, 1);
	if (!xfer->fallback)
		xfer->fallback = reason;
	xfer->source->close(xfer);
	xfer->source = to;
	xfer->source->open(xfer);
	return CS_NEXT_AGAIN;
}

/**
 * cs_source_read_error - why a transfer ends whose file could not be read
 * @result: what the file system said, below 0; 0: at its end
 *
 * What disks and servers say of a bad place, a lost path, their removal and the
 * like is EIO, as where the page cache reads; it would be taken for what the
 * socket says.
 *
 * Any context.
 */
int cs_source_read_error(ssize_t result)
{
	switch (result) {
	case 0:
	case -ENOMEM:
	case -EINTR:
	case -ERESTARTSYS:
	case -EACCES:
	case -EPERM:
		return result;
	default:
		return -EIO;
	}
}
