// SPDX-License-Identifier: GPL-2.0
/*
 * Draining: has the processors give up the pages that they keep to themselves.
 *
 * A page that was just brought in waits, with a reference held on it, in a short
 * list of the processor that brought it until that list is full; only then is it
 * on the lists of the memory manager.  On a processor that brings in no more
 * pages it may wait for ever.  Releasing a batch of folios drains the lists of
 * the processor that does so (lru_add_drain_all() is not exported).
 */
#include <linux/cpumask.h>
#include <linux/folio_batch.h>
#include <linux/pagemap.h>
#include <linux/workqueue.h>

#include "coldsend.h"

static long cs_drain_this_cpu(void *arg)
{
	struct folio_batch folios;
	struct folio *folio = arg;

	folio_batch_init(&folios);
	folio_get(folio);
	folio_batch_add(&folios, folio);
	folio_batch_release(&folios);
	return 0;
}

/**
 * cs_drain_all_cpus - has each processor give up the pages it keeps to itself
 * @folio: any, that the caller holds a reference on
 *
 * Sleeps until each has run a work item.
 */
void cs_drain_all_cpus(struct folio *folio)
{
	int cpu;

	/* One that goes offline meanwhile drains its lists by itself. */
	for_each_online_cpu(cpu)
		work_on_cpu_safe(cpu, cs_drain_this_cpu, folio);
}
