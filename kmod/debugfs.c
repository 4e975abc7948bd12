// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: coldsend/stats, the totals, and coldsend/files, a row a file.
 *
 * Both are text for people and for awk: names are those of the netlink
 * specification with '_' for '-', bytes are bytes and times nanoseconds.
 */
#include <linux/debugfs.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/string_helpers.h>

#include "views.h"

static struct dentry *cs_debugfs_dir;

static const char *const cs_counter_names[] = {
	[COLDSEND_A_COUNTERS_TRANSFERS] = "transfers",
	[COLDSEND_A_COUNTERS_BYTES_ASKED] = "bytes_asked",
	[COLDSEND_A_COUNTERS_BYTES_SENT] = "bytes_sent",
	[COLDSEND_A_COUNTERS_BYTES_CACHED] = "bytes_cached",
	[COLDSEND_A_COUNTERS_BYTES_DIRECT] = "bytes_direct",
	[COLDSEND_A_COUNTERS_BYTES_DROP_BEHIND] = "bytes_drop_behind",
	[COLDSEND_A_COUNTERS_BYTES_COPIED] = "bytes_copied",
	[COLDSEND_A_COUNTERS_DISK_READS] = "disk_reads",
	[COLDSEND_A_COUNTERS_DISK_BYTES] = "disk_bytes",
	[COLDSEND_A_COUNTERS_OVERHEAD_BYTES] = "overhead_bytes",
	[COLDSEND_A_COUNTERS_PAGES_RESIDENT] = "pages_resident",
	[COLDSEND_A_COUNTERS_PAGES_ADDED] = "pages_added",
	[COLDSEND_A_COUNTERS_PAGES_DROPPED] = "pages_dropped",
	[COLDSEND_A_COUNTERS_PAGES_SPARED] = "pages_spared",
	[COLDSEND_A_COUNTERS_PAGES_FAILED] = "pages_failed",
	[COLDSEND_A_COUNTERS_SEGMENTS_RECYCLED] = "segments_recycled",
	[COLDSEND_A_COUNTERS_SEGMENTS_ALLOCATED] = "segments_allocated",
	[COLDSEND_A_COUNTERS_DISK_WAIT_NS] = "disk_wait_ns",
	[COLDSEND_A_COUNTERS_SOCKET_WAIT_NS] = "socket_wait_ns",
	[COLDSEND_A_COUNTERS_POOL_WAIT_NS] = "pool_wait_ns",
	[COLDSEND_A_COUNTERS_FALLBACK_NO_DIRECT] = "fallback_no_direct",
	[COLDSEND_A_COUNTERS_FALLBACK_DIRECT_REFUSED] =
		"fallback_direct_refused",
	[COLDSEND_A_COUNTERS_FALLBACK_BUFFERED] = "fallback_buffered",
	[COLDSEND_A_COUNTERS_FALLBACK_COPIED] = "fallback_copied",
	[COLDSEND_A_COUNTERS_AUTO_SMALL] = "auto_small",
	[COLDSEND_A_COUNTERS_AUTO_ADMITTED] = "auto_admitted",
	[COLDSEND_A_COUNTERS_AUTO_LARGE] = "auto_large",
	[COLDSEND_A_COUNTERS_AUTO_FIRST] = "auto_first",
	[COLDSEND_A_COUNTERS_PARTIALS] = "partials",
	[COLDSEND_A_COUNTERS_ERRORS] = "errors",
};

static const char *const cs_object_names[] = {
	[COLDSEND_A_OBJECTS_TRANSFERS_CREATED] = "transfers_created",
	[COLDSEND_A_OBJECTS_TRANSFERS_DESTROYED] = "transfers_destroyed",
	[COLDSEND_A_OBJECTS_TRANSFERS_REFUSED] = "transfers_refused",
	[COLDSEND_A_OBJECTS_SEGMENTS_CREATED] = "segments_created",
	[COLDSEND_A_OBJECTS_SEGMENTS_DESTROYED] = "segments_destroyed",
	[COLDSEND_A_OBJECTS_ROWS_CREATED] = "rows_created",
	[COLDSEND_A_OBJECTS_ROWS_DESTROYED] = "rows_destroyed",
	[COLDSEND_A_OBJECTS_ROWS_EVICTED] = "rows_evicted",
	[COLDSEND_A_OBJECTS_POOL_BYTES] = "pool_bytes",
	[COLDSEND_A_OBJECTS_EVENTS_SENT] = "events_sent",
	[COLDSEND_A_OBJECTS_EVENTS_DROPPED] = "events_dropped",
};

