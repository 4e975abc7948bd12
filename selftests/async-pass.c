// SPDX-License-Identifier: GPL-2.0
/*
 * Passing: the device travels in a socket that its own transfer sends to, so
 * that each might keep the other alive for ever.
 */
#include <errno.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "submit.h"

#define SIZE		(4 * CS_MIB)
#define BACK_SECONDS	10

static const struct cs_data data = { .seed = 93, .size = SIZE };

FIXTURE(pass)
{
	int dev;
	int file;
	int sv[2];
	struct cs_made before;
	struct coldsend_send s;
};

FIXTURE_VARIANT(pass)
{
	__u32 policy;
};

FIXTURE_VARIANT_ADD(pass, cached)
{
	.policy = COLDSEND_POLICY_CACHED,
};

FIXTURE_VARIANT_ADD(pass, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(pass, drop)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND,
};

FIXTURE_VARIANT_ADD(pass, hybrid)
{
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(pass)
{
	self->before = cs_made_now();
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     variant->policy);
}

FIXTURE_TEARDOWN(pass)
{
	EXPECT_TRUE(cs_made_back(&self->before, BACK_SECONDS)) {
		struct cs_made now = cs_made_now();

		TH_LOG("%lld transfers and %lld users too many",
		       now.transfers - self->before.transfers,
		       now.users - self->before.users);
	}
}

/* In the queue of the receiver. */
TEST_F(pass, to_the_receiver)
{
	ASSERT_EQ(0, cs_pass(self->sv[0], self->dev));
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	close(self->dev);
	close(self->sv[0]);
	close(self->sv[1]);
}

/* In the queue of the socket that the transfer holds. */
TEST_F(pass, to_the_sender)
{
	ASSERT_EQ(0, cs_pass(self->sv[1], self->dev));
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	close(self->dev);
	close(self->sv[0]);
	close(self->sv[1]);
}

/* The same after the transfer has ended and nobody has read its result. */
TEST_F(pass, to_the_sender_after_the_end)
{
	self->s.length = 100;
	ASSERT_EQ(0, cs_pass(self->sv[1], self->dev));
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
	ASSERT_TRUE(cs_has_result(self->dev, 5000));
	close(self->sv[1]);
	close(self->sv[0]);
	close(self->dev);
}

/* The same by the end of the process, with transfers both ways. */
TEST_F(pass, by_exit)
{
	struct coldsend_send back = self->s;
	pid_t child = fork();
	int status;

	ASSERT_GE(child, 0);
	if (!child) {
		back.sock_fd = self->sv[1];
		if (cs_pass(self->sv[0], self->dev) ||
		    cs_pass(self->sv[1], self->dev) ||
		    cs_submit(self->dev, &back, 0) ||
		    !cs_fill_socket(self->dev, &self->s, self->sv[1]))
			_exit(1);
		_exit(0);
	}
	close(self->dev);
	close(self->sv[0]);
	close(self->sv[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
