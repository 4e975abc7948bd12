// SPDX-License-Identifier: GPL-2.0
/*
 * Netlink requests that no tool makes: each is refused with a sentence, and what
 * is asked for afterwards is answered as if nothing had been.
 *
 * The seed of the random ones is printed when they fail; CS_SEED=N repeats it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/coldsend_netlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cs_test.h"
#include "genl.h"
#include "kselftest_harness.h"
#include "submit.h"
#include "tunables.h"

#define ROOM		2048
#define MESSAGES	10000
#define LEVELS		40
#define ALICE		65533
#define BOB		65532

/* @attrs: of the request that is being made, @len bytes of them. */
FIXTURE(netlink)
{
	struct cs_genl genl;
	struct cs_tunables before;
	__u8 attrs[ROOM];
	size_t len;
};

FIXTURE_SETUP(netlink)
{
	ASSERT_EQ(0, cs_tunables_get(&self->before));
	ASSERT_EQ(0, cs_genl_open(&self->genl));
	self->len = 0;
}

FIXTURE_TEARDOWN(netlink)
{
	cs_genl_request(&self->genl, COLDSEND_CMD_RULE_LOAD, 0, NULL, 0);
	cs_tunables_restore(&self->before);
	cs_genl_close(&self->genl);
}

static void put(FIXTURE_DATA(netlink) *self, int type, const void *value,
		size_t len)
{
	self->len = cs_genl_put(self->attrs, self->len, type, value, len);
}

static void put_u32(FIXTURE_DATA(netlink) *self, int type, __u32 value)
{
	put(self, type, &value, sizeof(value));
}

/* Sends what was put, and begins anew: 0 or -errno. */
static int ask(FIXTURE_DATA(netlink) *self, int cmd)
{
	int err = cs_genl_request(&self->genl, cmd, 0, self->attrs, self->len);

	self->len = 0;
	return err;
}

static int dump(FIXTURE_DATA(netlink) *self, int cmd)
{
	return cs_genl_request(&self->genl, cmd, NLM_F_DUMP, NULL, 0);
}

static bool nothing_changed(FIXTURE_DATA(netlink) *self)
{
	struct cs_tunables now;

	return !cs_tunables_get(&now) &&
	       !memcmp(&now, &self->before, sizeof(now)) &&
	       !dump(self, COLDSEND_CMD_RULE_GET) && !self->genl.messages;
}

/* What was put is refused with @err and a sentence that has @words. */
#define EXPECT_REFUSED(err, cmd, words)					\
do {									\
	EXPECT_EQ(-(err), ask(self, cmd));				\
	EXPECT_NE(NULL, strstr(self->genl.sentence, words)) {		\
		TH_LOG("the sentence is: '%s'", self->genl.sentence);	\
	}								\
} while (0)

TEST_F(netlink, missing)
{
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_RULE_ADD, "one rule");
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_RULE_DEL, "id of the rule");
	put(self, COLDSEND_A_RULE | NLA_F_NESTED, NULL, 0);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_RULE_ADD, "must say what to do");
	EXPECT_TRUE(nothing_changed(self));
}

TEST_F(netlink, short_or_long)
{
	static const __u64 zeros[4];

	put(self, COLDSEND_A_DEPTH, zeros, 1);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "length");
	put(self, COLDSEND_A_DEPTH, zeros, sizeof(zeros));
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "length");
	put(self, COLDSEND_A_POOL_MAX, zeros, 4);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "length");
	put(self, COLDSEND_A_WHICH_RULE, NULL, 0);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_RULE_DEL, "length");
	EXPECT_TRUE(nothing_changed(self));
}

/* An attribute says that it is longer than the message. */
TEST_F(netlink, past_the_end)
{
	put_u32(self, COLDSEND_A_DEPTH, 4);
	((struct nlattr *)self->attrs)->nla_len = 1000;
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "leftover");
	put_u32(self, COLDSEND_A_DEPTH, 4);
	((struct nlattr *)self->attrs)->nla_len = 3;
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "leftover");
	EXPECT_TRUE(nothing_changed(self));
}

TEST_F(netlink, wrong_type)
{
	put(self, COLDSEND_A_POLICY, "direct", 7);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "length");
	put_u32(self, COLDSEND_A_RULE, 5);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_RULE_ADD, "NLA_F_NESTED");
	put_u32(self, COLDSEND_A_DEPTH | NLA_F_NESTED, 4);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "NLA_F_NESTED");
	put_u32(self, 999, 4);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "nknown attribute");
	EXPECT_TRUE(nothing_changed(self));
}

