// SPDX-License-Identifier: GPL-2.0
/*
 * Rules: the first that matches says how a transfer travels whose caller left
 * that to us.
 *
 * The list never changes: a new one takes its place, and the old one is freed
 * when nobody looks at it any more.  Who looks may sleep, so that is SRCU.
 */
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/srcu.h>

#include "rule.h"

DEFINE_STATIC_SRCU(cs_rules_srcu);

/* Serializes changes: of cs_rules, cs_rules_any and cs_rules_last_id. */
static DEFINE_MUTEX(cs_rules_lock);
static struct cs_rules __rcu *cs_rules;
static bool cs_rules_any;	/* read without the lock too */
static u32 cs_rules_last_id;

/**
 * cs_rule_get - keeps a rule
 * @rule: in the list, or kept already
 *
 * Any context.  Return: @rule; cs_rule_put() lets go of it.
 */
struct cs_rule *cs_rule_get(struct cs_rule *rule)
{
	refcount_inc(&rule->refs);
	return rule;
}

/**
 * cs_rule_put - lets go of a rule
 * @rule: freed, if nobody else keeps it; or NULL
 *
 * Process context.
 */
void cs_rule_put(struct cs_rule *rule)
{
	if (!rule || !refcount_dec_and_test(&rule->refs))
		return;
	cs_budget_exit(rule);
	kfree(rule);
}

/**
 * cs_rules_alloc - a list of no rules yet
 * @count: rules that it will have
 *
 * Return: the list, all its rules NULL; or NULL without memory.
 */
struct cs_rules *cs_rules_alloc(u32 count)
{
	struct cs_rules *rules;

	rules = kzalloc(struct_size(rules, rule, count), GFP_KERNEL_ACCOUNT);
	if (rules)
		rules->count = count;
	return rules;
}

/**
 * cs_rules_free - frees a list and lets go of its rules
 * @rules: that nobody looks at, or NULL
 */
void cs_rules_free(struct cs_rules *rules)
{
	u32 i;

	if (!rules)
		return;
	for (i = 0; i < rules->count; i++)
		cs_rule_put(rules->rule[i]);
	kfree(rules);
}

static struct cs_rules *cs_rules_now(void)
{
	return rcu_dereference_protected(cs_rules,
					 lockdep_is_held(&cs_rules_lock));
}

/* Puts @new into the place of the old list, which nobody looks at afterwards. */
static void cs_rules_replace(struct cs_rules *new)
{
	struct cs_rules *old = cs_rules_now();

	lockdep_assert_held(&cs_rules_lock);
	/* 0 would tell a dump that it has not seen one yet. */
	new->generation = (old ? old->generation : 0) + 1 ? : 1;
	rcu_assign_pointer(cs_rules, new);
	WRITE_ONCE(cs_rules_any, new->count);
	synchronize_srcu(&cs_rules_srcu);
	cs_rules_free(old);
}

/* The next id, 0 never. */
static void cs_rules_number(struct cs_rule *rule)
{
	lockdep_assert_held(&cs_rules_lock);
	if (!++cs_rules_last_id)
		++cs_rules_last_id;
	rule->id = cs_rules_last_id;
}

/* Copies all rules of @old from @from on, each with a reference, to @to. */
static void cs_rules_copy(struct cs_rule **to, const struct cs_rules *old,
			  u32 from, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		to[i] = cs_rule_get(old->rule[from + i]);
}

static int cs_rules_insert(struct cs_rule *rule, u32 index,
			   const char **refusal)
{
	const struct cs_rules *old = cs_rules_now();
	u32 count = old ? old->count : 0;
	struct cs_rules *new;

	lockdep_assert_held(&cs_rules_lock);
	*refusal = "there are 256 rules already, which is the most";
	if (count == CS_RULES_MAX)
		return -ENOSPC;
	*refusal = "that place is behind the end of the list of rules";
	if (index > count)
		return -EINVAL;
	*refusal = "no memory for the list of rules";
	new = cs_rules_alloc(count + 1);
	if (!new)
		return -ENOMEM;
	*refusal = NULL;
	cs_rules_number(rule);
	cs_rules_copy(new->rule, old, 0, index);
	/* The caller's reference is the list's from here on. */
	new->rule[index] = rule;
	cs_rules_copy(new->rule + index + 1, old, index, count - index);
	cs_rules_replace(new);
	return 0;
}

/**
 * cs_rules_add - adds a rule
 * @rule: sound; belongs to the list afterwards, unless this fails
 * @position: its place in the list, from 1; 0 for the last
 * @refusal: set to a sentence that says why not
 *
 * May sleep.  Return: 0, -ENOSPC there are as many as may be, -EINVAL there is
 * no such place, -ENOMEM.
 */
int cs_rules_add(struct cs_rule *rule, u32 position, const char **refusal)
{
	const struct cs_rules *old;
	u32 index;
	int err;

	mutex_lock(&cs_rules_lock);
	old = cs_rules_now();
	index = position ? position - 1 : old ? old->count : 0;
	err = cs_rules_insert(rule, index, refusal);
	mutex_unlock(&cs_rules_lock);
	return err;
}

