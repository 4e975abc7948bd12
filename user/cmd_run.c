// SPDX-License-Identifier: GPL-2.0
/* run: runs a command whose sendfile goes through the module. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli.h"

/* Descriptors below are for the command, which may count on the lowest. */
#define FIRST_FD	512

#define SHIM		"libcoldsend-preload.so"

/**
 * struct run_args - what the arguments ask for
 * @policy: enum coldsend_policy
 * @min_size: CS_ENV_MIN_SIZE
 * @stats: whether to print what was served
 * @seccomp: whether a filter takes the calls, not a preloaded library
 * @command: the command and its arguments, up to a NULL
 */
struct run_args {
	unsigned int policy;
	__u64 min_size;
	bool stats;
	bool seccomp;
	char **command;
};

/* Finds the shim: beside the tool, where it is built, or where it is installed. */
static bool find_shim(char *path, size_t size)
{
	static const char * const places[] = { "", "../lib/coldsend/" };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;
	size_t i;

	self[len < 0 ? 0 : len] = '\0';
	slash = strrchr(self, '/');
	for (i = 0; slash && i < ARRAY_SIZE(places); i++) {
		snprintf(path, size, "%.*s/%s" SHIM, (int)(slash - self), self,
			 places[i]);
		if (!access(path, R_OK))
			return true;
	}
	cs_err("can't find " SHIM " where %s is, nor in ../lib/coldsend from there",
	       self);
	return false;
}

/* The shim comes first, before what is preloaded already. */
static bool preload(void)
{
	const char *others = getenv("LD_PRELOAD");
	char *list = NULL;
	char path[PATH_MAX];
	bool set;

	if (!find_shim(path, sizeof(path)))
		return false;
	if (strpbrk(path, " :")) {
		cs_err("%s can't be preloaded: the dynamic linker takes a blank or a colon in its path for its end",
		       path);
		return false;
	}
	if (asprintf(&list, "%s%s%s", path, others ? ":" : "",
		     others ? others : "") < 0)
		list = NULL;
	set = list && !setenv("LD_PRELOAD", list, 1);
	if (!set)
		cs_err("no memory for the environment");
	free(list);
	return set;
}

/* A copy with a high number, which the command keeps over execve(2), or -1. */
static int keep_open(int fd)
{
	struct rlimit limit;
	int first = FIRST_FD;

	/* Still above what a script takes for its own. */
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur <= FIRST_FD)
		first = (int)limit.rlim_cur / 2;
	return fcntl(fd, F_DUPFD, first);
}

/*
 * Opens the device for all processes of the run.  A command runs without it as
 * well: cs_dev_open() has said why it is so.
 */
static void hand_down_device(void)
{
	struct coldsend *dev = cs_dev_open();
	int kept = -1;

	if (dev)
		kept = keep_open(coldsend_fd(dev));
	coldsend_close(dev);
	if (kept < 0 || cs_inherit_put(CS_ENV_DEVICE, kept))
		cs_err("sendfile will not go through the module, unless the command may open %s itself",
		       COLDSEND_DEVICE);
}

/* Memory whose size nobody can change, which would crash all that have it mapped. */
static int make_memory(size_t size)
{
	int fd = memfd_create("coldsend-served", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (!ftruncate(fd, (off_t)size) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return fd;
	close(fd);
	return -1;
}

/* Memory that all processes of the run count in; NULL after a message. */
static struct cs_served *hand_down_counters(void)
{
	struct cs_served *served = MAP_FAILED;
	int fd = make_memory(sizeof(*served));
	int kept = -1;

	if (fd >= 0)
		kept = keep_open(fd);
	if (kept >= 0 && !cs_inherit_put(CS_ENV_SERVED, kept))
		served = mmap(NULL, sizeof(*served), PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (served != MAP_FAILED)
		return served;
	cs_err("can't count what is served: %s", strerror(errno));
	return NULL;
}

static bool set_words(const struct run_args *args)
{
	char number[32];

	snprintf(number, sizeof(number), "%llu", args->min_size);
	if (!setenv(CS_ENV_POLICY, coldsend_policy_name(args->policy), 1) &&
	    !setenv(CS_ENV_MIN_SIZE, number, 1))
		return true;
	cs_err("no memory for the environment");
	return false;
}

/* Runs the command as a child, for what comes after it. */
static int run_and_tell(const struct run_args *args)
{
	struct cs_child child = { .become = cs_become, .arg = args->command };
	struct cs_served *served = hand_down_counters();
	int status;

	if (!served)
		return CS_FAILED;
	status = cs_supervise(&child);
	cs_printer()->served(served);
	return status;
}

static int run_command(const struct run_args *args)
{
	if (args->seccomp)
		return cs_filtered_run(args->command, args->policy,
				       args->min_size, args->stats);
	if (!set_words(args) || !preload())
		return CS_FAILED;
	hand_down_device();
	if (args->stats)
		return run_and_tell(args);
	return cs_become(args->command);
}

static const struct option options[] = {
	{ "policy", required_argument, NULL, 'p' },
	{ "min-size", required_argument, NULL, 'm' },
	{ "stats", no_argument, NULL, 's' },
	{ "seccomp", no_argument, NULL, 'S' },
	{ NULL, 0, NULL, 0 },
};

static void take_option(struct run_args *args, int opt)
{
	if (opt == 'p')
		args->policy = cs_args_policy(optarg);
	else if (opt == 'm')
		args->min_size = cs_args_size("--min-size", optarg, LLONG_MAX);
	else if (opt == 's')
		args->stats = true;
	else
		args->seccomp = true;
}

static int run(int argc, char **argv)
{
	struct run_args args = { .min_size = CS_MIN_SIZE };
	int opt;

	while ((opt = cs_args_next(argc, argv)) != -1)
		take_option(&args, opt);
	if (optind == argc)
		cs_args_err("it needs a COMMAND");
	args.stats |= cs_args_json();
	args.command = argv + optind;
	return run_command(&args);
}

const struct cs_command cs_cmd_run = {
	.name = "run",
	.usage = "[OPTION]... [--] COMMAND [ARGUMENT]...",
	.summary = "run a command whose sendfile goes through the module",
	.help =
"Runs COMMAND so that its sendfile calls from regular files to stream sockets\n"
"go through the module; all other calls, and all when the module is not there,\n"
"go as ever.  The command itself and what it starts stay as they are.\n\n"
"  -p, --policy POLICY   auto, cached, direct, drop-behind, hybrid, or default: the\n"
"                        module's (default)\n"
"  -m, --min-size SIZE   leave files that are smaller, and ranges that end before\n"
"                        this byte of their file, to sendfile (256K)\n"
"  -S, --seccomp         catch the calls by a filter instead of a library: of\n"
"                        static programs and of those in Go, too\n"
"  -s, --stats           when COMMAND and all it started have ended, print on\n"
"                        standard error what the module served\n\n"
"SIZE is a number of bytes with an optional K, M, G or T (powers of 1024).\n"
"With --stats, --seccomp, or --json, which prints the same on standard output,\n"
"coldsend stays and passes signals on.  Exit status: that of COMMAND, 128 + N\n"
"if signal N ended it; 126 or 127 if it can't be run or is not there.\n",
	.options = options,
	.is_wrapper = true,
	.run = run,
};
