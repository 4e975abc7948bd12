// SPDX-License-Identifier: GPL-2.0
/* The tables on standard output, and the lines that compare. */
#include <stdio.h>

#include "bench.h"

static const char notes[] =
"  MB = 10^6 bytes, GB = 10^9. Medians of all rounds [least-most].\n"
"  CPU: the sender's process, user and system. Interrupts and softirqs are\n"
"  charged to whoever runs when they come: over loopback, the receiver's TCP\n"
"  is often charged to the sender. All CPU: the whole machine, receiver too.\n"
"  Copies: by the sender's CPU from disk to socket; counted by coldsend, by\n"
"  definition for the others. Calls: the method's own count.\n";

/* A spread as one cell. */
static const char *cell(const struct bench_spread *s, int digits, char *buf,
			size_t size)
{
	snprintf(buf, size, "%.*f [%.*f-%.*f]", digits, s->median, digits,
		 s->min, digits, s->max);
	return buf;
}

static double median(const struct bench_run *run,
		     const struct bench_scenario *scenario,
		     const struct bench_method *method, bench_value_fn value)
{
	struct bench_spread spread = { 0 };

	bench_summarize(run, scenario, method, value, &spread);
	return spread.median;
}

static void print_row(const struct bench_run *run,
		      const struct bench_scenario *scenario,
		      const struct bench_method *method)
{
	struct bench_spread speed, cpu;
	char speed_cell[64], cpu_cell[64];

	if (!bench_summarize(run, scenario, method, bench_mb_s, &speed) ||
	    !bench_summarize(run, scenario, method, bench_cpu_s_per_gb, &cpu))
		return;
	printf("%-18s %20s %20s %6.2f %7.2f %7.2f %7.2f %7.0f %8.0f\n",
	       method->name,
	       cell(&speed, 0, speed_cell, sizeof(speed_cell)),
	       cell(&cpu, 2, cpu_cell, sizeof(cpu_cell)),
	       median(run, scenario, method, bench_all_cpu_s_per_gb),
	       median(run, scenario, method, bench_syscalls_per_mb),
	       median(run, scenario, method, bench_switches_per_mb),
	       median(run, scenario, method, bench_copies_per_byte),
	       median(run, scenario, method, bench_disk_reads),
	       median(run, scenario, method, bench_pages_added));
}

void bench_report(const struct bench_run *run,
		  const struct bench_scenario *scenario)
{
	const struct bench_method * const *method;

	printf("\n== %s: a file of %llu MiB, %s, requests of %llu MiB\n",
	       scenario->name, scenario->size / BENCH_MIB,
	       scenario->hot ? "all in the page cache" : "none in the page cache",
	       scenario->request / BENCH_MIB);
	printf("%-18s %20s %20s %6s %7s %7s %7s %7s %8s\n", "", "", "CPU",
	       "all", "calls", "switch", "copies", "disk", "pages");
	printf("%-18s %20s %20s %6s %7s %7s %7s %7s %8s\n", "method", "MB/s",
	       "s/GB", "s/GB", "/MB", "/MB", "/byte", "reads", "added");
	for (method = scenario->methods; *method; method++)
		print_row(run, scenario, *method);
}

static void compare(const struct bench_run *run,
		    const struct bench_scenario *scenario,
		    const struct bench_method *method,
		    const struct bench_method *rival)
{
	struct bench_spread speed, cpu;

	if (!bench_ratio(run, scenario, method, rival, bench_mb_s, &speed) ||
	    !bench_ratio(run, scenario, method, rival, bench_cpu_s_per_gb, &cpu))
		return;
	printf("%s: %.2f × %s %s [%.2f-%.2f by round] at %.2f × its CPU [%.2f-%.2f]\n",
	       method->name, speed.median, rival->name, scenario->name,
	       speed.min, speed.max, cpu.median, cpu.min, cpu.max);
}

static bool is_ours(const struct bench_method *method)
{
	return method == &bench_coldsend_cached ||
	       method == &bench_coldsend_direct;
}

/* The fastest of the others. */
static const struct bench_method *best(const struct bench_run *run,
				       const struct bench_scenario *scenario)
{
	const struct bench_method * const *method;
	const struct bench_method *found = NULL;
	double most = 0;

	for (method = scenario->methods; *method; method++) {
		double speed = median(run, scenario, *method, bench_mb_s);

		if (is_ours(*method) || speed <= most)
			continue;
		most = speed;
		found = *method;
	}
	return found;
}

static void compare_all(const struct bench_run *run,
			const struct bench_scenario *scenario,
			const struct bench_method *method)
{
	const struct bench_method *rival = best(run, scenario);

	compare(run, scenario, method, &bench_sendfile);
	if (rival && rival != &bench_sendfile)
		compare(run, scenario, method, rival);
}

void bench_report_ratios(const struct bench_run *run,
			 const struct bench_scenario *cold,
			 const struct bench_scenario *hot)
{
	printf("\n%s\n", notes);
	compare_all(run, cold, &bench_coldsend_direct);
	compare_all(run, cold, &bench_coldsend_cached);
	compare_all(run, hot, &bench_coldsend_cached);
}
