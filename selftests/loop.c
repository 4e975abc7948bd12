// SPDX-License-Identifier: GPL-2.0
/*
 * A file on its way by SENDs on a non-blocking socket, and to its receiver.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

/* Of a file that was changed so many seconds ago nothing is parked. */
#define FRESH_SECONDS	3

static bool is_old(void *arg)
{
	struct stat st;

	return !fstat(*(int *)arg, &st) &&
	       time(NULL) >= st.st_ctime + FRESH_SECONDS;
}

/* Waits until what is read of a file may be parked. */
bool cs_loop_wait_old(int file)
{
	return cs_wait(is_old, &file, FRESH_SECONDS + 1);
}

/*
 * A file that is as it is for long, open for reading: -errno if there is none.  Of
 * one that somebody has open for writing nothing is parked.
 */
int cs_loop_file(const struct cs_data *data)
{
	int writer = cs_data_create(cs_dir(), data);
	int file = writer < 0 ? writer : cs_reopen(writer, O_RDONLY);

	close(writer);
	if (file >= 0)
		cs_loop_wait_old(file);
	return file;
}

/* Its two sockets, with small buffers or such that grow: 0 or -errno. */
int cs_loop_connect(struct cs_loop *loop, bool small)
{
	int err = small ? cs_pair_small(CS_TCP4, loop->sv) : cs_pair(CS_TCP4, loop->sv);

	if (err)
		return err;
	if (fcntl(loop->sv[0], F_SETFL, O_NONBLOCK) ||
	    fcntl(loop->sv[1], F_SETFL, O_NONBLOCK))
		return -errno;
	return 0;
}

/* A loop with an open file of its own, of which nothing is cached: 0 or -errno. */
int cs_loop_open(struct cs_loop *loop, int file, const struct cs_data *data,
		 __u32 policy)
{
	int err;

	*loop = (struct cs_loop) {
		.dev = cs_open(), .file = cs_reopen(file, O_RDONLY),
		.sv = { -1, -1 }, .policy = policy, .data = data,
	};
	if (loop->dev < 0 || loop->file < 0)
		return -EBADF;
	err = cs_drop_cache(loop->file);
	return err ? err : cs_loop_connect(loop, false);
}

void cs_loop_close(struct cs_loop *loop)
{
	close(loop->sv[0]);
	close(loop->sv[1]);
	close(loop->file);
	close(loop->dev);
}

/* One call, from where the last one ended: 0 or -errno. */
int cs_loop_send(struct cs_loop *loop, __u64 length)
{
	struct coldsend_send s;
	int err;

	if (loop->sent == loop->data->size)
		return 0;
	cs_send_init(&s, loop->file, loop->sv[0], loop->sent, length, loop->policy);
	err = cs_send(loop->dev, &s);
	loop->sent += s.sent;
	loop->calls++;
	return err == -EAGAIN ? 0 : err;
}

/* Sends until the socket is full: bytes are left over, and parked.  0 or -errno. */
int cs_loop_fill(struct cs_loop *loop)
{
	__u64 before;
	int err;

	do {
		before = loop->sent;
		err = cs_loop_send(loop, COLDSEND_TO_EOF);
	} while (!err && loop->sent > before);
	return err;
}

/* Receives a little: 0, or -errno, -EBADMSG for a byte that is wrong. */
int cs_loop_receive(struct cs_loop *loop)
{
	static __u8 buffer[CS_LOOP_STEP];
	ssize_t n = recv(loop->sv[1], buffer, sizeof(buffer), 0);

	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (cs_data_check(loop->data, loop->got, buffer, n) != (size_t)n)
		return -EBADMSG;
	loop->got += n;
	return 0;
}

/* Receives all that was sent: 0 or -errno, as above. */
int cs_loop_receive_all(struct cs_loop *loop)
{
	int err = 0;

	while (!err && loop->got < loop->sent)
		err = cs_loop_receive(loop);
	return err;
}
