// SPDX-License-Identifier: GPL-2.0
/*
 * A call of sendfile(2), by the module: which answers of the module are
 * sendfile's too, and which only the kernel can give.
 */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/handle.h"
#include "range.h"

/* Bytes of one call at the most, as the kernel's MAX_RW_COUNT: 2 GiB - a page. */
#define COUNT_MAX	((size_t)INT_MAX & ~(size_t)4095)

/* More than any call sends. */
#define UNTOLD		(~(__u64)0)

/*
 * Is an error of the module the answer, as sendfile would give it?  A socket tells
 * what it died of once: asked again, the kernel would say EPIPE.  EIO is not: what
 * lies between here and the bad place the kernel can send, or has in memory.
 */
static bool is_answer(int err)
{
	switch (err) {
	case EACCES:
	case EAGAIN:
	case EINTR:
	case EPIPE:
	case ECONNRESET:
	case ECONNREFUSED:
	case ECONNABORTED:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case ENONET:
	case ENOPROTOOPT:
	case EPROTO:
	case EMSGSIZE:
	case EBADMSG:
		return true;
	default:
		return false;
	}
}

/* Counts into memory that others count into too. */
static void add(__u64 *counter, __u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

static ssize_t send_range(const struct cs_range_how *how, int out, int in,
			  off64_t pos, size_t count)
{
	struct coldsend_send request =
		COLDSEND_REQUEST(out, in, (__u64)pos, count);
	struct coldsend device = { .fd = how->device() };
	ssize_t sent;

	if (device.fd < 0)
		return 0;
	request.policy = how->policy;
	/* The module sets it, also where it fails: who forbids the ioctl does not. */
	request.sent = UNTOLD;
	sent = coldsend_send(&device, &request);
	if (sent < 0 && (request.sent == UNTOLD || !is_answer(errno)))
		return 0;
	return sent;
}

/*
 * Does the range or the file end before the size from which on it is ours?
 * Most small files are found by what is asked for, without a look at them.
 */
static bool is_small(const struct cs_range_how *how, int in, __u64 pos,
		     size_t count)
{
	struct stat64 st;

	if (pos + count < how->min_size)
		return true;
	return pos < how->min_size && !fstat64(in, &st) &&
	       (__u64)st.st_size < how->min_size;
}

/**
 * cs_range_send - send what a call of sendfile asks for
 * @how: by which device, and how
 * @out: where to
 * @in: where from
 * @offset: as sendfile's; NULL for the file position
 * @count: as sendfile's
 *
 * Return: as sendfile(2), with the offset or the position moved; or 0 to have
 * the kernel do it.  That is the case at the end of a file, too, which may be
 * one of /proc, whose size says nothing.  SIGPIPE is the caller's to raise.
 */
ssize_t cs_range_send(const struct cs_range_how *how, int out, int in,
		      off64_t *offset, size_t count)
{
	ssize_t sent;
	off64_t pos;

	if (!count || count > SSIZE_MAX)
		return 0;
	pos = offset ? *offset : lseek64(in, 0, SEEK_CUR);
	if (pos < 0 || pos > LLONG_MAX - (off64_t)count)
		return 0;
	if (is_small(how, in, (__u64)pos, count))
		return 0;
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	sent = send_range(how, out, in, pos, count);
	if (sent <= 0)
		return sent;
	if (offset)
		*offset = pos + sent;
	else
		lseek64(in, pos + sent, SEEK_SET);
	return sent;
}

/**
 * cs_range_count - count a call
 * @served: the counters of the run, or NULL
 * @sent: what cs_range_send() returned
 */
void cs_range_count(struct cs_served *served, ssize_t sent)
{
	if (!served)
		return;
	if (!sent) {
		add(&served->left, 1);
		return;
	}
	add(&served->calls, 1);
	if (sent > 0)
		add(&served->bytes, (__u64)sent);
}
