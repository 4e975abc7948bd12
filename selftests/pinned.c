// SPDX-License-Identifier: GPL-2.0
/*
 * What receivers on this machine hold of the module's memory.  One that keeps a
 * byte of each mebibyte in a pipe, and with it all the memory that the byte is
 * in, is bounded; and what is received and done with is given back at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "memory.h"
#include "submit.h"
#include "tunables.h"

#define SECONDS		300
#define WAIT_SECONDS	20
/* What a pipe of the size that anyone may give it holds. */
#define PIPE_BYTES	CS_MIB
#define PIPE_PIECES	256
/* The module lets 1/8 of memory be pinned in large pieces; we ask for 1/4. */
#define ALLOWED		8
#define ASKED		4
/* Beside it: two pages for each byte, sockets, what else the machine does. */
#define SLACK		(48 * CS_MIB)

/* Transfers at once in a pool that is too small for them. */
#define CROWD		8
#define TIGHT		"--pool-max 1M"
/*
 * What a connection of TCP holds at the most: 4 MiB that wait to be sent or to be
 * acknowledged, 6 MiB to be received, and of either the rest of the segment that
 * its last byte is of.  (Seen: 8 whose receivers had stopped held 84 MiB.)
 */
#define SOCKET_ROOM	((4 + 6 + 1 + 1) * CS_MIB)
/* 1/16 more of what is held may have come free since the module looked. */
#define HELD_MAX	(CROWD * (SOCKET_ROOM + SOCKET_ROOM / 16))

static const struct cs_data data = { .seed = 91, .size = 32 * CS_MIB };

/**
 * struct pinner - who receives, and keeps a byte of each mebibyte
 * @sock: that it receives from
 * @nr_bytes: how many it is to keep
 * @pipes: where they are
 * @error: what went wrong, errno
 */
struct pinner {
	int sock;
	size_t nr_bytes;
	int (*pipes)[2];
	int error;
};

static int make_pipe(int p[2])
{
	if (pipe2(p, O_CLOEXEC) || fcntl(p[1], F_SETPIPE_SZ, PIPE_BYTES) < 0)
		return errno;
	return 0;
}

static int receive(int sock, __u8 *buf, size_t length)
{
	ssize_t n = recv(sock, buf, length, MSG_WAITALL);

	if (n < 0)
		return errno;
	return n == (ssize_t)length ? 0 : EPIPE;
}

static void *pin(void *arg)
{
	struct pinner *p = arg;
	__u8 *buf = malloc(CS_MIB);
	size_t i;
	int *to;

	if (!buf)
		p->error = ENOMEM;
	for (i = 0; i < p->nr_bytes && !p->error; i++) {
		to = p->pipes[i / PIPE_PIECES];
		if (i % PIPE_PIECES == 0)
			p->error = make_pipe(to);
		p->error = p->error ?: receive(p->sock, buf, CS_MIB / 2);
		if (!p->error && splice(p->sock, NULL, to[1], NULL, 1, 0) != 1)
			p->error = errno;
		p->error = p->error ?: receive(p->sock, buf, CS_MIB / 2 - 1);
	}
	free(buf);
	/* The sender must not wait for one who has given up. */
	shutdown(p->sock, SHUT_RDWR);
	return NULL;
}

/* How many of the bytes that were kept are those that were sent. */
static size_t count_right(const struct pinner *p)
{
	size_t i, right = 0;
	__u8 byte;

	for (i = 0; i < p->nr_bytes; i++)
		if (read(p->pipes[i / PIPE_PIECES][0], &byte, 1) == 1)
			right += cs_data_check(&data, (i * CS_MIB + CS_MIB / 2) %
					       data.size, &byte, 1);
	return right;
}

/* Sends @bytes, the file again and again: 0 or -errno. */
static int send_much(int sock, __u64 bytes)
{
	struct coldsend_send s;
	int dev = cs_open();
	int file = cs_data_create(cs_dir(), &data);
	int err = dev < 0 || file < 0 ? -ENOENT : 0;
	__u64 sent;

	for (sent = 0; sent < bytes && !err; sent += s.sent) {
		cs_send_init(&s, file, sock, 0, COLDSEND_TO_EOF,
			     COLDSEND_POLICY_DIRECT);
		err = cs_send(dev, &s);
	}
	close(file);
	close(dev);
	return err;
}

FIXTURE(pinned)
{
	struct pinner pinner;
	size_t nr_pipes;
	__u64 memory;
	__u64 bytes;
	int sock;
};

