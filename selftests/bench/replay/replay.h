/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The replay of a trace: requests for small files, some much more often than
 * others, and now and then a scan of a large one.
 *
 * main.c goes through ways and rounds, trace.c says what is asked for, files.c
 * has the files, serve.c sends them.  Functions return 0 or a negative errno if
 * nothing else is said.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "../bench.h"

#define REPLAY_SMALL_LEAST	(16 * BENCH_KIB)
#define REPLAY_SMALL_MOST	(512 * BENCH_KIB)
#define REPLAY_LARGE		(64 * BENCH_MIB)
/* Of which there are so many, and a scan of the next after so many requests. */
#define REPLAY_LARGE_FILES	60
#define REPLAY_SCAN_EVERY	400

/**
 * struct replay_file - one that is served
 * @path: where it is
 * @size: bytes
 */
struct replay_file {
	char path[256];
	__u64 size;
};

/**
 * struct replay_files - all of them
 * @small: asked for by the trace
 * @nr_small: of them
 * @small_bytes: sum of their sizes
 * @large: scanned
 */
struct replay_files {
	struct replay_file *small;
	int nr_small;
	__u64 small_bytes;
	struct replay_file large[REPLAY_LARGE_FILES];
};

/* files.c */
int replay_files_make(struct replay_files *files, const char *dir, __u64 bytes);
void replay_files_remove(struct replay_files *files);
int replay_file_resident(const struct replay_file *file, __u64 *bytes);

/* trace.c */

/**
 * struct replay_trace - which small file is asked for next
 * @sums: of the shares of the first files up to each, the last is 1
 * @n: files
 * @state: of the generator
 */
struct replay_trace {
	double *sums;
	int n;
	__u64 state;
};

double replay_fraction(__u64 seed);
int replay_trace_init(struct replay_trace *trace, int n, double exponent);
void replay_trace_start(struct replay_trace *trace, __u64 seed);
int replay_trace_next(struct replay_trace *trace);
void replay_trace_free(struct replay_trace *trace);

/* serve.c */

/**
 * struct replay_way - how a server sends small files and large ones
 * @name: in tables
 * @small: method for small files
 * @large: method for large files
 */
struct replay_way {
	const char *name;
	const struct bench_method *small;
	const struct bench_method *large;
};

/**
 * struct replay_counts - what a replay did
 * @asked: bytes of small files that were asked for
 * @hit: of them, bytes that were in the page cache when asked for
 * @sent: bytes, of large files too
 * @disk: bytes that the disk read
 * @seconds: that it took
 */
struct replay_counts {
	__u64 asked;
	__u64 hit;
	__u64 sent;
	__u64 disk;
	double seconds;
};

struct replay_server;
int replay_server_start(struct replay_server **server);
void replay_server_stop(struct replay_server *server);
int replay_serve(struct replay_server *server, const struct replay_way *way,
		 const struct replay_files *files, struct replay_trace *trace,
		 int from, int requests, struct replay_counts *counts);

#endif /* REPLAY_H */
