/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture "flow" of park.c and ahead.c, by the policies that read past the page cache.
 * To be included once, where "data" is what the file "unchanged" holds.
 */
FIXTURE(flow) {
	struct cs_flow f;
};

FIXTURE_VARIANT(flow) {
	__u32 policy;
};

FIXTURE_VARIANT_ADD(flow, direct) {
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(flow, hybrid) {
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(flow)
{
	ASSERT_EQ(0, cs_flow_open(&self->f, unchanged, &data, variant->policy));
	if (cs_stat("disk_bytes") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
}

FIXTURE_TEARDOWN(flow)
{
	cs_flow_close(&self->f);
}