/* A rule in a rule in a rule. */
TEST_F(netlink, nested_too_deep)
{
	__u8 inner[ROOM];
	int i;

	put_u32(self, COLDSEND_A_RULE_POLICY, 1);
	for (i = 0; i < LEVELS; i++) {
		memcpy(inner, self->attrs, self->len);
		self->len = cs_genl_put(self->attrs, 0,
					COLDSEND_A_RULE | NLA_F_NESTED, inner,
					self->len);
	}
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_RULE_ADD, "nknown attribute");
	EXPECT_TRUE(nothing_changed(self));
}

TEST_F(netlink, out_of_range)
{
	put_u32(self, COLDSEND_A_POLICY, 99);
	EXPECT_REFUSED(ERANGE, COLDSEND_CMD_POLICY_SET, "out of range");
	put_u32(self, COLDSEND_A_WHICH_RULE, 0);
	EXPECT_REFUSED(ERANGE, COLDSEND_CMD_RULE_DEL, "out of range");
	put_u32(self, COLDSEND_A_WHICH_RULE, 12345678);
	EXPECT_REFUSED(ENOENT, COLDSEND_CMD_RULE_DEL, "no rule");
	EXPECT_TRUE(nothing_changed(self));
}

/* What is sound in a message is not taken from one that is refused. */
TEST_F(netlink, all_or_nothing)
{
	__u32 depth = self->before.depth % 16 + 1;

	put_u32(self, COLDSEND_A_DEPTH, depth);
	put_u32(self, COLDSEND_A_POLICY, 99);
	EXPECT_REFUSED(ERANGE, COLDSEND_CMD_POLICY_SET, "out of range");
	put_u32(self, COLDSEND_A_DEPTH, depth);
	put_u32(self, COLDSEND_A_ADMIT_MAX, 101);
	EXPECT_REFUSED(EINVAL, COLDSEND_CMD_POLICY_SET, "100 percent");
	EXPECT_TRUE(nothing_changed(self));
	/* Alone it is. */
	put_u32(self, COLDSEND_A_DEPTH, depth);
	EXPECT_EQ(0, ask(self, COLDSEND_CMD_POLICY_SET));
	EXPECT_FALSE(nothing_changed(self));
}

/* The family is there in each network namespace, but changes nothing and names nobody. */
TEST_F(netlink, other_namespace)
{
	int initial = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	ASSERT_LE(0, initial);
	cs_genl_close(&self->genl);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, cs_genl_open(&self->genl));
	EXPECT_EQ(0, ask(self, COLDSEND_CMD_STATS_GET));
	EXPECT_EQ(0, ask(self, COLDSEND_CMD_POLICY_GET));
	EXPECT_REFUSED(EPERM, COLDSEND_CMD_POLICY_SET, "initial network");
	EXPECT_REFUSED(EPERM, COLDSEND_CMD_STATS_RESET, "initial network");
	EXPECT_REFUSED(EPERM, COLDSEND_CMD_RULE_ADD, "initial network");
	EXPECT_REFUSED(EPERM, COLDSEND_CMD_RULE_DEL, "initial network");
	EXPECT_REFUSED(EPERM, COLDSEND_CMD_RULE_LOAD, "initial network");
	EXPECT_EQ(-EPERM, dump(self, COLDSEND_CMD_FILE_GET));
	EXPECT_EQ(-EPERM, dump(self, COLDSEND_CMD_RULE_GET));
	EXPECT_EQ(0, dump(self, COLDSEND_CMD_TRANSFER_GET));
	cs_genl_close(&self->genl);
	ASSERT_EQ(0, setns(initial, CLONE_NEWNET));
	close(initial);
	ASSERT_EQ(0, cs_genl_open(&self->genl));
	EXPECT_TRUE(nothing_changed(self));
}

/* Transfers that a process sees which asks from namespaces of its own; -1: it can't. */
static int seen_from(int namespaces, uid_t uid)
{
	struct cs_genl genl;
	pid_t child;
	int seen;

	if (unshare(namespaces))
		return -1;
	child = fork();
	if (child > 0)
		return waitpid(child, &seen, 0) == child ? WEXITSTATUS(seen) : -1;
	if (child < 0 || setresuid(uid, uid, uid) || cs_genl_open(&genl) ||
	    cs_genl_request(&genl, COLDSEND_CMD_TRANSFER_GET, NLM_F_DUMP, NULL, 0))
		_exit(255);
	_exit((int)genl.messages);
}

