// SPDX-License-Identifier: GPL-2.0
/* Netlink: the rules of the module. */
#include <stdio.h>
#include <string.h>

#include "nl.h"
#include "rule.h"

/* Bytes of the largest request: each rule has its strings and some numbers. */
#define REQUEST_MAX	(CS_RULES_MAX * 512)

/* A string of a nest, cut to @room bytes. */
static void take_text(struct nlattr *nest, int nr, char *to, size_t room)
{
	struct nlattr *attr = nla_find(nla_data(nest), nla_len(nest), nr);

	if (attr)
		nla_strlcpy(to, attr, room);
}

static int take_rule(struct nl_msg *msg, void *arg)
{
	struct nlattr *nest = nlmsg_find_attr(nlmsg_hdr(msg), GENL_HDRLEN,
					      COLDSEND_A_RULE);
	struct cs_rules *rules = arg;
	struct cs_rule *rule;

	if (!nest || rules->count == CS_RULES_MAX)
		return NL_OK;
	rule = &rules->rule[rules->count++];
	*rule = (struct cs_rule){ .line = 0 };
	cs_nl_take(&cs_rule_attrs, nla_data(nest), nla_len(nest), &rule->num);
	take_text(nest, COLDSEND_A_RULE_PATH, rule->path, sizeof(rule->path));
	take_text(nest, COLDSEND_A_RULE_FS, rule->fs, sizeof(rule->fs));
	return NL_OK;
}

static void clear_rules(void *arg)
{
	struct cs_rules *rules = arg;

	rules->count = 0;
}

/** cs_nl_rules_dump - all rules in their order; 0, or -1 after a message */
int cs_nl_rules_dump(struct cs_nl *nl, struct cs_rules *rules)
{
	int err = cs_nl_dump(nl, COLDSEND_CMD_RULE_GET, take_rule, clear_rules,
			     rules);

	rules->interrupted = nl->interrupted;
	return err;
}

static int put_rule(struct nl_msg *msg, const struct cs_rule *rule)
{
	struct nlattr *nest = nla_nest_start(msg, COLDSEND_A_RULE);

	if (!nest || cs_nl_put(msg, &cs_rule_attrs, &rule->num))
		return -1;
	if (*rule->path &&
	    nla_put_string(msg, COLDSEND_A_RULE_PATH, rule->path))
		return -1;
	if (*rule->fs && nla_put_string(msg, COLDSEND_A_RULE_FS, rule->fs))
		return -1;
	return nla_nest_end(msg, nest);
}

/* Sends @msg, or says that there was no memory if it is not complete. */
static int send_if(struct cs_nl *nl, struct nl_msg *msg, bool complete)
{
	if (!complete) {
		nlmsg_free(msg);
		msg = NULL;
	}
	return cs_nl_talk(nl, msg, NULL, NULL);
}

/**
 * cs_nl_rule_add - add a rule
 * @nl: the connection
 * @rule: the rule
 * @position: its place, from 1; 0 for the last
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_rule_add(struct cs_nl *nl, const struct cs_rule *rule,
		   unsigned int position)
{
	struct nl_msg *msg = cs_nl_request(nl, COLDSEND_CMD_RULE_ADD, 0);
	bool complete = msg && !put_rule(msg, rule);

	if (complete && position)
		complete = !nla_put_u32(msg, COLDSEND_A_RULE_POSITION,
					position);
	return send_if(nl, msg, complete);
}

/** cs_nl_rule_del - remove rule @id; 0, or -1 after a message */
int cs_nl_rule_del(struct cs_nl *nl, unsigned int id)
{
	struct nl_msg *msg = cs_nl_request(nl, COLDSEND_CMD_RULE_DEL, 0);

	return send_if(nl, msg, msg && !nla_put_u32(msg, COLDSEND_A_WHICH_RULE,
						   id));
}

/* Says which line the kernel refused: it tells where in the request. */
static void say_line(const struct cs_nl *nl, const struct cs_rules *rules,
		     const unsigned int *ends, const char *path)
{
	unsigned int i = 0;

	if (!nl->offset)
		return;
	while (i < rules->count && nl->offset >= ends[i])
		i++;
	if (i < rules->count)
		cs_err("%s:%u: that is about this rule", path,
		       rules->rule[i].line);
}

/**
 * cs_nl_rules_load - put these rules into the place of all
 * @nl: the connection
 * @rules: the rules, perhaps none
 * @path: of the file that they are from
 *
 * Return: 0, or -1 after a message.
 */
int cs_nl_rules_load(struct cs_nl *nl, const struct cs_rules *rules,
		     const char *path)
{
	unsigned int ends[CS_RULES_MAX];
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_MAX);
	bool complete;
	unsigned int i;
	int err;

	complete = msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ,
				      nl->family, 0, 0, COLDSEND_CMD_RULE_LOAD,
				      COLDSEND_FAMILY_VERSION);
	for (i = 0; complete && i < rules->count; i++) {
		complete = !put_rule(msg, &rules->rule[i]);
		ends[i] = nlmsg_hdr(msg)->nlmsg_len;
	}
	err = send_if(nl, msg, complete);
	if (err)
		say_line(nl, rules, ends, path);
	return err;
}
