// SPDX-License-Identifier: GPL-2.0
/*
 * Budgets: what the transfers of a rule may leave in the page cache.
 *
 * While transfers of a file run, their rule is charged with all that the file had
 * not in the page cache.  When one has ended, the file is charged with as much as
 * it has got more meanwhile.  What the file has lost again is given back when the
 * next transfer of it comes or goes; and all of it when none came for a while:
 * its pages are among the first to leave then.  A file has no mark of ours, nor
 * do we keep it open, so that there is no better way to know.
 */
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/math.h>
#include <linux/slab.h>

#include "rule.h"

#define CS_CHARGES_MAX	4096U

/**
 * struct cs_charge - what a file was charged with
 * @node: in cs_budget.files
 * @age: in cs_budget.oldest
 * @key: the file
 * @bytes: that its transfers left, as far as is known
 * @reserved: that those which run may still bring in, together
 * @running: its transfers that may bring more
 * @since: jiffies when the last of them came or went
 */
struct cs_charge {
	struct hlist_node node;
	struct list_head age;
	struct cs_key key;
	u64 bytes;
	u64 reserved;
	u32 running;
	unsigned long since;
};

/**
 * struct cs_stake - what a running transfer may still bring in
 * @rule: whose budget it is; a reference
 * @charge: of its file
 * @pages: that the file had in the page cache
 */
struct cs_stake {
	struct cs_rule *rule;
	struct cs_charge *charge;
	unsigned long pages;
};

static struct hlist_head *cs_charge_place(struct cs_budget *budget,
					  const struct cs_key *key)
{
	return &budget->files[hash_32(cs_key_hash(key, 0), CS_CHARGES_BITS)];
}

static struct cs_charge *cs_charge_find(struct cs_budget *budget,
					const struct cs_key *key)
{
	struct cs_charge *charge;

	lockdep_assert_held(&budget->lock);
	hlist_for_each_entry(charge, cs_charge_place(budget, key), node)
		if (cs_key_equal(&charge->key, key))
			return charge;
	return NULL;
}

static void cs_charge_insert(struct cs_budget *budget, struct cs_charge *charge,
			     const struct cs_key *key)
{
	lockdep_assert_held(&budget->lock);
	charge->key = *key;
	charge->since = jiffies;
	hlist_add_head(&charge->node, cs_charge_place(budget, key));
	list_add_tail(&charge->age, &budget->oldest);
	budget->nr_files++;
}

static void cs_charge_remove(struct cs_budget *budget, struct cs_charge *charge)
{
	lockdep_assert_held(&budget->lock);
	budget->charged -= charge->bytes;
	budget->nr_files--;
	hlist_del(&charge->node);
	list_del(&charge->age);
	kfree(charge);
}

/* Charges a file with @more bytes, with no more than it has in all. */
static void cs_charge_set(struct cs_budget *budget, struct cs_charge *charge,
			  struct file *file, u64 more)
{
	u64 has = (u64)cs_pagecache_pages(file) << PAGE_SHIFT;
	u64 bytes = min(charge->bytes + more, has);

	lockdep_assert_held(&budget->lock);
	budget->charged += bytes - charge->bytes;
	charge->bytes = bytes;
}

/* A transfer of the file came or went. */
static void cs_charge_touch(struct cs_budget *budget, struct cs_charge *charge)
{
	lockdep_assert_held(&budget->lock);
	charge->since = jiffies;
	list_move_tail(&charge->age, &budget->oldest);
}

/* Forgets the files that nobody sent for a while. */
static void cs_budget_forget(struct cs_budget *budget, unsigned long window)
{
	struct cs_charge *charge, *next;

	lockdep_assert_held(&budget->lock);
	list_for_each_entry_safe(charge, next, &budget->oldest, age) {
		if (time_before(jiffies, charge->since + window))
			break;
		if (!charge->running)
			cs_charge_remove(budget, charge);
	}
}

/* Bytes of the file that are not in the page cache, in whole pages. */
static u64 cs_budget_missing(const struct cs_xfer *xfer)
{
	u64 all = DIV_ROUND_UP_ULL(xfer->size, PAGE_SIZE);
	u64 has = cs_pagecache_pages(xfer->file);

	return all > has ? (all - has) << PAGE_SHIFT : 0;
}

/*
 * Is there room for what is @missing, beside what is reserved for the file?  Gives
 * back first what can be.
 * @charge is set to the file's, or NULL.
 */
static bool cs_budget_fits(struct cs_rule *rule, const struct cs_xfer *xfer,
			   u64 missing, struct cs_charge **charge)
{
	struct cs_budget *budget = &rule->budget;
	u64 used;

	lockdep_assert_held(&budget->lock);
	cs_budget_forget(budget, xfer->tunables.admit_window * HZ);
	*charge = cs_charge_find(budget, &xfer->key);
	if (*charge) {
		cs_charge_set(budget, *charge, xfer->file, 0);
		missing -= min(missing, (*charge)->reserved);
	}
	if (!*charge && budget->nr_files >= CS_CHARGES_MAX)
		return false;
	if (!missing)
		return true;
	used = budget->charged + budget->reserved;
	return used <= rule->limit && missing <= rule->limit - used;
}

/**
 * cs_budget_has_room - may a transfer leave its file in the page cache?
 * @rule: with a budget
 * @xfer: with its file
 * @trial: it is not about to start, somebody only wants to know
 *
 * Process context.
 */
