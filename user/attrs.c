// SPDX-License-Identifier: GPL-2.0
/* Names of netlink attributes and enum values: one table an attribute set. */
#include "cli.h"

static const char *const policy_words[] = {
	[COLDSEND_POLICY_DEFAULT] = "default",
	[COLDSEND_POLICY_CACHED] = "cached",
	[COLDSEND_POLICY_DIRECT] = "direct",
	[COLDSEND_POLICY_DROP_BEHIND] = "drop-behind",
	[COLDSEND_POLICY_HYBRID] = "hybrid",
};

static const char *const fallback_words[] = {
	[COLDSEND_FALLBACK_NONE] = "none",
	[COLDSEND_FALLBACK_NO_DIRECT] = "no-direct",
	[COLDSEND_FALLBACK_DIRECT_REFUSED] = "direct-refused",
	[COLDSEND_FALLBACK_BUFFERED] = "buffered",
	[COLDSEND_FALLBACK_COPIED] = "copied",
};

static const char *const fallback_meanings[] = {
	[COLDSEND_FALLBACK_NONE] =
		"the whole transfer went as its policy says",
	[COLDSEND_FALLBACK_NO_DIRECT] =
		"the file system has no direct I/O that leaves the page cache alone for this file, so the page cache was used",
	[COLDSEND_FALLBACK_DIRECT_REFUSED] =
		"the file system refused a direct read of this file, so the rest came through the page cache",
	[COLDSEND_FALLBACK_BUFFERED] =
		"the file system took direct reads and went through the page cache all the same, so the rest came from there",
	[COLDSEND_FALLBACK_COPIED] =
		"pages of this file system's page cache can't be handed out, so the CPU copied the bytes",
};

const struct cs_words cs_policies = {
	.word = policy_words,
	.count = ARRAY_SIZE(policy_words),
};

const struct cs_words cs_fallbacks = {
	.word = fallback_words,
	.meaning = fallback_meanings,
	.count = ARRAY_SIZE(fallback_words),
};

static const struct cs_attr tunables[] = {
	[COLDSEND_A_POLICY] = { .name = "policy", .words = &cs_policies },
	[COLDSEND_A_SEGMENT_SIZE] = { .name = "segment-size" },
	[COLDSEND_A_DEPTH] = { .name = "depth" },
	[COLDSEND_A_POOL_MAX] = { .name = "pool-max", .wide = true },
	[COLDSEND_A_FILES_MAX] = { .name = "files-max" },
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
	[COLDSEND_A_COUNTERS_FALLBACK_NO_DIRECT] = {
		.name = "fallback-no-direct" },
	[COLDSEND_A_COUNTERS_FALLBACK_DIRECT_REFUSED] = {
		.name = "fallback-direct-refused" },
	[COLDSEND_A_COUNTERS_FALLBACK_BUFFERED] = {
		.name = "fallback-buffered" },
	[COLDSEND_A_COUNTERS_FALLBACK_COPIED] = { .name = "fallback-copied" },
	[COLDSEND_A_COUNTERS_PARTIALS] = { .name = "partials" },
	[COLDSEND_A_COUNTERS_ERRORS] = { .name = "errors" },
};

static const struct cs_attr objects[] = {
	[COLDSEND_A_OBJECTS_TRANSFERS_CREATED] = {
		.name = "transfers-created" },
	[COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED] = {
		.name = "transfers-destroyed" },
	[COLDSEND_A_OBJECTS_SEGMENTS_CREATED] = { .name = "segments-created" },
	[COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED] = {
		.name = "segments-destroyed" },
	[COLDSEND_A_OBJECTS_ROWS_CREATED] = { .name = "rows-created" },
	[COLDSEND_A_OBJECTS_ROWS_DESTROYED] = { .name = "rows-destroyed" },
	[COLDSEND_A_OBJECTS_ROWS_EVICTED] = { .name = "rows-evicted" },
	[COLDSEND_A_OBJECTS_POOL_BYTES] = { .name = "pool-bytes" },
};

/* A new attribute in the specification wants its line above. */
static_assert(ARRAY_SIZE(tunables) == COLDSEND_A_FILES_MAX + 1,
	      "tunables without a name");
static_assert(ARRAY_SIZE(file_attrs) == COLDSEND_A_FILE_MAX + 1,
	      "attributes of a file without a name");
static_assert(ARRAY_SIZE(counters) == COLDSEND_A_COUNTERS_MAX + 1,
	      "counters without a name");
static_assert(ARRAY_SIZE(objects) == COLDSEND_A_OBJECTS_MAX + 1,
	      "objects without a name");
static_assert(ARRAY_SIZE(counters) <= CS_VALUES_MAX,
	      "CS_VALUES_MAX is too small");
static_assert(ARRAY_SIZE(counters) >= ARRAY_SIZE(objects),
	      "the largest set is another one");

const struct cs_attrs cs_tunables = { tunables, ARRAY_SIZE(tunables) };
const struct cs_attrs cs_file_attrs = { file_attrs, ARRAY_SIZE(file_attrs) };
const struct cs_attrs cs_counters = { counters, ARRAY_SIZE(counters) };
const struct cs_attrs cs_objects = { objects, ARRAY_SIZE(objects) };

/** cs_words_name - the name of an enum's value, "unknown" for a newer one */
const char *cs_words_name(const struct cs_words *words, __u64 value)
{
	return value < words->count ? words->word[value] : "unknown";
}

/** cs_values_put - set number @nr of an attribute set */
void cs_values_put(struct cs_values *values, unsigned int nr, __u64 value)
{
	values->has |= 1ULL << nr;
	values->v[nr] = value;
}
