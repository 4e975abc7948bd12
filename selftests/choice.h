/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of policy auto share: what it chose, and why.
 */
#ifndef CS_CHOICE_H
#define CS_CHOICE_H

#include "kselftest_harness.h"
#include "cs_test.h"

/* A transfer of a new file, whose policy is left to auto. */
static inline struct cs_job new_job(const struct cs_data *data)
{
	return (struct cs_job){
		.dev = cs_open(), .file = cs_data_create(cs_dir(), data),
		.data = data, .kind = CS_TCP4, .length = COLDSEND_TO_EOF,
		.policy = COLDSEND_POLICY_AUTO,
	};
}

/* Sends, and looks at the bytes, the policy and the reason for it. */
static inline void expect_choice(struct __test_metadata *_metadata,
				 struct cs_job *job, __u32 policy,
				 __u32 reason)
{
	ASSERT_EQ(0, cs_job_run(job));
	EXPECT_EQ(0, cs_job_verify(job)) TH_LOG("%s", job->why);
	EXPECT_EQ(policy, job->s.policy_used);
	EXPECT_EQ(reason, job->s.reason);
}

static inline bool seconds_passed(void *arg)
{
	return cs_now_ms() >= *(long long *)arg;
}

static inline void let_pass(int seconds)
{
	long long until = cs_now_ms() + seconds * 1000LL;

	cs_wait(seconds_passed, &until, seconds + 1);
}

#endif /* CS_CHOICE_H */
