// SPDX-License-Identifier: GPL-2.0
/*
 * kTLS: the kernel encrypts what a transfer sends.  Bytes arrive right
 * through a decrypting receiver, and on the wire there is no clear text.
 */
#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "cs_test.h"
#include "kselftest_harness.h"
#include "submit.h"

#ifndef SOL_TLS
#define SOL_TLS		282
#endif

#define SIZE		(2 * CS_MIB + 1111)
#define OFFSET		333
#define HEADER		5	/* type, version, length */
#define NONCE		8
#define TAG		16
#define RECORD		16384	/* bytes of a full record */
#define NEEDLE		32

static const struct cs_data data = { .seed = 41, .size = SIZE };

FIXTURE(tls)
{
	struct coldsend_send s;
	struct cs_peer peer;
	int dev;
	int sv[2];
};

FIXTURE_VARIANT(tls)
{
	__u32 policy;
};

FIXTURE_VARIANT_ADD(tls, cached)
{
	.policy = COLDSEND_POLICY_CACHED,
};

FIXTURE_VARIANT_ADD(tls, direct)
{
	.policy = COLDSEND_POLICY_DIRECT,
};

static int set_key(int sock, int direction)
{
	struct tls12_crypto_info_aes_gcm_128 key = {
		.info.version = TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
		.iv = "coldsend", .key = "a key for tests", .salt = "sal",
	};

	return setsockopt(sock, SOL_TLS, direction, &key, sizeof(key)) ?
	       -errno : 0;
}

static int use_tls(int sock)
{
	return setsockopt(sock, SOL_TCP, TCP_ULP, "tls", sizeof("tls")) ?
	       -errno : 0;
}

FIXTURE_SETUP(tls)
{
	int file;
	int err;

	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	file = cs_data_create(cs_dir(), &data);
	ASSERT_GE(file, 0);
	ASSERT_EQ(0, cs_pair(CS_TCP4, self->sv));
	err = use_tls(self->sv[0]);
	if (err == -ENOENT || err == -ENOPROTOOPT)
		SKIP(return, "this kernel has no TLS sockets");
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, set_key(self->sv[0], TLS_TX));
	cs_send_init(&self->s, file, self->sv[0], OFFSET, COLDSEND_TO_EOF,
		     variant->policy);
	self->peer = (struct cs_peer){
		.fd = self->sv[1], .data = &data, .offset = OFFSET,
		.digest = true,
	};
}

FIXTURE_TEARDOWN(tls)
{
}

TEST_F(tls, bytes)
{
	__u8 want[CS_SHA256_LEN];

	ASSERT_EQ(0, use_tls(self->sv[1]));
	ASSERT_EQ(0, set_key(self->sv[1], TLS_RX));
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_send(self->dev, &self->s));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(0, self->peer.error);
	EXPECT_EQ(CS_NONE, self->peer.bad);
	EXPECT_EQ(SIZE - OFFSET, self->s.sent);
	EXPECT_EQ(SIZE - OFFSET, self->peer.count);
	cs_sha256_data(&data, OFFSET, SIZE - OFFSET, want);
	EXPECT_EQ(0, memcmp(want, self->peer.sha256, sizeof(want)));
}

/* The last record of a transfer is closed: it arrives before more is sent. */
TEST_F(tls, write_after)
{
	char buf[16];

	ASSERT_EQ(0, use_tls(self->sv[1]));
	ASSERT_EQ(0, set_key(self->sv[1], TLS_RX));
	self->s.length = 4097;
	ASSERT_EQ(0, cs_send(self->dev, &self->s));
	self->peer.limit = 4097;
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	EXPECT_EQ(CS_NONE, self->peer.bad);
	EXPECT_EQ(4097, self->peer.count);
	ASSERT_EQ(4, send(self->sv[0], "more", 4, 0));
	EXPECT_EQ(4, recv(self->sv[1], buf, sizeof(buf), 0));
	EXPECT_EQ(0, memcmp(buf, "more", 4));
}

/*
 * A socket that becomes one of kTLS while an asynchronous transfer to it waits: it
 * could have others' transfers wait with it.
 */
TEST_F(tls, becomes_one)
{
	struct coldsend_completion c;
	char buf[65536];
	long long since;
	int sv[2];

	ASSERT_EQ(0, cs_pair_small(CS_TCP4, sv));
	self->s.sock_fd = sv[0];
	ASSERT_EQ(0, cs_submit(self->dev, &self->s, 0));
	ASSERT_TRUE(cs_stands_still(sv[0], sv[1], 30));
	ASSERT_EQ(0, use_tls(sv[0]));
	ASSERT_EQ(0, set_key(sv[0], TLS_TX));
	since = cs_now_ms();
	while (!cs_has_result(self->dev, 10)) {
		ASSERT_TRUE(recv(sv[1], buf, sizeof(buf), MSG_DONTWAIT) > 0 ||
			    errno == EAGAIN);
		ASSERT_LT(cs_now_ms() - since, cs_patient(20000));
	}
	ASSERT_EQ(0, cs_collect(self->dev, &c, 1, 30));
	EXPECT_EQ(EOPNOTSUPP, c.error);
	EXPECT_LT(c.sent, SIZE - OFFSET);
}

/* The records of a stream: all application data, none cut; their number. */
static long count_records(const __u8 *wire, __u64 len, __u64 *clear)
{
	__u64 at = 0;
	long n = 0;

	*clear = 0;
	while (at + HEADER + NONCE + TAG <= len) {
		__u64 body = wire[at + 3] << 8 | wire[at + 4];

		if (wire[at] != 0x17 || wire[at + 1] != 3 || wire[at + 2] != 3)
			return -EPROTO;
		*clear += body - NONCE - TAG;
		at += HEADER + body;
		n++;
	}
	return at == len ? n : -EPROTO;
}

static bool clear_text_in(const __u8 *wire, __u64 len)
{
	__u8 needle[NEEDLE];
	__u64 offset;

	for (offset = OFFSET; offset < SIZE - NEEDLE; offset += SIZE / 16) {
		cs_data_fill(&data, offset, needle, NEEDLE);
		if (memmem(wire, len, needle, NEEDLE))
			return true;
	}
	return false;
}

TEST_F(tls, wire)
{
	__u64 clear;
	long records;

	self->peer.data = NULL;
	self->peer.keep_len = 2 * SIZE;
	self->peer.keep = malloc(self->peer.keep_len);
	ASSERT_NE(NULL, self->peer.keep);
	ASSERT_EQ(0, cs_peer_start(&self->peer));
	ASSERT_EQ(0, cs_send(self->dev, &self->s));
	shutdown(self->sv[0], SHUT_WR);
	ASSERT_EQ(0, cs_peer_join(&self->peer));
	ASSERT_GT(self->peer.count, SIZE - OFFSET);
	EXPECT_FALSE(clear_text_in(self->peer.keep, self->peer.count));
	records = count_records(self->peer.keep, self->peer.count, &clear);
	ASSERT_GT(records, 0);
	EXPECT_EQ(SIZE - OFFSET, clear);
	/* Records are filled: not one for each page. */
	EXPECT_LT(records, 2 * SIZE / RECORD);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
