// SPDX-License-Identifier: GPL-2.0
/*
 * Dropping on other mounts: pages that are waited for keep no file system
 * busy, and overlayfs files are dropped where their pages are.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "kselftest_harness.h"
#include "pages.h"
#include "submit.h"

#define SIZE		(4 * CS_MIB)
#define HELD		(128 * CS_KIB)
#define RESIDUE		256
#define GO_SECONDS	20
#define TEST_SECONDS	60
#define SOON		1		/* seconds */

static const struct cs_data data = { .seed = 112, .size = SIZE };

FIXTURE(mounts)
{
	char dir[128];
	int dev;
	int file;
	int sv[2];
	struct coldsend_send s;
};

FIXTURE_SETUP(mounts)
{
	snprintf(self->dir, sizeof(self->dir), "%s/cs-mounts.XXXXXX", cs_dir());
	ASSERT_NE(NULL, mkdtemp(self->dir));
	ASSERT_EQ(0, chdir(self->dir));
	ASSERT_EQ(0, mkdir("lower", 0755) | mkdir("upper", 0755) |
		     mkdir("work", 0755) | mkdir("mnt", 0755));
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	ASSERT_EQ(0, cs_pair(CS_UNIX, self->sv));
	self->file = -1;
}

FIXTURE_TEARDOWN(mounts)
{
	char command[256];

	close(self->dev);
	close(self->file);
	umount2("mnt", MNT_DETACH);
	snprintf(command, sizeof(command), "rm -rf '%s'", self->dir);
	EXPECT_EQ(0, chdir("/") | system(command));
}

static int make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	int err = fd < 0 ? -errno : cs_data_write(fd, &data) ?:
				    cs_drop_cache(fd);

	return err ?: fd;
}

/* Notes when it begins: what an unmount takes itself is not ours. */
static bool is_unmounted(void *began)
{
	*(long long *)began = cs_now_ms();
	return !umount2("mnt", 0);
}

static bool has_held(void *arg)
{
	return cs_sock_has(*(int *)arg, HELD);
}

static void unmount_while_held(struct __test_metadata *_metadata,
			       struct _test_data_mounts *self, bool running)
{
	long long since, began;

	self->file = make_file("mnt/file");
	ASSERT_GE(self->file, 0);
	cs_send_init(&self->s, self->file, self->sv[0], 0,
		     running ? SIZE : HELD, COLDSEND_POLICY_DROP_BEHIND);
	if (running) {
		ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
		/* It may have stood still for its disk. */
		ASSERT_TRUE(cs_wait(has_held, &self->sv[1], GO_SECONDS));
	} else {
		ASSERT_EQ(0, cs_send(self->dev, &self->s));
	}
	close(self->file);
	since = cs_now_ms();
	ASSERT_EQ(0, close(self->dev));
	EXPECT_TRUE(cs_wait(is_unmounted, &began, 5)) TH_LOG("%s", strerror(errno));
	EXPECT_LT(began - since, cs_patient(SOON) * 1000);
	EXPECT_LT(cs_now_ms() - since, cs_patient(10 * SOON) * 1000);
	EXPECT_TRUE(cs_sock_has(self->sv[1], HELD));
}

static bool mount_ext4(void)
{
	return !system("modprobe -q loop; truncate -s 64M image") &&
	       !system("mkfs.ext4 -q -F image && mount -o loop image mnt");
}

TEST_F(mounts, unmount_after_the_end)
{
	if (!mount_ext4())
		SKIP(return, "no ext4 in a loop");
	unmount_while_held(_metadata, self, false);
	ASSERT_EQ(HELD, cs_receive(self->sv[1], &data, 0, HELD));
}

/* The last close of device and file, and the unmount at once. */
TEST_F_TIMEOUT(mounts, unmount_after_close, TEST_SECONDS)
{
	if (!mount_ext4())
		SKIP(return, "no ext4 in a loop");
	unmount_while_held(_metadata, self, true);
	ASSERT_EQ(HELD, cs_receive(self->sv[1], &data, 0, HELD));
}

static int mount_overlay(void)
{
	return system("modprobe -q overlay") < 0 ||
	       mount("overlay", "mnt", "overlay", 0,
		     "lowerdir=lower,upperdir=upper,workdir=work");
}

static void through_overlay(struct __test_metadata *_metadata,
			    struct _test_data_mounts *self)
{
	int real = make_file("lower/file");
	struct cs_job j = {
		.dev = self->dev, .data = &data, .kind = CS_TCP4,
		.policy = COLDSEND_POLICY_DROP_BEHIND,
		.flags = COLDSEND_F_STRICT, .length = COLDSEND_TO_EOF,
	};

