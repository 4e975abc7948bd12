// SPDX-License-Identifier: GPL-2.0
/* What a program can ask the module: ioctls, right and wrong, and netlink. */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "../genl.h"
#include "fuzz.h"

/* A device, mostly; else whatever is there. */
static int device(const struct fuzz_world *w, __u16 word)
{
	return fuzz_slot(w, word % 8 ? word % 2 : word);
}

/* The struct's size, mostly. */
static __u32 size_of(__u16 word, __u32 size)
{
	static const int off[] = { -8, -1, 1, 8, 64, 5000 };

	return word % 16 ? size : size + off[(word >> 4) % 6];
}

void fuzz_send(struct fuzz_world *w, const __u16 *word)
{
	__u8 room[8192] = {};
	struct coldsend_send s = {
		.size = size_of(word[5], sizeof(s)),
		.flags = word[5] >> 8 & (word[4] % 16 ? COLDSEND_F_ALL : ~0U),
		.file_fd = fuzz_slot(w, word[0] % 4 ? 2 + word[0] % 4 :
						      word[0] >> 2),
		.sock_fd = fuzz_slot(w, word[1] % 8 ? 6 + word[1] % 6 :
						      word[1] >> 3),
		.offset = word[2] % 4 ? word[2] : fuzz_offset(word[2] >> 2),
		.length = word[3] % 2 ? COLDSEND_TO_EOF : fuzz_offset(word[3]),
		.policy = word[4] >> 4 & 7,
		.reserved = word[4] % 64 == 63,
		.user_data = word[4],
	};

	memcpy(room, &s, sizeof(s));
	ioctl(device(w, word[0] >> 8), COLDSEND_IOC_SEND, room);
}

void fuzz_info(struct fuzz_world *w, const __u16 *word)
{
	struct coldsend_info info = {
		.size = size_of(word[2], sizeof(info)),
		.flags = word[2] >> 8 & !(word[3] % 8),
		.file_fd = fuzz_slot(w, word[1]),
	};

	ioctl(device(w, word[0]), COLDSEND_IOC_INFO, &info);
}

void fuzz_residency(struct fuzz_world *w, const __u16 *word)
{
	struct coldsend_residency r = {
		.size = size_of(word[4], sizeof(r)),
		.file_fd = fuzz_slot(w, word[1]),
		.offset = fuzz_offset(word[2]),
		.length = fuzz_offset(word[3]),
	};

	ioctl(device(w, word[0]), COLDSEND_IOC_RESIDENCY, &r);
}

void fuzz_cancel(struct fuzz_world *w, const __u16 *word)
{
	struct coldsend_cancel c = {
		.size = size_of(word[2], sizeof(c)), .id = word[1] % 8,
	};

	ioctl(device(w, word[0]), COLDSEND_IOC_CANCEL, &c);
}

/* Any number, and pointers that lead nowhere or to what can't be written. */
void fuzz_ioctl(struct fuzz_world *w, const __u16 *word)
{
	static const char text[128] = "\x70";
	__u8 junk[4096];
	unsigned long cmd = word[1] % 4 ? COLDSEND_IOC_SEND + word[1] % 5 :
					  word[1] | (unsigned long)word[2] << 16;
	void *where[] = { NULL, (void *)(long)word[3], junk + 4090, junk,
			  (void *)text, (void *)-4096L };

	memset(junk, word[4], sizeof(junk));
	ioctl(device(w, word[0]), cmd, where[word[5] % 6]);
}

/* A rule: a number, and either action, or junk. */
static size_t put_rule(__u8 *attrs, size_t at, __u16 b)
{
	__u64 value = b, policy = b % 7, budget = 4096ULL << b % 12;
	__u8 rule[64];
	size_t len;

	len = cs_genl_put(rule, 0, 1 + b % 16, &value, b & 64 ? 4 : 8);
	if (b & 128)
		len = cs_genl_put(rule, len, COLDSEND_A_RULE_POLICY, &policy, 4);
	else
		len = cs_genl_put(rule, len, COLDSEND_A_RULE_BUDGET, &budget, 8);
	return cs_genl_put(attrs, at, COLDSEND_A_RULE | NLA_F_NESTED, rule, len);
}

/* An attribute: a tunable within reason, or junk of any type and length. */
static size_t put_attr(__u8 *attrs, size_t at, __u16 a, __u16 b)
{
	__u64 value = b;

	switch (a % 9) {
	case 0:
		value = 65536ULL << b % 8;
		return cs_genl_put(attrs, at, COLDSEND_A_SEGMENT_SIZE, &value, 4);
	case 1:
		value = 1 + b % 17;
		return cs_genl_put(attrs, at, COLDSEND_A_DEPTH, &value, 4);
	case 2:
		value = (CS_MIB / 2) << b % 8;
		return cs_genl_put(attrs, at, COLDSEND_A_POOL_MAX, &value, 8);
	case 3:
		value = b % 32;
		return cs_genl_put(attrs, at, COLDSEND_A_FILES_MAX, &value, 4);
	case 4:
		value = 1 + b % 3;
		return cs_genl_put(attrs, at, COLDSEND_A_IDLE_MAX, &value, 4);
	case 5:
		value = b % 7;
		return cs_genl_put(attrs, at, COLDSEND_A_POLICY, &value, 4);
	case 8:
		return put_rule(attrs, at, b);
	default:
		return cs_genl_put(attrs, at, a >> 3, &value, b % 9);
	}
}

void fuzz_netlink(struct fuzz_world *w, const __u16 *word)
{
	struct cs_genl g;
	__u8 attrs[256];
	size_t len = 0;
	int i;

	(void)w;
	if (cs_genl_open(&g))
		return;
	for (i = 0; i < word[1] % 3; i++)
		len = put_attr(attrs, len, word[2 + i], word[3 + i]);
	cs_genl_request(&g, word[0] % 8, word[1] & 8 ? NLM_F_DUMP : 0, attrs,
			len);
	cs_genl_close(&g);
}
