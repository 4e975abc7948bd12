// SPDX-License-Identifier: GPL-2.0
/*
 * Retransmits: a file is written to right behind the bytes that the socket has
 * taken, over a network that loses packets.  Under policy direct what was read
 * is what arrives, however often it is sent; pages of the page cache change.
 *
 * Run by retransmit.sh, which makes that network: environment CS_NETNS_SEND and
 * CS_NETNS_RECEIVE (files), CS_ADDRESS (of the receiver).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "submit.h"

#define SIZE		(4 * CS_MIB)
#define BLOCK		4096
#define SECONDS		30
/* Segments sent again that make a run count. */
#define RETRANSMITS	20
/* Runs in which a new byte must come at least once, where that is luck. */
#define TRIES		5

static const struct cs_data old = { .seed = 131, .size = SIZE };
static const struct cs_data new = { .seed = 132, .size = SIZE };

/* Writes behind the transfer. */
struct writer {
	int file;
	int sock;
	__u64 written;
	int err;
	pthread_t thread;
};

FIXTURE(retransmit)
{
	int dev;
	int netns[2];
	int file;
	int sv[2];
	struct coldsend_send s;
	struct cs_peer peer;
	struct writer writer;
};

FIXTURE_VARIANT(retransmit)
{
	__u32 policy;
	__u32 flags;
	int write_flags;
};

FIXTURE_VARIANT_ADD(retransmit, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(retransmit, direct_written_directly)
{
	.policy = COLDSEND_POLICY_DIRECT, .write_flags = O_DIRECT,
};

FIXTURE_VARIANT_ADD(retransmit, direct_asynchronous)
{
	.policy = COLDSEND_POLICY_DIRECT, .flags = COLDSEND_F_ASYNC,
};

FIXTURE_VARIANT_ADD(retransmit, hybrid_written_directly)
{
	.policy = COLDSEND_POLICY_HYBRID, .write_flags = O_DIRECT,
};

/* What the others are compared with: it has to show new bytes. */
FIXTURE_VARIANT_ADD(retransmit, cached)
{
	.policy = COLDSEND_POLICY_CACHED,
};

/* No policy: sendfile(2). */
FIXTURE_VARIANT_ADD(retransmit, sendfile)
{
	.policy = COLDSEND_POLICY_DEFAULT,
};

static bool is_exact(const FIXTURE_VARIANT(retransmit) *variant)
{
	return variant->policy == COLDSEND_POLICY_DIRECT ||
	       variant->policy == COLDSEND_POLICY_HYBRID;
}

static int open_netns(const char *name)
{
	return open(getenv(name), O_RDONLY | O_CLOEXEC);
}

FIXTURE_SETUP(retransmit)
{
	self->netns[0] = open_netns("CS_NETNS_SEND");
	self->netns[1] = open_netns("CS_NETNS_RECEIVE");
	ASSERT_GE(self->netns[0], 0);
	ASSERT_GE(self->netns[1], 0);
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
}

FIXTURE_TEARDOWN(retransmit)
{
}

/* A file of old bytes, a connection, and the two who work on them. */
static void prepare(struct __test_metadata *_metadata,
		    struct _test_data_retransmit *self,
		    const FIXTURE_VARIANT(retransmit) *variant)
{
	self->file = cs_data_create(cs_dir(), &old);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair_across(self->netns, getenv("CS_ADDRESS"),
				    self->sv));
	self->peer = (struct cs_peer){ .fd = self->sv[1], .data = &old };
	self->writer = (struct writer){ .sock = self->sv[0] };
	self->writer.file = cs_reopen(self->file,
				      O_WRONLY | variant->write_flags);
	ASSERT_GE(self->writer.file, 0);
	cs_send_init(&self->s, self->file, self->sv[0], 0, COLDSEND_TO_EOF,
		     variant->policy);
	self->s.flags = COLDSEND_F_STRICT | variant->flags;
}

static void clean_up(struct _test_data_retransmit *self)
{
	close(self->sv[0]);
	close(self->sv[1]);
	close(self->writer.file);
	close(self->file);
}