/* The same in a child, so that this process stays where it is. */
static int seen(int namespaces, uid_t uid)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(seen_from(namespaces, uid));
	return waitpid(child, &status, 0) == child ? WEXITSTATUS(status) : -1;
}

/* A user's transfer is the user's to see, and root's, but not from elsewhere. */
TEST_F(netlink, transfers_of_others)
{
	static const struct cs_data data = { .seed = 5, .size = 8 * CS_MIB };
	int dev = cs_open(), file = cs_data_create(cs_dir(), &data), sv[2];
	struct coldsend_send s;

	ASSERT_GE(dev, 0);
	ASSERT_GE(file, 0);
	ASSERT_EQ(0, cs_pair(CS_UNIX, sv));
	cs_send_init(&s, file, sv[0], 0, COLDSEND_TO_EOF, COLDSEND_POLICY_CACHED);
	ASSERT_EQ(0, cs_become(ALICE));
	ASSERT_EQ(0, cs_submit(dev, &s, 0));
	ASSERT_EQ(0, cs_become(0));
	EXPECT_EQ(1, seen(0, ALICE));
	EXPECT_EQ(1, seen(0, 0));
	EXPECT_EQ(0, seen(0, BOB));
	EXPECT_EQ(0, seen(CLONE_NEWNET, 0));
	EXPECT_EQ(0, seen(CLONE_NEWPID, ALICE));
	close(dev);
	close(file);
	close(sv[0]);
	close(sv[1]);
}

/* --- random ones */

static __u64 state;

static __u64 pick(__u64 bound)
{
	return cs_pick(&state, bound);
}

/* Adds an attribute of any type and length to those that end at @at. */
static size_t put_junk(__u8 *attrs, size_t at)
{
	__u8 junk[64];
	int type = pick(8) ? pick(COLDSEND_A_MAX + 2) : pick(1 << 14);
	size_t len = pick(4) ? 4ULL << pick(2) : pick(sizeof(junk));
	size_t i;

	for (i = 0; i < sizeof(junk); i++)
		junk[i] = pick(3) ? 0 : pick(256);
	return cs_genl_put(attrs, at, type | (pick(8) ? 0 : NLA_F_NESTED), junk,
			   len);
}

/* A rule of attributes that may be those of rules. */
static size_t put_rule(__u8 *attrs, size_t at)
{
	__u8 inner[512];
	size_t len = 0;
	__u64 n = pick(5);

	while (n--)
		len = put_junk(inner, len);
	return cs_genl_put(attrs, at, COLDSEND_A_RULE | NLA_F_NESTED, inner,
			   len);
}

static int random_request(FIXTURE_DATA(netlink) *self)
{
	int cmd = pick(COLDSEND_CMD_MAX + 2);
	int flags = pick(3) ? 0 : NLM_F_DUMP;
	__u64 n = pick(4);
	size_t i;

	self->len = 0;
	while (n--)
		self->len = pick(3) ? put_junk(self->attrs, self->len) :
				      put_rule(self->attrs, self->len);
	for (i = pick(4) ? 0 : pick(4); i && self->len; i--)
		self->attrs[pick(self->len)] = pick(256);
	if (!pick(16) && self->len)
		self->len -= pick(self->len);
	return cs_genl_request(&self->genl, cmd, flags, self->attrs, self->len);
}

/* Who has no answer, or none that says why, was not refused but lost. */
static bool is_answered(const FIXTURE_DATA(netlink) *self, int err)
{
	switch (-err) {
	case 0:
	case EOPNOTSUPP:
		return true;
	case EINVAL:
	case ERANGE:
	case ENOENT:
	case ENOSPC:
		return self->genl.sentence[0];
	}
	return false;
}

TEST_F_TIMEOUT(netlink, random, 120)
{
	__u64 seed = cs_seed();
	int err, i, refused = 0;

	state = seed;
	for (i = 0; i < MESSAGES; i++) {
		err = random_request(self);
		refused += err < 0;
		EXPECT_TRUE(is_answered(self, err)) {
			TH_LOG("CS_SEED=%llu, message %d: error %d, '%s'", seed,
			       i, -err, self->genl.sentence);
			break;
		}
	}
	TH_LOG("%d messages, %d of them refused", MESSAGES, refused);
	EXPECT_LT(0, refused);
	EXPECT_GT(MESSAGES, refused);
	self->len = 0;
	EXPECT_EQ(0, ask(self, COLDSEND_CMD_POLICY_GET));
}

TEST_HARNESS_MAIN
