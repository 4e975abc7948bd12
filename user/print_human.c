// SPDX-License-Identifier: GPL-2.0
/* The printer for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rule.h"
#include "views.h"

/* The path column of the table of files is never cut shorter than this. */
#define PATH_MIN	16

static void print_fallback(__u32 fallback)
{
	if (fallback == COLDSEND_FALLBACK_NONE)
		return;
	printf("fell back, %s", cs_words_name(&cs_fallbacks, fallback));
	if (cs_fallbacks.meaning(fallback))
		printf(": %s", cs_fallbacks.meaning(fallback));
	putchar('\n');
}

static void print_sent(const struct cs_sent *sent)
{
	const struct coldsend_send *total = &sent->total;

	printf("sent %llu bytes in %.3f s (%.1f MB/s), policy %s",
	       total->sent, sent->seconds,
	       cs_print_rate(total->sent, sent->seconds),
	       cs_words_name(&cs_policies, total->policy_used));
	if (total->reason != COLDSEND_REASON_NONE)
		printf(total->reason == COLDSEND_REASON_RULE ? " (%s)" :
							       " (auto: %s)",
		       cs_words_name(&cs_reasons, total->reason));
	putchar('\n');
	printf("bytes from the page cache %llu, by direct I/O %llu, copied by the CPU %llu\n",
	       total->bytes_cached, total->bytes_direct, total->bytes_copied);
	print_fallback(total->fallback);
}

/* On stderr: standard output may hold the bytes themselves. */
static void print_received(const struct cs_received *received)
{
	fprintf(stderr, "received %llu bytes in %.3f s (%.1f MB/s)\n",
		received->bytes, received->seconds,
		cs_print_rate(received->bytes, received->seconds));
}

static void print_values(const struct cs_attrs *set,
			 const struct cs_values *values)
{
	unsigned int nr;

	for (nr = 0; nr < set->count; nr++) {
		const struct cs_attr *attr = &set->attr[nr];

		if (!(values->has & 1ULL << nr))
			continue;
		if (attr->words)
			printf("%-24s %s\n", attr->name,
			       cs_words_name(attr->words, values->v[nr]));
		else
			printf("%-24s %llu\n", attr->name, values->v[nr]);
	}
}

static void print_tunables(const struct cs_values *tunables)
{
	print_values(&cs_tunables, tunables);
}

static void print_stats(const struct cs_stats *stats, bool again)
{
	(void)again;
	print_values(&cs_counters, &stats->counters);
	print_values(&cs_objects, &stats->objects);
}

/* A size in a column of six: at most four digits or so, and a suffix. */
static void print_size(__u64 bytes)
{
	static const char suffix[] = "KMGTPE";
	double size = (double)bytes;
	int i = -1;

	if (bytes < 1024) {
		printf("%6llu ", bytes);
		return;
	}
	while (size >= 999.5) {
		size /= 1024;
		i++;
	}
	printf("%5.*f%c ", size < 9.95 ? 1 : 0, size, suffix[i]);
}

static const char *fallback_of(const struct cs_row *row)
{
	__u64 fallback = row->file.v[COLDSEND_A_FILE_FALLBACK];

	return fallback == COLDSEND_FALLBACK_NONE ? "-" :
	       cs_words_name(&cs_fallbacks, fallback);
}

/* Width of the fallback column, which most tables leave empty. */
static int fallback_width(const struct cs_rows *rows)
{
	int width = (int)strlen("FALLBACK");
	size_t i;

	for (i = 0; i < rows->count; i++) {
		int len = (int)strlen(fallback_of(&rows->row[i]));

		if (len > width)
			width = len;
	}
	return width;
}

/* Prints the end of a path if all of it is longer than @room; 0 is no limit. */
static void print_path(const char *raw, size_t room)
{
	char *text = cs_print_escape(raw);
	size_t len = strlen(text);

	if (room && len > room)
		printf("...%s\n", text + len - (room - 3));
	else
		puts(text);
	free(text);
}

static void print_rules(const struct cs_rules *rules)
{
	unsigned int i;

	printf("%5s %10s %10s %s\n", "ID", "HITS", "USED", "RULE");
	for (i = 0; i < rules->count; i++) {
		const struct cs_rule *rule = &rules->rule[i];
		const __u64 *v = rule->num.v;

		printf("%5llu %10llu ", v[COLDSEND_A_RULE_ID],
		       v[COLDSEND_A_RULE_HITS]);
		if (rule->num.has & 1ULL << COLDSEND_A_RULE_BUDGET_USED)
			printf("%10llu ", v[COLDSEND_A_RULE_BUDGET_USED]);
		else
			printf("%10s ", "-");
		cs_rule_print(stdout, rule);
		putchar('\n');
	}
}

static void print_choice(const struct cs_choice *choice)
{
	const struct coldsend_info *info = &choice->info;

	printf("policy %s, ", cs_words_name(&cs_policies, info->policy));
	if (info->rule)
		printf("rule %u", info->rule);
	else
		printf("no rule");
	if (choice->rule) {
		printf(" (");
		cs_rule_print(stdout, choice->rule);
		putchar(')');
	}
	if (info->reason != COLDSEND_REASON_RULE &&
	    info->reason != COLDSEND_REASON_NONE)
		printf(", auto: %s", cs_words_name(&cs_reasons, info->reason));
	printf(": ");
	print_path(choice->file, 0);
}

