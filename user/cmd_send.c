// SPDX-License-Identifier: GPL-2.0
/* send: sends a range of a file to a socket, by the module. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli.h"

/*
 * With a progress line the range goes in chunks that take about as long as
 * the line lives; each chunk drains the module's read-ahead at its end.
 */
#define CHUNK_MIN	((__u64)8 * 1024 * 1024)
#define CHUNK_MAX	((__u64)1024 * 1024 * 1024)
#define CHUNK_SECONDS	0.2

/**
 * struct send_args - what the arguments ask for
 * @path: the file
 * @host: name, address or "unix:PATH"
 * @port: port, NULL for UNIX
 * @family: AF_INET, AF_INET6 or AF_UNSPEC
 * @offset: first byte
 * @length: bytes, COLDSEND_TO_EOF for all there are
 * @policy: enum coldsend_policy
 * @flags: COLDSEND_F_*
 */
struct send_args {
	const char *path;
	const char *host;
	const char *port;
	int family;
	__u64 offset;
	__u64 length;
	__u32 policy;
	__u32 flags;
};

/**
 * struct job - a send under way
 * @args: what is asked for
 * @dev: the device
 * @file: the file
 * @sock: the connection
 * @done: what is sent so far
 * @line: its progress
 * @accepted: the socket took all, and what failed came after that
 */
struct job {
	const struct send_args *args;
	struct coldsend *dev;
	int file;
	int sock;
	struct cs_sent done;
	struct cs_progress line;
	bool accepted;
};

static atomic_bool stopped;
static int stop_sock = -1;

/* The shutdown ends an ioctl that starts after the signal, too. */
static void on_stop(int sig)
{
	int err = errno;

	(void)sig;
	stopped = true;
	shutdown(stop_sock, SHUT_WR);
	errno = err;
}

