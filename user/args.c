// SPDX-License-Identifier: GPL-2.0
/* Arguments: the options of a command and the values in them. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "preload/size.h"

/* Options of every command. */
static const struct option common[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static const struct cs_command *current;
static struct option longs[CS_OPTIONS_MAX + ARRAY_SIZE(common)];
static char shorts[2 * ARRAY_SIZE(longs) + 2];
static bool json;

/* The short form of an option: its letter, and ':' if it has a value. */
static char *add_short(char *at, const struct option *option)
{
	if (option->val > UCHAR_MAX || !isalnum(option->val))
		return at;
	*at++ = (char)option->val;
	if (option->has_arg == required_argument)
		*at++ = ':';
	return at;
}

/**
 * cs_args_start - begin to read the arguments of a command
 * @cmd: the command, whose options, name and help are looked at from here on
 */
void cs_args_start(const struct cs_command *cmd)
{
	const struct option *own = cmd->options;
	char *at = shorts;
	size_t n = 0, i;

	current = cmd;
	if (cmd->is_wrapper)
		*at++ = '+';	/* getopt stops at the first argument */
	*at++ = ':';	/* getopt tells a missing value from no such option */
	for (; own && own->name && n < CS_OPTIONS_MAX; own++)
		longs[n++] = *own;
	memcpy(&longs[n], common, sizeof(common));
	for (i = 0; longs[i].name; i++)
		at = add_short(at, &longs[i]);
}

/** cs_args_json - was --json given? */
bool cs_args_json(void)
{
	return json;
}

/** cs_args_err - say what is wrong with the arguments and exit with 2 */
void cs_args_err(const char *fmt, ...)
{
	char who[40], all[128];
	va_list ap;

	snprintf(who, sizeof(who), "coldsend %s", current->name);
	snprintf(all, sizeof(all), "%s; see %s --help", fmt, who);
	va_start(ap, fmt);
	cs_verr(who, all, ap);
	va_end(ap);
	exit(CS_USAGE);
}

/* Prints each form of the usage behind "usage:" or under it. */
static void print_usage(const struct cs_command *cmd)
{
	const char *line = cmd->usage;
	const char *label = "usage:";

	do {
		int len = (int)strcspn(line, "\n");

		printf("%-6s coldsend %s%s%.*s\n", label, cmd->name,
		       len ? " " : "", len, line);
		line += len + (line[len] == '\n');
		label = "";
	} while (*line);
}

/** cs_args_help - print the help of @cmd on stdout */
void cs_args_help(const struct cs_command *cmd)
{
	print_usage(cmd);
	printf("\n%s\n", cmd->help);
	puts("  -j, --json           print one JSON value on standard output");
	puts("  -h, --help           print this help");
}

static __noreturn void help_and_exit(void)
{
	cs_args_help(current);
	exit(cs_print_end(CS_OK));
}

/* The option that getopt stopped at, as the user wrote it. */
static __noreturn void bad_option(char **argv, bool no_value)
{
	const char *word = argv[optind - 1];
	const char *fault = no_value ? "needs a value" : "is not an option";
	/* One letter of several, which getopt may not have left behind yet. */
	bool letter = optopt && optopt <= UCHAR_MAX && !strchr(shorts, optopt);

	if (word[0] == '-' && word[1] == '-' && !letter)
		cs_args_err("'%s' %s here", word, fault);
	cs_args_err("'-%c' %s here", optopt, fault);
}

/**
 * cs_args_next - next option of a command
 * @argc: of the handler
 * @argv: of the handler
 *
 * Deals with --help, --json and what is no option.
 *
 * Return: the option's value, or -1 at the end, when optind is the index of
 * the first argument that is no option.
 */
int cs_args_next(int argc, char **argv)
{
	int opt;

	while ((opt = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (opt == 'h')
			help_and_exit();
		if (opt == '?' || opt == ':')
			bad_option(argv, opt == ':');
		if (opt != 'j')
			return opt;
		json = true;
	}
	return -1;
}

/**
 * cs_args_size - read a number with an optional suffix K, M, G or T
 * @what: the option or argument, for the message
 * @text: what the user wrote
 * @max: the largest value that is taken
 *
 * Return: the number, in bytes if it is a size.  Exits with 2 if it is none.
 */
__u64 cs_args_size(const char *what, const char *text, __u64 max)
{
	const char *why;
	__u64 number;

	why = cs_size_parse(text, max, &number);
	if (why)
		cs_args_err("%s: '%s' %s (the largest is %llu)", what, text,
			    why, max);
	return number;
}

/** cs_args_policy - read the name of a policy; exits with 2 if it is none */
unsigned int cs_args_policy(const char *text)
{
	int policy = coldsend_policy_find(text);

	if (policy >= 0)
		return (unsigned int)policy;
	cs_args_err("'%s' is not a policy: default, auto, cached, direct, drop-behind, hybrid",
		    text);
}

/**
 * cs_args_port - check a port
 * @text: number or service name
 *
 * Return: @text.  Exits with 2 if it begins like neither, or is a number and too
 * large, which the C library would take modulo 65536.
 */
const char *cs_args_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (!isalnum((unsigned char)*text))
		cs_args_err("'%s' is not a port", text);
	if (digits && !text[digits] && strtoull(text, NULL, 10) > USHRT_MAX)
		cs_args_err("%s is not a port: the largest is 65535", text);
	return text;
}
