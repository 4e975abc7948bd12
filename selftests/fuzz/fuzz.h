/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzzer of the module: random programs of ioctls, netlink requests and games
 * with descriptors, several threads of them at once.  Programs that reach code
 * which none has reached before (KCOV) are kept, and changed at random.
 *
 *	main	the loop: what to run next, and what to keep
 *	program	a program: made, changed, written, read
 *	world	what a program finds: descriptors, a mounted file system
 *	calls	what it can do: games with descriptors
 *	asks	what it can do: ioctls and netlink
 *	run	runs it in a process of its own; looks what is left
 *	cover	which code it reached
 */
#ifndef CS_FUZZ_H
#define CS_FUZZ_H

#include <stdio.h>

#include "../cs_test.h"

#define FUZZ_THREADS	3
#define FUZZ_CALLS	24
#define FUZZ_WORDS	6
#define FUZZ_SLOTS	16

/**
 * struct fuzz_call - one call of a program
 * @thread: that makes it
 * @op: index of fuzz_ops
 * @word: what its arguments are made of
 */
struct fuzz_call {
	__u8 thread;
	__u8 op;
	__u16 word[FUZZ_WORDS];
};

struct fuzz_program {
	int n;
	struct fuzz_call call[FUZZ_CALLS];
};

/**
 * struct fuzz_world - what the threads of a program share
 * @dir: directory of files
 * @mount: a small file system to remount, or NULL
 * @slot: descriptors, which any call may close or replace
 */
struct fuzz_world {
	const char *dir;
	const char *mount;
	int slot[FUZZ_SLOTS];
};

/**
 * struct fuzz_op - something that a program can do
 * @name: in what is written
 * @weight: how often it is chosen
 * @run: does it, whatever comes of it
 */
struct fuzz_op {
	const char *name;
	int weight;
	void (*run)(struct fuzz_world *w, const __u16 *word);
};

/* main.c */
__u64 fuzz_random(void);
__u64 fuzz_below(__u64 n);

/* program.c */
void fuzz_program_make(struct fuzz_program *p);
void fuzz_program_change(struct fuzz_program *p);
void fuzz_program_write(const struct fuzz_program *p, FILE *to);
int fuzz_program_read(struct fuzz_program *p, FILE *from);

/* world.c */
int fuzz_world_make(struct fuzz_world *w);
int fuzz_slot(const struct fuzz_world *w, __u16 word);
void fuzz_put(struct fuzz_world *w, __u16 word, int fd);
int fuzz_open_file(const struct fuzz_world *w, __u16 word);
__u64 fuzz_offset(__u16 word);

/* calls.c, asks.c */
extern const struct fuzz_op fuzz_ops[];
extern const int fuzz_nr_ops;
int fuzz_op_find(const char *name);
void fuzz_send(struct fuzz_world *w, const __u16 *word);
void fuzz_info(struct fuzz_world *w, const __u16 *word);
void fuzz_residency(struct fuzz_world *w, const __u16 *word);
void fuzz_cancel(struct fuzz_world *w, const __u16 *word);
void fuzz_ioctl(struct fuzz_world *w, const __u16 *word);
void fuzz_netlink(struct fuzz_world *w, const __u16 *word);

/* run.c */
int fuzz_run(const struct fuzz_program *p, const char *dir, const char *mount);

/* cover.c */
bool fuzz_cover_open(void);
void fuzz_cover_start(int thread);
int fuzz_cover_new(void);
int fuzz_cover_all(void);

#endif /* CS_FUZZ_H */
