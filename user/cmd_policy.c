// SPDX-License-Identifier: GPL-2.0
/* policy: shows and changes the default policy and the tunables. */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "rule.h"

/* Options are numbered by the attribute that they set. */
static const struct option options[] = {
	{ "segment-size", required_argument, NULL, COLDSEND_A_SEGMENT_SIZE },
	{ "depth", required_argument, NULL, COLDSEND_A_DEPTH },
	{ "pool-max", required_argument, NULL, COLDSEND_A_POOL_MAX },
	{ "files-max", required_argument, NULL, COLDSEND_A_FILES_MAX },
	{ "transfers-max", required_argument, NULL, COLDSEND_A_TRANSFERS_MAX },
	{ "user-transfers", required_argument, NULL, COLDSEND_A_USER_TRANSFERS },
	{ "user-share", required_argument, NULL, COLDSEND_A_USER_SHARE },
	{ "idle-max", required_argument, NULL, COLDSEND_A_IDLE_MAX },
	{ "small-max", required_argument, NULL, COLDSEND_A_SMALL_MAX },
	{ "admit-after", required_argument, NULL, COLDSEND_A_ADMIT_AFTER },
	{ "admit-window", required_argument, NULL, COLDSEND_A_ADMIT_WINDOW },
	{ "admit-max", required_argument, NULL, COLDSEND_A_ADMIT_MAX },
	{ NULL, 0, NULL, 0 },
};

static int show(struct cs_nl *nl)
{
	struct cs_values now;

	if (cs_nl_policy_get(nl, &now))
		return CS_FAILED;
	cs_printer()->tunables(&now);
	return CS_OK;
}

static int set(struct cs_nl *nl, const struct cs_values *wanted)
{
	if (cs_nl_policy_set(nl, wanted))
		return CS_FAILED;
	return cs_args_json() ? show(nl) : CS_OK;
}

static void take_option(struct cs_values *wanted, int nr)
{
	const struct cs_attr *attr = &cs_tunables.attr[nr];
	__u64 max = attr->wide ? ULLONG_MAX : UINT_MAX;

	cs_values_put(wanted, (unsigned int)nr,
		      cs_args_size(attr->name, optarg, max));
}

static void take_policy(struct cs_values *wanted, const char *name)
{
	__u32 policy = cs_args_policy(name);

	if (policy == COLDSEND_POLICY_DEFAULT)
		cs_args_err("what is set here is the default: it needs another name");
	cs_values_put(wanted, COLDSEND_A_POLICY, policy);
}

/* Return: is it "set", and do the arguments make sense with it? */
static bool parse(int argc, char **argv, struct cs_values *wanted)
{
	const char *verb = optind < argc ? argv[optind++] : "show";
	bool to_set;

	to_set = !strcmp(verb, "set");
	if (!to_set && strcmp(verb, "show"))
		cs_args_err("'%s' is not show, set, list, add, del, test, save or load",
			    verb);
	if (to_set && optind < argc)
		take_policy(wanted, argv[optind++]);
	if (optind < argc)
		cs_args_err("'%s' is one argument too many", argv[optind]);
	if (to_set != !!wanted->has)
		cs_args_err(to_set ? "set needs a policy or an option" :
				       "options that change something need set");
	return to_set;
}

static int run(int argc, char **argv)
{
	struct cs_values wanted = { .has = 0 };
	struct cs_nl *nl;
	int status, opt;
	bool to_set;

	while ((opt = cs_args_next(argc, argv)) != -1)
		take_option(&wanted, opt);
	if (optind < argc && cs_cmd_rules_knows(argv[optind])) {
		if (wanted.has)
			cs_args_err("'%s' takes no option that changes something: set does",
				    argv[optind]);
		return cs_cmd_rules_run(argc - optind, argv + optind);
	}
	to_set = parse(argc, argv, &wanted);
	nl = cs_nl_open();
	if (!nl)
		return CS_FAILED;
	status = to_set ? set(nl, &wanted) : show(nl);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_policy = {
	.name = "policy",
	.usage = "[show]\n"
		 "set [POLICY] [OPTION]...\n"
		 "list\n"
		 "add [at N] [MATCH]... {policy POLICY | budget SIZE}\n"
		 "del ID\n"
		 "{test | save | load} FILE",
	.summary = "show or set default policy, tunables and rules",
	.help =
"Shows, or sets all or nothing, what transfers that start from now on go by.\n"
"POLICY is auto, cached, direct, drop-behind or hybrid.  To set needs\n"
"CAP_NET_ADMIN, in the initial network namespace.\n\n"
"      --segment-size SIZE  bytes of one direct read at the most: a power of\n"
"                           two from 64K to 4M (1M, less on small machines)\n"
"      --depth N            direct reads that one transfer keeps in flight,\n"
"                           1 to 16 (4)\n"
"      --pool-max SIZE      bytes of segments that the module holds at the\n"
"                           most, 1M to a quarter of memory (1/64 of it,\n"
"                           4M to 64M)\n"
"      --files-max N        files that the statistics keep, 16 to 1M (4096)\n"
"      --transfers-max N    transfers at once of all users, 1 to 1M (65536)\n"
"      --user-transfers N   transfers at once of one user, 1 to 1M (16384)\n"
"      --user-share PERCENT of pool-max that one user's transfers hold at the\n"
"                           most, 10 to 100 (50)\n"
"      --idle-max SECONDS   after which a peer that takes nothing ends an\n"
"                           asynchronous transfer, 1 to 86400 (300)\n\n"
"Policy auto takes cached for small files and for those that it admits, hybrid\n"
"for the rest:\n"
"      --small-max SIZE     files up to this are small, 0 to 1G (1M); where memory\n"
"                           is full, they are let in at the second time\n"
"      --admit-after N      a larger one is admitted when it was served whole\n"
"                           so often, 1 to 1000 (2), ...\n"
"      --admit-window SECONDS\n"
"                           ... half of that forgotten in this time, 1 to\n"
"                           604800 (600), ...\n"
"      --admit-max PERCENT  ... and it needs, with what the page cache had to give\n"
"                           up from one time to the next, no more than this of\n"
"                           the available memory, 0 to 100 (25)\n\n"
"The rules are for transfers that ask for policy default or auto: the first that\n"
"matches says by which policy they go, or how many bytes of page cache they may\n"
"leave behind together (cached while there is room, else hybrid).  add puts a\n"
"rule behind the others, or at place N; del takes the ID that list shows; test\n"
"tells which rule FILE would go by; save writes all to FILE, load puts those of\n"
"FILE in the place of all, or changes nothing.  These two take - for FILE.  All\n"
"but test needs CAP_NET_ADMIN.  All of these MATCHes that a rule has must hold:\n"
"      size MIN-MAX         of the file; MIN- has no end\n"
"      path PATTERN         of the file; * stands for / too\n"
"      fs TYPE              of its file system\n"
"      dev MAJOR:MINOR      of its file system, as in /proc/self/mountinfo\n"
"      uid USER             who sends\n"
"      cgroup ID            of who sends, or above; or its directory\n",
	.options = options,
	.run = run,
};
