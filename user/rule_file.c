// SPDX-License-Identifier: GPL-2.0
/*
 * Files of rules: a rule a line, in its words; # begins a comment.  In a word
 * \ooo (octal) is a byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rule.h"

#define BLANKS		" \t\r\n"
/* More words than a rule can have. */
#define WORDS_MAX	32

static bool is_octal(const char *text)
{
	return strspn(text, "01234567") >= 3 && *text < '4';
}

/* Does each backslash come before three digits of a byte that is not 0? */
static bool is_escaped(const char *word)
{
	while ((word = strchr(word, '\\'))) {
		word++;
		if (!is_octal(word) || !memcmp(word, "000", 3))
			return false;
	}
	return true;
}

/* Puts bytes in the place of \ooo, which is_escaped() found to be right. */
static void unescape(char *word)
{
	char *out = word;

	while (*word) {
		if (*word != '\\') {
			*out++ = *word++;
			continue;
		}
		*out++ = (char)((word[1] - '0') << 6 | (word[2] - '0') << 3 |
				(word[3] - '0'));
		word += 4;
	}
	*out = '\0';
}

/* The words of a line; -1 after it said what is wrong. */
static int split(char *line, char **words, char *why, size_t room)
{
	int count = 0;
	char *word, *rest = line;

	line[strcspn(line, "#")] = '\0';
	while ((word = strsep(&rest, BLANKS))) {
		if (!*word)
			continue;
		if (count == WORDS_MAX) {
			snprintf(why, room, "too many words");
			return -1;
		}
		if (!is_escaped(word)) {
			snprintf(why, room, "in '%s' a backslash comes before no 001 to 377",
				 word);
			return -1;
		}
		unescape(word);
		words[count++] = word;
	}
	words[count] = NULL;
	return count;
}

/* Takes line @number; false after it said what is wrong. */
static bool take_line(struct cs_rules *rules, char *line, unsigned int number,
		      char *why, size_t room)
{
	char *words[WORDS_MAX + 1];
	struct cs_rule *rule;
	int count = split(line, words, why, room);

	if (count <= 0)
		return !count;
	if (rules->count == CS_RULES_MAX) {
		snprintf(why, room, "there can't be more than %d rules",
			 CS_RULES_MAX);
		return false;
	}
	rule = &rules->rule[rules->count++];
	if (!cs_rule_parse(rule, words, count, why, room))
		return false;
	rule->line = number;
	return true;
}

/* Says each line that is wrong, so that they can be mended at once. */
static bool take_lines(struct cs_rules *rules, FILE *in, const char *path)
{
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;
	bool good = true;
	char why[512];
	ssize_t len;

	while ((len = getline(&line, &room, in)) >= 0) {
		number++;
		if (strlen(line) != (size_t)len)
			snprintf(why, sizeof(why), "there is a zero byte in it");
		else if (take_line(rules, line, number, why, sizeof(why)))
			continue;
		cs_err("%s:%u: %s", path, number, why);
		good = false;
		if (rules->count == CS_RULES_MAX)
			break;
	}
	free(line);
	return good;
}

/**
 * cs_rules_read - read a file of rules
 * @rules: filled in
 * @path: the file, "-" for standard input
 *
 * Return: is all of it good?  If not, what is wrong has been said.
 */
bool cs_rules_read(struct cs_rules *rules, const char *path)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	bool good;

	rules->count = 0;
	if (!in) {
		cs_err("can't open %s: %s", path, strerror(errno));
		return false;
	}
	errno = 0;
	good = take_lines(rules, in, path);
	if (ferror(in)) {
		cs_err("can't read %s: %s", path, strerror(errno));
		good = false;
	}
	if (in != stdin)
		fclose(in);
	return good;
}

static void print_all(FILE *out, const struct cs_rules *rules)
{
	unsigned int i;

	fputs("# rules of coldsend, the first that matches counts: coldsend policy load\n",
	      out);
	for (i = 0; i < rules->count; i++) {
		cs_rule_print(out, &rules->rule[i]);
		putc('\n', out);
	}
}

static bool write_into(const struct cs_rules *rules, FILE *out)
{
	bool failed;

	if (!out)
		return false;
	print_all(out, rules);
	/* On the disk before it has its name; what can't be, a pipe say, has no name. */
	failed = fflush(out) || ferror(out) ||
		 (fsync(fileno(out)) && errno != EINVAL && errno != EROFS);
	return !fclose(out) && !failed;
}

/* As open(2) would make a file, or as the old one was. */
static bool set_mode(int fd, const struct stat *old)
{
	mode_t mask;

	if (old)
		return !fchown(fd, old->st_uid, old->st_gid) &&
		       !fchmod(fd, old->st_mode & 07777);
	mask = umask(0);
	umask(mask);
	return !fchmod(fd, 0666 & ~mask);
}

/* Writes @path beside its place, and puts it there. */
static bool replace_file(const struct cs_rules *rules, const char *path,
			 const struct stat *old)
{
	char part[PATH_MAX];
	bool kept;
	int fd, err;

	if (snprintf(part, sizeof(part), "%s.XXXXXX", path) >= (int)sizeof(part)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return false;
	kept = set_mode(fd, old);
	if (write_into(rules, fdopen(fd, "w")) && kept && !rename(part, path))
		return true;
	err = errno;
	remove(part);
	errno = err;
	return false;
}

/* Where symbolic links lead, if the file is there. */
static bool replace(const struct cs_rules *rules, const char *path)
{
	char place[PATH_MAX];
	struct stat old;

	if (stat(path, &old))
		return errno == ENOENT && replace_file(rules, path, NULL);
	if (!S_ISREG(old.st_mode))
		return write_into(rules, fopen(path, "we"));
	return realpath(path, place) && replace_file(rules, place, &old);
}

/**
 * cs_rules_write - write a file of rules
 * @rules: the rules
 * @path: the file, "-" for standard output
 *
 * A file is there as a whole, or as it was: it is put in place when complete, with
 * the mode that it had.  What is there and is no regular file is written into.
 *
 * Return: is it?  If not, what is wrong has been said.
 */
bool cs_rules_write(const struct cs_rules *rules, const char *path)
{
	bool written;

	if (!strcmp(path, "-")) {
		print_all(stdout, rules);
		return true;
	}
	written = replace(rules, path);
	if (!written)
		cs_err("can't write %s: %s", path, strerror(errno));
	return written;
}
