// SPDX-License-Identifier: GPL-2.0
/*
 * The process that sends: one stream, or many from a thread each, or many from
 * one thread by methods that can.
 *
 * All is set up before the clock starts, which stops when the receiver has all.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run.h"

#define STACK		(128 * BENCH_KIB)
/* What all buffers of many streams may take, as a server would limit it. */
#define BUFFERS		(128 * BENCH_MIB)
#define CHUNK_MIN	(64 * BENCH_KIB)

/**
 * struct sender - of all streams
 * @scenario: what is sent
 * @method: how
 * @jobs: one a stream
 * @until: bench_ticks() at which scenarios with a time end
 * @line: threads and main meet here: set up, off, ended
 * @latencies: of single requests
 * @requests: sent
 * @bytes: sent
 * @err: what went wrong in a thread
 */
struct sender {
	const struct bench_scenario *scenario;
	const struct bench_method *method;
	struct bench_job *jobs;
	__u64 until;
	pthread_barrier_t line;
	struct bench_histogram latencies;
	__u64 requests;
	__u64 bytes;
	int err;
};

/**
 * struct thread - that sends one stream
 * @sender: all of it
 * @job: its stream
 * @id: of the thread
 */
struct thread {
	struct sender *sender;
	struct bench_job *job;
	pthread_t id;
};

static size_t chunk_for(int streams)
{
	size_t chunk = BENCH_CHUNK;

	while (chunk > CHUNK_MIN && chunk * streams > BUFFERS)
		chunk /= 2;
	return chunk;
}

/* Streams divide the file; whole chunks, as direct reads ask for. */
static void make_jobs(struct sender *s)
{
	const struct bench_scenario *scenario = s->scenario;
	__u64 part = scenario->size / scenario->streams;
	int i;

	if (scenario->streams > 1)
		part -= part % BENCH_MIB;
	for (i = 0; i < scenario->streams; i++)
		s->jobs[i] = (struct bench_job) {
			.method = s->method,
			.path = scenario->file->path,
			.size = scenario->file->size,
			.chunk = chunk_for(scenario->streams),
			.file = -1,
			.sock = -1,
			.range = { .offset = i * part, .length = part },
		};
}

static int connect_all(struct sender *s, __u16 port)
{
	int i;

	for (i = 0; i < s->scenario->streams; i++) {
		s->jobs[i].sock = bench_connect(port);
		if (s->jobs[i].sock < 0)
			return s->jobs[i].sock;
	}
	return 0;
}

static int send_request(struct sender *s, struct bench_job *job,
			const struct bench_range *request)
{
	__u64 since = bench_ticks();
	int err = s->method->send(job, request);

	if (err)
		return err;
	bench_histogram_add(&s->latencies, bench_ticks() - since);
	if (s->method->flags & BENCH_IDLE)
		return 0;
	__atomic_fetch_add(&s->requests, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->bytes, request->length, __ATOMIC_RELAXED);
	return 0;
}

static bool is_over(const struct sender *s, __u64 done, __u64 all)
{
	if (s->scenario->seconds)
		return (__s64)(bench_ticks() - s->until) >= 0;
	return done >= all;
}

/* Request by request through the stream's part, and again while there is time. */
static int send_stream(struct sender *s, struct bench_job *job)
{
	struct bench_range part = job->range;
	struct bench_range request = {
		.offset = part.offset,
		.length = s->scenario->request ?: part.length,
	};
	__u64 done = 0;

	while (!is_over(s, done, part.length)) {
		int err = send_request(s, job, &request);

		if (err)
			return err;
		done += request.length;
		request.offset += request.length;
		if (request.offset + request.length > part.offset + part.length)
			request.offset = part.offset;
	}
	return 0;
}

static void set_until(struct sender *s)
{
	s->until = bench_ticks() +
		   s->scenario->seconds / bench_ticks_seconds(1);
}

static void wait_for_receiver(struct sender *s, int told)
{
	__u64 received;

	if (read(told, &received, sizeof(received)) != sizeof(received))
		s->err = s->err ?: -EPIPE;
	else if (received != (s->method->flags & BENCH_SILENT ? 0 : s->bytes))
		s->err = s->err ?: -EPROTO;
}

static void *run_thread(void *arg)
{
	struct thread *t = arg;
	struct sender *s = t->sender;
	int err;

	err = s->method->setup(t->job);
	if (err)
		s->err = err;
	pthread_barrier_wait(&s->line);
	pthread_barrier_wait(&s->line);
	if (!err) {
		err = send_stream(s, t->job);
		if (err)
			s->err = err;
	}
	shutdown(t->job->sock, SHUT_WR);
	pthread_barrier_wait(&s->line);
	if (t->job->file >= 0)
		s->method->teardown(t->job);
	return NULL;
}

