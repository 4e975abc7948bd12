// SPDX-License-Identifier: GPL-2.0
/* The default policy and the tunables. */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/seqlock.h>
#include <linux/sizes.h>

#include "coldsend.h"

#define CS_POOL_MAX_MIN		SZ_1M
#define CS_FILES_MAX_MIN	16U
#define CS_FILES_MAX_MAX	1048576U

/* Guards cs_tunables. */
static DEFINE_SEQLOCK(cs_policy_lock);

static struct cs_tunables cs_tunables = {
	.policy = COLDSEND_POLICY_DIRECT,
	.segment_size = SZ_1M,
	.depth = 4,
	.files_max = 4096,
	.pool_max = SZ_64M,
};

static u64 cs_policy_pool_limit(void)
{
	return (u64)totalram_pages() * PAGE_SIZE / 4;
}

/**
 * cs_policy_get - the tunables as they are now
 * @tunables: filled in
 *
 * Any context but hard interrupts.
 */
void cs_policy_get(struct cs_tunables *tunables)
{
	unsigned int seq;

	do {
		seq = read_seqbegin(&cs_policy_lock);
		*tunables = cs_tunables;
	} while (read_seqretry(&cs_policy_lock, seq));
}

static const char *cs_policy_refusal(const struct cs_tunables *new)
{
	if (!cs_source_supports(new->policy))
		return "the default policy must be cached, direct, drop-behind or hybrid";
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
	return NULL;
}

/**
 * cs_policy_set - changes the tunables, all or nothing
 * @tunables: the new ones; transfers that run keep the old
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
	return 0;
}

/**
 * cs_policy_init - fits the defaults to the machine
 */
void cs_policy_init(void)
{
	cs_tunables.pool_max = min(cs_tunables.pool_max,
				   max_t(u64, cs_policy_pool_limit(),
					 CS_POOL_MAX_MIN));
}
