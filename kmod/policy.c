// SPDX-License-Identifier: GPL-2.0
/* The default policy and the tunables. */
#include <linux/log2.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>

#include "auto.h"

#define CS_POOL_MAX_MIN		SZ_1M
/* The default is so much of memory, as a shift, between these bounds. */
#define CS_POOL_DEFAULT_SHIFT	6
#define CS_POOL_DEFAULT_MIN	SZ_4M
#define CS_POOL_DEFAULT_MAX	SZ_64M
#define CS_SEGMENT_DEFAULT_MAX	SZ_1M
/*
 * By default a transfer has no more than such a part of the pool, or twice that where
 * the disk is slow.
 */
#define CS_POOL_SHARES		4
#define CS_FILES_MAX_MIN	16U
#define CS_FILES_MAX_MAX	1048576U
#define CS_TRANSFERS_MAX	1048576U
#define CS_SHARE_MIN		10U
#define CS_IDLE_MAX_MAX		86400U
#define CS_SMALL_MAX_MAX	SZ_1G
#define CS_ADMIT_AFTER_MAX	1000U
#define CS_ADMIT_WINDOW_MAX	604800U

/* Guards cs_tunables. */
static DEFINE_SEQLOCK(cs_policy_lock);

static struct cs_tunables cs_tunables = {
	.policy = COLDSEND_POLICY_AUTO,
	.depth = 4,
	.files_max = 4096,
	.transfers_max = 65536,
	.user_transfers = 16384,
	.user_share = 50,
	.idle_max = 300,
	.small_max = SZ_1M,
	.admit_after = 2,
	.admit_window = 600,
	.admit_max = 25,
};

static u64 cs_policy_pool_limit(void)
{
	return cs_memory_all() / 4;
}

/**
 * cs_policy_get - the tunables as they are now
 * @tunables: filled in
 *
 * Process context.
 */
void cs_policy_get(struct cs_tunables *tunables)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&cs_policy_lock);
		*tunables = cs_tunables;
	} while (read_seqretry(&cs_policy_lock, seq));
}

/**
 * cs_policy_pool_max - bytes of the pool at the most, as it is now
 *
 * Process context.
 */
u64 cs_policy_pool_max(void)
{
	struct cs_tunables now;

	cs_policy_get(&now);
	return now.pool_max;
}

static const char *cs_policy_auto_refusal(const struct cs_tunables *new)
{
	if (new->small_max > CS_SMALL_MAX_MAX)
		return "what is small must be from 0 to 1073741824 bytes";
	if (!new->admit_after || new->admit_after > CS_ADMIT_AFTER_MAX)
		return "a file is admitted after 1 to 1000 times";
	if (!new->admit_window || new->admit_window > CS_ADMIT_WINDOW_MAX)
		return "the window of admission must be from 1 to 604800 seconds";
	if (new->admit_max > 100)
		return "the share of an admitted file must be from 0 to 100 percent";
	return NULL;
}

static const char *cs_policy_limits_refusal(const struct cs_tunables *new)
{
	if (!new->transfers_max || new->transfers_max > CS_TRANSFERS_MAX)
		return "transfers maximum must be from 1 to 1048576";
	if (!new->user_transfers || new->user_transfers > CS_TRANSFERS_MAX)
		return "transfers of a user must be from 1 to 1048576";
	if (new->user_share < CS_SHARE_MIN || new->user_share > 100)
		return "the share of a user must be from 10 to 100 percent";
	if (!new->idle_max || new->idle_max > CS_IDLE_MAX_MAX)
		return "idle maximum must be from 1 to 86400 seconds";
	return cs_policy_auto_refusal(new);
}

static const char *cs_policy_refusal(const struct cs_tunables *new)
{
	if (!cs_policy_known(new->policy))
		return "the default policy must be auto, cached, direct, drop-behind or hybrid";
	if (!is_power_of_2(new->segment_size) ||
	    new->segment_size < CS_SEGMENT_SIZE_MIN ||
	    new->segment_size > CS_SEGMENT_SIZE_MAX)
		return "segment size must be a power of two from 65536 to 4194304 bytes";
	if (!new->depth || new->depth > CS_DEPTH_MAX)
		return "depth must be from 1 to 16 reads";
	if (new->pool_max < CS_POOL_MAX_MIN ||
	    new->pool_max > cs_policy_pool_limit())
		return "pool maximum must be from 1048576 bytes to a quarter of memory";
	if (new->files_max < CS_FILES_MAX_MIN ||
	    new->files_max > CS_FILES_MAX_MAX)
		return "files maximum must be from 16 to 1048576 rows";
	return cs_policy_limits_refusal(new);
}

/**
 * cs_policy_set - changes the tunables, all or nothing
 * @tunables: the new ones; transfers that run keep the old, but for the limits of
 *	the pool
 * @refusal: set to a sentence saying what is out of range
 *
 * Process context.  Callers that change some of what cs_policy_get() gave them
 * keep others from doing the same meanwhile.
 *
 * Return: 0 or -EINVAL.
 */
int cs_policy_set(const struct cs_tunables *tunables, const char **refusal)
{
	*refusal = cs_policy_refusal(tunables);
	if (*refusal)
		return -EINVAL;
	write_seqlock(&cs_policy_lock);
	cs_tunables = *tunables;
	write_sequnlock(&cs_policy_lock);
	cs_user_limits_changed();
	return 0;
}

/**
 * cs_policy_known - is there such a policy to ask for?
 * @policy: any number
 *
 * Any context.
 */
bool cs_policy_known(u32 policy)
{
	return policy == COLDSEND_POLICY_AUTO || cs_source_supports(policy);
}

/**
 * cs_policy_init - fits the defaults to the machine
 */
void cs_policy_init(void)
{
	u64 share = cs_memory_all() >> CS_POOL_DEFAULT_SHIFT;
	u32 pool, segment;

	share = clamp_t(u64, share, CS_POOL_DEFAULT_MIN, CS_POOL_DEFAULT_MAX);
	pool = min(share, cs_policy_pool_limit());
	/* Reads in flight, and one that is being sent: struct cs_ring has more. */
	segment = pool / CS_POOL_SHARES / (cs_tunables.depth + 1);
	segment = clamp_t(u32, segment, CS_SEGMENT_SIZE_MIN,
			  CS_SEGMENT_DEFAULT_MAX);
	cs_tunables.pool_max = pool;
	cs_tunables.segment_size = rounddown_pow_of_two(segment);
}
