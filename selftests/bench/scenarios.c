// SPDX-License-Identifier: GPL-2.0
/* The scenarios, and who competes in which. */
#include <string.h>

#include "run.h"

static const struct bench_method * const everyone[] = {
	&bench_limit_read, &bench_limit_deep, &bench_limit_send,
	&bench_read_write, &bench_mmap_write, &bench_sendfile,
	&bench_sendfile_ahead,
	&bench_dontneed_now, &bench_dontneed_later, &bench_sendfile_direct,
	&bench_splice_new, &bench_splice_pooled, &bench_splice_direct,
	&bench_direct_write,
	&bench_libaio, &bench_uring_send, &bench_uring_zc, &bench_zerocopy,
	&bench_dontcache,
	&bench_cached, &bench_direct, &bench_drop, &bench_hybrid, &bench_auto,
	&bench_cached_async, &bench_direct_async, &bench_drop_async,
	&bench_hybrid_async, NULL,
};

/* Who is for hot bytes. */
static const struct bench_method * const hot[] = {
	&bench_read_write, &bench_mmap_write, &bench_sendfile,
	&bench_splice_new, &bench_splice_pooled, &bench_cached,
	&bench_cached_async, &bench_hybrid, &bench_auto, NULL,
};

/* Who says that the page cache is not harmed, and two that harm it. */
static const struct bench_method * const scan[] = {
	&bench_nothing, &bench_read_write, &bench_sendfile,
	&bench_dontneed_now, &bench_dontneed_later, &bench_sendfile_direct,
	&bench_splice_direct,
	&bench_direct_write, &bench_libaio, &bench_uring_send, &bench_dontcache,
	&bench_cached, &bench_direct, &bench_direct_async, &bench_drop,
	&bench_hybrid, &bench_auto, NULL,
};

static const struct bench_method * const many[] = {
	&bench_limit_read, &bench_limit_loop, &bench_limit_send,
	&bench_sendfile, &bench_sendfile_loop, &bench_dontneed_later,
	&bench_sendfile_direct, &bench_splice_pooled, &bench_splice_direct,
	&bench_direct_write, &bench_libaio, &bench_uring_send,
	&bench_uring_loop, &bench_dontcache, &bench_direct,
	&bench_cached_async, &bench_direct_async, &bench_drop_async,
	&bench_hybrid_async, NULL,
};

/* The clients are the limit. */
static const struct bench_method * const patient[] = {
	&bench_sendfile, &bench_sendfile_loop, &bench_dontneed_later,
	&bench_splice_direct, &bench_direct_write, &bench_libaio,
	&bench_uring_send, &bench_uring_loop, &bench_dontcache, &bench_direct,
	&bench_cached_async, &bench_direct_async, &bench_drop_async,
	&bench_hybrid_async, NULL,
};

static const struct bench_method * const slow[] = {
	&bench_limit_read, &bench_limit_deep, &bench_limit_send,
	&bench_sendfile, &bench_sendfile_ahead, &bench_dontneed_later,
	&bench_sendfile_direct, &bench_splice_direct,
	&bench_direct_write, &bench_libaio, &bench_uring_send, &bench_dontcache,
	&bench_cached, &bench_direct, &bench_direct_async, &bench_drop,
	&bench_hybrid, NULL,
};

static const struct bench_method * const few[] = {
	&bench_limit_read, &bench_limit_deep, &bench_limit_send,
	&bench_sendfile, &bench_direct_write, &bench_cached, &bench_direct,
	&bench_hybrid, NULL,
};

/* Whose instructions are counted. */
static const struct bench_method * const counted_cold[] = {
	&bench_limit_read, &bench_sendfile, &bench_direct_write, &bench_direct,
	&bench_hybrid, &bench_drop, &bench_cached, NULL,
};

static const struct bench_method * const counted_hot[] = {
	&bench_sendfile, &bench_read_write, &bench_cached, &bench_hybrid,
	&bench_auto, NULL,
};

#define HOT(name_, about_, bytes, seconds_)				\
	{								\
		.name = name_, .about = about_,				\
		.file = &bench_hot_file, .size = 64 * BENCH_MIB,	\
		.request = bytes, .seconds = seconds_, .streams = 1,	\
		.hot = true, .latency = true, .methods = hot,		\
	}

#define MANY(name_, about_, n)						\
	{								\
		.name = name_, .about = about_,				\
		.file = &bench_cold_file, .size = BENCH_GIB,		\
		.streams = n, .latency = true, .methods = many,		\
	}

#define GROWTH(name_, about_, bytes, all)				\
	{								\
		.name = name_, .about = about_,				\
		.file = &bench_cold_file, .size = all, .request = bytes,	\
		.streams = 1, .methods = few,				\
	}

#define SLOW(name_, about_, ms)						\
	{								\
		.name = name_, .about = about_,				\
		.file = &bench_slow_file, .size = 128 * BENCH_MIB,	\
		.streams = 1, .delay_ms = ms, .methods = slow,		\
	}

#define FIXED(name_, hot_, file_, bytes, all, methods_)			\
	{								\
		.name = name_, .about = "instructions of fixed work",	\
		.file = file_, .size = all, .request = bytes,		\
		.streams = 1, .hot = hot_, .fixed = true,		\
		.methods = methods_,					\
	}

