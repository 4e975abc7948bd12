// SPDX-License-Identifier: GPL-2.0
/* Names of netlink attributes: one table an attribute set. */
#include <limits.h>

#include "cli.h"

const struct cs_words cs_policies = {
	.name = coldsend_policy_name,
};

const struct cs_words cs_fallbacks = {
	.name = coldsend_fallback_name,
	.meaning = coldsend_fallback_meaning,
};

const struct cs_words cs_reasons = {
	.name = coldsend_reason_name,
};

static const struct cs_attr tunables[] = {
	[COLDSEND_A_POLICY] = { .name = "policy", .words = &cs_policies },
	[COLDSEND_A_SEGMENT_SIZE] = { .name = "segment-size" },
	[COLDSEND_A_DEPTH] = { .name = "depth" },
	[COLDSEND_A_POOL_MAX] = { .name = "pool-max", .wide = true },
	[COLDSEND_A_FILES_MAX] = { .name = "files-max" },
	[COLDSEND_A_TRANSFERS_MAX] = { .name = "transfers-max" },
	[COLDSEND_A_USER_TRANSFERS] = { .name = "user-transfers" },
	[COLDSEND_A_USER_SHARE] = { .name = "user-share" },
	[COLDSEND_A_IDLE_MAX] = { .name = "idle-max" },
	[COLDSEND_A_SMALL_MAX] = { .name = "small-max" },
	[COLDSEND_A_ADMIT_AFTER] = { .name = "admit-after" },
	[COLDSEND_A_ADMIT_WINDOW] = { .name = "admit-window" },
	[COLDSEND_A_ADMIT_MAX] = { .name = "admit-max" },
};

static const struct cs_attr file_attrs[] = {
	[COLDSEND_A_FILE_DEV_MAJOR] = { .name = "dev-major" },
	[COLDSEND_A_FILE_DEV_MINOR] = { .name = "dev-minor" },
	[COLDSEND_A_FILE_INO] = { .name = "ino" },
	[COLDSEND_A_FILE_GENERATION] = { .name = "generation" },
	[COLDSEND_A_FILE_POLICY_USED] = {
		.name = "policy-used", .words = &cs_policies },
	[COLDSEND_A_FILE_FALLBACK] = {
		.name = "fallback", .words = &cs_fallbacks },
};

static const struct cs_attr counters[] = {
	[COLDSEND_A_COUNTERS_TRANSFERS] = { .name = "transfers" },
	[COLDSEND_A_COUNTERS_BYTES_ASKED] = { .name = "bytes-asked" },
	[COLDSEND_A_COUNTERS_BYTES_SENT] = { .name = "bytes-sent" },
	[COLDSEND_A_COUNTERS_BYTES_CACHED] = { .name = "bytes-cached" },
	[COLDSEND_A_COUNTERS_BYTES_DIRECT] = { .name = "bytes-direct" },
	[COLDSEND_A_COUNTERS_BYTES_DROP_BEHIND] = {
		.name = "bytes-drop-behind" },
	[COLDSEND_A_COUNTERS_BYTES_COPIED] = { .name = "bytes-copied" },
	[COLDSEND_A_COUNTERS_DISK_READS] = { .name = "disk-reads" },
	[COLDSEND_A_COUNTERS_DISK_BYTES] = { .name = "disk-bytes" },
	[COLDSEND_A_COUNTERS_OVERHEAD_BYTES] = { .name = "overhead-bytes" },
	[COLDSEND_A_COUNTERS_PAGES_RESIDENT] = { .name = "pages-resident" },
	[COLDSEND_A_COUNTERS_PAGES_ADDED] = { .name = "pages-added" },
	[COLDSEND_A_COUNTERS_PAGES_DROPPED] = { .name = "pages-dropped" },
	[COLDSEND_A_COUNTERS_PAGES_SPARED] = { .name = "pages-spared" },
	[COLDSEND_A_COUNTERS_PAGES_FAILED] = { .name = "pages-failed" },
	[COLDSEND_A_COUNTERS_SEGMENTS_RECYCLED] = {
		.name = "segments-recycled" },
	[COLDSEND_A_COUNTERS_SEGMENTS_ALLOCATED] = {
		.name = "segments-allocated" },
	[COLDSEND_A_COUNTERS_DISK_WAIT_NS] = { .name = "disk-wait-ns" },
	[COLDSEND_A_COUNTERS_SOCKET_WAIT_NS] = { .name = "socket-wait-ns" },
	[COLDSEND_A_COUNTERS_POOL_WAIT_NS] = { .name = "pool-wait-ns" },
	[COLDSEND_A_COUNTERS_FALLBACK_NO_DIRECT] = {
		.name = "fallback-no-direct" },
	[COLDSEND_A_COUNTERS_FALLBACK_DIRECT_REFUSED] = {
		.name = "fallback-direct-refused" },
	[COLDSEND_A_COUNTERS_FALLBACK_BUFFERED] = {
		.name = "fallback-buffered" },
	[COLDSEND_A_COUNTERS_FALLBACK_COPIED] = { .name = "fallback-copied" },
	[COLDSEND_A_COUNTERS_AUTO_SMALL] = { .name = "auto-small" },
	[COLDSEND_A_COUNTERS_AUTO_ADMITTED] = { .name = "auto-admitted" },
	[COLDSEND_A_COUNTERS_AUTO_LARGE] = { .name = "auto-large" },
	[COLDSEND_A_COUNTERS_AUTO_FIRST] = { .name = "auto-first" },
	[COLDSEND_A_COUNTERS_PARTIALS] = { .name = "partials" },
	[COLDSEND_A_COUNTERS_ERRORS] = { .name = "errors" },
};

