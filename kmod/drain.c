// SPDX-License-Identifier: GPL-2.0
/*
 * Draining: has the processors give up the pages that they keep to themselves.
 *
 * A page that was just brought in waits, with a reference held on it, in a short
 * list of the processor that brought it until that list is full; only then is it
 * on the lists of the memory manager.  On a processor that brings in no more
 * pages it may wait for ever.  Releasing a batch of folios drains the lists of
 * the processor that does so (lru_add_drain_all() is not exported).
 *
 * Nobody waits for it: a processor may have no time for it, with a busy real-time
 * thread for example, and who asks looks at his pages again and again anyway.
 */
#include <linux/cpumask.h>
#include <linux/folio_batch.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "coldsend.h"

static DEFINE_PER_CPU(struct work_struct, cs_drain_worker);
/* A batch must have one to be released; this one is in no page cache. */
static struct folio *cs_drain_folio;

static void cs_drain_work(struct work_struct *work)
{
	struct folio_batch folios;

	folio_batch_init(&folios);
	folio_get(cs_drain_folio);
	folio_batch_add(&folios, cs_drain_folio);
	folio_batch_release(&folios);
}

/**
 * cs_drain_all_cpus - has each processor give up the pages it keeps to itself
 *
 * They do so as soon as each runs its kernel threads.
 */
void cs_drain_all_cpus(void)
{
	int cpu;

	/* One that goes offline meanwhile drains its lists by itself. */
	for_each_online_cpu(cpu)
		schedule_work_on(cpu, per_cpu_ptr(&cs_drain_worker, cpu));
}

/**
 * cs_drain_init - gets ready
 *
 * Return: 0 or -ENOMEM.
 */
int cs_drain_init(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	int cpu;

	if (!page)
		return -ENOMEM;
	cs_drain_folio = page_folio(page);
	for_each_possible_cpu(cpu)
		INIT_WORK(per_cpu_ptr(&cs_drain_worker, cpu), cs_drain_work);
	return 0;
}

/**
 * cs_drain_exit - ends what was asked for
 *
 * Nobody may ask any more.  Sleeps.
 */
void cs_drain_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		cancel_work_sync(per_cpu_ptr(&cs_drain_worker, cpu));
	folio_put(cs_drain_folio);
}
