// SPDX-License-Identifier: GPL-2.0
/* What a call of sendfile can be given to send to, and where that arrives. */
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cs_test.h"
#include "shim-ends.h"

static void connected(int ends[2], int domain, int type)
{
	socketpair(domain, type | SOCK_CLOEXEC, 0, ends);
}

void cs_ends_stream(int ends[2])
{
	connected(ends, AF_UNIX, SOCK_STREAM);
}

void cs_ends_datagram(int ends[2])
{
	connected(ends, AF_UNIX, SOCK_DGRAM);
}

void cs_ends_append(int ends[2])
{
	cs_ends_stream(ends);
	fcntl(ends[0], F_SETFL, O_APPEND);
}

void cs_ends_shut(int ends[2])
{
	cs_ends_stream(ends);
	shutdown(ends[0], SHUT_WR);
}

void cs_ends_left(int ends[2])
{
	cs_ends_stream(ends);
	close(ends[1]);
	ends[1] = -1;
}

void cs_ends_reset(int ends[2])
{
	struct linger at_once = { .l_onoff = 1 };
	struct pollfd arrived;

	if (cs_pair(CS_TCP4, ends))
		return;
	setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(ends[1]);
	ends[1] = -1;
	/* On a busy machine the network takes its time. */
	arrived = (struct pollfd){ .fd = ends[0] };
	poll(&arrived, 1, -1);
}

void cs_ends_unconnected(int ends[2])
{
	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

void cs_ends_pipe(int ends[2])
{
	int pipe[2];

	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK))
		return;
	ends[0] = pipe[1];
	ends[1] = pipe[0];
}

void cs_ends_file(int ends[2])
{
	ends[0] = open(cs_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

void cs_ends_file_to_append(int ends[2])
{
	cs_ends_file(ends);
	fcntl(ends[0], F_SETFL, O_APPEND);
}

void cs_ends_file_to_read(int ends[2])
{
	ends[0] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

void cs_ends_device(int ends[2])
{
	ends[0] = open("/dev/null", O_WRONLY | O_CLOEXEC);
}

void cs_ends_nothing(int ends[2])
{
	ends[0] = 12345;
}
