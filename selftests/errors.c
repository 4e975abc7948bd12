// SPDX-License-Identifier: GPL-2.0
/*
 * Errors: bad input gets the errno that the contract at the top of
 * <linux/coldsend.h> names, sends nothing and leaves no reference behind.
 *
 * Compiled twice: as errors, and with -m32 as errors32.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define SIZE		(64 * CS_KIB)
#define LAST		0x7fffffffffffffffULL	/* largest file offset */
#define CLOSED		987			/* no such descriptor */
#define EOF_SECONDS	10

static const struct cs_data data = { .seed = 11, .size = SIZE };

/* The file is alone on a file system: an fd left behind makes it busy. */
FIXTURE(errors)
{
	char dir[32];
	int dev;
	int file;
	int sv[2];
	long long running;
};

static long long running(void)
{
	return cs_stat("transfers_created") - cs_stat("transfers_destroyed");
}

FIXTURE_SETUP(errors)
{
	snprintf(self->dir, sizeof(self->dir), "/tmp/cs-errors.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, mount("none", self->dir, "tmpfs", 0, NULL));
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(self->dir, &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	self->running = running();
}

/* A leaked socket would never bring the end of the stream to its peer. */
FIXTURE_TEARDOWN(errors)
{
	struct timeval tv = { .tv_sec = EOF_SECONDS };
	char c;

	setsockopt(self->sv[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	close(self->sv[0]);
	EXPECT_EQ(0, recv(self->sv[1], &c, 1, 0)) {
		TH_LOG("the socket lives on, or bytes were sent");
	}
	close(self->sv[1]);
	close(self->file);
	EXPECT_EQ(0, umount(self->dir)) TH_LOG("the file lives on");
	EXPECT_EQ(self->running, running());
	umount2(self->dir, MNT_DETACH);
	rmdir(self->dir);
}

/* A request that is right in all things. */
static struct coldsend_send good(const FIXTURE_DATA(errors) *self)
{
	struct coldsend_send s;

	cs_send_init(&s, self->file, self->sv[0], 0, 0,
		     COLDSEND_POLICY_CACHED);
	return s;
}

static struct coldsend_send range(const FIXTURE_DATA(errors) *self,
				  __u64 offset, __u64 length)
{
	struct coldsend_send s = good(self);

	s.offset = offset;
	s.length = length;
	return s;
}

TEST_F(errors, nothing_wrong)
{
	struct coldsend_send s = good(self);

	ASSERT_EQ(0, cs_send(self->dev, &s));
	EXPECT_EQ(0, s.sent);
}

struct bad_fd {
	const char *name;
	int fd;
	int err;
};

/* What a test opened for itself, so that the teardown can unmount. */
static void close_files(const FIXTURE_DATA(errors) *self,
			const struct bad_fd *bad, size_t n)
{
	while (n--)
		if (bad[n].fd > 2 && bad[n].fd != CLOSED &&
		    bad[n].fd != self->dev && bad[n].fd != self->sv[1])
			close(bad[n].fd);
}

static void try_files(struct __test_metadata *_metadata,
		      const FIXTURE_DATA(errors) *self,
		      const struct bad_fd *bad, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		struct coldsend_send s = range(self, 0, 100);
		struct coldsend_info info = { .size = sizeof(info) };
		struct coldsend_residency res = { .size = sizeof(res) };

		s.file_fd = bad[i].fd;
		info.file_fd = bad[i].fd;
		res.file_fd = bad[i].fd;
		EXPECT_EQ(-bad[i].err, cs_send(self->dev, &s))
			TH_LOG("SEND of %s", bad[i].name);
		EXPECT_EQ(0, s.sent) TH_LOG("SEND of %s", bad[i].name);
		EXPECT_EQ(-bad[i].err, cs_ioctl(self->dev,
						COLDSEND_IOC_RESIDENCY, &res))
			TH_LOG("RESIDENCY of %s", bad[i].name);
		/* Without a file INFO is about the module. */
		if (bad[i].fd == -1)
			continue;
		EXPECT_EQ(-bad[i].err, cs_ioctl(self->dev, COLDSEND_IOC_INFO,
						&info))
			TH_LOG("INFO of %s", bad[i].name);
	}
	close_files(self, bad, n);
}

TEST_F(errors, file_fd)
{
	int pipes[2];

	ASSERT_EQ(0, pipe(pipes));
	const struct bad_fd bad[] = {
		{ "-1", -1, EBADF },
		{ "INT_MIN", -2147483647 - 1, EBADF },
		{ "a closed fd", CLOSED, EBADF },
		{ "a write-only fd", cs_reopen(self->file, O_WRONLY), EBADF },
		{ "an O_PATH fd", cs_reopen(self->file, O_PATH), EBADF },
		{ "a directory", open(self->dir, O_RDONLY), EINVAL },
		{ "a pipe", pipes[0], EINVAL },
		{ "a pipe's other end", pipes[1], EBADF },
		{ "a socket", self->sv[1], EINVAL },
		{ "/dev/null", open("/dev/null", O_RDWR), EINVAL },
		{ "/dev/zero", open("/dev/zero", O_RDONLY), EINVAL },
		{ "the device itself", self->dev, EINVAL },
	};

	try_files(_metadata, self, bad, ARRAY_SIZE(bad));
}

TEST_F(errors, block_device)
{
	struct bad_fd bad = {
		"a disk", open("/dev/vda", O_RDONLY), EINVAL,
	};

	if (bad.fd < 0)
		SKIP(return, "no /dev/vda");
	try_files(_metadata, self, &bad, 1);
}

static int listening(int domain)
{
	int fd = socket(domain, SOCK_STREAM, 0);
	sa_family_t any = AF_UNIX;

	/* A UNIX socket needs a name, the kernel finds one. */
	if (domain == AF_UNIX &&
	    bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return -1;
	return listen(fd, 1) ? -1 : fd;
}

static int datagram(int domain, int type)
{
	int sv[2];
	int fd;
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	if (domain == AF_UNIX)
		return socketpair(domain, type, 0, sv) ? -1 : sv[0];
	fd = socket(domain, type, 0);
	return connect(fd, (struct sockaddr *)&sa, sizeof(sa)) ? -1 : fd;
}

static int appending(void)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv))
		return -1;
	return fcntl(sv[0], F_SETFL, O_APPEND) ? -1 : sv[0];
}

TEST_F(errors, sock_fd)
{
	const struct bad_fd bad[] = {
		{ "-1", -1, EBADF },
		{ "a closed fd", CLOSED, EBADF },
		{ "an O_PATH fd", open("/tmp", O_PATH), EBADF },
		{ "the file", self->file, ENOTSOCK },
		{ "a directory", open("/tmp", O_RDONLY), ENOTSOCK },
		{ "/dev/null", open("/dev/null", O_RDWR), ENOTSOCK },
		{ "UDP", datagram(AF_INET, SOCK_DGRAM), EOPNOTSUPP },
		{ "UNIX datagrams", datagram(AF_UNIX, SOCK_DGRAM), EOPNOTSUPP },
		{ "UNIX packets", datagram(AF_UNIX, SOCK_SEQPACKET),
		  EOPNOTSUPP },
		{ "netlink", socket(AF_NETLINK, SOCK_RAW, 0), EOPNOTSUPP },
		{ "unconnected TCP", socket(AF_INET, SOCK_STREAM, 0),
		  ENOTCONN },
		{ "unconnected TCP v6", socket(AF_INET6, SOCK_STREAM, 0),
		  ENOTCONN },
		{ "unconnected UNIX", socket(AF_UNIX, SOCK_STREAM, 0),
		  ENOTCONN },
		{ "UNIX to append", appending(), EINVAL },
		{ "listening TCP", listening(AF_INET), ENOTCONN },
		{ "listening UNIX", listening(AF_UNIX), ENOTCONN },
	};
	__u32 policy;
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		struct coldsend_send s = range(self, 0, 100);

		policy = i % 2 ? COLDSEND_POLICY_DIRECT :
				 COLDSEND_POLICY_CACHED;
		s.policy = policy;
		s.sock_fd = bad[i / 2].fd;
		EXPECT_EQ(-bad[i / 2].err, cs_send(self->dev, &s))
			TH_LOG("%s, policy %u", bad[i / 2].name, policy);
		EXPECT_EQ(0, s.sent) TH_LOG("%s", bad[i / 2].name);
	}
}