/* A half-made crowd would wait for ever at the line: the process ends. */
static void make_threads(struct sender *s, struct thread *threads)
{
	pthread_attr_t attr;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	for (i = 0; i < s->scenario->streams; i++) {
		threads[i] = (struct thread) { .sender = s, .job = &s->jobs[i] };
		if (pthread_create(&threads[i].id, &attr, run_thread,
				   &threads[i]))
			_exit(EAGAIN);
	}
	pthread_attr_destroy(&attr);
}

static int send_by_threads(struct sender *s, struct bench_usage *usage, int told)
{
	int n = s->scenario->streams;
	struct thread *threads = calloc(n, sizeof(*threads));
	int i;

	if (!threads)
		return -ENOMEM;
	pthread_barrier_init(&s->line, NULL, n + 1);
	make_threads(s, threads);
	pthread_barrier_wait(&s->line);
	bench_usage_begin(usage);
	set_until(s);
	pthread_barrier_wait(&s->line);
	wait_for_receiver(s, told);
	bench_usage_end(usage);
	pthread_barrier_wait(&s->line);
	for (i = 0; i < n; i++)
		pthread_join(threads[i].id, NULL);
	free(threads);
	return s->err;
}

/* All at once from this thread; what each took is told by bench_job.ended. */
static int send_together(struct sender *s)
{
	int n = s->scenario->streams;
	__u64 since = bench_ticks();
	int err, i;

	err = s->method->send_all(s->jobs, n);
	if (err)
		return err;
	for (i = 0; i < n; i++) {
		bench_histogram_add(&s->latencies, s->jobs[i].ended - since);
		s->bytes += s->jobs[i].range.length;
	}
	s->requests = n;
	return 0;
}

static int set_up_all(struct sender *s)
{
	int err = 0;
	int i;

	for (i = 0; i < s->scenario->streams && !err; i++)
		err = s->method->setup(&s->jobs[i]);
	return err;
}

static int send_by_one(struct sender *s, struct bench_usage *usage, int told)
{
	int err, i;

	err = set_up_all(s);
	if (err)
		return err;
	bench_usage_begin(usage);
	set_until(s);
	/* With a time, each stream comes back for more: not for send_all. */
	err = s->scenario->streams > 1 ? send_together(s) :
					 send_stream(s, s->jobs);
	if (err)
		return err;
	for (i = 0; i < s->scenario->streams; i++)
		shutdown(s->jobs[i].sock, SHUT_WR);
	wait_for_receiver(s, told);
	bench_usage_end(usage);
	return s->err;
}

static void tell(const struct sender *s, const struct bench_usage *usage,
		 struct bench_result *result)
{
	double copies = s->method->copies_per_byte;
	__u64 copied = 0;
	int i;

	for (i = 0; i < s->scenario->streams; i++) {
		result->syscalls += s->jobs[i].syscalls;
		copied += s->jobs[i].bytes_copied;
	}
	result->bytes = s->bytes;
	result->requests = s->requests;
	result->bytes_copied = copies == BENCH_COPIES_COUNTED ?
			       copied : copies * s->bytes;
	result->seconds = usage->seconds;
	result->cpu_seconds = usage->cpu_seconds + usage->worker_seconds;
	result->all_cpu_seconds = usage->all_cpu_seconds;
	result->switches = usage->switches;
	result->anonymous = usage->anonymous;
	if (!s->scenario->latency)
		return;
	result->p50_us = bench_histogram_us(&s->latencies, .5);
	result->p99_us = bench_histogram_us(&s->latencies, .99);
	result->p999_us = bench_histogram_us(&s->latencies, .999);
}

/*
 * Where instructions are counted, on one processor, the receiver runs when this
 * process waits and at no other time, so that each round goes the same way.
 */
static int go_first(const struct bench_scenario *scenario)
{
	struct sched_param first = { .sched_priority = 1 };

	if (!scenario->fixed)
		return 0;
	return sched_setscheduler(0, SCHED_FIFO, &first) ? -errno : 0;
}

/*
 * Sends, and fills in @result, which is shared with the process that waits for
 * this one.  What is left is given back by its end.
 */
int bench_sender(struct bench_result *result, __u16 port, int told)
{
	const struct bench_scenario *scenario = result->scenario;
	struct bench_usage usage;
	struct sender *s;
	bool threads;
	int err;

	err = bench_join_group(scenario) ?: go_first(scenario);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->scenario = scenario;
	s->method = result->method;
	s->jobs = calloc(scenario->streams, sizeof(*s->jobs));
	if (!s->jobs)
		return -ENOMEM;
	make_jobs(s);
	err = connect_all(s, port);
	if (err)
		return err;
	threads = scenario->streams > 1 &&
		  (!s->method->send_all || scenario->seconds);
	err = threads ? send_by_threads(s, &usage, told) :
			send_by_one(s, &usage, told);
	if (!err)
		tell(s, &usage, result);
	return err;
}
