// SPDX-License-Identifier: GPL-2.0
/*
 * Which code of the module a program reached: KCOV, a buffer for each thread.
 * What work items do is not seen; only the module is looked at.
 */
#include <fcntl.h>
#include <linux/kcov.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

#define KCOV		"/sys/kernel/debug/kcov"
#define WORDS		65536
#define SEEN		65536

static int fds[FUZZ_THREADS];
static unsigned long *buffers[FUZZ_THREADS];
static unsigned long seen[SEEN];
static int nr_seen;

/* Can this kernel tell? */
bool fuzz_cover_open(void)
{
	int i;

	for (i = 0; i < FUZZ_THREADS; i++) {
		fds[i] = open(KCOV, O_RDWR | O_CLOEXEC);
		if (fds[i] < 0 || ioctl(fds[i], KCOV_INIT_TRACE, WORDS))
			return false;
		buffers[i] = mmap(NULL, WORDS * sizeof(long),
				  PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);
		if (buffers[i] == MAP_FAILED)
			return false;
	}
	return true;
}

/* From now on the calling thread is looked at, until it ends. */
void fuzz_cover_start(int thread)
{
	if (!buffers[thread])
		return;
	__atomic_store_n(buffers[thread], 0, __ATOMIC_RELAXED);
	ioctl(fds[thread], KCOV_ENABLE, KCOV_TRACE_PC);
}

/* Return: whether @pc was not known. */
static bool note(unsigned long pc)
{
	unsigned long at = cs_mix(pc) % SEEN;

	while (seen[at] && seen[at] != pc)
		at = (at + 1) % SEEN;
	if (seen[at] || nr_seen > SEEN / 2)
		return false;
	seen[at] = pc;
	nr_seen++;
	return true;
}

/* Places that the last program reached and none before it; all its threads ended. */
int fuzz_cover_new(void)
{
	int thread, count = 0;
	unsigned long i, n;

	for (thread = 0; thread < FUZZ_THREADS && buffers[thread]; thread++) {
		n = __atomic_load_n(buffers[thread], __ATOMIC_RELAXED);
		for (i = 1; i <= n && i < WORDS; i++)
			count += note(buffers[thread][i]);
		__atomic_store_n(buffers[thread], 0, __ATOMIC_RELAXED);
	}
	return count;
}

int fuzz_cover_all(void)
{
	return nr_seen;
}
