/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The rooms of the coldsend tool: what each file offers to the others.
 *
 *	main -> cmd_* -> dev | nl | net -> lib/ -> (kernel)
 *	             \-> print -> print_human | print_json
 *
 * args, attrs, file and progress are used by all of them.  supervise,
 * preload/ and seccomp/ are for run.
 */
#ifndef COLDSEND_CLI_H
#define COLDSEND_CLI_H

#include <assert.h>
#include <getopt.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

#include <coldsend.h>

#include "preload/inherit.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define __attr(list)	__attribute__(list)
#define __noreturn	__attr((__noreturn__))
#define __printf(f, a)	__attr((format(printf, f, a)))

/* Options of one command, without those that every command has. */
#define CS_OPTIONS_MAX	12

/* Exit statuses. */
#define CS_OK		0
#define CS_FAILED	1
#define CS_USAGE	2

/**
 * struct cs_command - a subcommand, defined beside its handler
 * @name: the word that calls it
 * @usage: its arguments, one form a line
 * @summary: what it does, half a line
 * @help: all else that --help says
 * @options: its own options, at most CS_OPTIONS_MAX, up to one without a name;
 *	those whose value is a letter have it as short form; NULL for none
 * @is_wrapper: its first argument is a command; options behind are that one's
 * @run: its handler; argv[0] is the word; returns an exit status
 */
struct cs_command {
	const char *name;
	const char *usage;
	const char *summary;
	const char *help;
	const struct option *options;
	bool is_wrapper;
	int (*run)(int argc, char **argv);
};

/* cmd_*.c */
extern const struct cs_command cs_cmd_send;
extern const struct cs_command cs_cmd_receive;
extern const struct cs_command cs_cmd_policy;
extern const struct cs_command cs_cmd_stats;
extern const struct cs_command cs_cmd_files;
extern const struct cs_command cs_cmd_residency;
extern const struct cs_command cs_cmd_info;
extern const struct cs_command cs_cmd_run;

extern const struct cs_command cs_cmd_top;
extern const struct cs_command cs_cmd_monitor;

/* attrs.c: names of netlink attributes and of the values of enums */

/**
 * struct cs_words - the library's words for an enum's values
 * @name: name of a value, which are numbered from 0; NULL for an unknown one
 * @meaning: sentence about a value, likewise; NULL if there are none
 */
struct cs_words {
	const char *(*name)(unsigned int value);
	const char *(*meaning)(unsigned int value);
};

/**
 * struct cs_attr - an attribute that holds a number
 * @name: as in the netlink specification; NULL for one that is no number
 * @words: names of its values if it is an enum
 * @wide: it is a u64 in requests, not a u32
 */
struct cs_attr {
	const char *name;
	const struct cs_words *words;
	bool wide;
};

/**
 * struct cs_attrs - one attribute set, indexed by attribute number
 * @attr: the attributes
 * @count: entries of @attr
 */
struct cs_attrs {
	const struct cs_attr *attr;
	unsigned int count;
};

/* Room for the largest attribute set; attrs.c asserts it. */
#define CS_VALUES_MAX	32

/**
 * struct cs_values - numbers of one attribute set, indexed by attribute number
 * @has: bit N is set if attribute N was there
 * @v: the numbers
 */
struct cs_values {
	__u64 has;
	__u64 v[CS_VALUES_MAX];
};

extern const struct cs_words cs_policies;
extern const struct cs_words cs_reasons;
extern const struct cs_words cs_fallbacks;
extern const struct cs_attrs cs_tunables;
extern const struct cs_attrs cs_file_attrs;
extern const struct cs_attrs cs_counters;
extern const struct cs_attrs cs_objects;
extern const struct cs_attrs cs_rule_attrs;

const char *cs_words_name(const struct cs_words *words, __u64 value);
void cs_values_put(struct cs_values *values, unsigned int nr, __u64 value);

/* args.c: options and their values; what is wrong with them ends the program */
void cs_args_start(const struct cs_command *cmd);
int cs_args_next(int argc, char **argv);
bool cs_args_json(void);
__u64 cs_args_size(const char *what, const char *text, __u64 max);
unsigned int cs_args_policy(const char *text);
const char *cs_args_port(const char *text);
void cs_args_help(const struct cs_command *cmd);
__noreturn __printf(1, 2) void cs_args_err(const char *fmt, ...);

/* file.c: regular files to read, and bytes to write */
int cs_file_open(const char *path, struct stat *st);
int cs_file_create(const char *path);
bool cs_file_write(int fd, const char *buf, size_t len);

/* progress.c: the time and the progress line of a transfer */

/**
 * struct cs_progress - a transfer in time
 * @shown: there is a terminal to show a line on
 * @start: monotonic seconds when it began
 * @last: when the line was last written, 0 for not yet
 * @total: bytes that are expected, 0 for not known
 */
struct cs_progress {
	bool shown;
	double start;
	double last;
	__u64 total;
};

double cs_progress_now(void);
void cs_progress_start(struct cs_progress *p, __u64 total);
void cs_progress_step(struct cs_progress *p, __u64 done);
double cs_progress_stop(struct cs_progress *p);

/* supervise.c: a command as a child */

/**
 * struct cs_child - what becomes of a fork
 * @become: in the child: becomes the command; an exit status if it can't
 * @begun: in the parent, before anything is waited for; false ends it
 * @arg: for both
 */
struct cs_child {
	int (*become)(void *arg);
	bool (*begun)(void *arg);
	void *arg;
};

int cs_become(void *command);
int cs_supervise(const struct cs_child *child);

/* seccomp/filtered.c: a command whose sendfile is stopped, and done here */
int cs_filtered_run(char **command, unsigned int policy, __u64 min_size,
		    bool stats);

