/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Variants of the fixture "driver": each policy by both drivers, synchronous and
 * asynchronous.  To be included once, right behind FIXTURE(driver).
 */
FIXTURE_VARIANT(driver)
{
	__u32 policy;
	__u32 flags;
};

FIXTURE_VARIANT_ADD(driver, cached)
{
	.policy = COLDSEND_POLICY_CACHED,
};

FIXTURE_VARIANT_ADD(driver, cached_asynchronous)
{
	.policy = COLDSEND_POLICY_CACHED, .flags = COLDSEND_F_ASYNC,
};

FIXTURE_VARIANT_ADD(driver, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(driver, direct_asynchronous)
{
	.policy = COLDSEND_POLICY_DIRECT, .flags = COLDSEND_F_ASYNC,
};

FIXTURE_VARIANT_ADD(driver, drop)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND,
};

FIXTURE_VARIANT_ADD(driver, drop_asynchronous)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND, .flags = COLDSEND_F_ASYNC,
};

FIXTURE_VARIANT_ADD(driver, hybrid)
{
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_VARIANT_ADD(driver, hybrid_asynchronous)
{
	.policy = COLDSEND_POLICY_HYBRID, .flags = COLDSEND_F_ASYNC,
};
