/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a method is: one way to send ranges of a file, and what it is given.
 *
 * Functions return 0 or a negative errno if nothing else is said.
 */
#ifndef BENCH_H
#define BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define BENCH_KIB		1024ULL
#define BENCH_MIB		(1024ULL * 1024)
#define BENCH_GIB		(1024ULL * 1024 * 1024)
/* One read, write or splice of a single stream; one recv(2). */
#define BENCH_CHUNK		BENCH_MIB

/**
 * struct bench_range - what one request asks for
 * @offset: first byte
 * @length: bytes; both are multiples of bench_job.chunk where BENCH_BYPASS
 *	methods compete
 */
struct bench_range {
	__u64 offset;
	__u64 length;
};

/**
 * struct bench_job - the sender's side of one stream
 * @method: which
 * @path: file to send
 * @size: its bytes
 * @sock: connected, blocking socket
 * @chunk: bytes of one read or write of methods that have buffers, at the most
 * @file: opened by the method's setup
 * @state: the method's own
 * @range: for send_all: what to send
 * @ended: for send_all: bench_ticks() when all of @range was sent
 * @syscalls: system calls of the method's send, counted by itself
 * @bytes_copied: bytes that the CPU copied, if the method measures that
 */
struct bench_job {
	const struct bench_method *method;
	const char *path;
	__u64 size;
	int sock;
	size_t chunk;
	int file;
	void *state;
	struct bench_range range;
	__u64 ended;
	__u64 syscalls;
	__u64 bytes_copied;
};

/* bench_method.copies_per_byte: the method fills job->bytes_copied. */
#define BENCH_COPIES_COUNTED	(-1.0)

/* bench_method.flags */
enum {
	/* Reads past the page cache, so no use for a hot file. */
	BENCH_BYPASS = 1 << 0,
	/* Is coldsend, no rival. */
	BENCH_OURS = 1 << 1,
	/* Sends nothing; its bytes are those that it read. */
	BENCH_SILENT = 1 << 2,
	/* A part of the limit, no rival. */
	BENCH_LIMIT = 1 << 3,
	/* Does nothing, and its bytes are none. */
	BENCH_IDLE = 1 << 4,
};

/**
 * struct bench_method - one way to send a file
 * @name: in tables
 * @needs: what a kernel lacks where setup says EOPNOTSUPP
 * @copies_per_byte: by the sender's CPU between disk and socket, by definition
 * @flags: BENCH_*
 * @variant: for methods that share their code: which of them
 * @setup: what a server does once: open files, buffers, pipes; not measured.
 *	Called by the thread that sends.  EOPNOTSUPP: not on this kernel.
 * @send: sends all of a range, or fails; measured
 * @send_all: sends the ranges of @n jobs at the same time from one thread; NULL
 *	if a stream needs a thread
 * @teardown: the reverse of a setup that succeeded; not measured
 */
struct bench_method {
	const char *name;
	const char *needs;
	double copies_per_byte;
	unsigned int flags;
	unsigned int variant;
	int (*setup)(struct bench_job *job);
	int (*send)(struct bench_job *job, const struct bench_range *range);
	int (*send_all)(struct bench_job *jobs, int n);
	void (*teardown)(struct bench_job *job);
};

/* methods/: a file for each kind, variants of a kind together */
extern const struct bench_method bench_read_write;
extern const struct bench_method bench_dontcache;
extern const struct bench_method bench_mmap_write;
extern const struct bench_method bench_sendfile;
extern const struct bench_method bench_sendfile_ahead;
extern const struct bench_method bench_sendfile_loop;
extern const struct bench_method bench_dontneed_now;
extern const struct bench_method bench_dontneed_later;
extern const struct bench_method bench_sendfile_direct;
extern const struct bench_method bench_splice_new;
extern const struct bench_method bench_splice_pooled;
extern const struct bench_method bench_splice_direct;
extern const struct bench_method bench_direct_write;
extern const struct bench_method bench_libaio;
extern const struct bench_method bench_uring_send;
extern const struct bench_method bench_uring_zc;
extern const struct bench_method bench_uring_loop;
extern const struct bench_method bench_zerocopy;
extern const struct bench_method bench_cached;
extern const struct bench_method bench_cached_async;
extern const struct bench_method bench_direct;
extern const struct bench_method bench_direct_async;
extern const struct bench_method bench_drop;
extern const struct bench_method bench_drop_async;
extern const struct bench_method bench_hybrid;
extern const struct bench_method bench_auto;
extern const struct bench_method bench_hybrid_async;
extern const struct bench_method bench_nothing;
extern const struct bench_method bench_limit_read;
extern const struct bench_method bench_limit_deep;
extern const struct bench_method bench_limit_loop;
extern const struct bench_method bench_limit_send;
/* Never runs: made of the others, see limit.c. */
extern const struct bench_method bench_limit;

/* methods/io.c: what methods share */
int bench_open(struct bench_job *job, int flags);
void bench_close(struct bench_job *job);
void *bench_memory_get(size_t size);
void bench_memory_put(void *memory, size_t size);
int bench_buffer_setup(struct bench_job *job, int flags);
void bench_buffer_teardown(struct bench_job *job);
int bench_read(struct bench_job *job, void *buf, const struct bench_range *range,
	       int flags);
int bench_copy_range(struct bench_job *job, const struct bench_range *range);
int bench_write_all(struct bench_job *job, const void *buf, size_t length);
int bench_sendfile_range(struct bench_job *job, __u64 from, __u64 to);
int bench_read_all(int fd, __u64 size);
struct bench_range bench_next_chunk(const struct bench_job *job,
				    const struct bench_range *range, __u64 pos);

/* ticks.c: a clock that costs no system call where there is one */
void bench_ticks_init(void);
__u64 bench_ticks(void);
double bench_ticks_seconds(__u64 ticks);

#endif /* BENCH_H */
