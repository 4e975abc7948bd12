// SPDX-License-Identifier: GPL-2.0
/*
 * One rule: is it sound, and does it match a transfer that is about to start?
 *
 * What is cheap to know is looked at first; a file's path is only made for a
 * rule that all else of matches, its name too, and once for all rules.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/glob.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "rule.h"

#define CS_BUDGET_MIN	4096U
#define CS_BUDGET_MAX	BIT_ULL(62)

/* What the kernel puts behind the path of a file that was unlinked. */
#define CS_DELETED	" (deleted)"

/* A path, and what glob_match() may see behind it. */
#define CS_PATH_BUFFER	(PATH_MAX + CS_RULE_PATH_SIZE)

/* Chars of a pattern that may not stand for themselves. */
#define CS_GLOB_SPECIAL	"*?[]\\"

/* Of each processor, the buffer of its last path, zeros behind it; or NULL. */
static DEFINE_PER_CPU(char *, cs_path_spare);

/* Of a file whose path can't be told. */
static const char cs_path_none[1 + CS_RULE_PATH_SIZE] = "/";

/**
 * cs_rule_prepare - finds out what makes the rule quick to look at
 * @rule: that nobody else sees yet
 */
void cs_rule_prepare(struct cs_rule *rule)
{
	const char *slash;
	size_t tail;

	rule->path_size = strlen(rule->path);
	rule->path_head = strcspn(rule->path, CS_GLOB_SPECIAL);
	tail = rule->path_size;
	while (tail && !strchr(CS_GLOB_SPECIAL, rule->path[tail - 1]))
		tail--;
	rule->path_tail = rule->path_size - tail;
	rule->path_least = min(rule->path_head + rule->path_tail,
			       rule->path_size);
	rule->path_is_ends = rule->path_least + 1 == rule->path_size &&
			     rule->path[rule->path_head] == '*';
	snprintf(rule->rest, sizeof(rule->rest), "%s/",
		 rule->path + rule->path_head);
	slash = strrchr(rule->path + tail, '/');
	rule->name = slash ? slash + 1 : rule->path + tail;
	rule->name_size = strlen(rule->name);
	rule->name_is_all = slash;
}

static const char *cs_rule_match_refusal(const struct cs_rule *rule)
{
	if (rule->size_min > rule->size_max)
		return "the smallest size of a rule is above its largest";
	if (cs_rule_has(rule, COLDSEND_A_RULE_PATH) &&
	    rule->path[0] != '/' && rule->path[0] != '*')
		return "the path pattern of a rule must begin with / or *";
	if (cs_rule_has(rule, COLDSEND_A_RULE_FS) && !rule->fs[0])
		return "the file system type of a rule must not be empty";
	if (cs_rule_has(rule, COLDSEND_A_RULE_DEV_MAJOR) !=
	    cs_rule_has(rule, COLDSEND_A_RULE_DEV_MINOR))
		return "the device of a rule needs both of its numbers";
	if (rule->dev_minor > MINORMASK)
		return "the minor number of a rule's device must be from 0 to 1048575";
	if (cs_rule_has(rule, COLDSEND_A_RULE_UID) &&
	    !uid_valid(make_kuid(&init_user_ns, rule->uid)))
		return "the uid of a rule must be from 0 to 4294967294";
	if (!IS_ENABLED(CONFIG_CGROUPS) &&
	    cs_rule_has(rule, COLDSEND_A_RULE_CGROUP))
		return "this kernel has no cgroups";
	return NULL;
}

/**
 * cs_rule_refusal - is a rule sound?
 * @rule: as it was asked for
 *
 * Any context.  Return: NULL, or a sentence that says what is wrong.
 */
const char *cs_rule_refusal(const struct cs_rule *rule)
{
	bool has_policy = cs_rule_has(rule, COLDSEND_A_RULE_POLICY);
	bool has_budget = cs_rule_has(rule, COLDSEND_A_RULE_BUDGET);

	if (rule->has & (BIT(COLDSEND_A_RULE_ID) | BIT(COLDSEND_A_RULE_HITS) |
			 BIT(COLDSEND_A_RULE_BUDGET_USED)))
		return "the id, the hits and what is used of the budget are not for you to say";
	if (!has_policy && !has_budget)
		return "a rule must say what to do: a policy or a budget";
	if (has_policy && has_budget)
		return "a rule has a policy or a budget, not both";
	if (has_policy && !cs_policy_known(rule->policy))
		return "the policy of a rule must be auto, cached, direct, drop-behind or hybrid";
	if (has_budget && (rule->limit < CS_BUDGET_MIN ||
			   rule->limit > CS_BUDGET_MAX))
		return "the budget of a rule must be from 4096 to 2^62 bytes";
	return cs_rule_match_refusal(rule);
}

static bool cs_rule_has_user(const struct cs_rule *rule)
{
	return !cs_rule_has(rule, COLDSEND_A_RULE_UID) ||
	       from_kuid(&init_user_ns, current_uid()) == rule->uid;
}

static bool cs_rule_has_file(const struct cs_rule *rule,
			     const struct cs_xfer *xfer)
{
	const struct super_block *sb = file_inode(xfer->file)->i_sb;

	if (xfer->size < rule->size_min || xfer->size > rule->size_max)
		return false;
	if (cs_rule_has(rule, COLDSEND_A_RULE_DEV_MAJOR) &&
	    (MAJOR(sb->s_dev) != rule->dev_major ||
	     MINOR(sb->s_dev) != rule->dev_minor))
		return false;
	return !cs_rule_has(rule, COLDSEND_A_RULE_FS) ||
	       !strcmp(sb->s_type->name, rule->fs);
}

