// SPDX-License-Identifier: GPL-2.0
/* The printer for people: what is live, events, trees. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "views.h"

/* Room for a line, most of it path. */
#define LINE_MAX_LEN	1024

/* Lines of a snapshot, which nobody scrolls. */
#define SNAPSHOT_LINES	60

/* A size in at most five characters, without padding. */
static const char *size_text(char *text, size_t room, __u64 bytes)
{
	static const char suffix[] = "KMGTPE";
	double size = (double)bytes;
	int i = -1;

	while (size >= 999.5) {
		size /= 1024;
		i++;
	}
	if (i < 0)
		snprintf(text, room, "%llu", bytes);
	else
		snprintf(text, room, "%.*f%c", size < 9.95 ? 1 : 0, size,
			 suffix[i]);
	return text;
}

static __u64 sent_of(const struct cs_row *row)
{
	return row->file.v[COLDSEND_A_TRANSFER_BYTES_SENT];
}

/* The same transfer in the view before, or NULL. */
static const struct cs_row *find_before(const struct cs_view *before,
					const struct cs_row *row)
{
	size_t i;

	for (i = 0; before && i < before->transfers.count; i++)
		if (before->transfers.row[i].file.v[COLDSEND_A_TRANSFER_ID] ==
		    row->file.v[COLDSEND_A_TRANSFER_ID])
			return &before->transfers.row[i];
	return NULL;
}

/* MB/s of a transfer since the view before, or since it began. */
static double transfer_rate(const struct cs_view *now,
			    const struct cs_view *before,
			    const struct cs_row *row)
{
	const struct cs_row *old = find_before(before, row);

	if (old)
		return cs_print_rate(sent_of(row) - sent_of(old),
				     now->when - before->when);
	return cs_print_rate(sent_of(row),
			     (double)row->file.v[COLDSEND_A_TRANSFER_AGE_NS] /
			     1e9);
}

/* Bytes sent until now, those of transfers that run too. */
static __u64 sent_in_all(const struct cs_view *view)
{
	__u64 sent = view->stats.counters.v[COLDSEND_A_COUNTERS_BYTES_SENT];
	size_t i;

	for (i = 0; i < view->transfers.count; i++)
		sent += sent_of(&view->transfers.row[i]);
	return sent;
}

static void draw_head(const struct cs_view *now, const struct cs_view *before,
		      cs_line line, void *arg)
{
	const __u64 *pool = now->pool.v;
	char text[LINE_MAX_LEN], a[16], b[16], c[16], d[16];
	__u64 sent = sent_in_all(now);
	int len;

	len = snprintf(text, sizeof(text),
		       "coldsend: %zu run, %llu wait for memory; sent %s",
		       now->transfers.count, pool[COLDSEND_A_POOL_WAITING],
		       size_text(a, sizeof(a), sent));
	/* What has ended and is not counted yet is missing for a moment. */
	if (before && sent >= sent_in_all(before))
		snprintf(text + len, sizeof(text) - (size_t)len, ", %.1f MB/s",
			 cs_print_rate(sent - sent_in_all(before),
				       now->when - before->when));
	line(arg, text);
	snprintf(text, sizeof(text),
		 "pool %s of %s, %s in use; copied %s; errors %llu, refused %llu",
		 size_text(a, sizeof(a), pool[COLDSEND_A_POOL_BYTES_HELD]),
		 size_text(b, sizeof(b), pool[COLDSEND_A_POOL_BYTES_MAX]),
		 size_text(c, sizeof(c), pool[COLDSEND_A_POOL_BYTES_USED]),
		 size_text(d, sizeof(d),
			   now->stats.counters.v[COLDSEND_A_COUNTERS_BYTES_COPIED]),
		 now->stats.counters.v[COLDSEND_A_COUNTERS_ERRORS],
		 pool[COLDSEND_A_POOL_REFUSED]);
	line(arg, text);
}

