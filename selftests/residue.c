// SPDX-License-Identifier: GPL-2.0
/*
 * Residue: what drop-behind leaves in the page cache when all has been received,
 * with 1, 100 and 1000 connections, however slow.  What was there before is there
 * after, to the page.
 */
#include <errno.h>

#include "crowd.h"
#include "kselftest_harness.h"
#include "pages.h"

#define PAGES		4096
#define SIZE		(PAGES * CS_PAGE)
#define RUN_SECONDS	80
#define GO_SECONDS	10
/* Pages of a run that is read in before, and from one such run to the next. */
#define READ_PAGES	256
#define EVERY_PAGES	1000

static const struct cs_data data = { .seed = 141, .size = SIZE };

FIXTURE(residue)
{
	struct cs_crowd c;
	unsigned char wanted[PAGES];
};

FIXTURE_VARIANT(residue)
{
	int n;
	int hold_ms;
	int pause_ms;
	bool same;
};

FIXTURE_VARIANT_ADD(residue, one_slow)
{
	.n = 1, .hold_ms = 1500, .pause_ms = 1,
};

FIXTURE_VARIANT_ADD(residue, hundred)
{
	.n = 100,
};

FIXTURE_VARIANT_ADD(residue, hundred_slow)
{
	.n = 100, .hold_ms = 1500, .pause_ms = 20,
};

FIXTURE_VARIANT_ADD(residue, thousand_slow)
{
	.n = 1000, .hold_ms = 1500, .pause_ms = 100,
};

FIXTURE_VARIANT_ADD(residue, hundred_of_the_same)
{
	.n = 100, .hold_ms = 500, .pause_ms = 20, .same = true,
};

/* Each sends a part of its own, of whole pages, or all the same. */
FIXTURE_SETUP(residue)
{
	int i;

	self->c = (struct cs_crowd){
		.dev = cs_open(), .file = cs_data_create(cs_dir(), &data),
		.data = &data, .n = variant->n,
		.length = PAGES / variant->n * CS_PAGE,
		.flows = calloc(variant->n, sizeof(*self->c.flows)),
		.chunk = 64 * CS_KIB, .hold_ms = variant->hold_ms,
		.pause_ms = variant->pause_ms,
	};
	ASSERT_GE(self->c.dev, 0);
	ASSERT_GE(self->c.file, 0);
	ASSERT_NE(NULL, self->c.flows);
	for (i = 0; i < variant->n; i++) {
		self->c.flows[i].kind = i % CS_KINDS;
		self->c.flows[i].policy = COLDSEND_POLICY_DROP_BEHIND;
		self->c.flows[i].offset = variant->same ? CS_MIB + 1 :
					  i * self->c.length;
	}
	ASSERT_EQ(0, cs_drop_cache(self->c.file));
}

FIXTURE_TEARDOWN(residue)
{
	close(self->c.dev);
	close(self->c.file);
}

struct wish {
	int file;
	const unsigned char *wanted;
	long differ;
};

static bool is_as_wanted(void *arg)
{
	struct wish *w = arg;

	/* What was received may wait on another CPU to be freed. */
	cs_flush_network();
	w->differ = cs_pages_differ(w->file, w->wanted, PAGES);
	return !w->differ;
}

/* Sends it all, and sees the page cache become what it was. */
static void run(struct __test_metadata *_metadata,
		struct _test_data_residue *self)
{
	struct wish w = { .file = self->c.file, .wanted = self->wanted };
	long long failed = cs_stat("pages_failed");
	long long start = cs_now_ms();
	const struct cs_flow *wrong;

	ASSERT_EQ(0, cs_crowd_make(&self->c));
	ASSERT_EQ(0, cs_crowd_submit(&self->c));
	ASSERT_EQ(0, cs_crowd_run(&self->c, RUN_SECONDS)) {
		TH_LOG("%d not ended, %d streams open", self->c.running,
		       self->c.open);
	}
	wrong = cs_crowd_wrong(&self->c);
	EXPECT_EQ(NULL, wrong) {
		TH_LOG("flow %td: got %llu sent %lld error %d%s",
		       wrong - self->c.flows, wrong->got, wrong->sent,
		       wrong->error, wrong->bad ? " wrong bytes" : "");
	}
	TH_LOG("%lld ms", cs_now_ms() - start);
	EXPECT_TRUE(cs_wait(is_as_wanted, &w, GO_SECONDS)) {
		TH_LOG("%ld pages are not as they were", w.differ);
	}
	EXPECT_EQ(failed, cs_stat("pages_failed"));
}

TEST_F_TIMEOUT(residue, cold, 2 * RUN_SECONDS)
{
	run(_metadata, self);
}

/* Has the disk brought what read-ahead has begun? */
static bool is_read(void *file)
{
	return !cs_pages_in_flight(*(int *)file);
}

/* Runs that were read in, with read-ahead and in large folios where there are. */
TEST_F_TIMEOUT(residue, resident_before, 2 * RUN_SECONDS)
{
	static char buf[READ_PAGES * CS_PAGE];
	int page;

	for (page = 0; page + READ_PAGES <= PAGES; page += EVERY_PAGES)
		ASSERT_EQ((ssize_t)sizeof(buf),
			  pread(self->c.file, buf, sizeof(buf),
				(off_t)page * CS_PAGE));
	ASSERT_TRUE(cs_wait(is_read, &self->c.file, GO_SECONDS));
	ASSERT_EQ(0, cs_pages_map(self->c.file, self->wanted, PAGES));
	run(_metadata, self);
}

int main(int argc, char **argv)
{
	cs_need_device();
	if (cs_stat("pages_failed") < 0)
		ksft_exit_skip("no debugfs with coldsend's counters\n");
	return test_harness_run(argc, argv);
}
