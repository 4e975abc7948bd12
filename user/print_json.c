// SPDX-License-Identifier: GPL-2.0
/* The printer for programs: one JSON value on stdout.  All of jansson is here. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "rule.h"
#include "views.h"
#include "print_json.h"

#define PRETTY	JSON_INDENT(2)

/* Integers of JSON libraries are signed: beyond, as text, since numbers also name files. */
static json_t *from_u64(__u64 value)
{
	if (value > LLONG_MAX)
		return json_sprintf("%llu", (unsigned long long)value);
	return json_integer((json_int_t)value);
}

static void put_u64(json_t *object, const char *key, __u64 value)
{
	json_object_set_new(object, key, from_u64(value));
}

static void put_word(json_t *object, const char *key,
		     const struct cs_words *words, __u64 value)
{
	json_object_set_new(object, key,
			    json_string(cs_words_name(words, value)));
}

/* Text as it is if it is UTF-8, else escaped, which *escaped says. */
static json_t *from_raw(const char *raw, bool *escaped)
{
	json_t *text = json_string(raw);
	char *plain;

	*escaped = !text;
	if (text)
		return text;
	plain = cs_print_escape(raw);
	text = json_string(plain);
	free(plain);
	return text;
}

/* "path_escaped" says whether it is; NULL is null. */
static void put_path(json_t *object, const char *raw)
{
	bool escaped = false;

	json_object_set_new(object, "path", raw ? from_raw(raw, &escaped) :
						  json_null());
	json_object_set_new(object, "path_escaped", json_boolean(escaped));
}

/* An attribute's name as a key: '_' for '-'. */
static void to_key(char *key, size_t room, const char *name)
{
	snprintf(key, room, "%s", name);
	for (; *key; key++)
		if (*key == '-')
			*key = '_';
}

static json_t *from_values(const struct cs_attrs *set,
			   const struct cs_values *values)
{
	json_t *object = json_object();
	unsigned int nr;
	char key[64];

	for (nr = 0; nr < set->count; nr++) {
		const struct cs_attr *attr = &set->attr[nr];

		if (!(values->has & 1ULL << nr))
			continue;
		to_key(key, sizeof(key), attr->name);
		if (attr->words)
			put_word(object, key, attr->words, values->v[nr]);
		else
			put_u64(object, key, values->v[nr]);
	}
	return object;
}

/*
 * Prints and frees @value; an error stays on stdout, where main finds it.  Names are
 * users': no terminal is to act on one.
 */
static void dump(json_t *value, size_t flags)
{
	json_dumpf(value, stdout, flags | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
	json_decref(value);
}

static void dump_line(json_t *value, size_t flags)
{
	dump(value, flags);
	putchar('\n');
}

static void put_time(json_t *object, __u64 bytes, double seconds)
{
	json_object_set_new(object, "seconds", json_real(seconds));
	put_u64(object, "bytes_per_second",
		(__u64)(cs_print_rate(bytes, seconds) * 1e6));
}

/* The errno's name, null for none. */
static void put_error(json_t *object, int error)
{
	json_object_set_new(object, "error",
			    error ? json_string(strerrorname_np(error)) :
				    json_null());
}

static void print_sent(const struct cs_sent *sent)
{
	const struct coldsend_send *total = &sent->total;
	json_t *object = json_object();

	put_path(object, sent->file);
	put_word(object, "policy", &cs_policies, sent->policy);
	put_word(object, "policy_used", &cs_policies, total->policy_used);
	put_word(object, "reason", &cs_reasons, total->reason);
	put_word(object, "fallback", &cs_fallbacks, total->fallback);
	put_u64(object, "bytes_asked", sent->asked);
	put_u64(object, "bytes_sent", total->sent);
	put_u64(object, "bytes_cached", total->bytes_cached);
	put_u64(object, "bytes_direct", total->bytes_direct);
	put_u64(object, "bytes_copied", total->bytes_copied);
	put_time(object, total->sent, sent->seconds);
	put_error(object, sent->error);
	dump_line(object, PRETTY);
}

static void print_received(const struct cs_received *received)
{
	json_t *object = json_object();

	put_path(object, received->file);
	put_u64(object, "bytes_received", received->bytes);
	put_time(object, received->bytes, received->seconds);
	put_error(object, received->error);
	dump_line(object, PRETTY);
}

static void print_tunables(const struct cs_values *tunables)
{
	dump_line(from_values(&cs_tunables, tunables), PRETTY);
}

static json_t *from_rule(const struct cs_rule *rule)
{
	json_t *object = from_values(&cs_rule_attrs, &rule->num);
	bool escaped;

	if (*rule->path)
		put_path(object, rule->path);
	if (*rule->fs)
		json_object_set_new(object, "fs", from_raw(rule->fs, &escaped));
	return object;
}

static void print_rules(const struct cs_rules *rules)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < rules->count; i++)
		json_array_append_new(list, from_rule(&rules->rule[i]));
	dump_line(list, PRETTY);
}

static void print_choice(const struct cs_choice *choice)
{
	const struct coldsend_info *info = &choice->info;
	json_t *object = json_object();

	put_path(object, choice->file);
	put_word(object, "policy", &cs_policies, info->policy);
	put_word(object, "reason", &cs_reasons, info->reason);
	json_object_set_new(object, "rule_id",
			    info->rule ? from_u64(info->rule) : json_null());
	json_object_set_new(object, "rule",
			    choice->rule ? from_rule(choice->rule) :
					   json_null());
	dump_line(object, PRETTY);
}

