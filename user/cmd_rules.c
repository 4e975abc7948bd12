// SPDX-License-Identifier: GPL-2.0
/* Rules: policy list, add, del, test, save and load. */
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "rule.h"

/* What was asked for; rules are too many for the stack of a thread. */
static struct cs_rules rules;
static struct cs_rule rule;
static unsigned int position;
static unsigned int id;
static const char *path;

static int get(struct cs_nl *nl)
{
	if (cs_nl_rules_dump(nl, &rules))
		return CS_FAILED;
	if (rules.interrupted)
		cs_err("the rules changed while they were read, each time: some may be missing or be there twice");
	return CS_OK;
}

static int list(struct cs_nl *nl)
{
	int status = get(nl);

	if (status == CS_OK)
		cs_printer()->rules(&rules);
	return status;
}

/* What changed something shows the outcome to programs, as policy set does. */
static int changed(struct cs_nl *nl, int err)
{
	if (err)
		return CS_FAILED;
	return cs_args_json() ? list(nl) : CS_OK;
}

static const char *only_argument(int argc, char **argv, const char *what)
{
	if (argc < 2)
		cs_args_err("%s needs %s", argv[0], what);
	if (argc > 2)
		cs_args_err("'%s' is one argument too many", argv[2]);
	return argv[1];
}

static bool parse_nothing(int argc, char **argv)
{
	if (argc > 1)
		cs_args_err("'%s' is one argument too many", argv[1]);
	return true;
}

static bool parse_file(int argc, char **argv)
{
	path = only_argument(argc, argv, "a FILE");
	return true;
}

static bool parse_rule(int argc, char **argv)
{
	char why[512];

	argc--;
	argv++;
	if (argc >= 2 && !strcmp(argv[0], "at")) {
		position = (unsigned int)cs_args_size("at", argv[1],
						      CS_RULES_MAX);
		if (!position)
			cs_args_err("at: places count from 1");
		argc -= 2;
		argv += 2;
	}
	if (!cs_rule_parse(&rule, argv, argc, why, sizeof(why)))
		cs_args_err("%s", why);
	return true;
}

static bool parse_id(int argc, char **argv)
{
	const char *text = only_argument(argc, argv, "the ID of a rule");

	id = (unsigned int)cs_args_size("ID", text, UINT_MAX);
	if (!id)
		cs_args_err("ids count from 1");
	return true;
}

static bool parse_load(int argc, char **argv)
{
	parse_file(argc, argv);
	if (cs_rules_read(&rules, path))
		return true;
	cs_err("no rule was changed");
	return false;
}

static int run_add(struct cs_nl *nl)
{
	return changed(nl, cs_nl_rule_add(nl, &rule, position));
}

static int run_del(struct cs_nl *nl)
{
	return changed(nl, cs_nl_rule_del(nl, id));
}

static int run_save(struct cs_nl *nl)
{
	int status = get(nl);

	/* What is not sure to be whole must not look so. */
	if (status == CS_OK && !rules.interrupted)
		return cs_rules_write(&rules, path) ? CS_OK : CS_FAILED;
	return CS_FAILED;
}

static int run_load(struct cs_nl *nl)
{
	return changed(nl, cs_nl_rules_load(nl, &rules, path));
}

/* The rule of an id; NULL if it is gone, or may not be seen by this user. */
static const struct cs_rule *find_rule(struct cs_nl *nl, unsigned int which)
{
	unsigned int i;
	int err;

	if (!which)
		return NULL;
	cs_nl_hush(nl, true);
	err = cs_nl_rules_dump(nl, &rules);
	cs_nl_hush(nl, false);
	if (err)
		return NULL;
	for (i = 0; i < rules.count; i++)
		if (rules.rule[i].num.v[COLDSEND_A_RULE_ID] == which)
			return &rules.rule[i];
	return NULL;
}

static bool look_up(struct cs_choice *choice)
{
	struct coldsend *dev = cs_dev_open();
	struct stat st;
	int file, err;

	if (!dev)
		return false;
	file = cs_file_open(choice->file, &st);
	err = file < 0 || coldsend_info(dev, file, &choice->info);
	if (err && file >= 0)
		cs_err("the module tells nothing about %s: %s", choice->file, strerror(errno));
	if (file >= 0)
		close(file);
	coldsend_close(dev);
	return !err;
}

static int run_test(struct cs_nl *nl)
{
	struct cs_choice choice = {
		.file = path,
		.info.size = sizeof(choice.info),
	};

	if (!look_up(&choice))
		return CS_FAILED;
	choice.rule = find_rule(nl, choice.info.rule);
	cs_printer()->choice(&choice);
	return CS_OK;
}

/**
 * struct verb - a word of policy about rules
 * @name: the word
 * @parse: takes its arguments; false after it said what is wrong
 * @run: does it; an exit status
 */
struct verb {
	const char *name;
	bool (*parse)(int argc, char **argv);
	int (*run)(struct cs_nl *nl);
};

static const struct verb verbs[] = {
	{ "list", parse_nothing, list },
	{ "add", parse_rule, run_add },
	{ "del", parse_id, run_del },
	{ "test", parse_file, run_test },
	{ "save", parse_file, run_save },
	{ "load", parse_load, run_load },
};

static unsigned int find_verb(const char *name)
{
	unsigned int i = 0;

	while (i < ARRAY_SIZE(verbs) && strcmp(name, verbs[i].name))
		i++;
	return i;
}

/** cs_cmd_rules_knows - is it a word of policy about rules? */
bool cs_cmd_rules_knows(const char *verb)
{
	return find_verb(verb) < ARRAY_SIZE(verbs);
}

/**
 * cs_cmd_rules_run - do what policy is told about rules
 * @argc: words
 * @argv: words; the first is one that cs_cmd_rules_knows()
 *
 * Return: exit status.
 */
int cs_cmd_rules_run(int argc, char **argv)
{
	const struct verb *verb = &verbs[find_verb(argv[0])];
	struct cs_nl *nl;
	int status;

	if (!verb->parse(argc, argv))
		return CS_FAILED;
	nl = cs_nl_open();
	if (!nl)
		return CS_FAILED;
	status = verb->run(nl);
	cs_nl_close(nl);
	return status;
}