static void print_row(const struct cs_row *row, int width, size_t room)
{
	const __u64 *v = row->counters.v;
	__u64 added = v[COLDSEND_A_COUNTERS_PAGES_ADDED];

	printf("%9llu ", v[COLDSEND_A_COUNTERS_TRANSFERS]);
	print_size(v[COLDSEND_A_COUNTERS_BYTES_SENT]);
	print_size(v[COLDSEND_A_COUNTERS_BYTES_CACHED]);
	print_size(v[COLDSEND_A_COUNTERS_BYTES_DIRECT]);
	print_size(v[COLDSEND_A_COUNTERS_BYTES_COPIED]);
	print_size(added * (__u64)sysconf(_SC_PAGESIZE));
	printf("%-6s %-*s ",
	       cs_words_name(&cs_policies,
			     row->file.v[COLDSEND_A_FILE_POLICY_USED]),
	       width, fallback_of(row));
	print_path(row->path, room);
}

/* Columns that are left for the path, 0 for no limit. */
static size_t path_room(int used)
{
	int columns = (int)cs_print_columns();

	if (!columns)
		return 0;
	return columns - used > PATH_MIN ? (size_t)(columns - used) : PATH_MIN;
}

static void print_files(const struct cs_rows *rows)
{
	int width = fallback_width(rows);
	int used = printf("%9s %6s %6s %6s %6s %6s %-6s %-*s ", "TRANSFERS",
			  "SENT", "CACHED", "DIRECT", "COPIED", "ADDED",
			  "POLICY", width, "FALLBACK");
	size_t room = path_room(used);
	size_t i;

	puts("PATH");
	for (i = 0; i < rows->count; i++)
		print_row(&rows->row[i], width, room);
}

static void print_resident(const char *file,
			   const struct coldsend_residency *res)
{
	double share = res->pages ? 100.0 * (double)res->resident /
				    (double)res->pages : 0;

	printf("%12llu %12llu %12llu %6.1f%% ", res->pages, res->resident,
	       res->dirty, share);
	print_path(file, 0);
}

static void print_residency(const struct cs_resident *list, size_t count)
{
	struct coldsend_residency total = { .size = 0 };
	size_t i;

	printf("%12s %12s %12s %7s %s\n", "PAGES", "RESIDENT", "DIRTY",
	       "PERCENT", "FILE");
	for (i = 0; i < count; i++) {
		print_resident(list[i].file, &list[i].res);
		total.pages += list[i].res.pages;
		total.resident += list[i].res.resident;
		total.dirty += list[i].res.dirty;
	}
	if (count > 1)
		print_resident("total", &total);
}

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static void print_file_info(const struct coldsend_info *info, const char *path)
{
	printf("%-24s ", "file");
	print_path(path, 0);
	printf("%-24s %llu\n", "file-size", info->file_size);
	printf("%-24s %u\n", "file-block", info->file_block);
	printf("%-24s %s\n", "direct",
	       yes_no(info->file_flags & COLDSEND_FILE_DIRECT));
	printf("%-24s %s\n", "cached",
	       yes_no(info->file_flags & COLDSEND_FILE_CACHED));
	printf("%-24s %u\n", "dio-mem-align", info->dio_mem_align);
	printf("%-24s %u\n", "dio-offset-align", info->dio_offset_align);
	printf("%-24s %s\n", "policy",
	       cs_words_name(&cs_policies, info->policy));
	printf("%-24s %s\n", "reason",
	       cs_words_name(&cs_reasons, info->reason));
	printf("%-24s %u\n", "rule", info->rule);
}

static void print_info(const struct coldsend_info *info, const char *path)
{
	unsigned int i;

	printf("%-24s %u\n", "abi-version", info->abi_version);
	printf("%-24s %s\n", "default-policy",
	       cs_words_name(&cs_policies, info->default_policy));
	printf("%-24s", "policies");
	for (i = 0; cs_policies.name(i); i++)
		if (info->policies & 1U << i)
			printf(" %s", cs_policies.name(i));
	printf("\n%-24s%s%s\n", "send-flags",
	       info->send_flags & COLDSEND_F_STRICT ? " strict" : "",
	       info->send_flags & COLDSEND_F_ASYNC ? " async" : "");
	printf("%-24s %u\n", "segment-size", info->segment_size);
	printf("%-24s %u\n", "depth", info->depth);
	if (path)
		print_file_info(info, path);
}

/* On stderr: stdout is the command's. */
static void print_served(const struct cs_served *served)
{
	cs_err("the module served %llu bytes in %llu calls; %llu calls were left to sendfile",
	       served->bytes, served->calls, served->left);
}

const struct cs_printer cs_printer_human = {
	.sent = print_sent,
	.received = print_received,
	.tunables = print_tunables,
	.rules = print_rules,
	.choice = print_choice,
	.stats = print_stats,
	.files = print_files,
	.residency = print_residency,
	.tree = cs_human_tree,
	.view = cs_human_view,
	.event = cs_human_event,
	.info = print_info,
	.served = print_served,
};
