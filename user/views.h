/* SPDX-License-Identifier: GPL-2.0 */
/* Live views: transfers that run, the pool, times and events. */
#ifndef CS_VIEWS_H
#define CS_VIEWS_H

#include "cli.h"

/* attrs_views.c: as attrs.c, of what is live */
extern const struct cs_words cs_event_words;
extern const struct cs_words cs_limit_words;
extern const struct cs_attrs cs_transfer_attrs;
extern const struct cs_attrs cs_pool_attrs;
extern const struct cs_attrs cs_event_attrs;

/* nl_views.c: what is live, by netlink */

#define CS_TIMED		(COLDSEND_TIMED_POOL + 1)
#define CS_BUCKETS		32

/**
 * struct cs_histogram - how long something took
 * @sum_us: microseconds of all together
 * @bucket: how many took less than 2^N microseconds, and no less than half
 */
struct cs_histogram {
	__u64 sum_us;
	__u64 bucket[CS_BUCKETS];
};

/**
 * struct cs_view - what the module does at a time
 * @when: monotonic seconds
 * @transfers: those that run; @file of a row has attributes of a transfer
 * @files: statistics of files
 * @sees_files: we may see @files
 * @pool: what the pool holds
 * @stats: totals
 */
struct cs_view {
	double when;
	struct cs_rows transfers;
	struct cs_rows files;
	bool sees_files;
	struct cs_values pool;
	struct cs_stats stats;
};

/**
 * struct cs_event - what an event tells
 * @event: which, and how many were dropped before it
 * @transfer: the transfer, if it is about one
 * @tunables: the new ones, if they were changed
 * @path: of the transfer's file, raw bytes; NULL if none
 */
struct cs_event {
	struct cs_values event;
	struct cs_values transfer;
	struct cs_values tunables;
	char *path;
};

int cs_nl_transfers_dump(struct cs_nl *nl, struct cs_rows *rows);
int cs_nl_pool_get(struct cs_nl *nl, struct cs_values *pool);
int cs_nl_latency_get(struct cs_nl *nl, struct cs_histogram *histogram);
int cs_nl_view(struct cs_nl *nl, struct cs_view *view);
void cs_view_clear(struct cs_view *view);
int cs_nl_listen(struct cs_nl *nl);
int cs_nl_next_event(struct cs_nl *nl, struct cs_event *event);

/* print_views.c: a view in lines of text */
typedef void (*cs_line)(void *arg, const char *text);
void cs_view_draw(const struct cs_view *now, const struct cs_view *before,
		  unsigned int lines, cs_line line, void *arg);

/* screen.c: a view on the terminal; all of ncurses */
int cs_screen_run(struct cs_nl *nl, unsigned int seconds);

/* prometheus.c: totals in the text format of Prometheus */
int cs_prometheus_print(struct cs_nl *nl);

/* print_human.c, print_json_views.c */
void cs_human_tree(const struct cs_tree *trees, size_t nr_trees,
		   const struct cs_resident *list, size_t count);
void cs_human_view(const struct cs_view *view);
void cs_human_event(const struct cs_event *event);
void cs_json_tree(const struct cs_tree *trees, size_t nr_trees,
		  const struct cs_resident *list, size_t count);
void cs_json_view(const struct cs_view *view);
void cs_json_event(const struct cs_event *event);

#endif /* CS_VIEWS_H */