/* Unless it is ignored, as shells have it for what runs in the background. */
static void catch(int sig)
{
	struct sigaction action = { .sa_handler = on_stop };
	struct sigaction old;

	if (!sigaction(sig, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(sig, &action, NULL);
}

/* From here on a signal ends the transfer, not the program. */
static void catch_stop(int sock)
{
	stop_sock = sock;
	catch(SIGINT);
	catch(SIGTERM);
}

static void say_unsupported(const struct job *job)
{
	const char *policy = coldsend_policy_name(job->args->policy);
	struct coldsend_info info = { .size = sizeof(info) };

	if (!coldsend_info(job->dev, -1, &info) &&
	    !(info.policies & 1U << job->args->policy) &&
	    job->args->policy != COLDSEND_POLICY_DEFAULT)
		cs_err("the loaded module has no policy '%s'", policy);
	else if (job->args->flags & COLDSEND_F_STRICT)
		cs_err("%s can't be sent by policy '%s' on its file system; without --strict another one would be used",
		       job->args->path, policy);
	else
		cs_err("the module can't send to this kind of socket");
}

static void say_failed(const struct job *job)
{
	int err = job->done.error;
	__u64 at = job->args->offset + job->done.total.sent;

	if (job->accepted)
		cs_err("%s %llu bytes of %s had arrived (%s)",
		       err == EINTR ? "stopped by a signal before all of the" :
				      "the receiver left before all of the",
		       job->done.total.sent, job->args->path,
		       strerrorname_np(err));
	else if (err == EOPNOTSUPP)
		say_unsupported(job);
	else if (err == EINTR)
		cs_err("stopped by a signal before byte %llu of %s", at,
		       job->args->path);
	else
		cs_err("can't send %s from byte %llu on: %s (%s)",
		       job->args->path, at, coldsend_strerror(err),
		       strerrorname_np(err));
}

static void add_up(struct coldsend_send *total, const struct coldsend_send *req)
{
	total->sent += req->sent;
	total->bytes_cached += req->bytes_cached;
	total->bytes_direct += req->bytes_direct;
	total->bytes_copied += req->bytes_copied;
	/* A call that sends nothing may not say by which it would have. */
	if (req->sent || !total->sent) {
		total->policy_used = req->policy_used;
		total->reason = req->reason;
	}
	if (req->fallback != COLDSEND_FALLBACK_NONE)
		total->fallback = req->fallback;
}

/*
 * Bytes to ask for next: what is left, but no more than @chunk.  All that may be
 * left of the largest file is less than a chunk, and to ask past it is refused.
 */
static __u64 next_length(const struct job *job, __u64 chunk)
{
	const struct send_args *args = job->args;
	__u64 sent = job->done.total.sent;
	__u64 left = args->length;

	if (left != COLDSEND_TO_EOF)
		left -= sent;
	else if (chunk != COLDSEND_TO_EOF)
		left = (__u64)LLONG_MAX - args->offset - sent;
	return left < chunk ? left : chunk;
}

/*
 * One ioctl, of at most @chunk bytes.
 * Return: bytes sent, 0 at the end of the file, -1 with done.error.
 */
static long long send_chunk(struct job *job, __u64 chunk)
{
	const struct send_args *args = job->args;
	struct coldsend_send req = COLDSEND_REQUEST(job->sock, job->file,
						    args->offset, 0);

	req.offset += job->done.total.sent;
	req.length = next_length(job, chunk);
	req.flags = args->flags;
	req.policy = args->policy;
	if (coldsend_send(job->dev, &req) < 0) {
		job->done.error = stopped ? EINTR : errno;
		return -1;
	}
	add_up(&job->done.total, &req);
	return (long long)req.sent;
}

/* All is sent that was asked for, or that the file has now. */
static bool at_end(const struct job *job)
{
	__u64 sent = job->done.total.sent;
	struct stat st;

	if (sent == job->args->length)
		return true;
	return !fstat(job->file, &st) &&
	       job->args->offset + sent >= (__u64)st.st_size;
}

static __u64 next_chunk(__u64 chunk, double seconds)
{
	if (seconds < CHUNK_SECONDS / 2 && chunk < CHUNK_MAX)
		return chunk * 2;
	if (seconds > CHUNK_SECONDS * 2 && chunk > CHUNK_MIN)
		return chunk / 2;
	return chunk;
}

/* Partial results are success plus a count: ask on until the end or an error. */
static void send_all(struct job *job)
{
	__u64 chunk = job->line.shown ? CHUNK_MIN : COLDSEND_TO_EOF;
	double start = cs_progress_now();

	while (send_chunk(job, chunk) > 0 && !at_end(job)) {
		double now = cs_progress_now();

		if (stopped) {
			job->done.error = EINTR;
			break;
		}
		if (job->line.shown)
			chunk = next_chunk(chunk, now - start);
		cs_progress_step(&job->line, job->done.total.sent);
		start = cs_progress_now();
	}
}

/* Bytes that the arguments ask for: with no --length, those the file has. */
static __u64 bytes_asked(const struct send_args *args, const struct stat *st)
{
	__u64 size = (__u64)st->st_size;

	if (args->length != COLDSEND_TO_EOF)
		return args->length;
	return size > args->offset ? size - args->offset : 0;
}

/* Prints what happened; Return: exit status. */
static int report(struct job *job)
{
	const struct cs_sent *done = &job->done;

	if (cs_args_json() || !done->error || done->total.sent)
		cs_printer()->sent(done);
	if (done->error) {
		say_failed(job);
		return CS_FAILED;
	}
	if (done->total.sent >= done->asked)
		return CS_OK;
	cs_err("%s ended early: %llu bytes were asked for and %llu sent",
	       job->args->path, done->asked, done->total.sent);
	return CS_FAILED;
}

static int transfer(struct job *job)
{
	catch_stop(job->sock);
	cs_progress_start(&job->line, job->done.asked);
	send_all(job);
	job->done.seconds = cs_progress_stop(&job->line);
	if (!job->done.error) {
		job->done.error = -cs_net_finish(job->sock, &stopped);
		job->accepted = job->done.error;
	}
	return report(job);
}

/* Opens all that can fail here before the receiver hears of us. */
static int send_file(const struct send_args *args)
{
	struct job job = { .args = args, .sock = -1 };
	int status = CS_FAILED;
	struct stat st;

	job.file = cs_file_open(args->path, &st);
	if (job.file < 0)
		return CS_FAILED;
	job.done.file = args->path;
	job.done.policy = args->policy;
	job.done.asked = bytes_asked(args, &st);
	job.dev = cs_dev_open();
	if (job.dev)
		job.sock = cs_net_connect(args->host, args->port, args->family);
	if (job.sock >= 0) {
		status = transfer(&job);
		close(job.sock);
	}
	coldsend_close(job.dev);
	close(job.file);
	return status;
}

static const struct option options[] = {
	{ "offset", required_argument, NULL, 'o' },
	{ "length", required_argument, NULL, 'l' },
	{ "policy", required_argument, NULL, 'p' },
	{ "strict", no_argument, NULL, 's' },
	{ "ipv4", no_argument, NULL, '4' },
	{ "ipv6", no_argument, NULL, '6' },
	{ NULL, 0, NULL, 0 },
};

static void take_option(struct send_args *args, int opt)
{
	if (opt == 'o')
		args->offset = cs_args_size("--offset", optarg, LLONG_MAX);
	else if (opt == 'l')
		args->length = cs_args_size("--length", optarg, LLONG_MAX);
	else if (opt == 'p')
		args->policy = cs_args_policy(optarg);
	else if (opt == 's')
		args->flags |= COLDSEND_F_STRICT;
	else
		args->family = opt == '4' ? AF_INET : AF_INET6;
}

static int run(int argc, char **argv)
{
	struct send_args args = { .length = COLDSEND_TO_EOF };
	int opt, words;

	while ((opt = cs_args_next(argc, argv)) != -1)
		take_option(&args, opt);
	argv += optind;
	words = argc - optind;
	if (words < 2)
		cs_args_err("it needs FILE, HOST and PORT, or FILE and unix:PATH");
	args.path = argv[0];
	args.host = argv[1];
	if (words != (cs_net_unix_path(args.host) ? 2 : 3))
		cs_args_err("it needs FILE, HOST and PORT, or FILE and unix:PATH");
	if (words == 3)
		args.port = cs_args_port(argv[2]);
	return send_file(&args);
}

const struct cs_command cs_cmd_send = {
	.name = "send",
	.usage = "FILE HOST PORT [OPTION]...\n"
		 "FILE unix:PATH [OPTION]...",
	.summary = "send a file, or a range of it, to a receiver",
	.help =
"Connects to HOST and PORT, or to a UNIX stream socket, and has the kernel\n"
"send FILE there.  Prints what was sent on standard output, and a progress\n"
"line on standard error if that is a terminal.  SIGINT or SIGTERM, unless it is\n"
"ignored, stops it and prints what was sent.  Waits until all has arrived.  Fails\n"
"(1) if fewer bytes were sent than asked for, or not all arrived.\n\n"
"  -o, --offset SIZE    first byte to send (0)\n"
"  -l, --length SIZE    bytes to send (all up to the end of the file)\n"
"  -p, --policy POLICY  auto, cached, direct, drop-behind, hybrid, or default: the\n"
"                       module's (default)\n"
"  -s, --strict         fail if the file can't travel by the policy\n"
"  -4, --ipv4           IPv4 only\n"
"  -6, --ipv6           IPv6 only\n\n"
"SIZE is a number of bytes with an optional K, M, G or T (powers of 1024).\n",
	.options = options,
	.run = run,
};