/* net.c: stream sockets by name */
int cs_net_connect(const char *host, const char *port, int family);
int cs_net_listen(const char *bind_to, const char *port);
int cs_net_finish(int sock, const atomic_bool *stopped);
unsigned int cs_net_port(int sock);
int cs_net_accept(int sock);
const char *cs_net_unix_path(const char *host);

/* dev.c: opens /dev/coldsend by the library, and says why it can't */
bool cs_dev_say_unloaded(void);
struct coldsend *cs_dev_open(void);

/* nl.c: the netlink family, all of libnl; each says on stderr what failed */

/**
 * struct cs_stats - totals of the module
 * @counters: of all transfers
 * @objects: what the module has made and destroyed
 */
struct cs_stats {
	struct cs_values counters;
	struct cs_values objects;
};

/**
 * struct cs_row - statistics of one file
 * @file: numbers that identify it, and its last transfer
 * @counters: counters of its transfers
 * @path: raw bytes, ended by a NUL; never NULL
 */
struct cs_row {
	struct cs_values file;
	struct cs_values counters;
	char *path;
};

/**
 * struct cs_rows - statistics of all files
 * @row: the rows, owned
 * @count: how many
 * @room: how many fit in @row
 * @interrupted: the table changed all the time while it was read
 */
struct cs_rows {
	struct cs_row *row;
	size_t count;
	size_t room;
	bool interrupted;
};

struct cs_nl;

struct cs_nl *cs_nl_open(void);
void cs_nl_close(struct cs_nl *nl);
void cs_nl_hush(struct cs_nl *nl, bool hushed);
int cs_nl_policy_get(struct cs_nl *nl, struct cs_values *tunables);
int cs_nl_policy_set(struct cs_nl *nl, const struct cs_values *tunables);
int cs_nl_stats_get(struct cs_nl *nl, struct cs_stats *stats);
int cs_nl_stats_reset(struct cs_nl *nl);
int cs_nl_files_dump(struct cs_nl *nl, struct cs_rows *rows);

/* rows.c: the table of files as it comes in */
struct cs_row *cs_rows_add(struct cs_rows *rows);
void cs_rows_clear(struct cs_rows *rows);

/* print.c: words on stderr, the choice of a printer, text for both printers */

/**
 * struct cs_sent - what a send did
 * @file: path of the file
 * @policy: policy that was asked for
 * @asked: bytes asked for
 * @seconds: time it took
 * @error: errno that ended it early, 0 for none
 * @total: sums and last answers of the ioctls
 */
struct cs_sent {
	const char *file;
	__u32 policy;
	__u64 asked;
	double seconds;
	int error;
	struct coldsend_send total;
};

/**
 * struct cs_received - what a receive did
 * @file: path of the file, or NULL if the bytes went elsewhere
 * @bytes: bytes that came
 * @seconds: time from the connection to its end
 * @error: errno that broke the connection, 0 for none
 */
struct cs_received {
	const char *file;
	__u64 bytes;
	double seconds;
	int error;
};

/**
 * struct cs_resident - page-cache residency of one file
 * @file: path of the file
 * @res: the module's answer
 */
struct cs_resident {
	const char *file;
	struct coldsend_residency res;
};

struct cs_rule;

/**
 * struct cs_choice - what a file would go by
 * @file: path of the file
 * @info: the module's answer
 * @rule: the rule that matches; NULL if there is none, or it can't be told
 */
struct cs_choice {
	const char *file;
	struct coldsend_info info;
	const struct cs_rule *rule;
};

/**
 * struct cs_tree - page-cache residency of all files below a directory
 * @path: of the directory
 * @files: how many files
 * @sum: of them
 */
struct cs_tree {
	const char *path;
	__u64 files;
	struct coldsend_residency sum;
};

/* tree.c: which files below directories fill the page cache */
int cs_residency_ask(struct coldsend *dev, int file, const char *path,
		     struct cs_resident *entry);
int cs_residency_trees(struct coldsend *dev, char **paths, size_t count);

struct cs_event;
struct cs_rules;
struct cs_view;

/**
 * struct cs_printer - one way to print each result
 * @sent: of send
 * @received: of receive
 * @tunables: of policy
 * @rules: of policy list
 * @choice: of policy test
 * @stats: of stats
 * @files: of files
 * @residency: of residency
 * @tree: of residency -r
 * @view: of top
 * @event: of monitor
 * @stats: of stats; with @again there will be more, JSON has a line each
 * @info: of info; the path is NULL if no file was asked about
 * @served: of run
 */
struct cs_printer {
	void (*sent)(const struct cs_sent *sent);
	void (*received)(const struct cs_received *received);
	void (*tunables)(const struct cs_values *tunables);
	void (*rules)(const struct cs_rules *rules);
	void (*choice)(const struct cs_choice *choice);
	void (*stats)(const struct cs_stats *stats, bool again);
	void (*files)(const struct cs_rows *rows);
	void (*residency)(const struct cs_resident *list, size_t count);
	void (*tree)(const struct cs_tree *trees, size_t nr_trees,
		     const struct cs_resident *list, size_t count);
	void (*view)(const struct cs_view *view);
	void (*event)(const struct cs_event *event);
	void (*info)(const struct coldsend_info *info, const char *path);
	void (*served)(const struct cs_served *served);
};

extern const struct cs_printer cs_printer_human;
extern const struct cs_printer cs_printer_json;

const struct cs_printer *cs_printer(void);
__printf(2, 0) void cs_verr(const char *who, const char *fmt, va_list ap);
__printf(1, 2) void cs_err(const char *fmt, ...);
int cs_print_end(int status);
char *cs_print_escape(const char *raw);
double cs_print_rate(__u64 bytes, double seconds);
unsigned int cs_print_columns(void);

#endif /* COLDSEND_CLI_H */
