// SPDX-License-Identifier: GPL-2.0
/*
 * Families that copy what they are handed: MPTCP and vsock.  All bytes arrive
 * under every policy, by both drivers, and are counted as copied.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "submit.h"

#define SIZE		(3 * CS_MIB + 4321)
#define SECONDS		20

static const struct cs_data data = { .seed = 121, .size = SIZE };

FIXTURE(family)
{
	int dev;
	int file;
	int sv[2];
	struct cs_made before;
	struct coldsend_send s;
	struct cs_peer peer;
};

FIXTURE_VARIANT(family)
{
	enum cs_kind kind;
	__u32 policy;
};

FIXTURE_VARIANT_ADD(family, mptcp_cached)
{
	.kind = CS_MPTCP, .policy = COLDSEND_POLICY_CACHED,
};

FIXTURE_VARIANT_ADD(family, mptcp_direct)
{
	.kind = CS_MPTCP, .policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(family, mptcp_drop)
{
	.kind = CS_MPTCP, .policy = COLDSEND_POLICY_DROP_BEHIND,
};

FIXTURE_VARIANT_ADD(family, mptcp_hybrid)
{
	.kind = CS_MPTCP, .policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_VARIANT_ADD(family, vsock_cached)
{
	.kind = CS_VSOCK, .policy = COLDSEND_POLICY_CACHED,
};

FIXTURE_VARIANT_ADD(family, vsock_direct)
{
	.kind = CS_VSOCK, .policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(family, vsock_drop)
{
	.kind = CS_VSOCK, .policy = COLDSEND_POLICY_DROP_BEHIND,
};

FIXTURE_VARIANT_ADD(family, vsock_hybrid)
{
	.kind = CS_VSOCK, .policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(family)
{
	int err = cs_pair(variant->kind, self->sv);

	if (err == -EAFNOSUPPORT || err == -EPROTONOSUPPORT ||
	    err == -ENOPROTOOPT || err == -ENODEV || err == -EADDRNOTAVAIL)
		SKIP(exit(KSFT_SKIP), "this kernel has no %s on one machine: %s",
		     cs_kind_name(variant->kind), strerror(-err));
	ASSERT_EQ(0, err);
	self->before = cs_made_now();
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	self->peer = (struct cs_peer){ .fd = self->sv[1], .data = &data };
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     variant->policy);
}

FIXTURE_TEARDOWN(family)
{
	close(self->dev);
	EXPECT_TRUE(cs_made_back(&self->before, SECONDS));
}

static void transfer(struct __test_metadata *_metadata,
		     const struct _test_data_family *self,
		     const FIXTURE_VARIANT(family) *variant, __u32 flags,
		     __u64 offset, __u64 length)
{
	__u8 digest[CS_SHA256_LEN];
	struct cs_job j = {
		.dev = self->dev, .file = self->file, .data = &data,
		.kind = variant->kind, .policy = variant->policy,
		.flags = flags | COLDSEND_F_STRICT, .offset = offset,
		.length = length, .sha256 = digest,
	};

	cs_sha256_data(&data, offset, cs_data_length(&data, offset, length),
		       digest);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	EXPECT_EQ(variant->policy, j.s.policy_used);
	EXPECT_EQ(j.s.sent, j.s.bytes_copied);
}

static void transfers(struct __test_metadata *_metadata,
		      const struct _test_data_family *self,
		      const FIXTURE_VARIANT(family) *variant, __u32 flags)
{
	transfer(_metadata, self, variant, flags, 0, COLDSEND_TO_EOF);
	transfer(_metadata, self, variant, flags, 4097, CS_MIB + 3);
	transfer(_metadata, self, variant, flags, 100, 1);
	transfer(_metadata, self, variant, flags, SIZE - 999, COLDSEND_TO_EOF);
}

TEST_F(family, synchronous)
{
	transfers(_metadata, self, variant, 0);
}

TEST_F(family, asynchronous)
{
	transfers(_metadata, self, variant, COLDSEND_F_ASYNC);
}

/* A full socket is waited for until a slow receiver has made room. */
TEST_F(family, slow_receiver)
{
	struct coldsend_completion c;

	self->s.length = CS_MIB;
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	self->peer.limit = CS_MIB;
	self->peer.slow = true;
	self->peer.chunk = 20000;
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(0, c.error);
	EXPECT_EQ(CS_MIB, c.sent);
	EXPECT_EQ(CS_MIB, c.bytes_copied);
	EXPECT_EQ(CS_MIB, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
}

/* One call of an event loop: waits for room, and goes on from where it was. */
static int send_on(struct _test_data_family *self, __u64 *copied)
{
	struct pollfd p = { .fd = self->sv[0], .events = POLLOUT };
	struct coldsend_send s = self->s;
	int err;

	if (poll(&p, 1, SECONDS * 1000) != 1)
		return -ETIMEDOUT;
	err = cs_send(self->dev, &s);
	self->s.offset += s.sent;
	*copied += s.bytes_copied;
	return err == -EAGAIN ? 0 : err;
}

TEST_F(family, event_loop)
{
	long long deadline = cs_now_ms() + SECONDS * 1000LL;
	__u64 copied = 0;

	ASSERT_EQ(0, fcntl(self->sv[0], F_SETFL, O_NONBLOCK));
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	while (self->s.offset < SIZE && cs_now_ms() < deadline)
		ASSERT_EQ(0, send_on(self, &copied));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(SIZE, copied);
	EXPECT_EQ(SIZE, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
}

TEST_F(family, shut_down_midway)
{
	struct coldsend_completion c;
	struct coldsend_send s = self->s;

	ASSERT_NE(0, cs_fill_socket(self->dev, &s, self->sv[1]));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
	EXPECT_EQ(EPIPE, c.error);
	EXPECT_EQ(c.sent, c.bytes_copied);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(c.sent, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
	EXPECT_EQ(-EPIPE, cs_send(self->dev, &self->s));
}

TEST_F(family, receiver_gone)
{
	struct coldsend_completion c;

	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	ASSERT_EQ(0, close(self->sv[1]));
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
	EXPECT_TRUE(c.error == EPIPE || c.error == ECONNRESET) {
		TH_LOG("error %d", c.error);
	}
	EXPECT_GT(c.sent, 0);
	EXPECT_LT(c.sent, SIZE);
}

TEST_F(family, cancelled)
{
	struct coldsend_completion c;
	__u64 id = cs_fill_socket(self->dev, &self->s, self->sv[1]);

	ASSERT_NE(0, id);
	ASSERT_EQ(0, cs_cancel(self->dev, id));
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, SECONDS));
	EXPECT_EQ(ECANCELED, c.error);
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(c.sent, self->peer.count);
	EXPECT_EQ(CS_NONE, self->peer.bad);
}

int main(int argc, char **argv)
{
	cs_need_device();
	/* Not there is no error: the variants look for themselves. */
	if (system("modprobe -qa vsock vsock_loopback 2>/dev/null"))
		puts("# no module vsock_loopback");
	return test_harness_run(argc, argv);
}
