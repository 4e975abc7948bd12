/* SPDX-License-Identifier: GPL-2.0 */
/* Rules: as words, as lines of a file, and those of the module. */
#ifndef CS_RULE_H
#define CS_RULE_H

#include "cli.h"

/* rule.c, rule_file.c: rules as words, and as lines of a file */

#define CS_RULE_PATH_MAX	255
#define CS_RULE_FS_MAX		31
#define CS_RULES_MAX		256

/**
 * struct cs_rule - a rule
 * @num: its numbers
 * @path: pattern, raw bytes; "" for none
 * @fs: file system type; "" for none
 * @line: of the file that it is from, or 0
 */
struct cs_rule {
	struct cs_values num;
	char path[CS_RULE_PATH_MAX + 1];
	char fs[CS_RULE_FS_MAX + 1];
	unsigned int line;
};

/**
 * struct cs_rules - rules in their order
 * @rule: the rules, the first @count
 * @count: how many
 * @interrupted: they changed all the time while they were read
 */
struct cs_rules {
	struct cs_rule rule[CS_RULES_MAX];
	unsigned int count;
	bool interrupted;
};

bool cs_rule_parse(struct cs_rule *rule, char **words, int count, char *why,
		   size_t room);
void cs_rule_print(FILE *out, const struct cs_rule *rule);
bool cs_rules_read(struct cs_rules *rules, const char *path);
bool cs_rules_write(const struct cs_rules *rules, const char *path);

/* nl_rules.c: rules of the module; each says on stderr what failed */
int cs_nl_rules_dump(struct cs_nl *nl, struct cs_rules *rules);
int cs_nl_rule_add(struct cs_nl *nl, const struct cs_rule *rule,
		   unsigned int position);
int cs_nl_rule_del(struct cs_nl *nl, unsigned int id);
int cs_nl_rules_load(struct cs_nl *nl, const struct cs_rules *rules,
		     const char *path);

/* cmd_rules.c: what policy does about rules */
bool cs_cmd_rules_knows(const char *verb);
int cs_cmd_rules_run(int argc, char **argv);

#endif /* CS_RULE_H */