TEST_F(errors, swapped_fds)
{
	struct coldsend_send s = range(self, 0, 100);

	s.file_fd = self->sv[0];
	s.sock_fd = self->file;
	EXPECT_EQ(-EINVAL, cs_send(self->dev, &s));
}

TEST_F(errors, ranges)
{
	static const struct {
		__u64 offset, length;
		int err;
	} bad[] = {
		{ -1ULL, 1, EINVAL },
		{ -1ULL, COLDSEND_TO_EOF, EINVAL },
		{ LAST + 1, 0, EINVAL },
		{ LAST, 1, EOVERFLOW },
		{ LAST, COLDSEND_TO_EOF - 1, EOVERFLOW },
		{ 0, LAST + 1, EOVERFLOW },
		{ 0, COLDSEND_TO_EOF - 1, EOVERFLOW },
		{ 1, LAST, EOVERFLOW },
		{ SIZE, 1, 0 },
		{ SIZE + 1, COLDSEND_TO_EOF, 0 },
		{ 0, 0, 0 },
		{ LAST - 1, 1, 0 },
		{ LAST, 0, 0 },
		{ LAST, COLDSEND_TO_EOF, 0 },
	};
	size_t i;

	for (i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		struct coldsend_send s = range(self, bad[i / 2].offset,
					       bad[i / 2].length);

		if (i % 2)
			s.policy = COLDSEND_POLICY_DIRECT;
		EXPECT_EQ(-bad[i / 2].err, cs_send(self->dev, &s)) {
			TH_LOG("offset %llx length %llx policy %u", s.offset,
			       s.length, s.policy);
		}
		EXPECT_EQ(0, s.sent);
	}
}