static void draw_transfer(const struct cs_view *now,
			  const struct cs_view *before,
			  const struct cs_row *row, cs_line line, void *arg)
{
	const __u64 *v = row->file.v;
	__u64 asked = v[COLDSEND_A_TRANSFER_BYTES_ASKED];
	char *path = cs_print_escape(row->path);
	char text[LINE_MAX_LEN], size[16];

	snprintf(text, sizeof(text), "%7llu %5llu %-7.7s %-11s %5s %3.0f%% %7.1f %5.0fs %s",
		 v[COLDSEND_A_TRANSFER_PID], v[COLDSEND_A_TRANSFER_UID],
		 cs_words_name(&cs_policies, v[COLDSEND_A_TRANSFER_POLICY_USED]),
		 cs_words_name(cs_transfer_attrs.attr[COLDSEND_A_TRANSFER_STATE].words,
			       v[COLDSEND_A_TRANSFER_STATE]),
		 size_text(size, sizeof(size), asked),
		 asked ? 100.0 * (double)sent_of(row) / (double)asked : 100.0,
		 transfer_rate(now, before, row),
		 (double)v[COLDSEND_A_TRANSFER_AGE_NS] / 1e9, path);
	free(path);
	line(arg, text);
}

/* Oldest first: those are the ones that somebody looks for. */
static void draw_transfers(const struct cs_view *now,
			   const struct cs_view *before, size_t lines,
			   cs_line line, void *arg)
{
	size_t shown = now->transfers.count, i;
	char text[64];

	line(arg, "    PID   UID POLICY  STATE        SIZE SENT    MB/s    AGE PATH");
	if (shown > lines)
		shown = lines ? lines - 1 : 0;
	for (i = 0; i < shown; i++)
		draw_transfer(now, before, &now->transfers.row[i], line, arg);
	if (shown < now->transfers.count) {
		snprintf(text, sizeof(text), "    and %zu more",
			 now->transfers.count - shown);
		line(arg, text);
	}
}

/* Bytes that transfers left in the page cache. */
static __u64 footprint_of(const struct cs_row *row)
{
	const __u64 *v = row->counters.v;
	__u64 added = v[COLDSEND_A_COUNTERS_PAGES_ADDED];
	__u64 dropped = v[COLDSEND_A_COUNTERS_PAGES_DROPPED];

	return added > dropped ?
	       (added - dropped) * (__u64)sysconf(_SC_PAGESIZE) : 0;
}

static __u64 copies_of(const struct cs_row *row)
{
	return row->counters.v[COLDSEND_A_COUNTERS_BYTES_COPIED];
}

static int compare(__u64 a, __u64 b)
{
	return (a < b) - (a > b);
}

static int by_footprint(const void *a, const void *b)
{
	return compare(footprint_of(a), footprint_of(b));
}

static int by_copies(const void *a, const void *b)
{
	return compare(copies_of(a), copies_of(b));
}

/* The files with most of something; a copy of the rows is sorted. */
static void draw_files(const struct cs_rows *rows, const char *head,
		       __u64 (*amount)(const struct cs_row *row),
		       int (*order)(const void *a, const void *b),
		       size_t lines, cs_line line, void *arg)
{
	struct cs_row *sorted = calloc(rows->count + 1, sizeof(*sorted));
	char text[LINE_MAX_LEN], size[16], *path;
	size_t i;

	line(arg, head);
	if (!sorted)
		return;
	if (rows->count)
		memcpy(sorted, rows->row, rows->count * sizeof(*sorted));
	qsort(sorted, rows->count, sizeof(*sorted), order);
	for (i = 0; i < rows->count && i < lines && amount(&sorted[i]); i++) {
		path = cs_print_escape(sorted[i].path);
		snprintf(text, sizeof(text), "%7s %9llu %s",
			 size_text(size, sizeof(size), amount(&sorted[i])),
			 sorted[i].counters.v[COLDSEND_A_COUNTERS_TRANSFERS],
			 path);
		free(path);
		line(arg, text);
	}
	free(sorted);
}

/**
 * cs_view_draw - a view in lines of text
 * @now: the view
 * @before: the one before, to tell how fast things go, or NULL
 * @lines: that it has room for, at least 8
 * @line: takes each line
 * @arg: for @line
 */
