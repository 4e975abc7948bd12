// SPDX-License-Identifier: GPL-2.0
/*
 * Random transfers: any policy, socket, offset, length and receiver, one
 * after the other and eight at a time.
 *
 * The seed is printed; CS_SEED=N repeats a run, as far as threads allow.
 */
#include "cs_test.h"
#include "kselftest_harness.h"

#define SIZE		(3 * CS_MIB + 12345)
#define CASES		300
#define THREADS		8
#define THREAD_CASES	25

static const struct cs_data data[] = {
	{ .seed = 71, .size = SIZE },
	{ .seed = 72, .size = SIZE, .hole_from = CS_MIB - 5,
	  .hole_to = 2 * CS_MIB + 700 },
};

static __u64 seed;

FIXTURE(random)
{
	int dev;
	int files[ARRAY_SIZE(data)];
};

FIXTURE_SETUP(random)
{
	size_t i;

	self->dev = cs_open();
	ASSERT_GE(self->dev, 0);
	for (i = 0; i < ARRAY_SIZE(data); i++) {
		self->files[i] = cs_data_create(cs_dir(), &data[i]);
		ASSERT_GE(self->files[i], 0);
	}
}

FIXTURE_TEARDOWN(random)
{
}

/* Around an edge of some power of two, or anywhere. */
static __u64 pick_offset(__u64 *state, __u64 bound)
{
	__u64 edge = 1ULL << cs_pick(state, 22);
	__u64 at = edge * cs_pick(state, bound / edge + 1) + cs_pick(state, 3) - 1;

	return cs_pick(state, 4) && at < bound ? at : cs_pick(state, bound);
}

static struct cs_job random_job(const FIXTURE_DATA(random) *self, __u64 index)
{
	__u64 state = seed * 1000003 + index;
	size_t file = cs_pick(&state, ARRAY_SIZE(data));
	struct cs_job j = {
		.dev = self->dev,
		.file = self->files[file],
		.data = &data[file],
		.kind = cs_pick(&state, CS_KINDS),
		.policy = 1 + cs_pick(&state, COLDSEND_POLICY_AUTO),
		.offset = pick_offset(&state, SIZE + 5000),
		.length = pick_offset(&state, 2ULL << cs_pick(&state, 22)),
		.chunk = 1ULL << (9 + cs_pick(&state, 10)),
	};

	if (!cs_pick(&state, 10))
		j.length = COLDSEND_TO_EOF;
	return j;
}

static int run(struct cs_job *j, __u64 index)
{
	int err = cs_job_run(j) ?: cs_job_verify(j);

	if (err)
		printf("# seed %llu case %llu: %d %s\n", seed, index, err,
		       j->why);
	return err;
}

TEST_F_TIMEOUT(random, one_by_one, 120)
{
	__u64 i;

	for (i = 0; i < CASES; i++) {
		struct cs_job j = random_job(self, i);

		if (i % 10 == 0)
			ASSERT_EQ(0, cs_drop_cache(j.file));
		EXPECT_EQ(0, run(&j, i));
	}
}

struct worker {
	const FIXTURE_DATA(random) *self;
	__u64 first;
	int failed;
	pthread_t thread;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	__u64 i;

	for (i = w->first; i < w->first + THREAD_CASES; i++) {
		struct cs_job j = random_job(w->self, i);

		w->failed += run(&j, i) != 0;
	}
	return NULL;
}

TEST_F_TIMEOUT(random, eight_at_a_time, 120)
{
	struct worker workers[THREADS] = { 0 };
	int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].self = self;
		workers[i].first = CASES + i * THREAD_CASES;
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work,
					    &workers[i]));
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(workers[i].thread, NULL));
		EXPECT_EQ(0, workers[i].failed);
	}
}

int main(int argc, char **argv)
{
	cs_need_device();
	seed = cs_seed();
	printf("# seed %llu\n", seed);
	return test_harness_run(argc, argv);
}
