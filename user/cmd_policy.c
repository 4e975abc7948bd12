// SPDX-License-Identifier: GPL-2.0
/* policy: shows and changes the default policy and the tunables. */
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "cli.h"

/* Options are numbered by the attribute that they set. */
static const struct option options[] = {
	{ "segment-size", required_argument, NULL, COLDSEND_A_SEGMENT_SIZE },
	{ "depth", required_argument, NULL, COLDSEND_A_DEPTH },
	{ "pool-max", required_argument, NULL, COLDSEND_A_POOL_MAX },
	{ "files-max", required_argument, NULL, COLDSEND_A_FILES_MAX },
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

/* Return: is it "set", and do the arguments make sense with it? */
static bool parse(int argc, char **argv, struct cs_values *wanted)
{
	const char *verb;
	bool to_set;
	int opt;

	while ((opt = cs_args_next(argc, argv)) != -1)
		take_option(wanted, opt);
	verb = optind < argc ? argv[optind++] : "show";
	to_set = !strcmp(verb, "set");
	if (!to_set && strcmp(verb, "show"))
		cs_args_err("'%s' is neither show nor set", verb);
	if (to_set && optind < argc)
		cs_values_put(wanted, COLDSEND_A_POLICY,
			      cs_args_policy(argv[optind++]));
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
	bool to_set = parse(argc, argv, &wanted);
	struct cs_nl *nl = cs_nl_open();
	int status;

	if (!nl)
		return CS_FAILED;
	status = to_set ? set(nl, &wanted) : show(nl);
	cs_nl_close(nl);
	return status;
}

const struct cs_command cs_cmd_policy = {
	.name = "policy",
	.usage = "[show]\n"
		 "set [POLICY] [OPTION]...",
	.summary = "show or set the default policy and the tunables",
	.help =
"Shows, or sets all or nothing, what transfers that start from now on go by.\n"
"POLICY is cached, direct, drop-behind or hybrid.  To set needs CAP_NET_ADMIN.\n\n"
"      --segment-size SIZE  bytes of one direct read at the most: a power of\n"
"                           two from 64K to 4M (1M)\n"
"      --depth N            direct reads that one transfer keeps in flight,\n"
"                           1 to 16 (4)\n"
"      --pool-max SIZE      bytes of segments that the module holds at the\n"
"                           most, 1M to a quarter of memory\n"
"      --files-max N        files that the statistics keep, 16 to 1M (4096)\n",
	.options = options,
	.run = run,
};
