/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rules: what the files that deal with them offer each other.
 *
 *	rules	    the list, and the choice for a transfer
 *	rule_match  one rule: is it sound, does it match
 *	budget	    what transfers of one rule leave in the page cache
 *	genl_rules  rules in netlink messages
 *
 * Locks, which nest in none of the others of the module:
 *
 *	rules lock	rules.c: a mutex, held while the list changes
 *	budget lock	budget.c: of a rule, what its files are charged with
 */
#ifndef COLDSEND_RULE_H
#define COLDSEND_RULE_H

#include <linux/dcache.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "coldsend.h"

/* As in the netlink specification, with their zeros. */
#define CS_RULE_PATH_SIZE	256
#define CS_RULE_FS_SIZE		32
#define CS_RULES_MAX		256

#define CS_CHARGES_BITS		8

struct cs_charge;

/**
 * struct cs_budget - what transfers of one rule have left in the page cache
 * @lock: guards all of it
 * @reserved: bytes that running transfers may still bring in
 * @charged: bytes that files are charged with together
 * @nr_files: files that are charged
 * @files: their charges, by file; NULL if the rule has no budget
 * @oldest: their charges, the least recently used first
 */
struct cs_budget {
	spinlock_t lock;	/* see @lock above */
	u64 reserved;
	u64 charged;
	u32 nr_files;
	struct hlist_head *files;
	struct list_head oldest;
};

/**
 * struct cs_rule - a rule; but for counts, it never changes
 * @refs: one of the list's, one of each transfer's that its budget is for
 * @has: bit set: enum coldsend_a_rule that the rule was made with
 * @id: its number
 * @policy: enum coldsend_policy, DEFAULT if it has a budget
 * @uid: real user ID
 * @dev_major: of the file system's device
 * @dev_minor: likewise
 * @limit: the budget in bytes
 * @size_min: bytes of the file at the least
 * @size_max: bytes of the file at the most
 * @cgroup: id of a cgroup
 * @hits: transfers that matched
 * @budget: what they have left
 * @path_size: chars of @path
 * @path_head: chars at the start of @path that stand for themselves
 * @path_tail: chars at its end that do
 * @path_least: chars that what it matches has at the least
 * @path_is_ends: it is these with one star between
 * @name_size: chars of @name
 * @name_is_all: of a file's name; if not, its end
 * @name: what the pattern says of a file's name, in @path; may be ""
 * @fs: file system type
 * @path: pattern
 * @rest: of it behind its head, and a slash: see cs_rule_has_path()
 */
struct cs_rule {
	refcount_t refs;
	u32 has;
	u32 id;
	u32 policy;
	u32 uid;
	u32 dev_major;
	u32 dev_minor;
	u64 limit;
	u64 size_min;
	u64 size_max;
	u64 cgroup;
	atomic64_t hits;
	struct cs_budget budget;
	u32 path_size;
	u32 path_head;
	u32 path_tail;
	u32 path_least;
	u32 name_size;
	bool name_is_all;
	bool path_is_ends;
	const char *name;
	char fs[CS_RULE_FS_SIZE];
	char path[CS_RULE_PATH_SIZE];
	char rest[CS_RULE_PATH_SIZE + 1];
};

static inline bool cs_rule_has(const struct cs_rule *rule, u32 attribute)
{
	return rule->has & BIT(attribute);
}

/**
 * struct cs_rules - the rules in their order; replaced as a whole
 * @generation: tells it from the one before; never 0
 * @count: how many
 * @rule: the rules; a reference on each
 */
struct cs_rules {
	u32 generation;
	u32 count;
	struct cs_rule *rule[];
};

/* rules.c: the list */

struct cs_rules *cs_rules_alloc(u32 count);
void cs_rules_free(struct cs_rules *rules);
struct cs_rule *cs_rule_get(struct cs_rule *rule);
void cs_rule_put(struct cs_rule *rule);
int cs_rules_add(struct cs_rule *rule, u32 position, const char **refusal);
int cs_rules_del(u32 id, const char **refusal);
void cs_rules_load(struct cs_rules *rules);
int cs_rules_from(unsigned long *index, u32 *generation,
		  int (*show)(struct cs_rule *rule, void *arg), void *arg);

/* rule_match.c: one rule */

/**
 * struct cs_subject - what rules look at
 * @xfer: a transfer of the calling task, about to start
 * @name: of the file, once it was asked for
 * @buffer: for @path, NULL if it was not asked for so far
 * @path: of the file, "" if it can't be told; a slash and CS_RULE_PATH_SIZE zeros
 *	follow
 * @length: of @path without these
 */
struct cs_subject {
	const struct cs_xfer *xfer;
	struct name_snapshot name;
	char *buffer;
	const char *path;
	size_t length;
};

void cs_rule_prepare(struct cs_rule *rule);
const char *cs_rule_refusal(const struct cs_rule *rule);
bool cs_rule_matches(const struct cs_rule *rule, struct cs_subject *subject);
void cs_subject_done(struct cs_subject *subject);
void cs_rule_match_exit(void);

/* budget.c: what transfers leave behind */

int cs_budget_init(struct cs_rule *rule);
void cs_budget_exit(struct cs_rule *rule);
bool cs_budget_has_room(struct cs_rule *rule, const struct cs_xfer *xfer,
			bool trial);
bool cs_budget_reserve(struct cs_rule *rule, struct cs_xfer *xfer);
u64 cs_budget_used(struct cs_rule *rule);

#endif /* COLDSEND_RULE_H */