struct bench_scenario bench_scenarios[] = {
	{
		.name = "cold",
		.about = "a cold file, one stream",
		.file = &bench_cold_file, .size = BENCH_GIB,
		.streams = 1, .methods = everyone,
	},
	HOT("hot-1", "in the page cache, requests of 1 byte", 1, .3),
	HOT("hot-4k", "in the page cache, requests of 4 KiB", 4 * BENCH_KIB, .5),
	HOT("hot-16k", "in the page cache, requests of 16 KiB", 16 * BENCH_KIB, .5),
	HOT("hot-64k", "in the page cache, requests of 64 KiB", 64 * BENCH_KIB, .5),
	HOT("hot-256k", "in the page cache, requests of 256 KiB", 256 * BENCH_KIB, .5),
	HOT("hot-1m", "in the page cache, requests of 1 MiB", BENCH_MIB, .5),
	{
		.name = "scan",
		.about = "two cold streams of 50 MB/s, and a hot set of 80 % of memory",
		.file = &bench_cold_file, .size = BENCH_GIB,
		.request = 64 * BENCH_MIB, .seconds = 4, .streams = 2,
		.pause_ms = 10, .sip = 512 * BENCH_KIB, .beside = true,
		.methods = scan,
	},
	MANY("many-1", "1 cold stream at the same time", 1),
	MANY("many-10", "10 cold streams at the same time", 10),
	MANY("many-100", "100 cold streams at the same time", 100),
	MANY("many-1000", "1000 cold streams at the same time", 1000),
	{
		.name = "slow-client",
		.about = "16 cold streams to clients that take 64 KiB each 10 ms",
		.file = &bench_cold_file, .size = 512 * BENCH_MIB,
		.streams = 16, .pause_ms = 10, .sip = 64 * BENCH_KIB,
		.methods = patient,
	},
	GROWTH("growth-1m", "cold, requests of 1 MiB", BENCH_MIB, 256 * BENCH_MIB),
	GROWTH("growth-16m", "cold, requests of 16 MiB", 16 * BENCH_MIB, 256 * BENCH_MIB),
	GROWTH("growth-256m", "cold, requests of 256 MiB", 256 * BENCH_MIB, 256 * BENCH_MIB),
	GROWTH("growth-1g", "cold, requests of 1 GiB", BENCH_GIB, BENCH_GIB),
	GROWTH("growth-4g", "cold, requests of 4 GiB", 4 * BENCH_GIB, 4 * BENCH_GIB),
	SLOW("slow-disk-1ms", "cold, each read takes 1 ms more, or a tick of the clock", 1),
	SLOW("slow-disk-5ms", "cold, each read takes 5 ms more, or a tick of the clock", 5),
	FIXED("cost-cold-1m", false, &bench_cold_file, BENCH_MIB, 64 * BENCH_MIB,
	      counted_cold),
	FIXED("cost-cold-64m", false, &bench_cold_file, 64 * BENCH_MIB, 64 * BENCH_MIB,
	      counted_cold),
	FIXED("cost-hot-4k", true, &bench_hot_file, 4 * BENCH_KIB, 64 * BENCH_MIB,
	      counted_hot),
	FIXED("cost-hot-64k", true, &bench_hot_file, 64 * BENCH_KIB, 64 * BENCH_MIB,
	      counted_hot),
	FIXED("cost-hot-1m", true, &bench_hot_file, BENCH_MIB, 64 * BENCH_MIB,
	      counted_hot),
};

const int bench_nr_scenarios = sizeof(bench_scenarios) /
			       sizeof(*bench_scenarios);

/* A smaller machine: no more than @cold bytes a round, @largest for growth. */
void bench_scenarios_scale(__u64 cold, __u64 largest)
{
	int i;

	for (i = 0; i < bench_nr_scenarios; i++) {
		struct bench_scenario *s = &bench_scenarios[i];
		bool growth = !strncmp(s->name, "growth", 6);
		__u64 most = growth ? largest : cold;

		if (s->size > most)
			s->size = most;
		if (s->request > s->size / s->streams)
			s->request = s->size / s->streams;
	}
}

const struct bench_scenario *bench_scenario_find(const char *name)
{
	int i;

	for (i = 0; i < bench_nr_scenarios; i++)
		if (!strcmp(bench_scenarios[i].name, name))
			return &bench_scenarios[i];
	return NULL;
}

static bool is_named(const struct bench_scenario *scenario, const char *want,
		     size_t length)
{
	const char *rest = scenario->name + length;

	return !strncmp(scenario->name, want, length) &&
	       (!*rest || *rest == '-');
}

/* The first of words with commas between, which is taken off. */
static size_t next_word(const char **words, const char **word)
{
	size_t length = strcspn(*words, ",");

	*word = *words;
	*words += length;
	*words += **words == ',';
	return length;
}

/* Is it one of those with commas between, or of their kind: "hot" is all hot-…? */
bool bench_scenario_wanted(const struct bench_run *run,
			   const struct bench_scenario *scenario)
{
	const char *words = run->scenarios, *word;

	while (*words) {
		size_t length = next_word(&words, &word);

		if (is_named(scenario, word, length))
			return true;
	}
	return !*run->scenarios && !scenario->fixed;
}

/* The first word of what is wanted that names no scenario, or NULL. */
const char *bench_scenario_unknown(const struct bench_run *run)
{
	const char *words = run->scenarios, *word;

	while (*words) {
		size_t length = next_word(&words, &word);
		int i = 0;

		while (i < bench_nr_scenarios &&
		       !is_named(&bench_scenarios[i], word, length))
			i++;
		if (i == bench_nr_scenarios)
			return word;
	}
	return NULL;
}