static const char *const cs_policy_names[] = {
	[COLDSEND_POLICY_CACHED] = "cached",
	[COLDSEND_POLICY_DIRECT] = "direct",
	[COLDSEND_POLICY_DROP_BEHIND] = "drop-behind",
	[COLDSEND_POLICY_HYBRID] = "hybrid",
	[COLDSEND_POLICY_AUTO] = "auto",
};

static const char *const cs_fallback_names[] = {
	[COLDSEND_FALLBACK_NONE] = "none",
	[COLDSEND_FALLBACK_NO_DIRECT] = "no-direct",
	[COLDSEND_FALLBACK_DIRECT_REFUSED] = "direct-refused",
	[COLDSEND_FALLBACK_BUFFERED] = "buffered",
	[COLDSEND_FALLBACK_COPIED] = "copied",
};

/**
 * cs_debugfs_policy - the name of a policy
 * @policy: that a transfer goes by; or auto, see cs_xfer_policy()
 */
const char *cs_debugfs_policy(u32 policy)
{
	return cs_policy_names[policy];
}

/* Of all counters of a row, each with 20 digits and a tab, and the end of a string. */
#define CS_COUNTERS_CHARS	(ARRAY_SIZE(cs_counter_names) * 21 + 1)

static_assert(ARRAY_SIZE(cs_policy_names) == COLDSEND_POLICY_AUTO + 1);
/* A counter without a name would be a column without a head. */
static_assert(ARRAY_SIZE(cs_counter_names) == COLDSEND_A_COUNTERS_MAX + 1);
static_assert(ARRAY_SIZE(cs_object_names) == COLDSEND_A_OBJECTS_MAX + 1);

