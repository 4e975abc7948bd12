// SPDX-License-Identifier: GPL-2.0
/* Memory, of the machine and of cgroups: what can be had, what left the page cache. */
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/percpu.h>
#include <linux/vmstat.h>

#include "auto.h"

/*
 * Memory is short where less than 1/8 of it can be had, or less than 1/32 is
 * unused, beside what the kernel keeps, so that what comes in pushes something
 * out.  Up to 1/8 may be unused in pieces that are too small, and something pushed
 * out all the same: that is seen by what kswapd does.
 */
#define CS_PRESSURE_SHIFT	3
#define CS_FULL_SHIFT		5
#define CS_PUSHED_LATELY	HZ
/* What it took since nobody looked for longer than that counts from 1/64 on. */
#define CS_PUSHED_SHIFT		6

/*
 * What was found last, and in which jiffy: pages that the page cache gave up, pages
 * that kswapd took of all memory, and when it had taken some.
 */
static unsigned long cs_memory_gave_up;
static unsigned long cs_memory_taken;
static unsigned long cs_memory_pushed_at;
static unsigned long cs_memory_found_at;

/**
 * cs_memory_all - bytes that the kernel has to give
 *
 * Any context.
 */
u64 cs_memory_all(void)
{
	return (u64)totalram_pages() << PAGE_SHIFT;
}

/**
 * struct cs_memory_bound - what the cgroups that the calling task is in let it have
 * @pages: at the most, what they have already included
 * @is_full: one of them has hardly any left
 */
struct cs_memory_bound {
	unsigned long pages;
	bool is_full;
};

#ifdef CONFIG_MEMCG
static struct cs_memory_bound cs_memory_bound(void)
{
	struct mem_cgroup *memcg = get_mem_cgroup_from_mm(current->mm);
	struct cs_memory_bound bound = { .pages = PAGE_COUNTER_MAX };
	struct mem_cgroup *at;
	unsigned long most;

	for (at = memcg; at; at = parent_mem_cgroup(at)) {
		most = min(READ_ONCE(at->memory.max),
			   READ_ONCE(at->memory.high));
		bound.pages = min(bound.pages, most);
		if (page_counter_read(&at->memory) +
		    (most >> CS_FULL_SHIFT) >= most)
			bound.is_full = true;
	}
	mem_cgroup_put(memcg);
	return bound;
}
#else
static struct cs_memory_bound cs_memory_bound(void)
{
	return (struct cs_memory_bound){ .pages = ULONG_MAX };
}
#endif

/* Pages that the kernel keeps unused: up to there it gives up page cache. */
static unsigned long cs_memory_kept_unused(void)
{
	unsigned long pages = 0;
	struct zone *zone;
	int node, i;

	for_each_online_node(node) {
		for (i = 0; i < MAX_NR_ZONES; i++) {
			zone = &NODE_DATA(node)->node_zones[i];
			pages += high_wmark_pages(zone);
		}
	}
	return pages;
}

/* Pages that are unused beside those. */
static unsigned long cs_memory_unused(void)
{
	unsigned long all = global_zone_page_state(NR_FREE_PAGES);
	unsigned long kept = cs_memory_kept_unused();

	return all > kept ? all - kept : 0;
}

/**
 * cs_memory_has_unused - is that much unused, beside what the kernel keeps?
 * @pages: how much
 *
 * Any context.
 */
bool cs_memory_has_unused(unsigned long pages)
{
	return cs_memory_unused() > pages;
}

#ifdef CS_EVICTED_IS_EVENT
static unsigned long cs_memory_count(enum vm_event_item item)
{
	unsigned long pages = 0;
#ifdef CONFIG_VM_EVENT_COUNTERS
	int cpu;

	for_each_possible_cpu(cpu)
		pages += READ_ONCE(per_cpu(vm_event_states, cpu).event[item]);
#endif
	return pages;
}
#else
static unsigned long cs_memory_count(enum node_stat_item item)
{
	return global_node_page_state(item);
}
#endif

/* Once each jiffy: of two callers the later may see less. */
static void cs_memory_find(void)
{
	unsigned long now = jiffies;
	unsigned long found_at, taken, least;

	/* Pairs with the release below. */
	found_at = smp_load_acquire(&cs_memory_found_at);
	if (found_at == now)
		return;
	least = time_before(now, found_at + CS_PUSHED_LATELY) ?
		1 : totalram_pages() >> CS_PUSHED_SHIFT;
	WRITE_ONCE(cs_memory_gave_up, cs_memory_count(PGSTEAL_FILE));
	taken = cs_memory_count(PGSTEAL_KSWAPD);
	if ((long)(taken - READ_ONCE(cs_memory_taken)) >= (long)least)
		WRITE_ONCE(cs_memory_pushed_at, now);
	WRITE_ONCE(cs_memory_taken, taken);
	/* Who sees the time sees what was found. */
	smp_store_release(&cs_memory_found_at, now);
}

/* A cgroup that gives up its own is none of the machine's: kswapd does not do that. */
static bool cs_memory_pushes(void)
{
	cs_memory_find();
	return time_before(jiffies, READ_ONCE(cs_memory_pushed_at) +
				    CS_PUSHED_LATELY);
}

static bool cs_memory_is_used_up(void)
{
	unsigned long all = totalram_pages();
	unsigned long unused = cs_memory_unused();

	if (unused > all >> CS_PRESSURE_SHIFT)
		return false;
	return unused <= all >> CS_FULL_SHIFT || cs_memory_pushes();
}

/**
 * cs_memory_is_full - is there hardly any memory that is not in use, of the machine's
 *	or of what the calling task's cgroups may have?
 *
 * What comes in pushes something out then.  Process context.
 */
bool cs_memory_is_full(void)
{
	return cs_memory_is_used_up() || cs_memory_bound().is_full;
}

/**
 * cs_memory_look - what the calling task could have, and whether that hurts others
 *
 * Of a cgroup it could have all that it may: most of it is page cache, which can be
 * had.  A small one is not short of memory for being small.  Process context.
 */
struct cs_memory cs_memory_look(void)
{
	unsigned long pages = max(si_mem_available(), 0L);
	struct cs_memory_bound bound = cs_memory_bound();

	return (struct cs_memory){
		.available = (u64)min(pages, bound.pages) << PAGE_SHIFT,
		.is_short = pages < totalram_pages() >> CS_PRESSURE_SHIFT ||
			    bound.is_full || cs_memory_is_used_up(),
	};
}

/**
 * cs_memory_evicted - pages that the page cache had to give up since the boot
 *
 * A clock that stands still while memory is to spare, the machine's and that of
 * each cgroup: only differences mean something.  It may be old by a jiffy.  Always
 * 0 where the kernel doesn't count.  Any context.
 */
unsigned long cs_memory_evicted(void)
{
	cs_memory_find();
	return READ_ONCE(cs_memory_gave_up);
}

/**
 * cs_memory_init - what was pushed out before now does not matter
 */
void cs_memory_init(void)
{
	cs_memory_find();
	WRITE_ONCE(cs_memory_pushed_at, jiffies - CS_PUSHED_LATELY);
}