TEST_F(errors, flags_and_policies)
{
	struct coldsend_info info = { .size = sizeof(info), .file_fd = -1 };
	struct coldsend_residency res = {
		.size = sizeof(res), .file_fd = self->file,
	};
	struct coldsend_send s;
	int bit;

	for (bit = 0; bit < 32; bit++) {
		s = good(self);
		s.flags = 1U << bit;
		info.flags = 1U << bit;
		res.flags = 1U << bit;
		if (!(s.flags & COLDSEND_F_ALL))
			EXPECT_EQ(-EINVAL, cs_send(self->dev, &s));
		EXPECT_EQ(-EINVAL, cs_ioctl(self->dev, COLDSEND_IOC_INFO,
					    &info));
		EXPECT_EQ(-EINVAL, cs_ioctl(self->dev, COLDSEND_IOC_RESIDENCY,
					    &res));
	}
	s = good(self);
	s.policy = COLDSEND_POLICY_AUTO + 1;
	EXPECT_EQ(-EINVAL, cs_send(self->dev, &s));
	s.policy = ~0U;
	EXPECT_EQ(-EINVAL, cs_send(self->dev, &s));
	s = good(self);
	s.reserved = 1;
	EXPECT_EQ(-EINVAL, cs_send(self->dev, &s));
	s = good(self);
	s.reserved2 = 1;
	EXPECT_EQ(-EINVAL, cs_send(self->dev, &s));
	info.flags = 0;
	info.reserved = 1;
	EXPECT_EQ(-EINVAL, cs_ioctl(self->dev, COLDSEND_IOC_INFO, &info));
}

TEST_F(errors, unknown_ioctls)
{
	struct coldsend_send s = good(self);

	EXPECT_EQ(-ENOTTY, cs_ioctl(self->dev, _IO(COLDSEND_IOC_MAGIC, 0x3f),
				    &s));
	EXPECT_EQ(-ENOTTY, cs_ioctl(self->dev, _IO(COLDSEND_IOC_MAGIC, 0x4f),
				    &s));
	EXPECT_EQ(-ENOTTY, cs_ioctl(self->dev, _IO('x', 0x40), &s));
	EXPECT_EQ(-ENOTTY, cs_ioctl(self->dev, FIONREAD, &s));
	EXPECT_EQ(-ENOTTY, cs_ioctl(self->dev,
				    _IOWR(COLDSEND_IOC_MAGIC, 0x40,
					  struct coldsend_send), &s));
}

/* Only root opens the device, whoever was root when it was opened. */
TEST_F(errors, device_mode)
{
	struct stat st;

	ASSERT_EQ(0, stat(COLDSEND_DEVICE, &st));
	EXPECT_EQ(0600, st.st_mode & 07777);
	EXPECT_EQ(0, st.st_uid);
	ASSERT_EQ(0, seteuid(65534));
	EXPECT_EQ(-EACCES, cs_open());
	ASSERT_EQ(0, seteuid(0));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
