// SPDX-License-Identifier: GPL-2.0
/* Names of netlink attributes and values: live transfers, pool, events. */
#include "views.h"

static const char *const states[] = {
	[COLDSEND_STATE_PUMPING] = "pumping",
	[COLDSEND_STATE_WAIT_DISK] = "wait-disk",
	[COLDSEND_STATE_WAIT_POOL] = "wait-pool",
	[COLDSEND_STATE_WAIT_SOCKET] = "wait-socket",
	[COLDSEND_STATE_ENDED] = "ended",
};

static const char *const events[] = {
	[COLDSEND_EVENT_TRANSFER_DONE] = "transfer-done",
	[COLDSEND_EVENT_TRANSFER_FAILED] = "transfer-failed",
	[COLDSEND_EVENT_POLICY_CHANGED] = "policy-changed",
	[COLDSEND_EVENT_LIMIT_HIT] = "limit-hit",
};

static const char *const limits[] = {
	[COLDSEND_LIMIT_TRANSFERS] = "transfers",
	[COLDSEND_LIMIT_POOL] = "pool",
};

static const char *state_name(unsigned int value)
{
	return value < ARRAY_SIZE(states) ? states[value] : NULL;
}

static const char *event_name(unsigned int value)
{
	return value < ARRAY_SIZE(events) ? events[value] : NULL;
}

static const char *limit_name(unsigned int value)
{
	return value < ARRAY_SIZE(limits) ? limits[value] : NULL;
}

static const struct cs_words state_words = { .name = state_name };
const struct cs_words cs_event_words = { .name = event_name };
const struct cs_words cs_limit_words = { .name = limit_name };

static const struct cs_attr transfer[] = {
	[COLDSEND_A_TRANSFER_ID] = { .name = "id" },
	[COLDSEND_A_TRANSFER_PID] = { .name = "pid" },
	[COLDSEND_A_TRANSFER_UID] = { .name = "uid" },
	[COLDSEND_A_TRANSFER_DEV_MAJOR] = { .name = "dev-major" },
	[COLDSEND_A_TRANSFER_DEV_MINOR] = { .name = "dev-minor" },
	[COLDSEND_A_TRANSFER_INO] = { .name = "ino" },
	[COLDSEND_A_TRANSFER_POLICY_USED] = {
		.name = "policy-used", .words = &cs_policies },
	[COLDSEND_A_TRANSFER_STATE] = {
		.name = "state", .words = &state_words },
	[COLDSEND_A_TRANSFER_ASYNC] = { .name = "async" },
	[COLDSEND_A_TRANSFER_BYTES_ASKED] = { .name = "bytes-asked" },
	[COLDSEND_A_TRANSFER_BYTES_SENT] = { .name = "bytes-sent" },
	[COLDSEND_A_TRANSFER_AGE_NS] = { .name = "age-ns" },
	[COLDSEND_A_TRANSFER_SEGMENTS] = { .name = "segments" },
	[COLDSEND_A_TRANSFER_ERROR] = { .name = "error" },
};

static const struct cs_attr pool[] = {
	[COLDSEND_A_POOL_BYTES_MAX] = { .name = "bytes-max" },
	[COLDSEND_A_POOL_BYTES_HELD] = { .name = "bytes-held" },
	[COLDSEND_A_POOL_BYTES_USED] = { .name = "bytes-used" },
	[COLDSEND_A_POOL_BYTES_IDLE] = { .name = "bytes-idle" },
	[COLDSEND_A_POOL_BYTES_LINGERING] = { .name = "bytes-lingering" },
	[COLDSEND_A_POOL_BYTES_PINNED] = { .name = "bytes-pinned" },
	[COLDSEND_A_POOL_USERS] = { .name = "users" },
	[COLDSEND_A_POOL_TRANSFERS] = { .name = "transfers" },
	[COLDSEND_A_POOL_WAITING] = { .name = "waiting" },
	[COLDSEND_A_POOL_REFUSED] = { .name = "refused" },
	[COLDSEND_A_POOL_SEGMENTS] = { .name = "segments" },
};

static const struct cs_attr event[] = {
	[COLDSEND_A_EVENT] = { .name = "event", .words = &cs_event_words },
	[COLDSEND_A_LIMIT] = { .name = "limit", .words = &cs_limit_words },
	[COLDSEND_A_EVENTS_DROPPED] = { .name = "events-dropped" },
};

/* A new attribute in the specification wants its line above. */
static_assert(ARRAY_SIZE(transfer) == COLDSEND_A_TRANSFER_MAX + 1,
	      "attributes of a transfer without a name");
static_assert(ARRAY_SIZE(pool) == COLDSEND_A_POOL_LAST + 1,
	      "attributes of the pool without a name");
static_assert(ARRAY_SIZE(event) <= CS_VALUES_MAX, "CS_VALUES_MAX is too small");

const struct cs_attrs cs_transfer_attrs = { transfer, ARRAY_SIZE(transfer) };
const struct cs_attrs cs_pool_attrs = { pool, ARRAY_SIZE(pool) };
const struct cs_attrs cs_event_attrs = { event, ARRAY_SIZE(event) };
