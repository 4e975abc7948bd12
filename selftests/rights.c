// SPDX-License-Identifier: GPL-2.0
/*
 * Rights: a user who may open the device can do no more with it than with
 * sendfile(2), and the worker that pumps for it can do no more than the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fanotify.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cs_test.h"
#include "genl.h"
#include "kselftest_harness.h"
#include "submit.h"

#define NOBODY		65533
#define SIZE		(64 * CS_KIB)

static const struct cs_data data = { .seed = 73, .size = SIZE };

/* @dev, @file: as root opened them; @path: of the file, which root owns. */
FIXTURE(rights)
{
	int dev;
	int file;
	int sv[2];
	char path[256];
};

FIXTURE_SETUP(rights)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create_named(cs_dir(), &data, self->path,
					  sizeof(self->path));
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, fchmod(self->file, 0600));
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
}

FIXTURE_TEARDOWN(rights)
{
	unlink(self->path);
}

/* From now on the test is an ordinary user.  It runs in a process of its own. */
static int become_nobody(void)
{
	if (syscall(SYS_setgroups, 0, NULL) ||
	    syscall(SYS_setresgid, NOBODY, NOBODY, NOBODY) ||
	    syscall(SYS_setresuid, NOBODY, NOBODY, NOBODY))
		return -errno;
	return 0;
}

static int send_all(FIXTURE_DATA(rights) *self, int file, __u32 flags)
{
	struct coldsend_send s;

	cs_send_init(&s, file, self->sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_CACHED);
	s.flags = flags;
	return cs_send(self->dev, &s);
}

/* What sendfile(2) says, sending the file to the same socket: 0 or -errno. */
static int sendfile_says(FIXTURE_DATA(rights) *self, int file)
{
	off_t at = 0;

	return sendfile(self->sv[0], file, &at, SIZE) < 0 ? -errno : 0;
}

static int ask_info(int dev, int file)
{
	struct coldsend_info info = { .size = sizeof(info), .file_fd = file };

	return cs_ioctl(dev, COLDSEND_IOC_INFO, &info);
}

static int ask_residency(int dev, int file)
{
	struct coldsend_residency r = {
		.size = sizeof(r), .file_fd = file, .length = SIZE,
	};

	return cs_ioctl(dev, COLDSEND_IOC_RESIDENCY, &r);
}

static ssize_t waiting(FIXTURE_DATA(rights) *self)
{
	__u8 byte;

	return recv(self->sv[1], &byte, 1, MSG_DONTWAIT | MSG_PEEK);
}

/* No ioctl takes a descriptor that read(2) would not take. */
static void refused(struct __test_metadata *_metadata,
		    FIXTURE_DATA(rights) *self, int file)
{
	ASSERT_GE(file, 0);
	EXPECT_EQ(-EBADF, sendfile_says(self, file));
	EXPECT_EQ(-EBADF, send_all(self, file, 0));
	EXPECT_EQ(-EBADF, send_all(self, file, COLDSEND_F_ASYNC));
	EXPECT_EQ(-EBADF, ask_info(self->dev, file));
	EXPECT_EQ(-EBADF, ask_residency(self->dev, file));
	EXPECT_EQ(-1, waiting(self));
}

TEST_F(rights, path_only)
{
	int path;

	ASSERT_EQ(0, become_nobody());
	path = open(self->path, O_PATH | O_CLOEXEC);
	refused(_metadata, self, path);
	/* Nor does the way through /proc make more of it. */
	EXPECT_EQ(-EACCES, cs_reopen(path, O_RDONLY));
	refused(_metadata, self, cs_reopen(path, O_PATH));
}

TEST_F(rights, write_only)
{
	int writer;

	ASSERT_EQ(0, fchmod(self->file, 0222));
	ASSERT_EQ(0, become_nobody());
	writer = open(self->path, O_WRONLY | O_CLOEXEC);
	refused(_metadata, self, writer);
	EXPECT_EQ(-EACCES, cs_reopen(writer, O_RDONLY));
	EXPECT_EQ(-EACCES, cs_reopen(writer, O_RDWR));
}