static const struct cs_attr objects[] = {
	[COLDSEND_A_OBJECTS_TRANSFERS_CREATED] = {
		.name = "transfers-created" },
	[COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED] = {
		.name = "transfers-destroyed" },
	[COLDSEND_A_OBJECTS_TRANSFERS_REFUSED] = {
		.name = "transfers-refused" },
	[COLDSEND_A_OBJECTS_SEGMENTS_CREATED] = { .name = "segments-created" },
	[COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED] = {
		.name = "segments-destroyed" },
	[COLDSEND_A_OBJECTS_ROWS_CREATED] = { .name = "rows-created" },
	[COLDSEND_A_OBJECTS_ROWS_DESTROYED] = { .name = "rows-destroyed" },
	[COLDSEND_A_OBJECTS_ROWS_EVICTED] = { .name = "rows-evicted" },
	[COLDSEND_A_OBJECTS_POOL_BYTES] = { .name = "pool-bytes" },
	[COLDSEND_A_OBJECTS_EVENTS_SENT] = { .name = "events-sent" },
	[COLDSEND_A_OBJECTS_EVENTS_DROPPED] = { .name = "events-dropped" },
};

static const struct cs_attr rule_attrs[] = {
	[COLDSEND_A_RULE_ID] = { .name = "id" },
	[COLDSEND_A_RULE_POLICY] = { .name = "policy", .words = &cs_policies },
	[COLDSEND_A_RULE_BUDGET] = { .name = "budget", .wide = true },
	[COLDSEND_A_RULE_SIZE_MIN] = { .name = "size-min", .wide = true },
	[COLDSEND_A_RULE_SIZE_MAX] = { .name = "size-max", .wide = true },
	[COLDSEND_A_RULE_DEV_MAJOR] = { .name = "dev-major" },
	[COLDSEND_A_RULE_DEV_MINOR] = { .name = "dev-minor" },
	[COLDSEND_A_RULE_UID] = { .name = "uid" },
	[COLDSEND_A_RULE_CGROUP] = { .name = "cgroup", .wide = true },
	[COLDSEND_A_RULE_HITS] = { .name = "hits" },
	[COLDSEND_A_RULE_BUDGET_USED] = { .name = "budget-used" },
};

/* A new attribute in the specification wants its line above. */
static_assert(ARRAY_SIZE(tunables) == COLDSEND_A_ADMIT_MAX + 1,
	      "tunables without a name");
static_assert(ARRAY_SIZE(file_attrs) == COLDSEND_A_FILE_MAX + 1,
	      "attributes of a file without a name");
static_assert(ARRAY_SIZE(counters) == COLDSEND_A_COUNTERS_MAX + 1,
	      "counters without a name");
static_assert(ARRAY_SIZE(objects) == COLDSEND_A_OBJECTS_MAX + 1,
	      "objects without a name");
static_assert(ARRAY_SIZE(rule_attrs) == COLDSEND_A_RULE_MAX + 1,
	      "attributes of a rule without a name");
static_assert(ARRAY_SIZE(counters) <= CS_VALUES_MAX,
	      "CS_VALUES_MAX is too small");
static_assert(ARRAY_SIZE(counters) >= ARRAY_SIZE(objects),
	      "the largest set is another one");

const struct cs_attrs cs_tunables = { tunables, ARRAY_SIZE(tunables) };
const struct cs_attrs cs_file_attrs = { file_attrs, ARRAY_SIZE(file_attrs) };
const struct cs_attrs cs_counters = { counters, ARRAY_SIZE(counters) };
const struct cs_attrs cs_objects = { objects, ARRAY_SIZE(objects) };
const struct cs_attrs cs_rule_attrs = { rule_attrs, ARRAY_SIZE(rule_attrs) };

/** cs_words_name - the name of an enum's value, "unknown" for a newer one */
const char *cs_words_name(const struct cs_words *words, __u64 value)
{
	const char *name = NULL;

	if (value <= UINT_MAX)
		name = words->name((unsigned int)value);
	return name ? name : "unknown";
}

/** cs_values_put - set number @nr of an attribute set */
void cs_values_put(struct cs_values *values, unsigned int nr, __u64 value)
{
	values->has |= 1ULL << nr;
	values->v[nr] = value;
}
