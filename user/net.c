// SPDX-License-Identifier: GPL-2.0
/* Stream sockets: connects and listens by name, TCP or UNIX. */
#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli.h"

#define UNIX_PREFIX	"unix:"

/* Microseconds between two looks at what is on its way. */
#define LOOK_US		10000
/* Reads of what nobody wants, between two looks. */
#define DISCARD_MAX	64

/* connect(2) or listening on an address, for the first address that works. */
typedef int (*use_fn)(int fd, const struct sockaddr *addr, socklen_t len);

/** cs_net_unix_path - the path in "unix:PATH", NULL if @host is none */
const char *cs_net_unix_path(const char *host)
{
	size_t len = strlen(UNIX_PREFIX);

	return strncmp(host, UNIX_PREFIX, len) ? NULL : host + len;
}

static int listen_at(int fd, const struct sockaddr *addr, socklen_t len)
{
	int on = 1, off = 0;

	if (addr->sa_family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	return bind(fd, addr, len) || listen(fd, 1) ? -1 : 0;
}

/* Return: a socket that @use worked on, or -1 with errno. */
static int use_address(const struct sockaddr *addr, socklen_t len, use_fn use)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -1;
	if (!use(fd, addr, len))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int use_unix(const char *path, use_fn use)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	/* Without a name it would be one that nobody can see. */
	if (!len || len >= sizeof(addr.sun_path)) {
		errno = len ? ENAMETOOLONG : ENOENT;
		return -1;
	}
	memcpy(addr.sun_path, path, len);
	return use_address((struct sockaddr *)&addr, sizeof(addr), use);
}

/* Return: a socket, or -1 with *why, which may be errno's. */
static int use_name(const char *host, const char *port, int family, use_fn use,
		    const char **why)
{
	struct addrinfo hints = {
		.ai_family = family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
	};
	struct addrinfo *list, *ai;
	int fd = -1, err;

	err = getaddrinfo(host, port, &hints, &list);
	if (err) {
		*why = err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err);
		return -1;
	}
	for (ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = use_address(ai->ai_addr, ai->ai_addrlen, use);
	*why = strerror(errno);
	freeaddrinfo(list);
	return fd;
}

/* An IPv6 socket takes IPv4 too, but some kernels have no IPv6. */
static int any_address_family(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return AF_INET;
	close(fd);
	return AF_INET6;
}

/**
 * cs_net_connect - connect a stream socket
 * @host: name, address, or "unix:PATH"
 * @port: number or service name; not looked at for UNIX
 * @family: AF_INET, AF_INET6, or AF_UNSPEC for either
 *
 * Return: a socket, or -1 after a message.
 */
int cs_net_connect(const char *host, const char *port, int family)
{
	const char *path = cs_net_unix_path(host);
	const char *why;
	int fd;

	if (path) {
		fd = use_unix(path, connect);
		if (fd < 0)
			cs_err("can't connect to %s: %s", host,
			       strerror(errno));
		return fd;
	}
	fd = use_name(host, port, family, connect, &why);
	if (fd < 0)
		cs_err("can't connect to %s port %s: %s", host, port, why);
	return fd;
}

/**
 * cs_net_listen - listen for one connection
 * @bind_to: name or address to listen on, NULL for all, IPv4 and IPv6
 * @port: number (0 for any free one), service name, or "unix:PATH"
 *
 * Return: a socket, or -1 after a message.
 */
int cs_net_listen(const char *bind_to, const char *port)
{
	const char *path = cs_net_unix_path(port);
	const char *why = "";
	int fd;

	if (path) {
		fd = use_unix(path, listen_at);
		why = errno == EADDRINUSE ?
		      "there is something; remove it if nobody listens there" :
		      strerror(errno);
	} else {
		fd = use_name(bind_to, port,
			      bind_to ? AF_UNSPEC : any_address_family(),
			      listen_at, &why);
	}
	if (fd < 0)
		cs_err("can't listen on %s%s: %s", path ? "" : "port ",
		       port, why);
	return fd;
}

/*
 * Throws away what the peer has sent until now, or some of much.  Return: 0, or -errno
 * that the socket died of; after the peer's last byte recv(2) does not tell that.
 */
static int discard(int sock)
{
	int err, left = DISCARD_MAX;
	socklen_t len = sizeof(err);
	char rest[4096];
	ssize_t n;

	do {
		n = recv(sock, rest, sizeof(rest), MSG_DONTWAIT);
	} while (n > 0 && left--);
	if (n < 0 && errno != EAGAIN)
		return -errno;
	return -(getsockopt(sock, SOL_SOCKET, SO_ERROR, &err, &len) ? errno : err);
}

/* Is something on its way to the peer's machine?  For UNIX sockets that is this one. */
static bool is_on_the_way(int sock)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(addr);
	int bytes;

	if (getsockname(sock, (struct sockaddr *)&addr, &len) ||
	    addr.ss_family == AF_UNIX || ioctl(sock, SIOCOUTQ, &bytes))
		return false;
	/* The end of the stream counts as one, and may be acknowledged later. */
	return bytes > 1;
}

/**
 * cs_net_finish - say that no more comes, and wait until all has arrived
 * @sock: connected
 * @stopped: set by a signal that ends the wait
 *
 * Closed while there is something to read, TCP would throw away what is on its way.
 *
 * Return: 0 or -errno: -EINTR if it was stopped, else the peer is gone.
 */
int cs_net_finish(int sock, const atomic_bool *stopped)
{
	int err = shutdown(sock, SHUT_WR) ? -errno : 0;

	for (;;) {
		err = discard(sock) ?: err;
		if (err || !is_on_the_way(sock))
			return err;
		if (*stopped)
			return -EINTR;
		usleep(LOOK_US);
	}
}

/** cs_net_port - the port that a TCP socket listens on, 0 for a UNIX socket */
unsigned int cs_net_port(int sock)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(addr);

	if (getsockname(sock, (struct sockaddr *)&addr, &len))
		return 0;
	if (addr.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&addr)->sin6_port);
	if (addr.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&addr)->sin_port);
	return 0;
}

/** cs_net_accept - the next connection, or -1 after a message */
int cs_net_accept(int sock)
{
	int fd;

	do {
		fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		cs_err("can't accept a connection: %s", strerror(errno));
	return fd;
}