static int cs_rules_remove(u32 id, const char **refusal)
{
	const struct cs_rules *old = cs_rules_now();
	u32 count = old ? old->count : 0;
	struct cs_rules *new;
	u32 index = 0;

	lockdep_assert_held(&cs_rules_lock);
	while (index < count && old->rule[index]->id != id)
		index++;
	*refusal = "there is no rule of that id";
	if (index == count)
		return -ENOENT;
	*refusal = "no memory for the list of rules";
	new = cs_rules_alloc(count - 1);
	if (!new)
		return -ENOMEM;
	*refusal = NULL;
	cs_rules_copy(new->rule, old, 0, index);
	cs_rules_copy(new->rule + index, old, index + 1, count - index - 1);
	cs_rules_replace(new);
	return 0;
}

/**
 * cs_rules_del - removes a rule
 * @id: of the rule
 * @refusal: set to a sentence that says why not
 *
 * May sleep.  Return: 0, -ENOENT there is none, -ENOMEM.
 */
int cs_rules_del(u32 id, const char **refusal)
{
	int err;

	mutex_lock(&cs_rules_lock);
	err = cs_rules_remove(id, refusal);
	mutex_unlock(&cs_rules_lock);
	return err;
}

/**
 * cs_rules_load - puts other rules into the place of all
 * @rules: sound ones, at most CS_RULES_MAX; the list is ours afterwards
 *
 * May sleep.
 */
void cs_rules_load(struct cs_rules *rules)
{
	u32 i;

	mutex_lock(&cs_rules_lock);
	for (i = 0; i < rules->count; i++)
		cs_rules_number(rules->rule[i]);
	cs_rules_replace(rules);
	mutex_unlock(&cs_rules_lock);
}

/**
 * cs_rules_from - shows rules, from one of them on
 * @index: in: of the first, from 0; out: of the first that was not shown
 * @generation: set to the list's, 0 if there never was one
 * @show: shows a rule; 0, or -errno to stop
 * @arg: for @show
 *
 * May sleep.  Return: what @show said last, 0 at the end.
 */
int cs_rules_from(unsigned long *index, u32 *generation,
		  int (*show)(struct cs_rule *rule, void *arg), void *arg)
{
	const struct cs_rules *rules;
	int lock, err = 0;

	lock = srcu_read_lock(&cs_rules_srcu);
	rules = srcu_dereference(cs_rules, &cs_rules_srcu);
	*generation = rules ? rules->generation : 0;
	for (; rules && *index < rules->count; ++*index) {
		err = show(rules->rule[*index], arg);
		if (err)
			break;
	}
	srcu_read_unlock(&cs_rules_srcu, lock);
	return err;
}

/* The first rule that matches, or NULL. */
static struct cs_rule *cs_rules_find(const struct cs_rules *rules,
				     const struct cs_xfer *xfer)
{
	struct cs_subject subject = { .xfer = xfer };
	struct cs_rule *found = NULL;
	u32 i;

	for (i = 0; i < rules->count && !found; i++)
		if (cs_rule_matches(rules->rule[i], &subject))
			found = rules->rule[i];
	cs_subject_done(&subject);
	return found;
}

/* What a rule that matches says. */
static u32 cs_rule_apply(struct cs_rule *rule, struct cs_xfer *xfer, bool trial)
{
	bool room;

	if (!trial)
		atomic64_inc(&rule->hits);
	if (rule->policy != COLDSEND_POLICY_AUTO)
		xfer->reason = COLDSEND_REASON_RULE;
	if (rule->policy != COLDSEND_POLICY_DEFAULT)
		return rule->policy;
	xfer->looked = true;
	room = trial ? cs_budget_has_room(rule, xfer, true) :
		       cs_budget_reserve(rule, xfer);
	return room ? COLDSEND_POLICY_CACHED : COLDSEND_POLICY_HYBRID;
}

/**
 * cs_rules_choose - what the rules say about a transfer
 * @xfer: of the calling task, about to start; xfer->reason is set
 * @policy: where no rule matches
 * @trial: set to the id of the rule that matches, 0 for none, and nothing is
 *	counted or charged; or NULL
 *
 * May sleep.  What a rule's budget is charged with is settled by
 * cs_budget_settle().
 *
 * Return: enum coldsend_policy, perhaps AUTO; or @policy.
 */
u32 cs_rules_choose(struct cs_xfer *xfer, u32 policy, u32 *trial)
{
	const struct cs_rules *rules;
	struct cs_rule *rule;
	int lock;

	if (trial)
		*trial = 0;
	if (!READ_ONCE(cs_rules_any))
		return policy;
	lock = srcu_read_lock(&cs_rules_srcu);
	rules = srcu_dereference(cs_rules, &cs_rules_srcu);
	/* The mark may be seen before the first list. */
	rule = rules ? cs_rules_find(rules, xfer) : NULL;
	if (rule) {
		policy = cs_rule_apply(rule, xfer, trial);
		if (trial)
			*trial = rule->id;
	}
	srcu_read_unlock(&cs_rules_srcu, lock);
	return policy;
}

/**
 * cs_rules_exit - frees all rules
 *
 * No transfer may be left, nor netlink.
 */
void cs_rules_exit(void)
{
	cs_rules_free(rcu_dereference_protected(cs_rules, true));
	cs_rule_match_exit();
}
