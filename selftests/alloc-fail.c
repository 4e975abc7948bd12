// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation fails once: the first, the second, ... of the ioctls that
 * only ask, of netlink commands, of opening and closing the device, until a call
 * passes in which none was left to fail.  Each time: the errno is one of the
 * contract; in the end all is given back (run.sh looks for leaks).
 * Transfers: alloc-fail-send.c; loading the module: alloc-fail-insmod.sh.
 *
 * Needs a kernel with fault injection: run.sh -k um-debug.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "fault.h"
#include "genl.h"
#include "kselftest_harness.h"
#include "submit.h"

/* A call that has so many allocations has no end. */
#define SWEEP_MAX	3000
#define SECONDS		400

static const struct cs_data data = { .seed = 16, .size = CS_MIB + 77 };

FIXTURE(alloc_fail)
{
	int dev;
	int file;
	struct cs_made before;
};

FIXTURE_SETUP(alloc_fail)
{
	if (!cs_fault_available())
		SKIP(exit(KSFT_SKIP), "this kernel has no faults on demand: um-debug has");
	self->before = cs_made_now();
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
}

FIXTURE_TEARDOWN(alloc_fail)
{
	close(self->dev);
	close(self->file);
	EXPECT_TRUE(cs_made_back(&self->before, 20));
}

/* @call again and again, with each of its allocations failing in turn. */
static int sweep(int (*call)(void *arg), void *arg, int *failures)
{
	bool failed = true;
	int n, err = 0;

	*failures = 0;
	for (n = 1; failed && n < SWEEP_MAX; n++) {
		err = cs_fault_arm(n);
		if (err)
			return err;
		err = call(arg);
		failed = cs_fault_disarm();
		if (!cs_fault_is_fine(err))
			return err;
	}
	*failures = n - 2;
	return failed ? -ELOOP : err;
}

static int open_and_close(void *arg)
{
	int dev = cs_open();

	(void)arg;
	if (dev < 0)
		return dev;
	return close(dev) ? -errno : 0;
}

TEST_F_TIMEOUT(alloc_fail, open_close, SECONDS)
{
	int failures;

	EXPECT_EQ(0, sweep(open_and_close, NULL, &failures));
	EXPECT_GT(failures, 0);
	EXPECT_EQ(0, cs_fault_works(self->dev, self->file, &data));
}

/* Closing with a transfer that runs and one that is done. */
TEST_F_TIMEOUT(alloc_fail, close_busy, SECONDS)
{
	struct coldsend_send s;
	bool failed = true;
	int sv[2], dev, n;

	for (n = 1; failed && n < SWEEP_MAX; n++) {
		dev = cs_open();
		ASSERT_GE(dev, 0);
		ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
		cs_send_init(&s, self->file, sv[0], 0, COLDSEND_TO_EOF,
			     COLDSEND_POLICY_DIRECT);
		ASSERT_EQ(0, cs_submit(dev, &s, 0));
		cs_send_init(&s, self->file, sv[0], 0, 0, 0);
		ASSERT_EQ(0, cs_submit(dev, &s, 0));
		ASSERT_TRUE(cs_has_result(dev, 5000));
		ASSERT_EQ(0, cs_fault_arm(n));
		EXPECT_EQ(0, close(dev));
		failed = cs_fault_disarm();
		close(sv[0]);
		close(sv[1]);
	}
	EXPECT_FALSE(failed);
	EXPECT_EQ(0, cs_fault_works(self->dev, self->file, &data));
}

/**
 * struct ask - an ioctl that only asks
 * @dev: the device
 * @cmd: COLDSEND_IOC_*
 * @arg: its argument, as it is before the call
 */
struct ask {
	int dev;
	unsigned long cmd;
	union {
		__u32 size;
		struct coldsend_info info;
		struct coldsend_residency residency;
		struct coldsend_cancel cancel;
	} arg;
};

static int ask(void *arg)
{
	struct ask copy = *(const struct ask *)arg;
	int err = cs_ioctl(copy.dev, copy.cmd, &copy.arg);

	/* There is nothing to cancel. */
	return err == -ENOENT ? 0 : err;
}

