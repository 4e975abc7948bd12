// SPDX-License-Identifier: GPL-2.0
/*
 * Draining: has the processors give up the pages that they keep to themselves.
 *
 * A page that was just brought in waits, with a reference held on it, in a short
 * list of the processor that brought it until that list is full; only then is it
 * on the lists of the memory manager.  And buffers of the network that another
 * processor is done with wait for the one that allocated them, as many as 64 or 128,
 * to receive something.  A processor that has nothing more to do lets neither go.
 *
 * Releasing a batch of folios drains the lists of the processor that does so
 * (lru_add_drain_all() is not exported), and whoever polls a device, one of ours
 * that never has anything, frees those buffers before.
 *
 * Nobody waits for it: a processor may have no time for it, with a busy real-time
 * thread for example, and who asks looks at his pages again and again anyway.
 */
#include <linux/bottom_half.h>
#include <linux/cpumask.h>
#include <linux/folio_batch.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/workqueue.h>

#include "compat/netdev.h"
#include "coldsend.h"

/**
 * struct cs_drain - how a processor drains its lists
 * @work: runs there
 * @napi: has nothing to poll
 */
struct cs_drain {
	struct work_struct work;
	struct napi_struct napi;
};

static struct cs_drain __percpu *cs_drains;
static struct net_device *cs_drain_device;
/* A batch must have one to be released; this one is in no page cache. */
static struct folio *cs_drain_folio;

static int cs_drain_poll(struct napi_struct *napi, int budget)
{
	napi_complete(napi);
	return 0;
}

static void cs_drain_work(struct work_struct *work)
{
	struct cs_drain *drain = container_of(work, struct cs_drain, work);
	struct folio_batch folios;

	local_bh_disable();
	napi_schedule(&drain->napi);
	local_bh_enable();
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
		schedule_work_on(cpu, &per_cpu_ptr(cs_drains, cpu)->work);
}

/* What exists of: the processors' parts, the device, the folio. */
static void cs_drain_free(void)
{
	if (cs_drain_folio)
		folio_put(cs_drain_folio);
	if (cs_drain_device)
		compat_free_netdev_dummy(cs_drain_device);
	free_percpu(cs_drains);
}

/**
 * cs_drain_init - gets ready
 *
 * Return: 0 or -ENOMEM.
 */
int cs_drain_init(void)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct cs_drain *drain;
	int cpu;

	cs_drain_folio = page ? page_folio(page) : NULL;
	cs_drain_device = compat_alloc_netdev_dummy();
	cs_drains = alloc_percpu(struct cs_drain);
	if (!cs_drain_folio || !cs_drain_device || !cs_drains) {
		cs_drain_free();
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu) {
		drain = per_cpu_ptr(cs_drains, cpu);
		INIT_WORK(&drain->work, cs_drain_work);
		/* Nobody finds it by a number. */
		set_bit(NAPI_STATE_NO_BUSY_POLL, &drain->napi.state);
		netif_napi_add(cs_drain_device, &drain->napi, cs_drain_poll);
		napi_enable(&drain->napi);
	}
	return 0;
}

/**
 * cs_drain_exit - ends what was asked for
 *
 * Nobody may ask any more.  Sleeps.
 */
void cs_drain_exit(void)
{
	struct cs_drain *drain;
	int cpu;

	for_each_possible_cpu(cpu) {
		drain = per_cpu_ptr(cs_drains, cpu);
		cancel_work_sync(&drain->work);
		napi_disable(&drain->napi);
		__netif_napi_del(&drain->napi);
	}
	/* Once for all of them. */
	synchronize_net();
	cs_drain_free();
}