/* Whoever has a file open keeps it, with sendfile(2) and so with us. */
TEST_F(rights, revoked_after_open)
{
	__u8 buf[SIZE];
	int reader;

	ASSERT_EQ(0, fchmod(self->file, 0644));
	reader = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(reader, 0);
	ASSERT_EQ(0, fchmod(self->file, 0));
	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(-1, open(self->path, O_RDONLY | O_CLOEXEC));
	EXPECT_EQ(0, sendfile_says(self, reader));
	EXPECT_EQ(SIZE, recv(self->sv[1], buf, SIZE, MSG_WAITALL));
	EXPECT_EQ(0, send_all(self, reader, 0));
	EXPECT_EQ(SIZE, recv(self->sv[1], buf, SIZE, MSG_WAITALL));
	EXPECT_EQ(SIZE, cs_data_check(&data, 0, buf, SIZE));
}

/* What others read is not told to those who may only read the file. */
TEST_F(rights, residency_is_secret)
{
	int reader;

	ASSERT_EQ(0, fchmod(self->file, 0644));
	EXPECT_EQ(0, ask_residency(self->dev, self->file));
	ASSERT_EQ(0, become_nobody());
	reader = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(reader, 0);
	EXPECT_EQ(-EPERM, ask_residency(self->dev, reader));
	/* (The descriptor that root opened is for writing too.) */
	EXPECT_EQ(0, ask_info(self->dev, reader));
}

static struct coldsend_info info_of(int dev, int file)
{
	struct coldsend_info info = { .size = sizeof(info), .file_fd = file };

	return cs_ioctl(dev, COLDSEND_IOC_INFO, &info) ?
	       (struct coldsend_info){ .policy = COLDSEND_POLICY_DEFAULT } : info;
}

/* A SEND by policy auto that sends nothing: what it says it went by. */
static void expect_untold(struct __test_metadata *_metadata,
			  FIXTURE_DATA(rights) *self, int file, __u64 length,
			  int err)
{
	struct coldsend_send s;

	cs_send_init(&s, file, self->sv[0], 0, length, COLDSEND_POLICY_AUTO);
	EXPECT_EQ(err, cs_send(self->dev, &s));
	EXPECT_EQ(0, s.sent);
	EXPECT_EQ(COLDSEND_POLICY_AUTO, s.policy_used);
	EXPECT_EQ(COLDSEND_REASON_NONE, s.reason);
}

/* Nor what policy auto makes of that, to who disturbs nothing by asking. */
TEST_F(rights, choice_is_secret)
{
	struct coldsend_info info;
	int reader;

	ASSERT_EQ(0, fchmod(self->file, 0644));
	info = info_of(self->dev, self->file);
	EXPECT_TRUE(info.policy == COLDSEND_POLICY_CACHED ||
		    info.policy == COLDSEND_POLICY_HYBRID);
	EXPECT_NE(COLDSEND_REASON_NONE, info.reason);
	ASSERT_EQ(0, become_nobody());
	reader = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(reader, 0);
	info = info_of(self->dev, reader);
	EXPECT_EQ(COLDSEND_POLICY_AUTO, info.policy);
	EXPECT_EQ(COLDSEND_REASON_NONE, info.reason);
	expect_untold(_metadata, self, reader, 0, 0);
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	signal(SIGPIPE, SIG_IGN);
	expect_untold(_metadata, self, reader, COLDSEND_TO_EOF, -EPIPE);
}

/* Says no to whoever reads what is marked, until it is killed. */
static void guard(int fan)
{
	struct fanotify_event_metadata event;
	struct fanotify_response no = { .response = FAN_DENY };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fan, &event, sizeof(event)) == sizeof(event)) {
		no.fd = event.fd;
		if (write(fan, &no, sizeof(no)) != sizeof(no))
			break;
		close(event.fd);
	}
	_exit(1);
}

