// SPDX-License-Identifier: GPL-2.0
/*
 * Children: a process that makes one transfer, by either driver.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "submit.h"

#define RESULT_SECONDS	60

static void transfer(int dev, struct coldsend_send s, struct cs_outcome *o)
{
	struct coldsend_completion c = { 0 };
	int err = cs_send(dev, &s);

	if (!err && s.flags & COLDSEND_F_ASYNC) {
		err = cs_collect(dev, &c, 1, RESULT_SECONDS) ?: -c.error;
		s.sent = c.sent;
	}
	o->sent = s.sent;
	o->err = err;
}

/* Starts @s; the child has no part in @receiver.  0 or -errno. */
int cs_child_start(struct cs_child *c, int dev, const struct coldsend_send *s,
		   int receiver)
{
	c->outcome = mmap(NULL, sizeof(*c->outcome), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->outcome == MAP_FAILED)
		return -errno;
	c->pid = fork();
	if (c->pid)
		return c->pid < 0 ? -errno : 0;
	close(receiver);
	transfer(dev, *s, c->outcome);
	_exit(0);
}

static bool has_exited(void *arg)
{
	return waitpid(*(pid_t *)arg, NULL, WNOHANG) != 0;
}

/* Waits until it has. */
bool cs_child_exits(struct cs_child *c, int seconds)
{
	return cs_wait(has_exited, &c->pid, seconds);
}

static bool is_asleep(void *arg)
{
	char path[32], state = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", *(pid_t *)arg);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	fclose(file);
	return state == 'D';
}

/* Waits until it sleeps, and no signal but a deadly one wakes it. */
bool cs_child_sleeps(struct cs_child *c, int seconds)
{
	return cs_wait(is_asleep, &c->pid, seconds);
}
