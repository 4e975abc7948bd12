/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fixture "loop" of park.c and ahead.c, by the policies that read past the page cache.
 * To be included once, where "data" is what the file "unchanged" holds.
 */
FIXTURE(loop) {
	struct cs_loop loop;
};

FIXTURE_VARIANT(loop) {
	__u32 policy;
};

FIXTURE_VARIANT_ADD(loop, direct) {
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(loop, hybrid) {
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(loop)
{
	ASSERT_EQ(0, cs_loop_open(&self->loop, unchanged, &data, variant->policy));
	if (cs_stat("disk_bytes") < 0)
		SKIP(exit(KSFT_SKIP), "no debugfs with coldsend's counters");
}

FIXTURE_TEARDOWN(loop)
{
	cs_loop_close(&self->loop);
}
