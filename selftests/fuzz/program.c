// SPDX-License-Identifier: GPL-2.0
/* Programs: made and changed at random, written as text and read again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

static int random_op(void)
{
	int all = 0, i;
	__u64 at;

	for (i = 0; i < fuzz_nr_ops; i++)
		all += fuzz_ops[i].weight;
	at = fuzz_below(all);
	for (i = 0; at >= (__u64)fuzz_ops[i].weight; i++)
		at -= fuzz_ops[i].weight;
	return i;
}

static void make_call(struct fuzz_call *c)
{
	int i;

	c->thread = fuzz_below(FUZZ_THREADS);
	c->op = random_op();
	for (i = 0; i < FUZZ_WORDS; i++)
		c->word[i] = fuzz_random();
}

void fuzz_program_make(struct fuzz_program *p)
{
	int i;

	p->n = 1 + fuzz_below(FUZZ_CALLS);
	for (i = 0; i < p->n; i++)
		make_call(&p->call[i]);
}

static void insert(struct fuzz_program *p)
{
	int at = fuzz_below(p->n + 1);

	if (p->n == FUZZ_CALLS)
		return;
	memmove(&p->call[at + 1], &p->call[at],
		(p->n - at) * sizeof(p->call[0]));
	make_call(&p->call[at]);
	p->n++;
}

static void remove_one(struct fuzz_program *p)
{
	int at = fuzz_below(p->n);

	if (p->n == 1)
		return;
	p->n--;
	memmove(&p->call[at], &p->call[at + 1],
		(p->n - at) * sizeof(p->call[0]));
}

/* A few changes of a program that exists. */
void fuzz_program_change(struct fuzz_program *p)
{
	int times = 1 + fuzz_below(4);
	struct fuzz_call *c;

	while (times--) {
		c = &p->call[fuzz_below(p->n)];
		switch (fuzz_below(6)) {
		case 0:
			insert(p);
			break;
		case 1:
			remove_one(p);
			break;
		case 2:
			make_call(c);
			break;
		case 3:
			c->thread = fuzz_below(FUZZ_THREADS);
			break;
		default:
			c->word[fuzz_below(FUZZ_WORDS)] = fuzz_random();
		}
	}
}

/* A line a call, and an empty one. */
void fuzz_program_write(const struct fuzz_program *p, FILE *to)
{
	int i, k;

	for (i = 0; i < p->n; i++) {
		const struct fuzz_call *c = &p->call[i];

		fprintf(to, "%u %s", c->thread, fuzz_ops[c->op].name);
		for (k = 0; k < FUZZ_WORDS; k++)
			fprintf(to, " %u", c->word[k]);
		fputc('\n', to);
	}
	fputc('\n', to);
}

static int read_call(struct fuzz_call *c, const char *line)
{
	unsigned int thread, w[FUZZ_WORDS];
	char name[32];
	int op, i;

	if (sscanf(line, "%u %31s %u %u %u %u %u %u", &thread, name, &w[0],
		   &w[1], &w[2], &w[3], &w[4], &w[5]) != 2 + FUZZ_WORDS)
		return -EINVAL;
	op = fuzz_op_find(name);
	if (op < 0 || thread >= FUZZ_THREADS)
		return -EINVAL;
	c->thread = thread;
	c->op = op;
	for (i = 0; i < FUZZ_WORDS; i++)
		c->word[i] = w[i];
	return 0;
}

/* The next program: 0, -ENOENT if there is none, -EINVAL. */
int fuzz_program_read(struct fuzz_program *p, FILE *from)
{
	char line[256];
	int err = 0;

	p->n = 0;
	while (!err && p->n < FUZZ_CALLS && fgets(line, sizeof(line), from)) {
		if (line[0] == '\n' && p->n)
			break;
		if (line[0] != '\n' && line[0] != '#')
			err = read_call(&p->call[p->n++], line);
	}
	return err ?: p->n ? 0 : -ENOENT;
}