#ifdef CONFIG_CGROUPS
/* The task is in the cgroup, or in one below it. */
static bool cs_rule_has_cgroup(const struct cs_rule *rule)
{
	struct cgroup *cgroup;
	bool found = false;

	if (!cs_rule_has(rule, COLDSEND_A_RULE_CGROUP))
		return true;
	rcu_read_lock();
	for (cgroup = task_dfl_cgroup(current); cgroup && !found;
	     cgroup = cgroup_parent(cgroup))
		found = cgroup_id(cgroup) == rule->cgroup;
	rcu_read_unlock();
	return found;
}
#else
static bool cs_rule_has_cgroup(const struct cs_rule *rule)
{
	return !cs_rule_has(rule, COLDSEND_A_RULE_CGROUP);
}
#endif

/* Chars of a path but for what the kernel puts behind that of an unlinked file. */
static size_t cs_path_length(const struct cs_xfer *xfer, const char *path)
{
	size_t length = strlen(path), deleted = strlen(CS_DELETED);

	if (!d_unlinked(xfer->file->f_path.dentry) || length <= deleted ||
	    strcmp(path + length - deleted, CS_DELETED))
		return length;
	return length - deleted;
}

static void cs_subject_find_path(struct cs_subject *subject)
{
	char *path, *end;

	subject->path = cs_path_none;
	/* Memory would be zeroed for each: that is dearer than the path. */
	subject->buffer = this_cpu_xchg(cs_path_spare, NULL);
	if (!subject->buffer)
		subject->buffer = kzalloc(CS_PATH_BUFFER, GFP_KERNEL);
	if (!subject->buffer)
		return;
	path = file_path(subject->xfer->file, subject->buffer, PATH_MAX);
	if (IS_ERR(path))
		return;
	subject->path = path;
	subject->length = cs_path_length(subject->xfer, path);
	end = path + subject->length;
	memset(end, 0, subject->buffer + PATH_MAX - end);
	*end = '/';
}

/* Where a file is mounted, and on some file systems, a path ends otherwise. */
static bool cs_subject_find_name(struct cs_subject *subject)
{
	const struct path *path = &subject->xfer->file->f_path;
	struct dentry *dentry = path->dentry;

	if (dentry == path->mnt->mnt_root ||
	    (dentry->d_op && dentry->d_op->d_dname))
		return false;
	if (!subject->name.name.name)
		take_dentry_name_snapshot(&subject->name, dentry);
	return true;
}

/* Could the pattern match, by the name that the path ends with? */
static bool cs_rule_has_name(const struct cs_rule *rule,
			     struct cs_subject *subject)
{
	const struct qstr *name = &subject->name.name;

	if (!rule->name_size || !cs_subject_find_name(subject))
		return true;
	if (rule->name_is_all ? name->len != rule->name_size :
				name->len < rule->name_size)
		return false;
	return !memcmp(name->name + name->len - rule->name_size, rule->name,
		       rule->name_size);
}

/*
 * Most patterns differ in chars at their ends, which is soon seen.
 *
 * On some kernels (6.1) [!x] matches the zero at the end too, and glob_match() goes
 * on behind it.  A slash that comes last in both has it find no match there, and no
 * more than zeros.
 */
static bool cs_rule_has_path(const struct cs_rule *rule,
			     struct cs_subject *subject)
{
	const char *tail = rule->path + rule->path_size - rule->path_tail;

	if (!cs_rule_has_name(rule, subject))
		return false;
	if (!subject->path)
		cs_subject_find_path(subject);
	if (subject->length < rule->path_least ||
	    memcmp(subject->path, rule->path, rule->path_head) ||
	    memcmp(subject->path + subject->length - rule->path_tail, tail,
		   rule->path_tail))
		return false;
	if (rule->path_is_ends)
		return true;
	/* Many long patterns take their time. */
	cond_resched();
	return glob_match(rule->rest, subject->path + rule->path_head);
}

/**
 * cs_rule_matches - does a rule match?
 * @rule: the rule
 * @subject: the transfer; cs_subject_done() ends it
 *
 * May sleep.  In the task that asks for the transfer.
 */
bool cs_rule_matches(const struct cs_rule *rule, struct cs_subject *subject)
{
	if (!cs_rule_has_user(rule) ||
	    !cs_rule_has_file(rule, subject->xfer) ||
	    !cs_rule_has_cgroup(rule))
		return false;
	return !cs_rule_has(rule, COLDSEND_A_RULE_PATH) ||
	       cs_rule_has_path(rule, subject);
}

/**
 * cs_subject_done - lets go of what rules knew of a transfer
 * @subject: after the last cs_rule_matches()
 */
void cs_subject_done(struct cs_subject *subject)
{
	if (subject->name.name.name)
		release_dentry_name_snapshot(&subject->name);
	if (subject->buffer &&
	    this_cpu_cmpxchg(cs_path_spare, NULL, subject->buffer))
		kfree(subject->buffer);
}

/**
 * cs_rule_match_exit - frees what was kept for the next path
 *
 * No transfer may be left.
 */
void cs_rule_match_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree(per_cpu(cs_path_spare, cpu));
}
