// SPDX-License-Identifier: GPL-2.0
/*
 * Runs a program in a process of its own, which is killed after a while, and
 * looks what it left: everything that the module made for it must be gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../submit.h"
#include "fuzz.h"

/* Milliseconds that a program has, and that a killed one may take to go. */
#define PATIENCE	400
#define GRACE		20000
#define LEFT_SECONDS	20

static struct fuzz_world world;
static const struct fuzz_program *program;

static void *thread_main(void *arg)
{
	long me = (long)arg;
	int i;

	fuzz_cover_start(me);
	for (i = 0; i < program->n; i++)
		if (program->call[i].thread == me)
			fuzz_ops[program->call[i].op].run(&world,
							program->call[i].word);
	return NULL;
}

static void child(void)
{
	pthread_t threads[FUZZ_THREADS];
	long i;

	signal(SIGPIPE, SIG_IGN);
	if (fuzz_world_make(&world))
		_exit(2);
	for (i = 0; i < FUZZ_THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_main, (void *)i))
			_exit(2);
	for (i = 0; i < FUZZ_THREADS; i++)
		pthread_join(threads[i], NULL);
	_exit(0);
}

static bool is_gone(pid_t pid, int milliseconds, int *status)
{
	long long until = cs_now_ms() + milliseconds;

	while (waitpid(pid, status, WNOHANG) != pid) {
		if (cs_now_ms() > until)
			return false;
		cs_nap();
	}
	return true;
}

/* Did the kernel complain since the last call? */
static bool kernel_complains(void)
{
	static const char * const words[] = {
		"BUG: ", "WARNING: ", "UBSAN", "ODEBUG:", "Oops", "refcount_t:",
		"blocked for more than",
	};
	static int log = -1;
	bool complains = false;
	char line[8192];
	ssize_t n;
	size_t i;

	if (log < 0) {
		log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		lseek(log, 0, SEEK_END);
	}
	while ((n = read(log, line, sizeof(line) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		line[n > 0 ? n : 0] = 0;
		for (i = 0; i < ARRAY_SIZE(words); i++)
			complains |= !!strstr(line, words[i]);
	}
	return complains;
}

/**
 * fuzz_run() - runs a program
 * @p: the program
 * @dir: directory for files
 * @mount: a small file system to remount, or NULL
 *
 * Return: 0; -ETIMEDOUT it can't be killed, -ENOTEMPTY something of it is left,
 * -EIO the kernel complained, -EINVAL there was no world for it.
 */
int fuzz_run(const struct fuzz_program *p, const char *dir, const char *mount)
{
	struct cs_made before = cs_made_now();
	int status = 0;
	pid_t pid;

	kernel_complains();
	program = p;
	world = (struct fuzz_world){ .dir = dir, .mount = mount };
	pid = fork();
	if (!pid)
		child();
	if (pid < 0)
		return -errno;
	if (!is_gone(pid, PATIENCE, &status)) {
		kill(pid, SIGKILL);
		if (!is_gone(pid, GRACE, &status))
			return -ETIMEDOUT;
	}
	if (kernel_complains())
		return -EIO;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		return -EINVAL;
	return cs_made_back(&before, LEFT_SECONDS) ? 0 : -ENOTEMPTY;
}