TEST_F_TIMEOUT(alloc_fail, asking, SECONDS)
{
	struct ask info = {
		.dev = self->dev, .cmd = COLDSEND_IOC_INFO,
		.arg.info = { .size = sizeof(info.arg.info),
			      .file_fd = self->file },
	};
	struct ask residency = {
		.dev = self->dev, .cmd = COLDSEND_IOC_RESIDENCY,
		.arg.residency = { .size = sizeof(residency.arg.residency),
				   .file_fd = self->file, .length = data.size },
	};
	struct ask cancel = {
		.dev = self->dev, .cmd = COLDSEND_IOC_CANCEL,
		.arg.cancel = { .size = sizeof(cancel.arg.cancel), .id = 1 },
	};
	int failures;

	EXPECT_EQ(0, sweep(ask, &info, &failures));
	EXPECT_GT(failures, 0);
	EXPECT_EQ(0, sweep(ask, &residency, &failures));
	EXPECT_GT(failures, 0);
	EXPECT_EQ(0, sweep(ask, &cancel, &failures));
	EXPECT_GT(failures, 0);
}

/**
 * struct request - of netlink
 * @g: the socket
 * @cmd: COLDSEND_CMD_*
 */
struct request {
	struct cs_genl g;
	int cmd;
};

static int set_depth(struct cs_genl *g, __u32 depth)
{
	__u8 attrs[16];

	return cs_genl_request(g, COLDSEND_CMD_POLICY_SET, 0, attrs,
			       cs_genl_put(attrs, 0, COLDSEND_A_DEPTH, &depth,
					   sizeof(depth)));
}

/* Adds or loads one rule, which has a budget, or removes one. */
static int ask_for_rule(struct cs_genl *g, int cmd)
{
	const __u64 budget = 4096;
	const __u32 id = ~0U;
	__u8 rule[16], attrs[32];
	size_t len;

	if (cmd == COLDSEND_CMD_RULE_DEL) {
		len = cs_genl_put(attrs, 0, COLDSEND_A_WHICH_RULE, &id,
				  sizeof(id));
	} else {
		len = cs_genl_put(rule, 0, COLDSEND_A_RULE_BUDGET, &budget,
				  sizeof(budget));
		len = cs_genl_put(attrs, 0, COLDSEND_A_RULE | NLA_F_NESTED,
				  rule, len);
	}
	return cs_genl_request(g, cmd, 0, attrs, len);
}

static int ask_by_netlink(void *arg)
{
	struct request *r = arg;
	int err;

	switch (r->cmd) {
	case COLDSEND_CMD_POLICY_SET:
		return set_depth(&r->g, 4);
	case COLDSEND_CMD_RULE_ADD:
	case COLDSEND_CMD_RULE_LOAD:
		return ask_for_rule(&r->g, r->cmd);
	case COLDSEND_CMD_RULE_DEL:
		err = ask_for_rule(&r->g, r->cmd);
		return err == -ENOENT ? 0 : err;
	case COLDSEND_CMD_RULE_GET:
	case COLDSEND_CMD_FILE_GET:
	case COLDSEND_CMD_TRANSFER_GET:
		return cs_genl_request(&r->g, r->cmd, NLM_F_DUMP, NULL, 0);
	}
	return cs_genl_request(&r->g, r->cmd, 0, NULL, 0);
}

TEST_F_TIMEOUT(alloc_fail, netlink, SECONDS)
{
	struct request r;
	int failures;

	ASSERT_EQ(0, cs_fault_works(self->dev, self->file, &data));
	ASSERT_EQ(0, cs_genl_open(&r.g));
	for (r.cmd = COLDSEND_CMD_POLICY_GET; r.cmd <= COLDSEND_CMD_MAX;
	     r.cmd++) {
		if (r.cmd == COLDSEND_CMD_EVENT)
			continue;	/* is told, not asked for */
		EXPECT_EQ(0, sweep(ask_by_netlink, &r, &failures))
			TH_LOG("command %d", r.cmd);
		EXPECT_GT(failures, 0);
	}
	EXPECT_EQ(0, cs_genl_request(&r.g, COLDSEND_CMD_RULE_LOAD, 0, NULL, 0));
	cs_genl_close(&r.g);
	EXPECT_EQ(0, cs_fault_works(self->dev, self->file, &data));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
