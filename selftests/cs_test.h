/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test programs share: seeded files, connected sockets, a receiver
 * that looks at each byte, the ioctls of /dev/coldsend, and whole transfers.
 *
 * Nothing here fails a test by itself: functions return 0 or a count, or a
 * negative errno, and the test says what that means.
 */
#ifndef CS_TEST_H
#define CS_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/coldsend.h>
#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#endif

#define CS_KIB			1024ULL
#define CS_MIB			(1024ULL * 1024)
#define CS_NONE			(~0ULL)

/* data.c: files whose bytes are a function of seed and offset */

/**
 * struct cs_data - what a file holds
 * @seed: tells this file from others
 * @size: bytes of the file
 * @hole_from: first byte of a hole, which reads as zeros
 * @hole_to: first byte after it; no hole if not above @hole_from
 */
struct cs_data {
	__u64 seed;
	__u64 size;
	__u64 hole_from;
	__u64 hole_to;
};

__u64 cs_mix(__u64 x);
__u64 cs_seed(void);
__u64 cs_pick(__u64 *state, __u64 bound);
void cs_data_fill(const struct cs_data *d, __u64 offset, void *buf, size_t len);
__u64 cs_data_length(const struct cs_data *d, __u64 offset, __u64 length);
size_t cs_data_check(const struct cs_data *d, __u64 offset, const void *buf,
		     size_t len);
int cs_data_write(int fd, const struct cs_data *d);
int cs_data_create(const char *dir, const struct cs_data *d);
int cs_data_create_named(const char *dir, const struct cs_data *d, char *path,
			 size_t size);
int cs_reopen(int fd, int flags);
long cs_resident(int fd, __u64 offset, __u64 len);
void cs_flush_network(void);
int cs_drop_cache(int fd);
int cs_drop_all_caches(void);

/* sha256.c: digests of what arrives and of what should */

#define CS_SHA256_LEN		32

/**
 * struct cs_sha256 - a digest in the making
 * @state: so far
 * @len: bytes so far
 * @block: the last, unfinished block
 */
struct cs_sha256 {
	__u32 state[8];
	__u64 len;
	__u8 block[64];
};

void cs_sha256_init(struct cs_sha256 *h);
void cs_sha256_update(struct cs_sha256 *h, const void *buf, size_t len);
void cs_sha256_final(struct cs_sha256 *h, __u8 *digest);
void cs_sha256_data(const struct cs_data *d, __u64 offset, __u64 len,
		    __u8 *digest);

/* peer.c: sockets, and the receiver at their other end */

/* CS_KINDS: those that every machine has. */
enum cs_kind {
	CS_TCP4,
	CS_TCP6,
	CS_UNIX,
	CS_KINDS,
	/* Those that not every machine has. */
	CS_MPTCP = CS_KINDS,
	CS_VSOCK,
	CS_ALL_KINDS,
};

/**
 * struct cs_peer - a thread that receives
 * @fd: in: socket to receive from
 * @data: in: what to expect, NULL to accept anything
 * @offset: in: file offset of the first byte that is expected
 * @chunk: in: bytes that one recv(2) asks for, 0 for 256 KiB
 * @limit: in: stop after so many bytes; 0 for the end of the stream
 * @slow: in: whether to pause before each recv(2)
 * @keep: in: where to put what arrives, NULL for nowhere
 * @keep_len: in: bytes of @keep
 * @digest: in: whether to fill @sha256
 * @count: out: bytes received; may be read while the thread runs
 * @bad: out: stream position of the first unexpected byte, or CS_NONE
 * @error: out: errno that ended the stream, 0 for its regular end
 * @sha256: out: digest of all that arrived
 * @thread: the thread, between cs_peer_start() and cs_peer_join()
 */
struct cs_peer {
	int fd;
	const struct cs_data *data;
	__u64 offset;
	size_t chunk;
	__u64 limit;
	bool slow;
	__u8 *keep;
	size_t keep_len;
	bool digest;
	__u64 count;
	__u64 bad;
	int error;
	__u8 sha256[CS_SHA256_LEN];
	pthread_t thread;
};

const char *cs_kind_name(enum cs_kind kind);
int cs_kind_parse(const char *name);
int cs_pair(enum cs_kind kind, int sv[2]);
int cs_pair_small(enum cs_kind kind, int sv[2]);
int cs_pair_across(const int netns[2], const char *address, int sv[2]);
int cs_pass(int sock, int fd);
int cs_peer_start(struct cs_peer *p);
int cs_peer_join(struct cs_peer *p);
__u64 cs_peer_count(const struct cs_peer *p);
__u64 cs_receive(int fd, const struct cs_data *data, __u64 offset, __u64 limit);

/* dev.c: the device, its counters, who calls and where, and time */

int cs_open(void);
void cs_need_device(void);
const char *cs_dir(void);
void cs_send_init(struct coldsend_send *s, int file, int sock, __u64 offset,
		  __u64 length, __u32 policy);
int cs_ioctl(int dev, unsigned long cmd, void *arg);
int cs_send(int dev, struct coldsend_send *s);
long long cs_stat(const char *name);
long long cs_pool_stat(const char *name);
long long cs_now_ms(void);
void cs_nap(void);
int cs_become(uid_t uid);
int cs_run_on(pthread_t thread, int cpu);
int cs_patient(int time);
bool cs_wait(bool (*done)(void *arg), void *arg, int seconds);

/* job.c: a transfer from file to receiver, all of it checked */

/**
 * struct cs_job - one transfer
 * @dev: in: open device
 * @file: in: file to send
 * @data: in: what it holds
 * @kind: in: socket to send over
 * @policy: in: enum coldsend_policy
 * @flags: in: COLDSEND_F_*; with COLDSEND_F_ASYNC no other transfer of @dev
 *	may end meanwhile
 * @offset: in: first byte
 * @length: in: bytes, or COLDSEND_TO_EOF
 * @chunk: in: bytes that the receiver asks for at a time
 * @sha256: in: digest of what has to arrive, NULL for none to compare with
 * @keep: in: where to put what arrives, NULL for nowhere
 * @keep_len: in: bytes of @keep
 * @s: out: argument after the ioctl, with what the result says if that came
 *	later
 * @peer: out: the receiver
 * @why: out: a sentence about what was wrong
 */
struct cs_job {
	int dev;
	int file;
	const struct cs_data *data;
	enum cs_kind kind;
	__u32 policy;
	__u32 flags;
	__u64 offset;
	__u64 length;
	size_t chunk;
	const __u8 *sha256;
	__u8 *keep;
	size_t keep_len;
	struct coldsend_send s;
	struct cs_peer peer;
	char why[256];
};

int cs_job_run(struct cs_job *j);
int cs_job_verify(struct cs_job *j);

#endif /* CS_TEST_H */
