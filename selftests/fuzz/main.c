// SPDX-License-Identifier: GPL-2.0
/*
 * fuzz: random programs against the module, for some time.
 *
 * usage: fuzz [-s SEED] [-t SECONDS] [-d DIR] [-m MOUNT] [-o FILE]
 *        fuzz -r FILE [-n TIMES] [-d DIR] [-m MOUNT]
 *
 * -o: where the program that runs is written before it does, so that it is
 *     there if the kernel is not any more; -r runs the programs of such a file.
 * Exit: 0 nothing found, 1 something was, 2 it could not work.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

#define CORPUS		1024
#define SAY_EVERY	10000

static struct fuzz_program corpus[CORPUS];
static int nr_corpus;
static __u64 luck;

struct options {
	__u64 seed;
	int seconds;
	int times;
	const char *dir;
	const char *mount;
	const char *out;
	const char *replay;
};

__u64 fuzz_random(void)
{
	return luck = cs_mix(luck);
}

__u64 fuzz_below(__u64 n)
{
	return fuzz_random() % n;
}

static void keep(const struct fuzz_program *p)
{
	corpus[nr_corpus < CORPUS ? nr_corpus++ : (int)fuzz_below(CORPUS)] = *p;
}

/* One that reached something new, changed; or an entirely new one. */
static void choose(struct fuzz_program *p)
{
	if (!nr_corpus || !fuzz_below(4)) {
		fuzz_program_make(p);
		return;
	}
	*p = corpus[fuzz_below(nr_corpus)];
	fuzz_program_change(p);
}

static void write_down(const struct fuzz_program *p, const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!f)
		return;
	fuzz_program_write(p, f);
	fclose(f);
}

static int complain(const struct fuzz_program *p, int err)
{
	printf("# %s after this program:\n", err == -ENOTEMPTY ?
	       "something is left" : err == -EIO ?
	       "the kernel complained" : strerror(-err));
	fuzz_program_write(p, stdout);
	return err == -EINVAL ? 2 : 1;
}

/* Never reset. */
static long long transfers_made(void)
{
	return cs_stat("transfers_created");
}

static int fuzz(const struct options *o)
{
	long long start = cs_now_ms(), said = start, made = transfers_made();
	struct fuzz_program p;
	int runs, err;

	luck = o->seed;
	for (runs = 0; cs_now_ms() - start < o->seconds * 1000LL; runs++) {
		choose(&p);
		write_down(&p, o->out);
		err = fuzz_run(&p, o->dir, o->mount);
		if (err)
			return complain(&p, err);
		if (fuzz_cover_new())
			keep(&p);
		if (cs_now_ms() - said < SAY_EVERY)
			continue;
		said = cs_now_ms();
		printf("# %d programs, %d places reached, %d programs kept\n",
		       runs, fuzz_cover_all(), nr_corpus);
		fflush(stdout);
	}
	made = transfers_made() - made;
	printf("# seed %llu: %d programs, %lld transfers, %d places reached, %d programs kept\n",
	       o->seed, runs, made, fuzz_cover_all(), nr_corpus);
	/* Programs that are killed before they do anything find nothing. */
	return runs && made >= runs / 4 ? 0 : 2;
}

static int replay(const struct options *o)
{
	struct fuzz_program p;
	FILE *f = fopen(o->replay, "re");
	int err, i;

	if (!f) {
		perror(o->replay);
		return 2;
	}
	while (!(err = fuzz_program_read(&p, f)))
		for (i = 0; i < o->times; i++) {
			err = fuzz_run(&p, o->dir, o->mount);
			if (err)
				return complain(&p, err);
		}
	fclose(f);
	return err == -ENOENT ? 0 : 2;
}

int main(int argc, char **argv)
{
	struct options o = { .seed = 1, .seconds = 10, .times = 1,
			     .dir = cs_dir() };
	int option;

	while ((option = getopt(argc, argv, "s:t:n:d:m:o:r:")) != -1) {
		switch (option) {
		case 's':
			o.seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			o.seconds = atoi(optarg);
			break;
		case 'n':
			o.times = atoi(optarg);
			break;
		case 'd':
			o.dir = optarg;
			break;
		case 'm':
			o.mount = optarg;
			break;
		case 'o':
			o.out = optarg;
			break;
		case 'r':
			o.replay = optarg;
			break;
		default:
			return 2;
		}
	}
	cs_need_device();
	if (!fuzz_cover_open())
		printf("# this kernel can't tell which code was reached\n");
	return o.replay ? replay(&o) : fuzz(&o);
}
