// SPDX-License-Identifier: GPL-2.0
/*
 * Receivers that hold what was sent to them, by every means there is, while the
 * module reads other bytes into its memory: what they read later is still what
 * was sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cs_test.h"
#include "kselftest_harness.h"

#define OFFSET		100
/* The same, at the start of a page. */
#define ALIGNED		(64 * CS_KIB)
/* What a socket with default buffers takes before anybody reads. */
#define LENGTH		(64 * CS_KIB)
#define TAP_BYTES	(16 * CS_MIB)
#define PIECES		32
#define SECONDS		120
#define PACKET		(128 * CS_KIB)

static const struct cs_data data = { .seed = 61, .size = CS_MIB };
static const struct cs_data other = { .seed = 62, .size = 8 * CS_MIB };

FIXTURE(holder)
{
	int dev;
	int file;
	int sv[2];
	struct cs_job churn;
	__u8 *buf;
};

FIXTURE_VARIANT(holder)
{
	__u32 policy;
};

FIXTURE_VARIANT_ADD(holder, cached)
{
	.policy = COLDSEND_POLICY_CACHED,
};

FIXTURE_VARIANT_ADD(holder, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

FIXTURE_VARIANT_ADD(holder, drop)
{
	.policy = COLDSEND_POLICY_DROP_BEHIND,
};

FIXTURE_VARIANT_ADD(holder, hybrid)
{
	.policy = COLDSEND_POLICY_HYBRID,
};

FIXTURE_SETUP(holder)
{
	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	self->file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(self->file, 0);
	ASSERT_EQ(0, cs_drop_cache(self->file));
	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	self->buf = malloc(LENGTH);
	ASSERT_NE(NULL, self->buf);
	self->churn = (struct cs_job){
		.dev = self->dev, .file = cs_data_create(cs_dir(), &other),
		.data = &other, .kind = CS_UNIX,
		.policy = COLDSEND_POLICY_DIRECT,
	};
	ASSERT_GE(self->churn.file, 0);
}

FIXTURE_TEARDOWN(holder)
{
	free(self->buf);
}

/* The bytes from @offset on: 0, or what went wrong. */
static int send_from(FIXTURE_DATA(holder) *self, __u32 policy, __u64 offset)
{
	struct coldsend_send s;
	int err;

	cs_send_init(&s, self->file, self->sv[0], offset, LENGTH, policy);
	err = cs_send(self->dev, &s);
	if (!err && s.sent != LENGTH)
		err = -EMSGSIZE;
	return err;
}

/* Those that somebody is going to hold. */
static int send_them(FIXTURE_DATA(holder) *self, __u32 policy)
{
	return send_from(self, policy, OFFSET);
}

/*
 * Other bytes through the same memory: in pieces as large as what is held, which
 * would get just that memory if it were free, and all at once.
 */
static int churn(FIXTURE_DATA(holder) *self)
{
	struct cs_job *j = &self->churn;
	int err = 0;
	__u64 i;

	for (i = 0; i <= PIECES && !err; i++) {
		j->offset = i < PIECES ? i * LENGTH : 0;
		j->length = i < PIECES ? LENGTH : COLDSEND_TO_EOF;
		err = cs_job_run(j) ?: cs_job_verify(j);
	}
	return err;
}

/* All @want bytes of a pipe or socket. */
static bool reads_right(int fd, __u64 offset, __u8 *buf, size_t want)
{
	size_t got = 0;

	while (got < want) {
		ssize_t n = read(fd, buf + got, want - got);

		if (n <= 0)
			return false;
		got += n;
	}
	return cs_data_check(&data, offset, buf, want) == want;
}

/* Moves what arrives into a pipe: bytes. */
static size_t into_pipe(int sock, int pipe)
{
	size_t got = 0;

	while (got < LENGTH) {
		ssize_t n = splice(sock, NULL, pipe, NULL, LENGTH - got,
				   SPLICE_F_NONBLOCK);

		if (n <= 0)
			break;
		got += n;
	}
	return got;
}

static int wide_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC) || fcntl(p[1], F_SETPIPE_SZ, CS_MIB) < 0)
		return -errno;
	return 0;
}

TEST_F_TIMEOUT(holder, splice, SECONDS)
{
	int p[2];
	size_t n;

	ASSERT_EQ(0, wide_pipe(p));
	ASSERT_EQ(0, send_them(self, variant->policy));
	n = into_pipe(self->sv[1], p[1]);
	ASSERT_GT(n, 0);
	ASSERT_EQ(0, churn(self)) TH_LOG("%s", self->churn.why);
	EXPECT_TRUE(reads_right(p[0], OFFSET, self->buf, n));
	/* And what waited in the socket. */
	EXPECT_TRUE(reads_right(self->sv[1], OFFSET + n, self->buf,
				LENGTH - n));
}

