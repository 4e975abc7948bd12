// SPDX-License-Identifier: GPL-2.0
/* The processes of a round, and what they share. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define DEADLINE	300

/* fork(2), and a child that ends with its parent, or too late. */
pid_t bench_child(void)
{
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		alarm(DEADLINE);
	}
	return pid;
}

/* Return: what the child returned, as it told by its exit status. */
int bench_child_result(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status)) {
		fprintf(stderr, "bench: a process of the round ended by signal %d\n",
			WTERMSIG(status));
		return WTERMSIG(status) == SIGALRM ? -ETIMEDOUT : -ECHILD;
	}
	return -WEXITSTATUS(status);
}

/* Memory that is zero, and the same for all children. */
void *bench_shared_get(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return shared == MAP_FAILED ? NULL : shared;
}

void bench_shared_put(void *shared, size_t size)
{
	munmap(shared, size);
}

/* Where memory is short, this process shares what there is with the others. */
int bench_join_group(const struct bench_scenario *scenario)
{
	const char *group = getenv("BENCH_CGROUP");
	char path[256];
	int err = 0;
	int fd;

	if (!scenario->beside)
		return 0;
	if (!group)
		return -EOPNOTSUPP;
	snprintf(path, sizeof(path), "%s/cgroup.procs", group);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}
