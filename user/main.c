// SPDX-License-Identifier: GPL-2.0
/* The coldsend tool: finds the command and runs it. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct cs_command *const commands[] = {
	&cs_cmd_send,
	&cs_cmd_receive,
	&cs_cmd_policy,
	&cs_cmd_stats,
	&cs_cmd_files,
	&cs_cmd_residency,
	&cs_cmd_top,
	&cs_cmd_monitor,
	&cs_cmd_info,
	&cs_cmd_run,
};

static void print_overview(FILE *out)
{
	size_t i;

	fputs("usage: coldsend COMMAND [ARGUMENT]...\n"
	      "       coldsend --help | --version\n\n"
	      "Sends files to sockets inside the kernel and leaves the\n"
	      "page cache as it was.\n\ncommands:\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-11s%s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\nEvery command has --help and --json.\n"
	      "Exit status: 0 done, 1 failed, 2 usage.\n", out);
}

static const struct cs_command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

/*
 * What we open must not get the number of a standard descriptor that is closed, where
 * messages would go.  To us and to commands that we run it is closed all the same.
 */
static void occupy_standard_descriptors(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", O_CLOEXEC | (fd == STDIN_FILENO ?
						       O_WRONLY : O_RDONLY));
}

int main(int argc, char **argv)
{
	const struct cs_command *cmd;

	occupy_standard_descriptors();
	if (argc < 2) {
		print_overview(stderr);
		return CS_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_overview(stdout);
		return cs_print_end(CS_OK);
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("coldsend " CS_VERSION);
		return cs_print_end(CS_OK);
	}
	cmd = find_command(argv[1]);
	if (!cmd) {
		cs_err("there is no command '%s'; see coldsend --help",
		       argv[1]);
		return CS_USAGE;
	}
	cs_args_start(cmd);
	return cs_print_end(cmd->run(argc - 1, argv + 1));
}