FIXTURE_SETUP(pinned)
{
	struct pinner *p = &self->pinner;
	int sv[2];

	self->memory = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
	self->bytes = self->memory / ASKED / data.size * data.size;
	p->nr_bytes = self->bytes / CS_MIB;
	self->nr_pipes = p->nr_bytes / PIPE_PIECES + 1;
	p->pipes = calloc(self->nr_pipes, sizeof(*p->pipes));
	ASSERT_NE(NULL, p->pipes);
	ASSERT_EQ(0, cs_pair(CS_TCP4, sv));
	self->sock = sv[0];
	p->sock = sv[1];
}

FIXTURE_TEARDOWN(pinned)
{
	free(self->pinner.pipes);
}

static void close_pipes(FIXTURE_DATA(pinned) *self)
{
	size_t i;

	for (i = 0; i < self->nr_pipes; i++) {
		close(self->pinner.pipes[i][0]);
		close(self->pinner.pipes[i][1]);
	}
}

TEST_F_TIMEOUT(pinned, a_byte_holds_little, SECONDS)
{
	struct pinner *p = &self->pinner;
	struct cs_tunables tunables;
	long long before, held;
	pthread_t thread;

	if (cs_stat("transfers") < 0)
		SKIP(return, "no debugfs with coldsend's counters");
	ASSERT_EQ(0, cs_tunables_get(&tunables));
	before = cs_memory_now().used;
	ASSERT_EQ(0, pthread_create(&thread, NULL, pin, p));
	EXPECT_EQ(0, send_much(self->sock, self->bytes));
	pthread_join(thread, NULL);
	ASSERT_EQ(0, p->error);

	held = cs_memory_now().used - before;
	TH_LOG("%zu bytes hold %lld MiB of %llu", p->nr_bytes,
	       held / (long long)CS_MIB, self->memory / CS_MIB);
	EXPECT_LE(held, (long long)(self->memory / ALLOWED + SLACK) +
			tunables.pool_max);
	EXPECT_EQ(p->nr_bytes, count_right(p));
	close_pipes(self);
	EXPECT_TRUE(cs_segments_back(WAIT_SECONDS));
}

/**
 * struct runner - a thread that transfers a file to a receiver that keeps up
 * @thread: the thread
 * @job: the transfer
 * @error: 0 or -errno
 * @done: it has ended
 */
struct runner {
	pthread_t thread;
	struct cs_job job;
	int error;
	bool done;
};

static void *run(void *arg)
{
	struct runner *r = arg;
	int i;

	for (i = 0; i < 2 && !r->error; i++)
		r->error = cs_job_run(&r->job);
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

FIXTURE(flowing)
{
	struct runner runners[CROWD];
	struct cs_tunables tunables;
};

FIXTURE_SETUP(flowing)
{
	int i;

	ASSERT_EQ(0, cs_tunables_get(&self->tunables));
	for (i = 0; i < CROWD; i++) {
		self->runners[i].job = (struct cs_job){
			.dev = cs_open(), .data = &data, .kind = CS_TCP4,
			.file = cs_data_create(cs_dir(), &data),
			.policy = COLDSEND_POLICY_DIRECT,
			.length = COLDSEND_TO_EOF,
		};
		ASSERT_GE(self->runners[i].job.dev, 0);
		ASSERT_GE(self->runners[i].job.file, 0);
	}
}

FIXTURE_TEARDOWN(flowing)
{
	EXPECT_EQ(0, cs_tunables_restore(&self->tunables));
}

TEST_F_TIMEOUT(flowing, is_given_back_at_once, SECONDS)
{
	long long most = 0, now;
	int i;

	if (cs_pool_stat("bytes_pinned") < 0)
		SKIP(return, "no debugfs with coldsend's views");
	ASSERT_EQ(0, cs_tunables_set(TIGHT));
	for (i = 0; i < CROWD; i++)
		ASSERT_EQ(0, pthread_create(&self->runners[i].thread, NULL, run,
					    &self->runners[i]));
	for (i = 0; i < CROWD;) {
		now = cs_pool_stat("bytes_pinned");
		most = now > most ? now : most;
		i += __atomic_load_n(&self->runners[i].done, __ATOMIC_ACQUIRE);
		cs_nap();
	}
	for (i = 0; i < CROWD; i++) {
		pthread_join(self->runners[i].thread, NULL);
		EXPECT_EQ(0, self->runners[i].error);
		EXPECT_EQ(0, cs_job_verify(&self->runners[i].job));
	}
	TH_LOG("at most %lld KiB were pinned of %llu MiB", most / 1024,
	       CROWD * 2 * data.size / CS_MIB);
	EXPECT_LE(most, (long long)HELD_MAX);
}

int main(int argc, char **argv)
{
	cs_need_device();
	return test_harness_run(argc, argv);
}