	ASSERT_GE(real, 0);
	self->file = open("mnt/file", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(self->file, 0);
	j.file = self->file;
	ASSERT_EQ(0, cs_job_run(&j));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
	EXPECT_EQ(COLDSEND_FALLBACK_NONE, j.s.fallback);
	EXPECT_EQ(0, j.s.bytes_copied);
	EXPECT_LE(cs_pages_left(real, 0, SIZE, RESIDUE), RESIDUE);
	close(real);
}

TEST_F_TIMEOUT(mounts, overlay, TEST_SECONDS)
{
	if (mount_overlay())
		SKIP(return, "no overlayfs");
	through_overlay(_metadata, self);
}

/* The last page of the file is another from now on, and the page cache empty. */
static void write_last_page(struct __test_metadata *_metadata,
			    const unsigned char page[CS_PAGE])
{
	int writer = open("mnt/file", O_RDWR | O_CLOEXEC);

	ASSERT_GE(writer, 0);
	ASSERT_EQ(CS_PAGE, pwrite(writer, page, CS_PAGE, SIZE - CS_PAGE));
	ASSERT_EQ(0, close(writer));
	writer = open("upper/file", O_RDWR | O_CLOEXEC);
	ASSERT_EQ(0, cs_drop_cache(writer));
	ASSERT_EQ(0, close(writer));
}

/* Somebody writes to the file when half of it is sent: to a copy, which is it then. */
static void send_and_write(struct __test_metadata *_metadata,
			   struct _test_data_mounts *self, __u32 policy)
{
	unsigned char page[CS_PAGE], last[CS_PAGE];
	struct coldsend_completion c;
	int upper;

	close(make_file("lower/file"));
	self->file = open("mnt/file", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(self->file, 0);
	cs_send_init(&self->s, self->file, self->sv[0], 0, SIZE, policy);
	ASSERT_NE(0, cs_fill_socket(self->dev, &self->s, self->sv[1]));
	memset(page, policy, sizeof(page));
	write_last_page(_metadata, page);
	ASSERT_EQ(SIZE - CS_PAGE,
		  cs_receive(self->sv[1], &data, 0, SIZE - CS_PAGE));
	ASSERT_EQ(CS_PAGE, recv(self->sv[1], last, CS_PAGE, MSG_WAITALL));
	EXPECT_EQ(0, memcmp(page, last, CS_PAGE));
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, GO_SECONDS));
	EXPECT_EQ(0, c.error);
	upper = open("upper/file", O_RDONLY | O_CLOEXEC);
	ASSERT_GE(upper, 0);
	if (policy == COLDSEND_POLICY_DROP_BEHIND)
		EXPECT_LE(cs_pages_left(upper, 0, SIZE, RESIDUE), RESIDUE);
	close(upper);
	close(self->file);
	self->file = -1;
	ASSERT_EQ(0, unlink("mnt/file"));
}

/*
 * Direct reads follow by themselves; on Linux 6.1 asynchronous ones of such a file,
 * whoever makes them, keep the mount busy for ever.
 */
TEST_F_TIMEOUT(mounts, copied_up, TEST_SECONDS)
{
	static const __u32 policies[] = {
		COLDSEND_POLICY_CACHED, COLDSEND_POLICY_DROP_BEHIND,
	};
	long long began;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		if (mount_overlay()) {
			ASSERT_EQ(0, i);
			SKIP(return, "no overlayfs");
		}
		send_and_write(_metadata, self, policies[i]);
		/* A transfer may hold its file for a moment more. */
		ASSERT_TRUE(cs_wait(is_unmounted, &began, GO_SECONDS));
		ASSERT_EQ(0, unlink("upper/file") | unlink("lower/file"));
	}
}

static bool are_let_go(void *arg)
{
	cs_flush_network();
	return cs_stat("pages_failed") - *(long long *)arg >=
	       (long long)(SIZE / sysconf(_SC_PAGESIZE) - RESIDUE);
}

/* What can't be dropped is not kept from memory reclaim for as long as that lasts. */
TEST_F_TIMEOUT(mounts, frozen, TEST_SECONDS)
{
	long long failed = cs_stat("pages_failed");
	struct cs_job j = {
		.dev = self->dev, .data = &data, .kind = CS_TCP4,
		.policy = COLDSEND_POLICY_DROP_BEHIND,
		.length = COLDSEND_TO_EOF,
	};

	if (!mount_ext4())
		SKIP(return, "no ext4 in a loop");
	self->file = make_file("mnt/file");
	ASSERT_GE(self->file, 0);
	j.file = self->file;
	ASSERT_EQ(0, ioctl(self->file, FIFREEZE, 0));
	EXPECT_EQ(0, cs_job_run(&j));
	EXPECT_TRUE(cs_wait(are_let_go, &failed, GO_SECONDS));
	EXPECT_EQ(0, ioctl(self->file, FITHAW, 0));
	EXPECT_EQ(0, cs_job_verify(&j)) TH_LOG("%s", j.why);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
