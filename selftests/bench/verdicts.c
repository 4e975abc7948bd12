// SPDX-License-Identifier: GPL-2.0
/* What coldsend must reach, what it did reach, and whether that is it. */
#include <stdio.h>

#include "run.h"

/* verdict.rival: whoever of the others was the best in that. */
static const struct bench_method best_rival;

/**
 * struct kind - of value
 * @value: of a round
 * @what: in words
 * @at_most: it is good if it is little
 */
struct kind {
	bench_value_fn value;
	const char *what;
	bool at_most;
};

static const struct kind speed = { bench_mb_s, "MB/s", false };
static const struct kind cpu = { bench_cpu_s_per_gb, "mean CPU", true };
static const struct kind p50 = { bench_p50_us, "p50", true };
static const struct kind p99 = { bench_p99_us, "p99", true };
static const struct kind kept = { bench_hot_kept, "share of hot pages kept", false };
static const struct kind left = { bench_pages_added, "pages left behind", true };

/**
 * struct verdict - a value must reach a bound
 * @scenario: where the value is measured
 * @method: of whom
 * @kind: which
 * @bound: how many times the rival's, or how much if there is none
 * @rival: of whom the other is, or NULL
 * @where: the other's scenario, NULL for the same
 */
struct verdict {
	const char *scenario;
	const struct bench_method *method;
	const struct kind *kind;
	double bound;
	const struct bench_method *rival;
	const char *where;
};

static const struct verdict verdicts[] = {
	{ "cold", &bench_direct, &speed, .9, &bench_limit },
	{ "cold", &bench_hybrid, &speed, .9, &bench_limit },
	{ "cold", &bench_direct, &speed, 2.5, &bench_sendfile },
	{ "cold", &bench_hybrid, &speed, 2.5, &bench_sendfile },
	{ "cold", &bench_direct, &speed, 1.5, &best_rival },
	{ "cold", &bench_hybrid, &speed, 1.5, &best_rival },
	{ "cold", &bench_direct, &cpu, .2, &bench_sendfile },
	{ "cold", &bench_hybrid, &cpu, .2, &bench_sendfile },
	{ "cold", &bench_direct, &cpu, .3, &best_rival },
	{ "cold", &bench_hybrid, &cpu, .3, &best_rival },
	{ "cold", &bench_cached, &speed, 1, &bench_sendfile },
	{ "cold", &bench_direct, &left, 0 },
	{ "cold", &bench_hybrid, &left, 0 },
	{ "cold", &bench_drop, &left, 0 },
	{ "hot-1m", &bench_cached, &speed, 3, &bench_sendfile },
	{ "hot-1m", &bench_cached, &cpu, .3, &bench_sendfile },
	{ "hot-4k", &bench_cached, &speed, 1, &bench_sendfile },
	{ "hot-1", &bench_cached, &p50, 2, &bench_sendfile },
	{ "scan", &bench_direct, &p99, 1.2, &bench_nothing },
	{ "scan", &bench_hybrid, &p99, 1.2, &bench_nothing },
	{ "scan", &bench_drop, &p99, 1.2, &bench_nothing },
	{ "scan", &bench_direct, &kept, .99 },
	{ "scan", &bench_hybrid, &kept, .99 },
	{ "scan", &bench_drop, &kept, .99 },
	{ "scan", &bench_direct, &left, 0 },
	{ "scan", &bench_hybrid, &left, 0 },
	{ "scan", &bench_drop, &left, 0 },
	{ "many-1000", &bench_direct_async, &speed, .9, &bench_direct_async, "many-1" },
	{ "many-1000", &bench_hybrid_async, &speed, .9, &bench_hybrid_async, "many-1" },
	{ "slow-disk-1ms", &bench_direct, &speed, .9, &bench_limit },
	{ "slow-disk-5ms", &bench_direct, &speed, .9, &bench_limit },
	/* The growth lines: flat means that no size costs a tenth more. */
	{ "growth-1m", &bench_direct, &cpu, 1.1, &bench_direct, "growth-256m" },
	{ "growth-4g", &bench_direct, &cpu, 1.1, &bench_direct, "growth-256m" },
};

static bool middle(const struct bench_run *run, const char *name,
		   const struct bench_method *method, bench_value_fn value,
		   double *is)
{
	const struct bench_scenario *scenario = bench_scenario_find(name);
	struct bench_spread spread;

	if (!scenario || !method ||
	    !bench_summarize(run, scenario, method, value, &spread))
		return false;
	*is = bench_middle(&spread, value);
	return true;
}

static const char *word(const struct verdict *v, double is)
{
	return (v->kind->at_most ? is <= v->bound : is >= v->bound) ? "reached" :
								      "MISSED";
}

static const char *side(const struct verdict *v)
{
	return v->kind->at_most ? "at most" : "at least";
}

static void print_ratio(const struct bench_run *run, const struct verdict *v,
			double mine)
{
	const char *where = v->where ?: v->scenario;
	const struct bench_method *rival = v->rival;
	double theirs;

	if (rival == &best_rival)
		rival = bench_best_rival(run, bench_scenario_find(where),
					 v->kind->value, v->kind->at_most);
	if (!middle(run, where, rival, v->kind->value, &theirs))
		return;
	printf("%-8s %s, %s: %s %.2f x that of %s%s%s%s (%s %.2f)\n",
	       word(v, mine / theirs), v->scenario, v->method->name,
	       v->kind->what, mine / theirs, rival->name,
	       v->rival == &best_rival ? ", the best rival" : "",
	       v->where ? " in " : "", v->where ?: "", side(v), v->bound);
}

static void print_verdict(const struct bench_run *run, const struct verdict *v)
{
	double mine;

	if (!middle(run, v->scenario, v->method, v->kind->value, &mine))
		return;
	if (v->rival)
		print_ratio(run, v, mine);
	else
		printf("%-8s %s, %s: %s %.3g (%s %.3g)\n", word(v, mine),
		       v->scenario, v->method->name, v->kind->what, mine,
		       side(v), v->bound);
}

void bench_verdicts(const struct bench_run *run)
{
	size_t i;

	printf("\n== what must be reached\n");
	for (i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++)
		print_verdict(run, &verdicts[i]);
}
