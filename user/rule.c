// SPDX-License-Identifier: GPL-2.0
/*
 * A rule as words, on the command line and in files:
 *
 *	[size MIN-MAX] [path PATTERN] [fs TYPE] [dev MAJOR:MINOR] [uid USER]
 *	[cgroup ID|DIRECTORY] policy POLICY|budget SIZE
 */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "preload/size.h"
#include "rule.h"

/**
 * struct said - where to say what is wrong
 * @why: a sentence
 * @room: bytes of @why
 */
struct said {
	char *why;
	size_t room;
};

/**
 * struct word - a word that a value follows
 * @name: the word
 * @take: puts the value into the rule; false after it said what is wrong
 */
struct word {
	const char *name;
	bool (*take)(struct cs_rule *rule, const char *value,
		     const struct said *said);
};

static __printf(2, 3) bool say(const struct said *said, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said->why, said->room, fmt, ap);
	va_end(ap);
	return false;
}

static bool take_number(struct cs_rule *rule, unsigned int nr,
			const char *value, __u64 max, const struct said *said)
{
	const char *fault;
	__u64 number;

	fault = cs_size_parse(value, max, &number);
	if (fault)
		return say(said, "%s: '%s' %s", cs_rule_attrs.attr[nr].name,
			   value, fault);
	cs_values_put(&rule->num, nr, number);
	return true;
}

/* Takes A and B of A:B, or of A-B, of which B may be missing. */
static bool take_two(struct cs_rule *rule, const unsigned int *nrs,
		     const char *value, char separator, const __u64 *max,
		     const struct said *said)
{
	const char *at = strchr(value, separator);
	char *first = strndup(value, at ? (size_t)(at - value) : 0);
	bool taken;

	if (!first)
		return say(said, "no memory");
	taken = take_number(rule, nrs[0], first, max[0], said);
	free(first);
	if (!taken || (separator == '-' && !at[1]))
		return taken;
	return take_number(rule, nrs[1], at + 1, max[1], said);
}

/* MIN-MAX, MIN- or the one size. */
static bool take_size(struct cs_rule *rule, const char *value,
		      const struct said *said)
{
	static const unsigned int nrs[] = {
		COLDSEND_A_RULE_SIZE_MIN, COLDSEND_A_RULE_SIZE_MAX,
	};
	static const __u64 max[] = { LLONG_MAX, LLONG_MAX };

	if (strchr(value, '-'))
		return take_two(rule, nrs, value, '-', max, said);
	return take_number(rule, nrs[0], value, max[0], said) &&
	       take_number(rule, nrs[1], value, max[1], said);
}

static bool take_dev(struct cs_rule *rule, const char *value,
		     const struct said *said)
{
	static const unsigned int nrs[] = {
		COLDSEND_A_RULE_DEV_MAJOR, COLDSEND_A_RULE_DEV_MINOR,
	};
	static const __u64 max[] = { 4095, 1048575 };

	if (!strchr(value, ':'))
		return say(said, "dev: '%s' is not MAJOR:MINOR", value);
	return take_two(rule, nrs, value, ':', max, said);
}

static bool take_text(char *to, size_t room, const char *what,
		      const char *value, const struct said *said)
{
	if (!*value)
		return say(said, "%s: it is empty", what);
	if (strlen(value) >= room)
		return say(said, "%s: longer than %zu bytes", what, room - 1);
	memcpy(to, value, strlen(value) + 1);
	return true;
}

static bool take_path(struct cs_rule *rule, const char *value,
		      const struct said *said)
{
	if (*value && *value != '/' && *value != '*')
		return say(said, "path: '%s' does not begin with / or *",
			   value);
	return take_text(rule->path, sizeof(rule->path), "path", value, said);
}

static bool take_fs(struct cs_rule *rule, const char *value,
		    const struct said *said)
{
	return take_text(rule->fs, sizeof(rule->fs), "fs", value, said);
}

static bool take_uid(struct cs_rule *rule, const char *value,
		     const struct said *said)
{
	const struct passwd *user;

	if (*value >= '0' && *value <= '9')
		return take_number(rule, COLDSEND_A_RULE_UID, value,
				   UINT_MAX - 1, said);
	user = getpwnam(value);
	if (!user)
		return say(said, "uid: there is no user '%s'", value);
	cs_values_put(&rule->num, COLDSEND_A_RULE_UID, user->pw_uid);
	return true;
}