static void print_stats(const struct cs_stats *stats, bool again)
{
	json_t *object = json_object();

	json_object_set_new(object, "counters",
			    from_values(&cs_counters, &stats->counters));
	json_object_set_new(object, "objects",
			    from_values(&cs_objects, &stats->objects));
	dump_line(object, again ? JSON_COMPACT : PRETTY);
}

static json_t *from_row(const struct cs_row *row)
{
	json_t *object = json_object();
	json_t *file = from_values(&cs_file_attrs, &row->file);

	put_path(file, row->path);
	json_object_set_new(object, "file", file);
	json_object_set_new(object, "counters",
			    from_values(&cs_counters, &row->counters));
	return object;
}

/* A row a line: a table of a million rows is not built in memory first. */
static void print_files(const struct cs_rows *rows)
{
	size_t i;

	putchar('[');
	for (i = 0; i < rows->count; i++) {
		fputs(i ? ",\n" : "\n", stdout);
		dump(from_row(&rows->row[i]), 0);
	}
	fputs(rows->count ? "\n]\n" : "]\n", stdout);
}

static json_t *from_residency(const char *path,
			      const struct coldsend_residency *res)
{
	json_t *object = json_object();

	put_path(object, path);
	put_u64(object, "page_size", res->page_size);
	put_u64(object, "pages", res->pages);
	put_u64(object, "resident", res->resident);
	put_u64(object, "dirty", res->dirty);
	return object;
}

static void print_residency(const struct cs_resident *list, size_t count)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, from_residency(list[i].file,
							    &list[i].res));
	dump_line(array, PRETTY);
}

static json_t *from_file_info(const struct coldsend_info *info,
			      const char *path)
{
	json_t *object = json_object();

	put_path(object, path);
	put_u64(object, "file_size", info->file_size);
	put_u64(object, "file_block", info->file_block);
	json_object_set_new(object, "direct",
			    json_boolean(info->file_flags &
					 COLDSEND_FILE_DIRECT));
	json_object_set_new(object, "cached",
			    json_boolean(info->file_flags &
					 COLDSEND_FILE_CACHED));
	put_u64(object, "dio_mem_align", info->dio_mem_align);
	put_u64(object, "dio_offset_align", info->dio_offset_align);
	put_word(object, "policy", &cs_policies, info->policy);
	put_word(object, "reason", &cs_reasons, info->reason);
	put_u64(object, "rule", info->rule);
	return object;
}

static void print_info(const struct coldsend_info *info, const char *path)
{
	json_t *object = json_object();
	json_t *policies = json_array();
	json_t *flags = json_array();
	unsigned int i;

	for (i = 0; cs_policies.name(i); i++)
		if (info->policies & 1U << i)
			json_array_append_new(policies,
					      json_string(cs_policies.name(i)));
	if (info->send_flags & COLDSEND_F_STRICT)
		json_array_append_new(flags, json_string("strict"));
	if (info->send_flags & COLDSEND_F_ASYNC)
		json_array_append_new(flags, json_string("async"));
	put_u64(object, "abi_version", info->abi_version);
	put_word(object, "default_policy", &cs_policies, info->default_policy);
	json_object_set_new(object, "policies", policies);
	json_object_set_new(object, "send_flags", flags);
	put_u64(object, "segment_size", info->segment_size);
	put_u64(object, "depth", info->depth);
	if (path)
		json_object_set_new(object, "file", from_file_info(info, path));
	dump_line(object, PRETTY);
}

static void print_served(const struct cs_served *served)
{
	json_t *object = json_object();

	put_u64(object, "bytes_served", served->bytes);
	put_u64(object, "calls_served", served->calls);
	put_u64(object, "calls_left", served->left);
	dump_line(object, PRETTY);
}

/** cs_json_values - numbers of an attribute set as an object */
json_t *cs_json_values(const struct cs_attrs *set,
		       const struct cs_values *values)
{
	return from_values(set, values);
}

/** cs_json_put_path - put a path into an object, escaped if it is not UTF-8 */
void cs_json_put_path(json_t *object, const char *raw)
{
	put_path(object, raw);
}

/** cs_json_row - a row of a table: its numbers, path and counters */
json_t *cs_json_row(const struct cs_row *row)
{
	return from_row(row);
}

/** cs_json_resident - residency of a file, or the sum of many */
json_t *cs_json_resident(const char *path,
			 const struct coldsend_residency *res)
{
	return from_residency(path, res);
}

/** cs_json_print - print @value and a newline, and free it */
void cs_json_print(json_t *value)
{
	dump_line(value, PRETTY);
}

/** cs_json_print_line - print a value in one line, and free it */
void cs_json_print_line(json_t *value)
{
	dump_line(value, JSON_COMPACT);
}

const struct cs_printer cs_printer_json = {
	.sent = print_sent,
	.received = print_received,
	.tunables = print_tunables,
	.rules = print_rules,
	.choice = print_choice,
	.stats = print_stats,
	.files = print_files,
	.residency = print_residency,
	.tree = cs_json_tree,
	.view = cs_json_view,
	.event = cs_json_event,
	.info = print_info,
	.served = print_served,
};
