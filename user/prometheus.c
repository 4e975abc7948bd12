// SPDX-License-Identifier: GPL-2.0
/* Totals in the text format of Prometheus. */
#include <stdio.h>
#include <string.h>

#include "views.h"

#define PREFIX	"coldsend_"

static const char *const timed[CS_TIMED] = {
	[COLDSEND_TIMED_TRANSFER] = "transfer",
	[COLDSEND_TIMED_DISK] = "disk_wait",
	[COLDSEND_TIMED_SOCKET] = "socket_wait",
	[COLDSEND_TIMED_POOL] = "pool_wait",
};

static const char *const meaning[CS_TIMED] = {
	[COLDSEND_TIMED_TRANSFER] = "How long transfers took.",
	[COLDSEND_TIMED_DISK] = "How long transfers waited for a direct read.",
	[COLDSEND_TIMED_SOCKET] = "How long transfers waited for the socket.",
	[COLDSEND_TIMED_POOL] = "How long transfers waited for memory.",
};

/* A name in Prometheus' alphabet; Return: it counts nanoseconds. */
static bool to_name(char *name, size_t room, const char *attribute)
{
	size_t len;

	snprintf(name, room, PREFIX "%s", attribute);
	for (len = 0; name[len]; len++)
		if (name[len] == '-')
			name[len] = '_';
	if (len < 3 || strcmp(name + len - 3, "_ns"))
		return false;
	/* Times are in seconds there, and are named so. */
	snprintf(name + len - 3, room - (len - 3), "_seconds");
	return true;
}

static void print_head(const char *name, const char *suffix, const char *type,
		       const char *help, const char *about)
{
	printf("# HELP %s%s %s%s\n# TYPE %s%s %s\n", name, suffix, help, about,
	       name, suffix, type);
}

static void print_value(const char *attribute, const char *suffix,
			const char *type, __u64 value, const char *of)
{
	char name[80];
	bool is_time = to_name(name, sizeof(name), attribute);

	print_head(name, suffix, type, attribute, of);
	if (is_time)
		printf("%s%s %.9f\n", name, suffix, (double)value / 1e9);
	else
		printf("%s%s %llu\n", name, suffix, value);
}

/* Counters of one set: all but those of @may_fall grow until they are reset. */
static void print_set(const struct cs_attrs *set,
		      const struct cs_values *values, __u64 may_fall,
		      const char *of)
{
	unsigned int nr;

	for (nr = 0; nr < set->count; nr++) {
		if (!(values->has & 1ULL << nr))
			continue;
		if (may_fall & 1ULL << nr)
			print_value(set->attr[nr].name, "", "gauge",
				    values->v[nr], of);
		else
			print_value(set->attr[nr].name, "_total", "counter",
				    values->v[nr], of);
	}
}

static void print_gauge(const char *name, const char *help, __u64 value)
{
	print_head(name, "", "gauge", help, "");
	printf("%s %llu\n", name, value);
}

static void print_pool(const __u64 *pool)
{
	print_gauge(PREFIX "pool_max_bytes", "What the pool may hold.",
		    pool[COLDSEND_A_POOL_BYTES_MAX]);
	print_gauge(PREFIX "pool_used_bytes", "What transfers use.",
		    pool[COLDSEND_A_POOL_BYTES_USED]);
	print_gauge(PREFIX "pool_idle_bytes", "What waits to be used again.",
		    pool[COLDSEND_A_POOL_BYTES_IDLE]);
	print_gauge(PREFIX "pool_lingering_bytes", "What the network holds.",
		    pool[COLDSEND_A_POOL_BYTES_LINGERING]);
	print_gauge(PREFIX "pool_pinned_bytes",
		    "What receivers hold, and the pool no more.",
		    pool[COLDSEND_A_POOL_BYTES_PINNED]);
	print_gauge(PREFIX "users", "Users who have transfers or memory, or sent last.",
		    pool[COLDSEND_A_POOL_USERS]);
	print_gauge(PREFIX "transfers", "Transfers whose results are not read.",
		    pool[COLDSEND_A_POOL_TRANSFERS]);
	print_gauge(PREFIX "transfers_waiting", "Transfers in line for memory.",
		    pool[COLDSEND_A_POOL_WAITING]);
	print_gauge(PREFIX "segments", "Segments that exist.",
		    pool[COLDSEND_A_POOL_SEGMENTS]);
}

/* Buckets are cumulative there, and the last has no bound. */
static void print_histogram(const char *what, const char *help,
			    const struct cs_histogram *histogram)
{
	__u64 sum = 0;
	char name[64];
	unsigned int i;

	snprintf(name, sizeof(name), PREFIX "%s_duration_seconds", what);
	print_head(name, "", "histogram", help, "");
	for (i = 0; i < CS_BUCKETS - 1; i++) {
		sum += histogram->bucket[i];
		printf("%s_bucket{le=\"%.6f\"} %llu\n", name,
		       (double)(1ULL << i) / 1e6, sum);
	}
	sum += histogram->bucket[i];
	printf("%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n",
	       name, sum, name, (double)histogram->sum_us / 1e6, name, sum);
}

/** cs_prometheus_print - print all totals; 0, or -1 after a message */
int cs_prometheus_print(struct cs_nl *nl)
{
	struct cs_histogram histogram[CS_TIMED];
	struct cs_values pool;
	struct cs_stats stats;
	unsigned int i;

	if (cs_nl_stats_get(nl, &stats) || cs_nl_pool_get(nl, &pool) ||
	    cs_nl_latency_get(nl, histogram))
		return -1;
	/* The pool tells it, in parts, and it is no counter. */
	stats.objects.has &= ~(1ULL << COLDSEND_A_OBJECTS_POOL_BYTES);
	/* Less was read than needed where what an earlier transfer read was sent. */
	print_set(&cs_counters, &stats.counters,
		  1ULL << COLDSEND_A_COUNTERS_OVERHEAD_BYTES,
		  " of all transfers since insmod or reset.");
	print_set(&cs_objects, &stats.objects, 0, " since insmod.");
	print_pool(pool.v);
	for (i = 0; i < CS_TIMED; i++)
		print_histogram(timed[i], meaning[i], &histogram[i]);
	return 0;
}
