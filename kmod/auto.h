/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Policy auto: what its files offer each other; xfer, who asks it; and policy and
 * segment, which look at memory.
 *
 *	auto	    chooses a policy where the caller leaves it to us
 *	heat	    how much files were asked for lately
 *	doorkeeper  small files that the page cache missed lately
 *	memory	    the machine's memory: what can be had, what was pushed out
 */
#ifndef COLDSEND_AUTO_H
#define COLDSEND_AUTO_H

#include <linux/bits.h>

#include "coldsend.h"

/* What a file gains by being served whole. */
#define CS_HEAT_SHIFT		20
#define CS_HEAT_ONCE		BIT(CS_HEAT_SHIFT)

/**
 * struct cs_heat - what is known of a file that may be sent
 * @heat: times that it was asked for lately, in parts of CS_HEAT_ONCE
 * @apart: pages that left the page cache from one of these times to the next
 * @admitted: policy auto lets it into the page cache
 */
struct cs_heat {
	u32 heat;
	unsigned long apart;
	bool admitted;
};

u32 cs_auto_choose(struct cs_xfer *xfer, bool trial);
void cs_auto_learn(const struct cs_xfer *xfer);

bool cs_heat_add(const struct cs_xfer *xfer);
void cs_heat_get(const struct cs_xfer *xfer, struct cs_heat *heat);
void cs_heat_admit(const struct cs_xfer *xfer, bool admitted);
u32 cs_heat_bring(const struct cs_xfer *xfer, u64 bytes);
void cs_heat_forget(const struct cs_xfer *xfer);
int cs_heat_init(void);
void cs_heat_exit(void);

bool cs_doorkeeper_knows(const struct cs_xfer *xfer);
void cs_doorkeeper_note(const struct cs_xfer *xfer);
void cs_doorkeeper_init(void);

void cs_memory_init(void);
u64 cs_memory_all(void);
bool cs_memory_has_unused(unsigned long pages);
bool cs_memory_is_full(void);

/**
 * struct cs_memory - of the machine, for a task
 * @available: bytes that it could have without swapping
 * @is_short: what comes into the page cache pushes others out
 */
struct cs_memory {
	u64 available;
	bool is_short;
};

struct cs_memory cs_memory_look(void);
unsigned long cs_memory_evicted(void);

#endif /* COLDSEND_AUTO_H */