/* Who watches files for the kernel, as security modules do, is asked for each SEND. */
TEST_F(rights, guarded)
{
	int fan = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC, O_RDONLY);
	pid_t child;
	int file;

	if (fan < 0 || fanotify_mark(fan, FAN_MARK_ADD, FAN_ACCESS_PERM,
				     AT_FDCWD, self->path))
		SKIP(return, "nobody can be asked on this kernel");
	file = open(self->path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(file, 0);
	child = fork();
	ASSERT_GE(child, 0);
	if (!child)
		guard(fan);
	EXPECT_EQ(-EPERM, sendfile_says(self, file));
	EXPECT_EQ(-EPERM, send_all(self, file, 0));
	EXPECT_EQ(-EPERM, send_all(self, file, COLDSEND_F_ASYNC));
	EXPECT_EQ(-1, waiting(self));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(fan);
	EXPECT_EQ(0, send_all(self, file, 0));
	close(file);
}

TEST_F(rights, device_is_closed)
{
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(-EACCES, cs_open());
}

/* Who is not the administrator changes nothing, and sees no file's name. */
TEST_F(rights, netlink)
{
	const __u32 depth = 16;
	struct cs_genl g;
	__u8 attrs[16];
	size_t len = cs_genl_put(attrs, 0, COLDSEND_A_DEPTH, &depth,
				 sizeof(depth));

	ASSERT_EQ(0, become_nobody());
	ASSERT_EQ(0, cs_genl_open(&g));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_POLICY_SET, 0,
					  attrs, len));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_STATS_RESET, 0,
					  NULL, 0));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_FILE_GET,
					  NLM_F_DUMP, NULL, 0));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_RULE_GET,
					  NLM_F_DUMP, NULL, 0));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_RULE_ADD, 0, NULL,
					  0));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_RULE_DEL, 0, NULL,
					  0));
	EXPECT_EQ(-EPERM, cs_genl_request(&g, COLDSEND_CMD_RULE_LOAD, 0, NULL,
					  0));
	EXPECT_EQ(0, cs_genl_request(&g, COLDSEND_CMD_POLICY_GET, 0, NULL, 0));
	EXPECT_EQ(0, cs_genl_request(&g, COLDSEND_CMD_STATS_GET, 0, NULL, 0));
	EXPECT_EQ(0, cs_genl_request(&g, COLDSEND_CMD_TRANSFER_GET,
				     NLM_F_DUMP, NULL, 0));
	EXPECT_EQ(0, cs_genl_request(&g, COLDSEND_CMD_POOL_GET, 0, NULL, 0));
	EXPECT_EQ(0, cs_genl_request(&g, COLDSEND_CMD_LATENCY_GET, 0, NULL, 0));
	EXPECT_EQ(-EOPNOTSUPP, cs_genl_request(&g, COLDSEND_CMD_EVENT, 0,
					       NULL, 0));
}

/* The user ID that comes with what waits in the receiver, or -errno. */
static long sender_of(int sock)
{
	char control[CMSG_SPACE(sizeof(struct ucred))] = {};
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	struct ucred ucred;

	if (recvmsg(sock, &msg, 0) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_CREDENTIALS)
		return -ENOMSG;
	memcpy(&ucred, CMSG_DATA(cmsg), sizeof(ucred));
	return ucred.uid;
}

/*
 * A UNIX socket tells its peer who sends.  The worker sends as the submitter,
 * who is nobody, not as the kernel, who is root.
 */
TEST_F(rights, worker_is_submitter)
{
	struct coldsend_completion c;
	int on = 1;

	ASSERT_EQ(0, setsockopt(self->sv[1], SOL_SOCKET, SO_PASSCRED, &on,
				sizeof(on)));
	EXPECT_EQ(0, send_all(self, self->file, COLDSEND_F_ASYNC));
	EXPECT_EQ(0, cs_collect(self->dev, &c, 1, 10));
	EXPECT_EQ(0, sender_of(self->sv[1]));
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	ASSERT_EQ(0, setsockopt(self->sv[1], SOL_SOCKET, SO_PASSCRED, &on,
				sizeof(on)));
	ASSERT_EQ(0, become_nobody());
	EXPECT_EQ(0, send_all(self, self->file, COLDSEND_F_ASYNC));
	EXPECT_EQ(0, cs_collect(self->dev, &c, 1, 10));
	EXPECT_EQ(NOBODY, sender_of(self->sv[1]));
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