static int cs_stats_show(struct seq_file *seq, void *unused)
{
	struct cs_counters counters;
	u32 i;

	cs_stats_totals(&counters);
	for (i = 0; i < ARRAY_SIZE(cs_counter_names); i++)
		if (cs_counter_names[i])
			seq_printf(seq, "%s %llu\n", cs_counter_names[i],
				   counters.value[i]);
	for (i = 0; i < ARRAY_SIZE(cs_object_names); i++)
		if (cs_object_names[i])
			seq_printf(seq, "%s %llu\n", cs_object_names[i],
				   cs_objects_get(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cs_stats);

/**
 * struct cs_files_reader - of the file
 * @at: its place
 * @row: there
 */
struct cs_files_reader {
	struct cs_cursor at;
	struct cs_row row;
};

/*
 * The position is the number of a row, from 1, and 0 is the line of heads: so
 * a reader that stops in the middle goes on with the row that it has not seen.
 */
static void *cs_files_from(struct seq_file *seq, loff_t *pos)
{
	struct cs_files_reader *reader = seq->private;

	cs_cursor_seek(&reader->at, *pos);
	if (!*pos)
		return SEQ_START_TOKEN;
	if (!cs_stats_row_from(&reader->at, &reader->row))
		return NULL;
	*pos = reader->at.next;
	return &reader->row;
}

static void *cs_files_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	rcu_read_lock();
	return cs_files_from(seq, pos);
}

static void *cs_files_next(struct seq_file *seq, void *row, loff_t *pos)
{
	++*pos;
	return cs_files_from(seq, pos);
}

static void cs_files_stop(struct seq_file *seq, void *row)
	__releases(RCU)
{
	rcu_read_unlock();
}

static void cs_files_show_heads(struct seq_file *seq)
{
	u32 i;

	seq_puts(seq, "# dev\tino\tgeneration\tpolicy_used\tfallback");
	for (i = 0; i < ARRAY_SIZE(cs_counter_names); i++)
		if (cs_counter_names[i])
			seq_printf(seq, "\t%s", cs_counter_names[i]);
	seq_puts(seq, "\tpath\n");
}

/* How many bytes of @path are shown as they are, before one that is not or its end. */
static size_t cs_path_plain(const char *path)
{
	const char *at = path;

	while (*at > ' ' && *at <= '~' && *at != '\\')
		at++;
	return at - path;
}

/**
 * cs_debugfs_show_path - shows a path in one word
 * @seq: where to
 * @path: raw bytes
 *
 * Everything but printable ASCII is escaped, and so is the escape.  Most bytes
 * are not, and those are written sooner than looked through once more.
 */
void cs_debugfs_show_path(struct seq_file *seq, const char *path)
{
	size_t plain;

	if (!*path)
		seq_putc(seq, '-');
	while (*path) {
		plain = cs_path_plain(path);
		seq_write(seq, path, plain);
		path += plain;
		if (*path)
			seq_escape_mem(seq, path++, 1,
				       ESCAPE_SPACE | ESCAPE_SPECIAL |
				       ESCAPE_OCTAL | ESCAPE_NAP |
				       ESCAPE_APPEND, "\\");
	}
}

/* A tab and a number each; most are of one digit, and each call takes its time. */
static void cs_files_show_counters(struct seq_file *seq,
				   const struct cs_counters *counters)
{
	char *buf, *at;
	size_t room = seq_get_buf(seq, &buf);
	u64 value;
	u32 i;

	/* The row is shown again, where there is more room. */
	if (room < CS_COUNTERS_CHARS) {
		seq_commit(seq, -1);
		return;
	}
	at = buf;
	for (i = 0; i < ARRAY_SIZE(cs_counter_names); i++) {
		if (!cs_counter_names[i])
			continue;
		value = counters->value[i];
		*at++ = '\t';
		if (value < 10)
			*at++ = '0' + value;
		else
			at += sprintf(at, "%llu", value);
	}
	seq_commit(seq, at - buf);
}

static int cs_files_show(struct seq_file *seq, void *shown)
{
	const struct cs_row *row = shown;

	if (shown == SEQ_START_TOKEN) {
		cs_files_show_heads(seq);
		return 0;
	}
	seq_put_decimal_ull(seq, "", MAJOR(row->dev));
	seq_put_decimal_ull(seq, ":", MINOR(row->dev));
	seq_put_decimal_ull(seq, "\t", row->ino);
	seq_put_decimal_ull(seq, "\t", row->generation);
	seq_putc(seq, '\t');
	seq_puts(seq, cs_policy_names[row->policy_used]);
	seq_putc(seq, '\t');
	seq_puts(seq, cs_fallback_names[row->fallback]);
	cs_files_show_counters(seq, &row->counters);
	seq_putc(seq, '\t');
	cs_debugfs_show_path(seq, row->path);
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations cs_files_sops = {
	.start = cs_files_start,
	.next = cs_files_next,
	.stop = cs_files_stop,
	.show = cs_files_show,
};

static int cs_files_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &cs_files_sops,
				sizeof(struct cs_files_reader));
}

static const struct file_operations cs_files_fops = {
	.owner = THIS_MODULE,
	.open = cs_files_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

/**
 * cs_debugfs_init - makes the directory and its files
 *
 * Those that name files are for the owner of debugfs alone.
 * Without debugfs there are none, which is no error.
 */
void cs_debugfs_init(void)
{
	cs_debugfs_dir = debugfs_create_dir("coldsend", NULL);
	debugfs_create_file("stats", 0444, cs_debugfs_dir, NULL,
			    &cs_stats_fops);
	debugfs_create_file("files", 0400, cs_debugfs_dir, NULL,
			    &cs_files_fops);
	cs_debugfs_add_views(cs_debugfs_dir);
}

/**
 * cs_debugfs_exit - removes them; waits for readers
 */
void cs_debugfs_exit(void)
{
	debugfs_remove_recursive(cs_debugfs_dir);
}
