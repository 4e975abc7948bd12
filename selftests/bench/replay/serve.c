// SPDX-License-Identifier: GPL-2.0
/* A server of one connection, and its client, who throws away what comes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../run.h"
#include "replay.h"

/**
 * struct replay_server - the connection
 * @sock: the server's end
 * @peer: the client's end
 * @client: thread
 */
struct replay_server {
	int sock;
	int peer;
	pthread_t client;
};

static void *receive(void *arg)
{
	struct replay_server *server = arg;
	char buf[1];

	while (recv(server->peer, buf, BENCH_MIB, MSG_TRUNC) > 0)
		;
	return NULL;
}

static int connect_both(struct replay_server *server)
{
	__u16 port;
	int listener = bench_listen(&port);

	if (listener < 0)
		return listener;
	server->sock = bench_connect(port);
	server->peer = server->sock < 0 ? -1 :
		       accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	if (server->peer >= 0)
		return 0;
	close(server->sock);
	return -ENOTCONN;
}

int replay_server_start(struct replay_server **server)
{
	struct replay_server *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = connect_both(s);
	if (err)
		goto err_free;
	err = -pthread_create(&s->client, NULL, receive, s);
	if (err)
		goto err_close;
	*server = s;
	return 0;

err_close:
	close(s->sock);
	close(s->peer);
err_free:
	free(s);
	return err;
}

void replay_server_stop(struct replay_server *server)
{
	shutdown(server->sock, SHUT_WR);
	pthread_join(server->client, NULL);
	close(server->sock);
	close(server->peer);
	free(server);
}

/* As a server does: opens the file, sends all of it, closes it. */
static int send_file(struct replay_server *server,
		     const struct bench_method *method,
		     const struct replay_file *file)
{
	struct bench_range all = { .length = file->size };
	struct bench_job job = {
		.method = method,
		.path = file->path,
		.size = file->size,
		.sock = server->sock,
		.chunk = BENCH_CHUNK,
		.file = -1,
	};
	int err = method->setup(&job);

	if (err)
		return err;
	err = method->send(&job, &all);
	method->teardown(&job);
	return err;
}

static int serve_small(struct replay_server *server,
		       const struct bench_method *method,
		       const struct replay_file *file,
		       struct replay_counts *counts)
{
	__u64 hit;
	int err = replay_file_resident(file, &hit);

	if (err)
		return err;
	counts->asked += file->size;
	counts->hit += hit;
	counts->sent += file->size;
	return send_file(server, method, file);
}

static int serve_all(struct replay_server *server, const struct replay_way *way,
		     const struct replay_files *files,
		     struct replay_trace *trace, int from, int requests,
		     struct replay_counts *counts)
{
	const struct replay_file *file;
	int err = 0;
	int i;

	for (i = from; i < from + requests && !err; i++) {
		file = &files->small[replay_trace_next(trace)];
		err = serve_small(server, way->small, file, counts);
		if (err || (i + 1) % REPLAY_SCAN_EVERY)
			continue;
		file = &files->large[i / REPLAY_SCAN_EVERY % REPLAY_LARGE_FILES];
		counts->sent += file->size;
		err = send_file(server, way->large, file);
	}
	return err;
}

/* Serves @requests of the trace from @from on and the scans between them; adds to @counts. */
int replay_serve(struct replay_server *server, const struct replay_way *way,
		 const struct replay_files *files, struct replay_trace *trace,
		 int from, int requests, struct replay_counts *counts)
{
	int fd = open(files->small[0].path, O_RDONLY | O_CLOEXEC);
	struct bench_disk before, after;
	double start = bench_now();
	int err;

	if (fd < 0)
		return -errno;
	err = bench_disk_read(fd, &before);
	if (!err)
		err = serve_all(server, way, files, trace, from, requests,
				counts);
	if (!err)
		err = bench_disk_read(fd, &after);
	close(fd);
	if (err)
		return err;
	counts->disk += after.bytes - before.bytes;
	counts->seconds += bench_now() - start;
	return 0;
}
