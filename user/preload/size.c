// SPDX-License-Identifier: GPL-2.0
/* Numbers of bytes, as people write them: for the tool and for the shim. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "size.h"

/* Bits to shift for a suffix, or -1. */
static int suffix_shift(const char *suffix)
{
	static const char letters[] = "KMGT";
	const char *at;

	if (!*suffix)
		return 0;
	at = strchr(letters, *suffix & ~0x20);
	if (!at || !*at || suffix[1])
		return -1;
	return 10 * (int)(at - letters + 1);
}

/**
 * cs_size_parse - read a number with an optional suffix K, M, G or T
 * @text: what somebody wrote
 * @max: the largest value that is taken
 * @number: set to it
 *
 * Return: NULL, or what is wrong with it, to go behind the text.
 */
const char *cs_size_parse(const char *text, __u64 max, __u64 *number)
{
	unsigned long long value;
	char *end;
	int shift;

	errno = 0;
	value = strtoull(text, &end, 10);
	shift = suffix_shift(end);
	if (*text < '0' || *text > '9' || shift < 0)
		return "is not a number with an optional K, M, G or T";
	if (errno || value > ULLONG_MAX >> shift || value << shift > max)
		return "is too large";
	*number = value << shift;
	return NULL;
}
