// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of a transfer fails once: the first, the second, ... of SEND,
 * of its asynchronous submission, and of the workers that pump it, until one
 * passes in which none was left to fail.  Each time: the errno is one of the
 * contract, what arrives is the file's and as much as was said, the next
 * transfer works.
 *
 * Needs a kernel with fault injection: run.sh -k um-debug.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fault.h"
#include "kselftest_harness.h"
#include "submit.h"

/* A call that has so many allocations has no end. */
#define SWEEP_MAX	3000
/* Workers come and go: one that was not armed may have done it all. */
#define CLEAN_MAX	3
#define SECONDS		400

static const struct cs_data data = { .seed = 17, .size = CS_MIB + 77 };

/**
 * struct attempt - one call with a failure
 * @dev: device to call
 * @file: to send
 * @policy: enum coldsend_policy
 * @kind: socket to send over
 * @cold: whether nothing of the file is in the page cache
 * @s: argument of SEND, and its result
 * @peer: the receiver
 * @sv: the sockets
 */
struct attempt {
	int dev;
	int file;
	__u32 policy;
	enum cs_kind kind;
	bool cold;
	struct coldsend_send s;
	struct cs_peer peer;
	int sv[2];
};

static int attempt_start(struct attempt *a)
{
	int err;

	if (a->cold)
		cs_drop_cache(a->file);
	err = cs_pair(a->kind, a->sv);
	if (err)
		return err;
	a->peer = (struct cs_peer){ .fd = a->sv[1], .data = &data };
	cs_send_init(&a->s, a->file, a->sv[0], 0, COLDSEND_TO_EOF, a->policy);
	return cs_peer_start(&a->peer);
}

/* What arrived: right bytes, and @sent of them, or any number if CS_NONE. */
static int attempt_end(struct attempt *a, __u64 sent)
{
	int err;

	shutdown(a->sv[0], SHUT_WR);
	err = cs_peer_join(&a->peer);
	close(a->sv[0]);
	close(a->sv[1]);
	if (err)
		return err;
	if (a->peer.bad != CS_NONE || a->peer.count > data.size)
		return -EBADMSG;
	return sent == CS_NONE || sent == a->peer.count ? 0 : -EPROTO;
}

FIXTURE(send)
{
	struct cs_made before;
	struct attempt a;
};

FIXTURE_VARIANT(send)
{
	__u32 policy;
	enum cs_kind kind;
	bool cold;
};

FIXTURE_VARIANT_ADD(send, cached_tcp_cold)
{
	.policy = COLDSEND_POLICY_CACHED, .kind = CS_TCP4, .cold = true,
};

FIXTURE_VARIANT_ADD(send, cached_unix)
{
	.policy = COLDSEND_POLICY_CACHED, .kind = CS_UNIX,
};

FIXTURE_VARIANT_ADD(send, direct_tcp)
{
	.policy = COLDSEND_POLICY_DIRECT, .kind = CS_TCP4,
};

FIXTURE_VARIANT_ADD(send, direct_unix)
{
	.policy = COLDSEND_POLICY_DIRECT, .kind = CS_UNIX,
};

FIXTURE_VARIANT_ADD(send, drop_tcp)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND, .kind = CS_TCP4, .cold = true,
};

FIXTURE_VARIANT_ADD(send, hybrid_tcp)
{
	.policy = COLDSEND_POLICY_HYBRID, .kind = CS_TCP4, .cold = true,
};

FIXTURE_SETUP(send)
{
	if (!cs_fault_available())
		SKIP(exit(KSFT_SKIP), "this kernel has no faults on demand: um-debug has");
	self->before = cs_made_now();
	self->a = (struct attempt){
		.dev = cs_open(), .file = cs_data_create(cs_dir(), &data),
		.policy = variant->policy, .kind = variant->kind,
		.cold = variant->cold,
	};
	ASSERT_GE(self->a.dev, 0);
	ASSERT_GE(self->a.file, 0);
}

