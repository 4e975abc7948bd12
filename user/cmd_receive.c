// SPDX-License-Identifier: GPL-2.0
/* receive: takes one connection and keeps, or counts, what comes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"

#define BUFFER_SIZE	((size_t)4 << 20)

/**
 * struct sink - where the bytes go
 * @fd: file descriptor, -1 to throw them away
 * @name: its name for messages
 */
struct sink {
	int fd;
	const char *name;
};

static int fail(struct cs_received *got, const char *what)
{
	cs_err("%s: %s", what, strerror(got->error));
	return CS_FAILED;
}

/* Takes bytes until the sender closes; Return: what failed, with errno. */
static const char *take_all(int sock, const struct sink *sink, char *buf,
			    struct cs_received *got, struct cs_progress *line)
{
	for (;;) {
		ssize_t n = recv(sock, buf, BUFFER_SIZE, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return "the connection broke";
		if (!n)
			return NULL;
		got->bytes += (__u64)n;
		if (sink->fd >= 0 && !cs_file_write(sink->fd, buf, (size_t)n))
			return sink->name;
		cs_progress_step(line, got->bytes);
	}
}

static int receive_from(int sock, const struct sink *sink,
			struct cs_received *got)
{
	struct cs_progress line;
	char *buf = malloc(BUFFER_SIZE);
	const char *failed;

	if (!buf) {
		cs_err("no memory for a buffer");
		return CS_FAILED;
	}
	cs_progress_start(&line, 0);
	failed = take_all(sock, sink, buf, got, &line);
	got->error = failed ? errno : 0;
	got->seconds = cs_progress_stop(&line);
	free(buf);
	return failed ? fail(got, failed) : CS_OK;
}

static void say_listening(int sock, const char *port)
{
	unsigned int number = cs_net_port(sock);

	if (number)
		fprintf(stderr, "listening on port %u\n", number);
	else
		fprintf(stderr, "listening on %s\n", port);
}

/**
 * struct receive_args - what the arguments ask for
 * @port: number, service name or "unix:PATH"
 * @file: path, NULL for standard output or for nothing
 * @bind_to: address to listen on, NULL for all
 * @discard: only count
 */
struct receive_args {
	const char *port;
	const char *file;
	const char *bind_to;
	bool discard;
};

/* Exits with 2 if the arguments do not go together. */
static void check_args(const struct receive_args *args)
{
	bool to_stdout = !args->file && !args->discard;

	if (args->file && args->discard)
		cs_args_err("--discard and FILE do not go together");
	if (args->bind_to && cs_net_unix_path(args->port))
		cs_args_err("--bind and unix:PATH do not go together");
	if (to_stdout && cs_args_json())
		cs_args_err("--json needs FILE or --discard, for standard output is taken by the result");
	if (to_stdout && isatty(STDOUT_FILENO))
		cs_args_err("it does not write to a terminal; name a FILE or redirect standard output");
}

/* Return: false after a message. */
static bool open_sink(const struct receive_args *args, struct sink *sink)
{
	sink->fd = args->discard ? -1 : STDOUT_FILENO;
	sink->name = args->file ? args->file : "standard output";
	if (args->file)
		sink->fd = cs_file_create(args->file);
	return !args->file || sink->fd >= 0;
}

/* Return: the one connection that is taken, or -1 after a message. */
static int wait_for_sender(const struct receive_args *args, struct sink *sink)
{
	int sock = cs_net_listen(args->bind_to, args->port);
	int conn = -1;

	if (sock < 0)
		return -1;
	/* A file keeps what it has until somebody can be listened to. */
	if (open_sink(args, sink)) {
		say_listening(sock, args->port);
		conn = cs_net_accept(sock);
	}
	close(sock);
	if (cs_net_unix_path(args->port))
		unlink(cs_net_unix_path(args->port));
	return conn;
}

static int receive(const struct receive_args *args)
{
	struct cs_received got = { .file = args->file };
	struct sink sink;
	int conn = wait_for_sender(args, &sink);
	int status;

	if (conn < 0)
		return CS_FAILED;
	status = receive_from(conn, &sink, &got);
	close(conn);
	if (sink.fd >= 0 && close(sink.fd) && !status) {
		got.error = errno;
		status = fail(&got, sink.name);
	}
	cs_printer()->received(&got);
	return status;
}

static const struct option options[] = {
	{ "bind", required_argument, NULL, 'b' },
	{ "discard", no_argument, NULL, 'd' },
	{ NULL, 0, NULL, 0 },
};

static void parse(int argc, char **argv, struct receive_args *args)
{
	int opt;

	while ((opt = cs_args_next(argc, argv)) != -1) {
		if (opt == 'b')
			args->bind_to = optarg;
		else
			args->discard = true;
	}
	if (argc - optind < 1 || argc - optind > 2)
		cs_args_err("it needs PORT and at most one FILE");
	args->port = cs_args_port(argv[optind]);
	args->file = argv[optind + 1];	/* may be the NULL at the end */
	if (args->file && !strcmp(args->file, "-"))
		args->file = NULL;
	check_args(args);
}

static int run(int argc, char **argv)
{
	struct receive_args args = { .discard = false };

	parse(argc, argv, &args);
	return receive(&args);
}

const struct cs_command cs_cmd_receive = {
	.name = "receive",
	.usage = "PORT [FILE] [OPTION]...\n"
		 "unix:PATH [FILE] [OPTION]...",
	.summary = "take one connection and write what comes to a file",
	.help =
"Listens on PORT (0 for any free one) for IPv4 and IPv6, or on a UNIX stream\n"
"socket, and says so on standard error.  Takes one connection and writes all\n"
"that comes to FILE, or to standard output if there is none or it is '-'.\n"
"Says how much came on standard error, with --json on standard output.\n\n"
"  -b, --bind ADDRESS   listen on this address only\n"
"  -d, --discard        count the bytes and throw them away\n",
	.options = options,
	.run = run,
};
