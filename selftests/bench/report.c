// SPDX-License-Identifier: GPL-2.0
/* The tables on standard output. */
#include <stdio.h>

#include "run.h"

static const char notes[] =
"  MB = 10^6 bytes, GB = 10^9. Medians of all rounds [least-most].\n"
"  CPU: the sender's process, user and system, and the kernel's worker threads;\n"
"  the mean, since User-Mode Linux tells it in steps of 10 ms.\n"
"  Interrupts and softirqs are charged to whoever runs when they come: over\n"
"  loopback, the receiver's TCP is often charged to the sender. All CPU: the\n"
"  whole machine, receiver too, sampled by the timer tick and so coarser.\n"
"  Copies: by the sender's CPU from disk to socket; counted by coldsend, by\n"
"  definition for the others. Calls: the method's own count. Own MiB: anonymous\n"
"  memory of the sender. Limit: the slower of direct reads alone and hot pages\n"
"  sent alone, at the CPU time of both.\n";

/**
 * struct column - of a table
 * @title: first line
 * @unit: second line
 * @value: of a round
 * @width: characters
 * @digits: after the point
 * @spread: whether least and most are told too
 * @latency: whether only scenarios with latencies have it
 */
struct column {
	const char *title;
	const char *unit;
	bench_value_fn value;
	int width;
	int digits;
	bool spread;
	bool latency;
};

static const struct column columns[] = {
	{ "", "MB/s", bench_mb_s, 18, 0, .spread = true },
	{ "CPU", "s/GB", bench_cpu_s_per_gb, 20, 3, .spread = true },
	{ "all", "s/GB", bench_all_cpu_s_per_gb, 6, 2 },
	{ "calls", "/MB", bench_syscalls_per_mb, 8, 2 },
	{ "switch", "/MB", bench_switches_per_mb, 8, 2 },
	{ "copies", "/byte", bench_copies_per_byte, 6, 2 },
	{ "disk", "reads", bench_disk_reads, 7, 0 },
	{ "mean", "KiB", bench_disk_read_kib, 6, 0 },
	{ "pages", "added", bench_pages_added, 8, 0 },
	{ "own", "MiB", bench_anonymous_mib, 6, 1 },
	{ "requests", "/s", bench_requests_s, 9, 0, .latency = true },
	{ "p50", "us", bench_p50_us, 9, 0, .latency = true },
	{ "p99", "us", bench_p99_us, 9, 0, .latency = true },
	{ "p99.9", "us", bench_p999_us, 9, 0, .latency = true },
	{ "hot", "kept", bench_hot_kept, 6, 3, .latency = true },
};

#define COLUMNS		(sizeof(columns) / sizeof(*columns))

/* Requests of a few bytes: bytes say nothing of them. */
static bool is_tiny(const struct bench_scenario *scenario)
{
	return scenario->request && scenario->request < BENCH_KIB;
}

static bool has(const struct bench_scenario *scenario, const struct column *c)
{
	if (c->value == bench_hot_kept)
		return scenario->beside;
	if (is_tiny(scenario))
		return c->latency || c->value == bench_disk_reads;
	return !c->latency || scenario->latency || scenario->beside;
}

static void print_cell(const struct bench_run *run,
		       const struct bench_scenario *scenario,
		       const struct bench_method *method, const struct column *c)
{
	struct bench_spread s;
	char cell[64] = "-";
	int n;

	if (bench_summarize(run, scenario, method, c->value, &s)) {
		n = snprintf(cell, sizeof(cell), "%.*f", c->digits,
			     bench_middle(&s, c->value));
		if (c->spread)
			snprintf(cell + n, sizeof(cell) - n, " [%.*f-%.*f]",
				 c->digits, s.min, c->digits, s.max);
	}
	printf(" %*s", c->width, cell);
}

static bool ran(const struct bench_run *run,
		const struct bench_scenario *scenario,
		const struct bench_method *method)
{
	struct bench_spread spread;

	return bench_summarize(run, scenario, method, bench_disk_reads, &spread);
}

static void print_row(const struct bench_run *run,
		      const struct bench_scenario *scenario,
		      const struct bench_method *method)
{
	const struct bench_result *first;
	size_t i;

	if (ran(run, scenario, method)) {
		printf("%-26s", method->name);
		for (i = 0; i < COLUMNS; i++)
			if (has(scenario, &columns[i]))
				print_cell(run, scenario, method, &columns[i]);
		printf("\n");
		return;
	}
	first = bench_result_find(run, scenario, method, 1);
	if (first && first->unsupported)
		printf("%-26s unsupported here: needs %s\n", method->name,
		       method->needs);
}

static void print_heads(const struct bench_scenario *scenario)
{
	size_t i;

	printf("%-26s", "");
	for (i = 0; i < COLUMNS; i++)
		if (has(scenario, &columns[i]))
			printf(" %*s", columns[i].width, columns[i].title);
	printf("\n%-26s", "method");
	for (i = 0; i < COLUMNS; i++)
		if (has(scenario, &columns[i]))
			printf(" %*s", columns[i].width, columns[i].unit);
	printf("\n");
}

void bench_report(const struct bench_run *run,
		  const struct bench_scenario *scenario)
{
	const struct bench_method * const *method;

	printf("\n== %s: %s (%llu MiB)\n", scenario->name, scenario->about,
	       scenario->size / BENCH_MIB);
	print_heads(scenario);
	print_row(run, scenario, &bench_limit);
	for (method = scenario->methods; *method; method++)
		print_row(run, scenario, *method);
	fflush(stdout);
}

void bench_report_notes(void)
{
	printf("\n%s", notes);
}