FIXTURE_TEARDOWN(send)
{
	close(self->a.dev);
	close(self->a.file);
	EXPECT_TRUE(cs_made_back(&self->before, 20));
}

/* Whatever a synchronous SEND allocates itself. */
TEST_F_TIMEOUT(send, sync, SECONDS)
{
	struct attempt *a = &self->a;
	bool failed = true;
	int n, err;

	for (n = 1; failed && n < SWEEP_MAX; n++) {
		ASSERT_EQ(0, attempt_start(a));
		ASSERT_EQ(0, cs_fault_arm(n));
		err = cs_send(a->dev, &a->s);
		failed = cs_fault_disarm();
		EXPECT_TRUE(failed ? cs_fault_is_fine(err) : !err)
			TH_LOG("allocation %d failed: SEND says %d", n, err);
		/* Results that could not be written are not there. */
		err = attempt_end(a, err == -EFAULT ? CS_NONE : a->s.sent);
		EXPECT_EQ(0, err) TH_LOG("allocation %d failed", n);
		ASSERT_EQ(0, cs_fault_works(a->dev, a->file, &data)) TH_LOG("after %d", n);
	}
	TH_LOG("%d allocations failed in turn", n - 2);
	EXPECT_FALSE(failed);
	EXPECT_GT(n, 4);
}

/* The result of the only transfer, if there is one: its bytes, or -errno. */
static long long result_of(int dev)
{
	struct coldsend_completion c;
	int err = cs_collect(dev, &c, 1, 20);

	if (err)
		return err;
	return cs_fault_is_fine(-c.error) ? (long long)c.sent : -c.error;
}

/* What the submitter of an asynchronous one allocates, until it returns. */
TEST_F_TIMEOUT(send, submit, SECONDS)
{
	struct attempt *a = &self->a;
	bool failed = true;
	long long sent;
	int n, err;

	for (n = 1; failed && n < SWEEP_MAX; n++) {
		ASSERT_EQ(0, attempt_start(a));
		ASSERT_EQ(0, cs_fault_arm(n));
		err = cs_submit(a->dev, &a->s, n);
		failed = cs_fault_disarm();
		EXPECT_TRUE(failed ? cs_fault_is_fine(err) : !err)
			TH_LOG("allocation %d failed: SEND says %d", n, err);
		/* EFAULT may have come when it ran already. */
		sent = 0;
		if (!err || (err == -EFAULT && cs_has_result(a->dev, 500)))
			sent = result_of(a->dev);
		EXPECT_GE(sent, 0) TH_LOG("allocation %d failed", n);
		EXPECT_EQ(0, attempt_end(a, sent))
			TH_LOG("allocation %d failed", n);
	}
	ASSERT_EQ(0, cs_fault_works(a->dev, a->file, &data));
	TH_LOG("%d allocations failed in turn", n - 2);
	EXPECT_FALSE(failed);
	EXPECT_GT(n, 4);
}

/* What the workers that pump it allocate. */
TEST_F_TIMEOUT(send, pump, SECONDS)
{
	struct attempt *a = &self->a;
	int n, clean = 0, failures = 0;
	long long sent;

	for (n = 1; clean < CLEAN_MAX && n < SWEEP_MAX; n++) {
		ASSERT_EQ(0, attempt_start(a));
		ASSERT_GT(cs_fault_arm_workers(n), 0);
		ASSERT_EQ(0, cs_submit(a->dev, &a->s, n));
		sent = result_of(a->dev);
		if (cs_fault_disarm_workers()) {
			failures++;
			clean = 0;
		} else {
			clean++;
		}
		EXPECT_GE(sent, 0) TH_LOG("allocation %d failed", n);
		EXPECT_EQ(0, attempt_end(a, sent))
			TH_LOG("allocation %d failed", n);
		ASSERT_EQ(0, cs_fault_works(a->dev, a->file, &data)) TH_LOG("after %d", n);
	}
	TH_LOG("%d allocations of workers failed in turn", failures);
	EXPECT_EQ(CLEAN_MAX, clean);
	EXPECT_GT(failures, 0);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
