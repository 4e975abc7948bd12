// SPDX-License-Identifier: GPL-2.0
/* Printing: speech on stderr, the choice of a printer, text for both of them. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

/** cs_printer - the printer that the arguments ask for */
const struct cs_printer *cs_printer(void)
{
	return cs_args_json() ? &cs_printer_json : &cs_printer_human;
}

/* Words of others may be in it, which must not tell a terminal what to do. */
static char *make_printable(const char *raw)
{
	char *text = malloc(4 * strlen(raw) + 1);
	char *out = text;

	for (; text && *raw; raw++)
		out += sprintf(out, *raw < ' ' || *raw > '~' ? "\\%03o" : "%c",
			       (unsigned char)*raw);
	if (text)
		*out = '\0';
	return text;
}

/**
 * cs_verr - print a line on stderr
 * @who: says it
 * @fmt: as vprintf(3), without a newline
 * @ap: for it
 *
 * It comes after what was printed on stdout before, and in one piece; what is not
 * printable ASCII is \ooo (octal).
 */
void cs_verr(const char *who, const char *fmt, va_list ap)
{
	char *text = NULL, *printable;

	fflush(stdout);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	printable = make_printable(text ? text : fmt);
	fprintf(stderr, "%s: %s\n", who, printable ? printable : fmt);
	free(printable);
	free(text);
}

/**
 * cs_err - print a line on stderr, behind the tool's name
 * @fmt: as printf(3), without a newline
 */
void cs_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	cs_verr("coldsend", fmt, ap);
	va_end(ap);
}

/**
 * cs_print_end - make sure that all output has got where it should
 * @status: exit status if so
 *
 * Return: the exit status; what a full disk took does not go unnoticed.
 */
int cs_print_end(int status)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	/* A flush that failed earlier leaves no errno. */
	cs_err("can't write the result to standard output: %s",
	       strerror(errno ? errno : EIO));
	return CS_FAILED;
}

/* Writes one byte of a path at @out; Return: where the next goes. */
static char *escape_byte(char *out, unsigned char c)
{
	if (c == '\n')
		return stpcpy(out, "\\n");
	if (c == '\t')
		return stpcpy(out, "\\t");
	if (c == '\\')
		return stpcpy(out, "\\\\");
	if (c < ' ' || c > '~')
		return out + sprintf(out, "\\%03o", c);
	*out++ = (char)c;
	return out;
}

/**
 * cs_print_escape - a path as printable ASCII, as debugfs shows it
 * @raw: the path
 *
 * Newline, tab and backslash become \n, \t and \\, all else that is not
 * printable ASCII \ooo (octal), and an empty path "-".
 *
 * Return: the text, to be freed; exits without memory.
 */
char *cs_print_escape(const char *raw)
{
	char *text = malloc(4 * strlen(raw) + 2);
	char *out = text;

	if (!text) {
		cs_err("no memory to print a path");
		exit(CS_FAILED);
	}
	if (!*raw)
		*out++ = '-';
	while (*raw)
		out = escape_byte(out, (unsigned char)*raw++);
	*out = '\0';
	return text;
}

/** cs_print_rate - MB/s (millions of bytes a second), 0 for no time at all */
double cs_print_rate(__u64 bytes, double seconds)
{
	return seconds > 0 ? (double)bytes / 1e6 / seconds : 0;
}

/** cs_print_columns - width of the terminal on stdout, 0 if it is none */
unsigned int cs_print_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}
