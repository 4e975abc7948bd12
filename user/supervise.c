// SPDX-License-Identifier: GPL-2.0
/*
 * Supervision: a command runs as our child, and we are there for all its
 * descendants until the last has ended, daemons included.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

/* Exit status of a command that a signal ended, as in a shell. */
#define BY_SIGNAL	128

/* Exit statuses of a command that did not start, as those of a shell. */
#define NOT_RUNNABLE	126
#define NOT_FOUND	127

/* What servers are told by signals. */
static const int passed_on[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH, SIGTTIN,
	SIGTTOU,
};

static pid_t parent_of(const char *pid)
{
	char path[40], line[128];
	int parent = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%.10s/status", pid);
	status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (sscanf(line, "PPid: %d", &parent) == 1)
			break;
	if (status)
		fclose(status);
	return parent;
}

/*
 * Has the terminal sent that to whoever it is in the foreground for?  But who leads
 * the session is alone to hear that it hung up.
 */
static bool is_for_group(const siginfo_t *info)
{
	return info->si_code == SI_KERNEL &&
	       !(info->si_signo == SIGHUP && getsid(0) == getpid());
}

/* Has a process to be told of a signal that came to us? */
static bool is_to_hear(pid_t pid, const siginfo_t *info)
{
	if (!is_for_group(info))
		return true;
	/* Of these, a daemon is to hear that all should end, not that a window changed. */
	return (info->si_signo == SIGINT || info->si_signo == SIGQUIT) &&
	       getpgid(pid) != getpgrp();
}

/* Not every kernel has a list of children, so all processes are looked at. */
static void tell_children(const siginfo_t *info)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)))
		if (isdigit(entry->d_name[0]) &&
		    parent_of(entry->d_name) == getpid() &&
		    is_to_hear(atoi(entry->d_name), info))
			kill(atoi(entry->d_name), info->si_signo);
	if (proc)
		closedir(proc);
}

/* Sends a signal to the command, or, once it has ended, to its daemons. */
static void pass_on(const siginfo_t *info, pid_t command)
{
	if (!command)
		tell_children(info);
	else if (is_to_hear(command, info))
		kill(command, info->si_signo);
}

/* Whose shell looks at us, and not at the command, is to see that it stopped. */
static void stop_too(pid_t command, int sig)
{
	if ((sig == SIGTTIN || sig == SIGTTOU) && getpgid(command) == getpgrp())
		raise(SIGSTOP);
}

/* Buries who has ended, @command becomes 0; Return: whether anybody is left. */
static bool reap(pid_t *command, int *status)
{
	pid_t pid;
	int how;

	while ((pid = waitpid(-1, &how, WNOHANG | WUNTRACED)) > 0) {
		if (pid != *command)
			continue;
		if (WIFSTOPPED(how)) {
			stop_too(pid, WSTOPSIG(how));
			continue;
		}
		*command = 0;
		*status = WIFEXITED(how) ? WEXITSTATUS(how) :
					   BY_SIGNAL + WTERMSIG(how);
	}
	return !pid;
}

static int watch(pid_t command, const sigset_t *signals)
{
	int status = CS_FAILED;
	siginfo_t info;

	while (reap(&command, &status)) {
		if (sigwaitinfo(signals, &info) > 0 &&
		    info.si_signo != SIGCHLD)
			pass_on(&info, command);
	}
	return status;
}

/**
 * cs_become - become a command
 * @command: its words, as execvp(3) takes them
 *
 * Return: an exit status, after a message, if that can't be.
 */
int cs_become(void *command)
{
	char **words = command;
	int err;

	execvp(words[0], words);
	err = errno;
	cs_err("can't run %s: %s", words[0], strerror(err));
	return err == ENOENT ? NOT_FOUND : NOT_RUNNABLE;
}

/**
 * cs_supervise - run a command until all its descendants have ended
 * @child: what to do in it, and here
 *
 * Passes on signals that are sent to this process.
 *
 * Return: exit status of the command.
 */
int cs_supervise(const struct cs_child *child)
{
	sigset_t signals, before;
	size_t i;
	pid_t pid;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(passed_on); i++)
		sigaddset(&signals, passed_on[i]);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_BLOCK, &signals, &before);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = fork();
	if (pid < 0) {
		cs_err("can't fork: %s", strerror(errno));
		return CS_FAILED;
	}
	if (!pid) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		_exit(child->become(child->arg));
	}
	/* Who reads our messages may go away; the command is still served. */
	signal(SIGPIPE, SIG_IGN);
	if (child->begun && !child->begun(child->arg))
		kill(pid, SIGKILL);
	return watch(pid, &signals);
}
