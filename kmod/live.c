// SPDX-License-Identifier: GPL-2.0
/*
 * Live transfers: those that run, to be looked at while they do.
 *
 * A tree in the order of their numbers, which is that of their SENDs: joining
 * is at its right end, and a reader takes one row at a time and goes on behind
 * its number, so that the lock is held for a copy and never for a walk.  Nobody
 * but the holder of the lock may look into a transfer of another thread: it
 * leaves the tree before it lets go of anything.
 */
#include <linux/ktime.h>
#include <linux/path.h>
#include <linux/pid_namespace.h>
#include <linux/rbtree.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "views.h"

/* What a transfer is doing is told by netlink under the same numbers. */
static_assert((u32)CS_STATE_PUMPING == COLDSEND_STATE_PUMPING);
static_assert((u32)CS_STATE_WAIT_DISK == COLDSEND_STATE_WAIT_DISK);
static_assert((u32)CS_STATE_WAIT_POOL == COLDSEND_STATE_WAIT_POOL);
static_assert((u32)CS_STATE_WAIT_SOCKET == COLDSEND_STATE_WAIT_SOCKET);
static_assert((u32)CS_STATE_ENDED == COLDSEND_STATE_ENDED);

/* Guards the tree and the next two. */
static DEFINE_SPINLOCK(cs_live_lock);
static struct rb_root cs_live_tree = RB_ROOT;
static u64 cs_live_last;		/* number given last */
static u32 cs_live_changes;		/* transfers that came or went */

/**
 * cs_live_add - a transfer runs from now on
 * @xfer: complete, with its user, file and source
 *
 * Process context.  Undone by cs_live_remove().
 */
void cs_live_add(struct cs_xfer *xfer)
{
	struct rb_node *last;

	xfer->pid = task_tgid_nr(current);
	xfer->pid_ns = task_active_pid_ns(current)->ns.inum;
	xfer->started = ktime_get_ns();
	spin_lock(&cs_live_lock);
	xfer->number = ++cs_live_last;
	last = rb_last(&cs_live_tree);
	rb_link_node(&xfer->live, last,
		     last ? &last->rb_right : &cs_live_tree.rb_node);
	rb_insert_color(&xfer->live, &cs_live_tree);
	cs_live_changes++;
	spin_unlock(&cs_live_lock);
}

/**
 * cs_live_remove - a transfer is about to let go of what it uses
 * @xfer: after cs_live_add()
 *
 * Process context.  Afterwards no reader looks at it.
 */
void cs_live_remove(struct cs_xfer *xfer)
{
	spin_lock(&cs_live_lock);
	rb_erase(&xfer->live, &cs_live_tree);
	cs_live_changes++;
	spin_unlock(&cs_live_lock);
}

/**
 * cs_live_version - changes when a transfer comes or goes; never 0
 *
 * Any context.
 */
u32 cs_live_version(void)
{
	return READ_ONCE(cs_live_changes) | BIT(31);
}

/* Segments that the transfer holds; it may be changing that right now. */
static u32 cs_live_segments(const struct cs_xfer *xfer)
{
	return READ_ONCE(xfer->ring.nr_segments) +
	       READ_ONCE(xfer->ring.nr_lingering) +
	       !!READ_ONCE(xfer->batch) + !!READ_ONCE(xfer->copied);
}

/* The errno that callers know: that of a call to be restarted is internal. */
static u32 cs_live_errno(int error)
{
	return error == -ERESTARTSYS ? EINTR : -error;
}

static void cs_live_copy(const struct cs_xfer *xfer, struct cs_live_row *row)
{
	row->number = xfer->number;
	row->pid = xfer->pid;
	row->pid_ns = xfer->pid_ns;
	row->uid = cs_user_uid(xfer);
	row->dev = xfer->key.dev;
	row->ino = xfer->key.ino;
	row->policy = cs_xfer_policy(xfer);
	row->state = READ_ONCE(xfer->state);
	row->async = xfer->flags & COLDSEND_F_ASYNC;
	row->error = cs_live_errno(READ_ONCE(xfer->error));
	row->asked = xfer->end - xfer->start;
	row->sent = READ_ONCE(xfer->pos) - xfer->start;
	row->age = ktime_get_ns() - xfer->started;
	row->segments = cs_live_segments(xfer);
}

/* Sets row->path. */
static void cs_live_set_path(struct cs_live_row *row, const struct path *path)
{
	row->path = d_path(path, row->buffer, sizeof(row->buffer));
	if (IS_ERR(row->path))
		row->path = "";
}

/**
 * cs_live_describe - a row about a transfer of the caller's own
 * @xfer: that it pumps, with its file
 * @row: filled in
 *
 * Process context.
 */
void cs_live_describe(const struct cs_xfer *xfer, struct cs_live_row *row)
{
	cs_live_copy(xfer, row);
	cs_live_set_path(row, &xfer->file->f_path);
}

/* The first transfer whose number is at least @number, or NULL. */
static struct cs_xfer *cs_live_find(u64 number)
{
	struct rb_node *node = cs_live_tree.rb_node;
	struct cs_xfer *xfer, *found = NULL;

	lockdep_assert_held(&cs_live_lock);
	while (node) {
		xfer = rb_entry(node, struct cs_xfer, live);
		if (xfer->number < number) {
			node = node->rb_right;
		} else {
			found = xfer;
			node = node->rb_left;
		}
	}
	return found;
}

static bool cs_live_may_see(const struct cs_live_reader *reader,
			    const struct cs_live_row *row)
{
	return reader->all || (uid_eq(reader->uid, row->uid) &&
			       reader->pid_ns == row->pid_ns);
}

/*
 * How far it is before a byte went tells what the page cache has of the file, which
 * its sender may not know.
 */
static void cs_live_hide(struct cs_live_row *row)
{
	if (row->sent)
		return;
	row->segments = 0;
	if (row->state == CS_STATE_WAIT_DISK || row->state == CS_STATE_WAIT_POOL)
		row->state = CS_STATE_PUMPING;
}

/* The next transfer that has a row for the reader, or NULL; @at is set to it. */
static struct cs_xfer *cs_live_next(struct cs_cursor *at)
{
	struct cs_xfer *xfer;

	at->last = at->last ?: cs_live_last;
	xfer = cs_live_find(at->next);
	if (!xfer || xfer->number > at->last)
		return NULL;
	at->next = xfer->number;
	return xfer;
}

/**
 * cs_live_row_from - the next transfer that the reader may see
 * @at: the reader's place, set to the number of the row
 * @reader: who looks
 * @row: filled in
 *
 * May sleep.  Nothing of the transfer is held, so that its file closes when its last
 * user says so and not when a reader does.
 *
 * Return: whether there is one.
 */
bool cs_live_row_from(struct cs_cursor *at, const struct cs_live_reader *reader,
		      struct cs_live_row *row)
{
	struct cs_xfer *xfer;
	bool found = false;

	do {
		spin_lock(&cs_live_lock);
		xfer = cs_live_next(at);
		if (xfer) {
			cs_live_copy(xfer, row);
			found = cs_live_may_see(reader, row);
			at->next += !found;
		}
		if (found && !reader->all)
			cs_live_hide(row);
		if (found)
			cs_live_set_path(row, &xfer->file->f_path);
		spin_unlock(&cs_live_lock);
		cond_resched();
	} while (xfer && !found);
	return found;
}