/* Files of a cgroup have numbers of the same kind, and other directories any. */
static bool take_cgroup(struct cs_rule *rule, const char *value,
			const struct said *said)
{
	struct statfs fs;
	struct stat st;

	if (*value != '/')
		return take_number(rule, COLDSEND_A_RULE_CGROUP, value,
				   ULLONG_MAX, said);
	if (stat(value, &st) || statfs(value, &fs))
		return say(said, "cgroup: %s: %s", value, strerror(errno));
	if (!S_ISDIR(st.st_mode) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return say(said, "cgroup: %s is not the directory of a cgroup (version 2)",
			   value);
	cs_values_put(&rule->num, COLDSEND_A_RULE_CGROUP, st.st_ino);
	return true;
}

static bool take_policy(struct cs_rule *rule, const char *value,
			const struct said *said)
{
	int policy = coldsend_policy_find(value);

	if (policy <= COLDSEND_POLICY_DEFAULT)
		return say(said, "policy: '%s' is not auto, cached, direct, drop-behind or hybrid",
			   value);
	cs_values_put(&rule->num, COLDSEND_A_RULE_POLICY, (__u64)policy);
	return true;
}

static bool take_budget(struct cs_rule *rule, const char *value,
			const struct said *said)
{
	return take_number(rule, COLDSEND_A_RULE_BUDGET, value, 1ULL << 62,
			   said);
}

static const struct word words_known[] = {
	{ "size", take_size },
	{ "path", take_path },
	{ "fs", take_fs },
	{ "dev", take_dev },
	{ "uid", take_uid },
	{ "cgroup", take_cgroup },
	{ "policy", take_policy },
	{ "budget", take_budget },
};

static bool take_word(struct cs_rule *rule, char **words, unsigned int *seen,
		      const struct said *said)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words_known); i++) {
		if (strcmp(words[0], words_known[i].name))
			continue;
		if (*seen & 1U << i)
			return say(said, "%s is there twice", words[0]);
		*seen |= 1U << i;
		if (!words[1])
			return say(said, "%s needs a value", words[0]);
		return words_known[i].take(rule, words[1], said);
	}
	return say(said, "'%s' is not size, path, fs, dev, uid, cgroup, policy or budget",
		   words[0]);
}

/**
 * cs_rule_parse - read a rule
 * @rule: filled in
 * @words: its words, NULL behind the last
 * @count: how many
 * @why: if it is none: set to a sentence that says what is wrong
 * @room: bytes of @why
 *
 * Return: is it one?
 */
bool cs_rule_parse(struct cs_rule *rule, char **words, int count, char *why,
		   size_t room)
{
	const struct said said = { .why = why, .room = room };
	const __u64 policy = 1ULL << COLDSEND_A_RULE_POLICY;
	const __u64 budget = 1ULL << COLDSEND_A_RULE_BUDGET;
	unsigned int seen = 0;
	int i;

	*rule = (struct cs_rule){ .line = 0 };
	for (i = 0; i < count; i += 2)
		if (!take_word(rule, words + i, &seen, &said))
			return false;
	if (!(rule->num.has & (policy | budget)))
		return say(&said, "a rule must say what to do: a policy or a budget");
	if ((rule->num.has & policy) && (rule->num.has & budget))
		return say(&said, "a rule has a policy or a budget, not both");
	return true;
}

/* A word of a file: what would end it, or is not printable, as \ooo. */
static void print_word(FILE *out, const char *raw)
{
	const unsigned char *c = (const unsigned char *)raw;

	for (; *c; c++)
		if (*c <= ' ' || *c > '~' || *c == '\\' || *c == '#')
			fprintf(out, "\\%03o", *c);
		else
			putc(*c, out);
}

/* A number with the largest suffix that leaves it whole. */
static void print_number(FILE *out, __u64 number)
{
	static const char suffix[] = "KMGT";
	int i = -1;

	while (number && !(number & 1023) && i < 3) {
		number >>= 10;
		i++;
	}
	fprintf(out, i < 0 ? "%llu" : "%llu%c", number, i < 0 ? 0 : suffix[i]);
}

static void print_size(FILE *out, const struct cs_rule *rule)
{
	const __u64 max = 1ULL << COLDSEND_A_RULE_SIZE_MAX;

	fputs("size ", out);
	print_number(out, rule->num.v[COLDSEND_A_RULE_SIZE_MIN]);
	putc('-', out);
	if (rule->num.has & max)
		print_number(out, rule->num.v[COLDSEND_A_RULE_SIZE_MAX]);
	putc(' ', out);
}

static void print_action(FILE *out, const struct cs_rule *rule)
{
	const __u64 *v = rule->num.v;

	if (rule->num.has & 1ULL << COLDSEND_A_RULE_POLICY) {
		fprintf(out, "policy %s", cs_words_name(&cs_policies,
							v[COLDSEND_A_RULE_POLICY]));
		return;
	}
	fputs("budget ", out);
	print_number(out, v[COLDSEND_A_RULE_BUDGET]);
}

/** cs_rule_print - print a rule as words of a file, without a newline */
void cs_rule_print(FILE *out, const struct cs_rule *rule)
{
	const __u64 has = rule->num.has;
	const __u64 *v = rule->num.v;

	if (has & (1ULL << COLDSEND_A_RULE_SIZE_MIN |
		   1ULL << COLDSEND_A_RULE_SIZE_MAX))
		print_size(out, rule);
	if (*rule->path) {
		fputs("path ", out);
		print_word(out, rule->path);
		putc(' ', out);
	}
	if (*rule->fs) {
		fputs("fs ", out);
		print_word(out, rule->fs);
		putc(' ', out);
	}
	if (has & 1ULL << COLDSEND_A_RULE_DEV_MAJOR)
		fprintf(out, "dev %llu:%llu ", v[COLDSEND_A_RULE_DEV_MAJOR],
			v[COLDSEND_A_RULE_DEV_MINOR]);
	if (has & 1ULL << COLDSEND_A_RULE_UID)
		fprintf(out, "uid %llu ", v[COLDSEND_A_RULE_UID]);
	if (has & 1ULL << COLDSEND_A_RULE_CGROUP)
		fprintf(out, "cgroup %llu ", v[COLDSEND_A_RULE_CGROUP]);
	print_action(out, rule);
}
