// SPDX-License-Identifier: GPL-2.0
/* Rules in netlink messages. */
#include <linux/slab.h>
#include <net/genetlink.h>

#include "genl.h"
#include "rule.h"

static void cs_genl_take_sizes(struct cs_rule *rule, struct nlattr **attrs)
{
	rule->size_max = U64_MAX;
	if (attrs[COLDSEND_A_RULE_SIZE_MIN])
		rule->size_min = nla_get_u64(attrs[COLDSEND_A_RULE_SIZE_MIN]);
	if (attrs[COLDSEND_A_RULE_SIZE_MAX])
		rule->size_max = nla_get_u64(attrs[COLDSEND_A_RULE_SIZE_MAX]);
}

static void cs_genl_take_rule(struct cs_rule *rule, struct nlattr **attrs)
{
	u32 i;

	for (i = 0; i <= COLDSEND_A_RULE_MAX; i++)
		if (attrs[i])
			rule->has |= BIT(i);
	cs_genl_take_sizes(rule, attrs);
	if (attrs[COLDSEND_A_RULE_POLICY])
		rule->policy = nla_get_u32(attrs[COLDSEND_A_RULE_POLICY]);
	if (attrs[COLDSEND_A_RULE_BUDGET])
		rule->limit = nla_get_u64(attrs[COLDSEND_A_RULE_BUDGET]);
	if (attrs[COLDSEND_A_RULE_UID])
		rule->uid = nla_get_u32(attrs[COLDSEND_A_RULE_UID]);
	if (attrs[COLDSEND_A_RULE_CGROUP])
		rule->cgroup = nla_get_u64(attrs[COLDSEND_A_RULE_CGROUP]);
	if (attrs[COLDSEND_A_RULE_DEV_MAJOR])
		rule->dev_major = nla_get_u32(attrs[COLDSEND_A_RULE_DEV_MAJOR]);
	if (attrs[COLDSEND_A_RULE_DEV_MINOR])
		rule->dev_minor = nla_get_u32(attrs[COLDSEND_A_RULE_DEV_MINOR]);
	/* The policy of the attributes has seen that they fit. */
	if (attrs[COLDSEND_A_RULE_FS])
		nla_strscpy(rule->fs, attrs[COLDSEND_A_RULE_FS],
			    sizeof(rule->fs));
	if (attrs[COLDSEND_A_RULE_PATH])
		nla_strscpy(rule->path, attrs[COLDSEND_A_RULE_PATH],
			    sizeof(rule->path));
}

static struct cs_rule *cs_genl_new_rule(struct nlattr **attrs,
					const char **refusal)
{
	struct cs_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);

	*refusal = "no memory for the rule";
	if (!rule)
		return ERR_PTR(-ENOMEM);
	refcount_set(&rule->refs, 1);
	cs_genl_take_rule(rule, attrs);
	cs_rule_prepare(rule);
	if (cs_budget_init(rule)) {
		kfree(rule);
		return ERR_PTR(-ENOMEM);
	}
	*refusal = cs_rule_refusal(rule);
	if (!*refusal)
		return rule;
	cs_rule_put(rule);
	return ERR_PTR(-EINVAL);
}

/* The rule in @nest; what is wrong with it is said in @extack. */
static struct cs_rule *cs_genl_parse_rule(const struct nlattr *nest,
					  struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[COLDSEND_A_RULE_MAX + 1];
	struct cs_rule *rule;
	const char *refusal;
	int err;

	err = nla_parse_nested(attrs, COLDSEND_A_RULE_MAX, nest,
			       coldsend_rule_nl_policy, extack);
	if (err)
		return ERR_PTR(err);
	rule = cs_genl_new_rule(attrs, &refusal);
	if (IS_ERR(rule) && extack) {
		extack->_msg = refusal;
		/* Tells which of many. */
		extack->bad_attr = nest;
	}
	return rule;
}

static u32 cs_genl_count_rules(const struct genl_info *info)
{
	struct nlattr *attr;
	u32 count = 0;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest)
		count += nla_type(attr) == COLDSEND_A_RULE;
	return count;
}

int coldsend_nl_rule_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *position = info->attrs[COLDSEND_A_RULE_POSITION];
	struct cs_rule *rule;
	const char *refusal;
	int err;

	err = cs_genl_need_admin(skb, info->extack);
	if (err)
		return err;
	if (cs_genl_count_rules(info) != 1) {
		NL_SET_ERR_MSG(info->extack, "one rule is added at a time");
		return -EINVAL;
	}
	rule = cs_genl_parse_rule(info->attrs[COLDSEND_A_RULE], info->extack);
	if (IS_ERR(rule))
		return PTR_ERR(rule);
	err = cs_rules_add(rule, position ? nla_get_u32(position) : 0,
			   &refusal);
	if (!err)
		return 0;
	cs_rule_put(rule);
	if (info->extack)
		info->extack->_msg = refusal;
	return err;
}

int coldsend_nl_rule_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[COLDSEND_A_WHICH_RULE];
	const char *refusal;
	int err;

	err = cs_genl_need_admin(skb, info->extack);
	if (err)
		return err;
	if (!id) {
		NL_SET_ERR_MSG(info->extack, "the id of the rule is missing");
		return -EINVAL;
	}
	err = cs_rules_del(nla_get_u32(id), &refusal);
	if (err && info->extack)
		info->extack->_msg = refusal;
	return err;
}

