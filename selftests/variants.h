/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Variants of the fixture "policy": each policy over TCP and UNIX sockets.  To
 * be included once, right behind FIXTURE(policy).
 */
FIXTURE_VARIANT(policy)
{
	__u32 policy;
	enum cs_kind kind;
};

FIXTURE_VARIANT_ADD(policy, cached_tcp)
{
	.policy = COLDSEND_POLICY_CACHED, .kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(policy, cached_unix)
{
	.policy = COLDSEND_POLICY_CACHED, .kind = CS_UNIX,
};

FIXTURE_VARIANT_ADD(policy, direct_tcp)
{
	.policy = COLDSEND_POLICY_DIRECT, .kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(policy, direct_unix)
{
	.policy = COLDSEND_POLICY_DIRECT, .kind = CS_UNIX,
};

FIXTURE_VARIANT_ADD(policy, drop_tcp)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND, .kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(policy, drop_unix)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND, .kind = CS_UNIX,
};

FIXTURE_VARIANT_ADD(policy, hybrid_tcp)
{
	.policy = COLDSEND_POLICY_HYBRID, .kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(policy, hybrid_unix)
{
	.policy = COLDSEND_POLICY_HYBRID, .kind = CS_UNIX,
};
