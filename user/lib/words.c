// SPDX-License-Identifier: GPL-2.0
/* Words: the names of policies, of reasons for them and to fall back, errors. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "coldsend.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static const char *const policy_names[] = {
	[COLDSEND_POLICY_DEFAULT] = "default",
	[COLDSEND_POLICY_CACHED] = "cached",
	[COLDSEND_POLICY_DIRECT] = "direct",
	[COLDSEND_POLICY_DROP_BEHIND] = "drop-behind",
	[COLDSEND_POLICY_HYBRID] = "hybrid",
	[COLDSEND_POLICY_AUTO] = "auto",
};

static const char *const reason_names[] = {
	[COLDSEND_REASON_NONE] = "none",
	[COLDSEND_REASON_SMALL] = "small",
	[COLDSEND_REASON_ADMITTED] = "admitted",
	[COLDSEND_REASON_LARGE] = "large",
	[COLDSEND_REASON_FIRST] = "first",
	[COLDSEND_REASON_RULE] = "rule",
};

static const char *const fallback_names[] = {
	[COLDSEND_FALLBACK_NONE] = "none",
	[COLDSEND_FALLBACK_NO_DIRECT] = "no-direct",
	[COLDSEND_FALLBACK_DIRECT_REFUSED] = "direct-refused",
	[COLDSEND_FALLBACK_BUFFERED] = "buffered",
	[COLDSEND_FALLBACK_COPIED] = "copied",
};

static const char *const fallback_meanings[] = {
	[COLDSEND_FALLBACK_NONE] =
		"the whole transfer went as its policy says",
	[COLDSEND_FALLBACK_NO_DIRECT] =
		"the file system has no direct I/O that leaves the page cache alone for this file, so the page cache was used",
	[COLDSEND_FALLBACK_DIRECT_REFUSED] =
		"the file system refused a direct read of this file, so the rest came through the page cache",
	[COLDSEND_FALLBACK_BUFFERED] =
		"the file system took direct reads and went through the page cache all the same, so the rest came from there",
	[COLDSEND_FALLBACK_COPIED] =
		"pages of this file system's page cache can't be handed out, so the CPU copied the bytes",
};

/* Text number @nr of @count, NULL for one that a newer module made up. */
static const char *text_of(const char *const *table, size_t count,
			   unsigned int nr)
{
	return nr < count ? table[nr] : NULL;
}

const char *coldsend_policy_name(unsigned int policy)
{
	return text_of(policy_names, ARRAY_SIZE(policy_names), policy);
}

int coldsend_policy_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policy_names); i++)
		if (!strcmp(policy_names[i], name))
			return (int)i;
	errno = EINVAL;
	return -1;
}

const char *coldsend_reason_name(unsigned int reason)
{
	return text_of(reason_names, ARRAY_SIZE(reason_names), reason);
}

const char *coldsend_fallback_name(unsigned int fallback)
{
	return text_of(fallback_names, ARRAY_SIZE(fallback_names), fallback);
}

const char *coldsend_fallback_meaning(unsigned int fallback)
{
	return text_of(fallback_meanings, ARRAY_SIZE(fallback_meanings),
		       fallback);
}

const char *coldsend_strerror(int err)
{
	const char *text;

	switch (err) {
	case EPIPE:
		return "the receiver closed the connection";
	case ECONNRESET:
		return "the receiver reset the connection";
	case ENOTCONN:
		return "the socket is not connected";
	case EOPNOTSUPP:
		return "the socket is no stream socket, or the file can't travel that way";
	case EOVERFLOW:
		return "the range goes past the largest file offset";
	case EINVAL:
		return "the file is not a regular one, or the module does not know this request";
	case ENOTTY:
	case E2BIG:
		return "the loaded module does not know this request: is it older?";
	case EAGAIN:
		return "the receiver takes nothing";
	case EIO:
		return "the file could not be read: its disk, server or file system failed";
	case EDQUOT:
		return "there are as many transfers as one user, or all, may have at once";
	case EACCES:
	case EPERM:
		return "a security module refused the read or the send";
	case ECANCELED:
		return "the transfer was cancelled";
	case ETIMEDOUT:
		return "the receiver took nothing for too long";
	}
	/* Unlike strerror(3) it has one text for all threads. */
	text = strerrordesc_np(err);
	return text ? text : "unknown error";
}
