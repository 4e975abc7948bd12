// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs: coldsend/transfers, those that run, coldsend/pool, its memory and who
 * waits for it, and coldsend/latency, how long things took.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "views.h"

static const char *const cs_state_names[] = {
	[COLDSEND_STATE_PUMPING] = "pumping",
	[COLDSEND_STATE_WAIT_DISK] = "wait-disk",
	[COLDSEND_STATE_WAIT_POOL] = "wait-pool",
	[COLDSEND_STATE_WAIT_SOCKET] = "wait-socket",
	[COLDSEND_STATE_ENDED] = "ended",
};

static const char *const cs_timed_names[CS_LATENCY_KINDS] = {
	[COLDSEND_TIMED_TRANSFER] = "transfer",
	[COLDSEND_TIMED_DISK] = "disk",
	[COLDSEND_TIMED_SOCKET] = "socket",
	[COLDSEND_TIMED_POOL] = "pool",
};

/**
 * struct cs_transfers_reader - of the file
 * @at: its place
 * @row: there
 */
struct cs_transfers_reader {
	struct cs_cursor at;
	struct cs_live_row row;
};

/*
 * The position is the number of a transfer, from 1, and 0 is the line of heads.
 * Nothing is held between two rows.
 */
static void *cs_transfers_from(struct seq_file *seq, loff_t *pos)
{
	static const struct cs_live_reader everything = { .all = true };
	struct cs_transfers_reader *reader = seq->private;

	cs_cursor_seek(&reader->at, *pos);
	if (!*pos)
		return SEQ_START_TOKEN;
	if (!cs_live_row_from(&reader->at, &everything, &reader->row))
		return NULL;
	*pos = reader->at.next;
	return &reader->row;
}

static void *cs_transfers_start(struct seq_file *seq, loff_t *pos)
{
	return cs_transfers_from(seq, pos);
}

static void *cs_transfers_next(struct seq_file *seq, void *row, loff_t *pos)
{
	++*pos;
	return cs_transfers_from(seq, pos);
}

static void cs_transfers_stop(struct seq_file *seq, void *row)
{
}

static int cs_transfers_show(struct seq_file *seq, void *shown)
{
	const struct cs_live_row *row = shown;

	if (shown == SEQ_START_TOKEN) {
		seq_puts(seq, "# id\tpid\tuid\tdev\tino\tpolicy_used\tstate\tasync\tbytes_asked\tbytes_sent\tage_ms\tsegments\tpath\n");
		return 0;
	}
	seq_printf(seq, "%llu\t%u\t%u\t%u:%u\t%llu\t%s\t%s\t%u", row->number,
		   row->pid, from_kuid_munged(seq_user_ns(seq), row->uid),
		   MAJOR(row->dev), MINOR(row->dev), row->ino,
		   cs_debugfs_policy(row->policy), cs_state_names[row->state],
		   row->async);
	seq_printf(seq, "\t%llu\t%llu\t%llu\t%u\t", row->asked, row->sent,
		   div_u64(row->age, NSEC_PER_MSEC), row->segments);
	cs_debugfs_show_path(seq, row->path);
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations cs_transfers_sops = {
	.start = cs_transfers_start,
	.next = cs_transfers_next,
	.stop = cs_transfers_stop,
	.show = cs_transfers_show,
};

static int cs_transfers_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, &cs_transfers_sops,
				sizeof(struct cs_transfers_reader));
}

static const struct file_operations cs_transfers_fops = {
	.owner = THIS_MODULE,
	.open = cs_transfers_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release_private,
};

static int cs_pool_show(struct seq_file *seq, void *unused)
{
	struct cs_pool_view view;

	cs_pool_look(&view);
	seq_printf(seq, "bytes_max %llu\n", view.max);
	seq_printf(seq, "bytes_held %llu\n", view.held);
	seq_printf(seq, "bytes_used %llu\n", view.used);
	seq_printf(seq, "bytes_idle %llu\n", view.idle);
	seq_printf(seq, "bytes_lingering %llu\n", view.lingering);
	seq_printf(seq, "bytes_pinned %llu\n", view.pinned);
	seq_printf(seq, "users %u\n", view.users);
	seq_printf(seq, "transfers %u\n", view.transfers);
	seq_printf(seq, "waiting %u\n", view.waiting);
	seq_printf(seq, "refused %llu\n", view.refused);
	seq_printf(seq, "segments %llu\n", view.segments);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cs_pool);

/* A row a bucket: what took less than so many microseconds. */
static int cs_latency_show(struct seq_file *seq, void *unused)
{
	struct cs_histogram *histogram;
	u32 timed, i;

	/* Too large for the stack. */
	histogram = kcalloc(CS_LATENCY_KINDS, sizeof(*histogram), GFP_KERNEL);
	if (!histogram)
		return -ENOMEM;
	seq_puts(seq, "# below_us");
	for (timed = 0; timed < CS_LATENCY_KINDS; timed++) {
		cs_latency_get(timed, &histogram[timed]);
		seq_printf(seq, "\t%s", cs_timed_names[timed]);
	}
	for (i = 0; i < CS_LATENCY_BUCKETS; i++) {
		if (i + 1 < CS_LATENCY_BUCKETS)
			seq_printf(seq, "\n%llu", 1ULL << i);
		else
			seq_puts(seq, "\n-");
		for (timed = 0; timed < CS_LATENCY_KINDS; timed++)
			seq_printf(seq, "\t%llu", histogram[timed].bucket[i]);
	}
	seq_puts(seq, "\nsum_us");
	for (timed = 0; timed < CS_LATENCY_KINDS; timed++)
		seq_printf(seq, "\t%llu", histogram[timed].sum_us);
	seq_putc(seq, '\n');
	kfree(histogram);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(cs_latency);

/**
 * cs_debugfs_add_views - makes the files
 * @dir: in this directory, with which they go
 */
void cs_debugfs_add_views(struct dentry *dir)
{
	debugfs_create_file("transfers", 0400, dir, NULL, &cs_transfers_fops);
	debugfs_create_file("pool", 0444, dir, NULL, &cs_pool_fops);
	debugfs_create_file("latency", 0444, dir, NULL, &cs_latency_fops);
}