bool cs_budget_has_room(struct cs_rule *rule, const struct cs_xfer *xfer,
			bool trial)
{
	struct cs_charge *charge;
	bool fits;

	spin_lock(&rule->budget.lock);
	fits = cs_budget_fits(rule, xfer, cs_budget_missing(xfer), &charge);
	if (charge && !trial)
		cs_charge_touch(&rule->budget, charge);
	spin_unlock(&rule->budget.lock);
	return fits;
}

/* Has @missing bytes reserved for the file; @charge is used if it has none. */
static bool cs_budget_take(struct cs_rule *rule, struct cs_xfer *xfer,
			   u64 missing, struct cs_stake *stake,
			   struct cs_charge *charge)
{
	struct cs_budget *budget = &rule->budget;
	struct cs_charge *old;

	lockdep_assert_held(&budget->lock);
	if (!cs_budget_fits(rule, xfer, missing, &old))
		return false;
	if (old)
		charge = old;
	else
		cs_charge_insert(budget, charge, &xfer->key);
	stake->charge = charge;
	charge->running++;
	if (missing > charge->reserved) {
		budget->reserved += missing - charge->reserved;
		charge->reserved = missing;
	}
	return true;
}

/**
 * cs_budget_reserve - lets a transfer leave its file in the page cache, or not
 * @rule: with a budget
 * @xfer: with its file; cs_budget_settle() ends it
 *
 * May sleep.  Return: whether it may.
 */
bool cs_budget_reserve(struct cs_rule *rule, struct cs_xfer *xfer)
{
	struct cs_charge *charge;
	struct cs_stake *stake;
	bool taken = false;

	/* Most bring nothing, or must not. */
	if (!cs_budget_has_room(rule, xfer, false))
		return false;
	if (!cs_budget_missing(xfer))
		return true;
	stake = kzalloc(sizeof(*stake), GFP_KERNEL);
	charge = kzalloc(sizeof(*charge), GFP_KERNEL);
	if (!stake || !charge)
		goto out;
	stake->pages = cs_pagecache_pages(xfer->file);
	spin_lock(&rule->budget.lock);
	taken = cs_budget_take(rule, xfer, cs_budget_missing(xfer), stake,
			       charge);
	spin_unlock(&rule->budget.lock);
	if (taken) {
		/* Let go of in cs_budget_settle(). */
		stake->rule = cs_rule_get(rule);
		xfer->stake = stake;
		if (stake->charge == charge)
			charge = NULL;
		stake = NULL;
	}
out:
	kfree(charge);
	kfree(stake);
	return taken;
}

/**
 * cs_budget_settle - charges the file with what a transfer has left behind
 * @xfer: that has ended, and still has its file
 *
 * Process context.
 */
void cs_budget_settle(struct cs_xfer *xfer)
{
	struct cs_stake *stake = xfer->stake;
	struct cs_charge *charge;
	struct cs_budget *budget;
	u64 left;

	if (!stake)
		return;
	budget = &stake->rule->budget;
	charge = stake->charge;
	spin_lock(&budget->lock);
	/* Those that still run bring no more than is missing. */
	left = --charge->running ? cs_budget_missing(xfer) : 0;
	left = min(left, charge->reserved);
	budget->reserved -= charge->reserved - left;
	charge->reserved = left;
	cs_charge_set(budget, charge, xfer->file,
		      (u64)cs_pagecache_added(xfer->file, stake->pages) <<
		      PAGE_SHIFT);
	cs_charge_touch(budget, charge);
	if (!charge->running && !charge->bytes)
		cs_charge_remove(budget, charge);
	spin_unlock(&budget->lock);
	cs_rule_put(stake->rule);
	kfree(stake);
	xfer->stake = NULL;
}

/**
 * cs_budget_used - bytes that are charged now
 * @rule: any
 *
 * Process context.
 */
u64 cs_budget_used(struct cs_rule *rule)
{
	struct cs_tunables tunables;
	u64 used;

	cs_policy_get(&tunables);
	spin_lock(&rule->budget.lock);
	cs_budget_forget(&rule->budget, tunables.admit_window * HZ);
	used = rule->budget.charged + rule->budget.reserved;
	spin_unlock(&rule->budget.lock);
	return used;
}

/**
 * cs_budget_init - prepares the budget of a rule, if it has one
 * @rule: new
 *
 * May sleep.  Return: 0 or -ENOMEM.
 */
int cs_budget_init(struct cs_rule *rule)
{
	struct cs_budget *budget = &rule->budget;

	spin_lock_init(&budget->lock);
	INIT_LIST_HEAD(&budget->oldest);
	if (!cs_rule_has(rule, COLDSEND_A_RULE_BUDGET))
		return 0;
	budget->files = kcalloc(1U << CS_CHARGES_BITS, sizeof(*budget->files),
				GFP_KERNEL_ACCOUNT);
	return budget->files ? 0 : -ENOMEM;
}

/**
 * cs_budget_exit - forgets all files
 * @rule: that no transfer is charged to
 */
void cs_budget_exit(struct cs_rule *rule)
{
	struct cs_charge *charge, *next;

	spin_lock(&rule->budget.lock);
	list_for_each_entry_safe(charge, next, &rule->budget.oldest, age)
		cs_charge_remove(&rule->budget, charge);
	spin_unlock(&rule->budget.lock);
	kfree(rule->budget.files);
}