/* Puts the rules of a request into @rules, which has room for them. */
static int cs_genl_fill_rules(struct cs_rules *rules,
			      const struct genl_info *info)
{
	struct cs_rule *rule;
	struct nlattr *attr;
	u32 count = 0;
	int rest;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rest) {
		if (nla_type(attr) != COLDSEND_A_RULE)
			continue;
		rule = cs_genl_parse_rule(attr, info->extack);
		if (IS_ERR(rule))
			return PTR_ERR(rule);
		rules->rule[count++] = rule;
	}
	return 0;
}

int coldsend_nl_rule_load_doit(struct sk_buff *skb, struct genl_info *info)
{
	u32 count = cs_genl_count_rules(info);
	struct cs_rules *rules;
	int err;

	err = cs_genl_need_admin(skb, info->extack);
	if (err)
		return err;
	if (count > CS_RULES_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "there can't be more than 256 rules");
		return -ENOSPC;
	}
	rules = cs_rules_alloc(count);
	if (!rules) {
		NL_SET_ERR_MSG(info->extack, "no memory for the rules");
		return -ENOMEM;
	}
	err = cs_genl_fill_rules(rules, info);
	if (err)
		cs_rules_free(rules);
	else
		cs_rules_load(rules);
	return err;
}

static int cs_genl_put_action(struct sk_buff *skb, struct cs_rule *rule)
{
	if (cs_rule_has(rule, COLDSEND_A_RULE_POLICY))
		return nla_put_u32(skb, COLDSEND_A_RULE_POLICY, rule->policy);
	return nla_put_u64_64bit(skb, COLDSEND_A_RULE_BUDGET, rule->limit,
				 COLDSEND_A_RULE_PAD) ?:
	       nla_put_u64_64bit(skb, COLDSEND_A_RULE_BUDGET_USED,
				 cs_budget_used(rule), COLDSEND_A_RULE_PAD);
}

/* Puts a number that the rule has; 64 bits if @wide. */
static int cs_genl_put_if(struct sk_buff *skb, const struct cs_rule *rule,
			  u32 attribute, u64 value, bool wide)
{
	if (!cs_rule_has(rule, attribute))
		return 0;
	return wide ? nla_put_u64_64bit(skb, attribute, value,
					COLDSEND_A_RULE_PAD) :
		      nla_put_u32(skb, attribute, value);
}

static int cs_genl_put_match(struct sk_buff *skb, const struct cs_rule *rule)
{
	if (cs_genl_put_if(skb, rule, COLDSEND_A_RULE_SIZE_MIN, rule->size_min,
			   true) ||
	    cs_genl_put_if(skb, rule, COLDSEND_A_RULE_SIZE_MAX, rule->size_max,
			   true) ||
	    cs_genl_put_if(skb, rule, COLDSEND_A_RULE_DEV_MAJOR,
			   rule->dev_major, false) ||
	    cs_genl_put_if(skb, rule, COLDSEND_A_RULE_DEV_MINOR,
			   rule->dev_minor, false) ||
	    cs_genl_put_if(skb, rule, COLDSEND_A_RULE_UID, rule->uid, false) ||
	    cs_genl_put_if(skb, rule, COLDSEND_A_RULE_CGROUP, rule->cgroup,
			   true))
		return -EMSGSIZE;
	if (cs_rule_has(rule, COLDSEND_A_RULE_FS) &&
	    nla_put_string(skb, COLDSEND_A_RULE_FS, rule->fs))
		return -EMSGSIZE;
	if (cs_rule_has(rule, COLDSEND_A_RULE_PATH) &&
	    nla_put_string(skb, COLDSEND_A_RULE_PATH, rule->path))
		return -EMSGSIZE;
	return 0;
}

static int cs_genl_put_rule(struct sk_buff *skb, struct cs_rule *rule)
{
	struct nlattr *nest = nla_nest_start(skb, COLDSEND_A_RULE);

	if (!nest || nla_put_u32(skb, COLDSEND_A_RULE_ID, rule->id) ||
	    cs_genl_put_action(skb, rule) || cs_genl_put_match(skb, rule) ||
	    nla_put_u64_64bit(skb, COLDSEND_A_RULE_HITS,
			      atomic64_read(&rule->hits), COLDSEND_A_RULE_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * struct cs_rule_dump - a part of a dump
 * @skb: where it goes
 * @cb: the dump
 */
struct cs_rule_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int cs_genl_show_rule(struct cs_rule *rule, void *arg)
{
	struct cs_rule_dump *dump = arg;
	void *header = cs_genl_row(dump->skb, dump->cb, COLDSEND_CMD_RULE_GET);

	if (!header)
		return -EMSGSIZE;
	return cs_genl_end_row(dump->skb, dump->cb, header,
			       cs_genl_put_rule(dump->skb, rule));
}

/* cb->args[0] is the index of the rule that comes next. */
int coldsend_nl_rule_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct cs_rule_dump dump = { .skb = skb, .cb = cb };
	unsigned long index = cb->args[0];
	int err;

	err = cs_genl_need_admin(cb->skb, cb->extack);
	if (err)
		return err;
	err = cs_rules_from(&index, &cb->seq, cs_genl_show_rule, &dump);
	cb->args[0] = index;
	return cs_genl_dumped(skb, err);
}