static int get_info(int sock, struct tcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(sock, IPPROTO_TCP, TCP_INFO, info, &len) ? -errno : 0;
}

/*
 * Bytes that the socket has taken, at the least: what is ACKed between the two
 * looks is missing.  Less a block, for the SYN that counts as a byte too.
 */
static __u64 taken(int sock)
{
	struct tcp_info info;
	__u64 bytes;
	int queued;

	if (get_info(sock, &info) || ioctl(sock, SIOCOUTQ, &queued))
		return 0;
	bytes = info.tcpi_bytes_acked + queued;
	return bytes < BLOCK ? 0 : (bytes - BLOCK) / BLOCK * BLOCK;
}

static void *write_behind(void *arg)
{
	long long deadline = cs_now_ms() + SECONDS * 1000LL;
	__u8 *buf = aligned_alloc(BLOCK, SIZE);
	struct writer *w = arg;

	if (!buf) {
		w->err = -ENOMEM;
		return NULL;
	}
	cs_data_fill(&new, 0, buf, SIZE);
	while (w->written < SIZE - BLOCK && cs_now_ms() < deadline) {
		__u64 end = taken(w->sock);
		size_t n = end - w->written;

		if (end <= w->written) {
			cs_nap();
			continue;
		}
		if (pwrite(w->file, buf + w->written, n, w->written) !=
		    (ssize_t)n) {
			w->err = -EIO;
			break;
		}
		w->written = end;
	}
	free(buf);
	return NULL;
}

static int run_sendfile(struct _test_data_retransmit *self)
{
	off_t offset = 0;
	ssize_t n = 1;

	while (n > 0 && offset < (off_t)SIZE)
		n = sendfile(self->sv[0], self->file, &offset, SIZE - offset);
	self->s.sent = offset;
	self->s.bytes_copied = 0;
	return n < 0 ? -errno : 0;
}

static int run(struct _test_data_retransmit *self)
{
	struct coldsend_completion c;
	int err;

	if (self->s.policy == COLDSEND_POLICY_DEFAULT)
		return run_sendfile(self);
	err = cs_send(self->dev, &self->s);
	if (err || !(self->s.flags & COLDSEND_F_ASYNC))
		return err;
	err = cs_collect(self->dev, &c, 1, SECONDS);
	self->s.sent = c.sent;
	self->s.bytes_copied = c.bytes_copied;
	return err ?: -c.error;
}

static void write_behind_once(struct __test_metadata *_metadata,
			      struct _test_data_retransmit *self)
{
	struct tcp_info info;

	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, pthread_create(&self->writer.thread, NULL, write_behind,
				    &self->writer));
	ASSERT_EQ(0, run(self));
	ASSERT_EQ(0, pthread_join(self->writer.thread, NULL));
	ASSERT_EQ(0, shutdown(self->sv[0], SHUT_WR));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	ASSERT_EQ(0, get_info(self->sv[0], &info));
	TH_LOG("%u segments sent again, wrong from byte %lld",
	       info.tcpi_total_retrans, (long long)self->peer.bad);
	EXPECT_EQ(0, self->writer.err);
	EXPECT_EQ(SIZE - BLOCK, self->writer.written);
	EXPECT_EQ(SIZE, self->s.sent);
	EXPECT_EQ(SIZE, self->peer.count);
	/* A copy would have nothing to prove. */
	EXPECT_EQ(0, self->s.bytes_copied);
	EXPECT_GE(info.tcpi_total_retrans, RETRANSMITS);
}

TEST_F_TIMEOUT(retransmit, written_behind, TRIES * SECONDS)
{
	int tries = is_exact(variant) ? 1 : TRIES;

	do {
		prepare(_metadata, self, variant);
		write_behind_once(_metadata, self);
		clean_up(self);
	} while (--tries && self->peer.bad == CS_NONE);
	EXPECT_EQ(is_exact(variant), self->peer.bad == CS_NONE);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (!getenv("CS_NETNS_SEND") || !getenv("CS_NETNS_RECEIVE") ||
	    !getenv("CS_ADDRESS"))
		ksft_exit_skip("no network to lose packets in: run retransmit.sh\n");
	return test_harness_run(argc, argv);
}