TEST_F_TIMEOUT(holder, tee, SECONDS)
{
	int first[2], second[2];
	ssize_t teed;
	size_t n;

	ASSERT_EQ(0, wide_pipe(first));
	ASSERT_EQ(0, wide_pipe(second));
	ASSERT_EQ(0, send_them(self, variant->policy));
	n = into_pipe(self->sv[1], first[1]);
	ASSERT_GT(n, 0);
	teed = tee(first[0], second[1], n, SPLICE_F_NONBLOCK);
	ASSERT_GT(teed, 0);
	EXPECT_TRUE(reads_right(first[0], OFFSET, self->buf, n));
	ASSERT_EQ(0, churn(self)) TH_LOG("%s", self->churn.why);
	EXPECT_TRUE(reads_right(second[0], OFFSET, self->buf, teed));
}

TEST_F_TIMEOUT(holder, peek, SECONDS)
{
	ssize_t n;

	ASSERT_EQ(0, send_them(self, variant->policy));
	n = recv(self->sv[1], self->buf, LENGTH, MSG_PEEK);
	ASSERT_GT(n, 0);
	ASSERT_EQ((size_t)n, cs_data_check(&data, OFFSET, self->buf, n));
	ASSERT_EQ(0, churn(self)) TH_LOG("%s", self->churn.why);
	n = recv(self->sv[1], self->buf, LENGTH, MSG_PEEK);
	ASSERT_GT(n, 0);
	EXPECT_EQ((size_t)n, cs_data_check(&data, OFFSET, self->buf, n));
	EXPECT_TRUE(reads_right(self->sv[1], OFFSET, self->buf, LENGTH));
}

/*
 * Pages that the receiver maps, if it gets any: not out of our folios, though each
 * begins where a page does.
 */
TEST_F_TIMEOUT(holder, zerocopy_receive, SECONDS)
{
	bool ours = variant->policy == COLDSEND_POLICY_DIRECT ||
		    variant->policy == COLDSEND_POLICY_HYBRID;
	struct tcp_zerocopy_receive zc = { .length = LENGTH };
	socklen_t len = sizeof(zc);
	void *map;

	map = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, self->sv[1], 0);
	if (map == MAP_FAILED)
		SKIP(return, "this kernel can't map what a socket receives");
	zc.address = (unsigned long)map;
	ASSERT_EQ(0, send_from(self, variant->policy, ALIGNED));
	ASSERT_EQ(0, getsockopt(self->sv[1], IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE,
				&zc, &len));
	if (ours)
		EXPECT_EQ(0, zc.length);
	ASSERT_EQ(0, churn(self)) TH_LOG("%s", self->churn.why);
	EXPECT_EQ(zc.length, cs_data_check(&data, ALIGNED, map, zc.length));
	EXPECT_TRUE(reads_right(self->sv[1], ALIGNED + zc.length, self->buf,
				LENGTH - zc.length));
	munmap(map, LENGTH);
}

/* A socket that gets each packet that comes in by the loopback device, or -errno. */
static int tap(void)
{
	struct sockaddr_ll sa = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = if_nametoindex("lo"),
	};
	int size = TAP_BYTES;
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)))
		return -errno;
	return fd;
}

/**
 * struct stream - what a tap saw of a connection
 * @port: that it goes to, as in the packets
 * @known: whether @first is known
 * @first: sequence number of the first byte
 * @seen: bytes of payload, up to the last; what is sent again counts once
 * @bad: whether one of them was wrong
 */
struct stream {
	__u16 port;
	bool known;
	__u32 first;
	size_t seen;
	bool bad;
};

static void look_at(struct stream *s, const __u8 *packet, size_t len)
{
	const struct iphdr *ip = (const void *)packet;
	const struct tcphdr *tcp = (const void *)(packet + ip->ihl * 4);
	size_t head = ip->ihl * 4 + tcp->doff * 4;
	__u32 seq = ntohl(tcp->seq);

	if (ip->protocol != IPPROTO_TCP || tcp->dest != s->port || len <= head)
		return;
	if (!s->known)
		s->first = seq;
	s->known = true;
	if (seq - s->first + len - head > s->seen)
		s->seen = seq - s->first + len - head;
	if (cs_data_check(&data, OFFSET + (seq - s->first), packet + head,
			  len - head) != len - head)
		s->bad = true;
}

static __u16 port_of(int sock)
{
	struct sockaddr_in sa = {};
	socklen_t len = sizeof(sa);

	getsockname(sock, (struct sockaddr *)&sa, &len);
	return sa.sin_port;
}

TEST_F_TIMEOUT(holder, packet_tap, SECONDS)
{
	struct stream stream = { .port = port_of(self->sv[1]) };
	__u8 *packet = malloc(PACKET);
	int fd = tap();
	ssize_t n;

	if (fd == -EAFNOSUPPORT)
		SKIP(return, "this kernel has no packet sockets");
	ASSERT_GE(fd, 0);
	ASSERT_NE(NULL, packet);
	ASSERT_EQ(0, send_them(self, variant->policy));
	EXPECT_TRUE(reads_right(self->sv[1], OFFSET, self->buf, LENGTH));
	/* By UNIX sockets: the tap hears no more. */
	ASSERT_EQ(0, churn(self)) TH_LOG("%s", self->churn.why);
	while ((n = recv(fd, packet, PACKET, MSG_DONTWAIT)) > 0)
		look_at(&stream, packet, n);
	EXPECT_EQ(LENGTH, stream.seen);
	EXPECT_FALSE(stream.bad);
	free(packet);
	close(fd);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