void cs_view_draw(const struct cs_view *now, const struct cs_view *before,
		  unsigned int lines, cs_line line, void *arg)
{
	/* Two of heads and three of columns; half of the rest for transfers. */
	size_t rest = lines > 8 ? lines - 5 : 3;

	draw_head(now, before, line, arg);
	draw_transfers(now, before, rest / 2, line, arg);
	if (!now->sees_files) {
		line(arg, "files are shown to those with CAP_NET_ADMIN");
		return;
	}
	draw_files(&now->files, " CACHED TRANSFERS FILE (left in the page cache)",
		   footprint_of, by_footprint, rest / 4, line, arg);
	draw_files(&now->files, " COPIED TRANSFERS FILE (copied by the CPU)",
		   copies_of, by_copies, rest / 4, line, arg);
}

static void print_line(void *arg, const char *text)
{
	(void)arg;
	puts(text);
}

/** cs_human_view - print a view once */
void cs_human_view(const struct cs_view *view)
{
	cs_view_draw(view, NULL, SNAPSHOT_LINES, print_line, NULL);
}

static void print_event_transfer(const struct cs_event *event)
{
	const __u64 *v = event->transfer.v;
	__u64 error = v[COLDSEND_A_TRANSFER_ERROR];
	const char *why = strerrorname_np((int)error);
	char *path = cs_print_escape(event->path);

	printf(" id %llu pid %llu uid %llu %s %llu of %llu bytes in %.3f s%s%s %s",
	       v[COLDSEND_A_TRANSFER_ID], v[COLDSEND_A_TRANSFER_PID],
	       v[COLDSEND_A_TRANSFER_UID],
	       cs_words_name(&cs_policies, v[COLDSEND_A_TRANSFER_POLICY_USED]),
	       v[COLDSEND_A_TRANSFER_BYTES_SENT],
	       v[COLDSEND_A_TRANSFER_BYTES_ASKED],
	       (double)v[COLDSEND_A_TRANSFER_AGE_NS] / 1e9,
	       error ? " " : "", error ? (why ? why : "unknown error") : "",
	       path);
	free(path);
}

static void print_clock(void)
{
	time_t now = time(NULL);
	struct tm local;
	char text[32];

	localtime_r(&now, &local);
	strftime(text, sizeof(text), "%H:%M:%S", &local);
	fputs(text, stdout);
}

/** cs_human_event - print an event as a line */
void cs_human_event(const struct cs_event *event)
{
	const __u64 *v = event->event.v;

	print_clock();
	printf(" %s", cs_words_name(&cs_event_words, v[COLDSEND_A_EVENT]));
	if (event->path)
		print_event_transfer(event);
	else if (event->transfer.has)
		printf(" %s uid %llu",
		       cs_words_name(&cs_limit_words, v[COLDSEND_A_LIMIT]),
		       event->transfer.v[COLDSEND_A_TRANSFER_UID]);
	if (event->tunables.has)
		printf(" default %s",
		       cs_words_name(&cs_policies,
				     event->tunables.v[COLDSEND_A_POLICY]));
	if (v[COLDSEND_A_EVENTS_DROPPED])
		printf(" (%llu events before it were not told)",
		       v[COLDSEND_A_EVENTS_DROPPED]);
	putchar('\n');
}

static void print_resident(__u64 files, const struct coldsend_residency *res,
			   const char *raw)
{
	char *path = cs_print_escape(raw);
	char size[16];

	printf("%9llu %8s %12llu %6.1f%% %s\n", files,
	       size_text(size, sizeof(size), res->resident * res->page_size),
	       res->dirty, res->pages ? 100.0 * (double)res->resident /
					(double)res->pages : 0, path);
	free(path);
}

/** cs_human_tree - print who fills the page cache, and the sums of trees */
void cs_human_tree(const struct cs_tree *trees, size_t nr_trees,
		   const struct cs_resident *list, size_t count)
{
	size_t i;

	printf("%9s %8s %12s %7s %s\n", "FILES", "CACHED", "DIRTY-PAGES",
	       "PERCENT", "PATH");
	for (i = 0; i < count; i++)
		print_resident(1, &list[i].res, list[i].file);
	for (i = 0; i < nr_trees; i++)
		print_resident(trees[i].files, &trees[i].sum, trees[i].path);
}
