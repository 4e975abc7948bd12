// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that answer stopped calls: one for each call under way, and one more
 * that waits for the next; and one that looks after calls that take long.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <time.h>

#include "notify.h"

#define STACK		(128 * 1024)

/* Descriptors for a call: three while it runs, one for a look. */
#define CALL_FDS	4
/* Those that coldsend has itself, and to spare. */
#define OUR_FDS		16

/* Ends a send that waits.  One that is heard late is not kept once for each look. */
#define INTERRUPT	SIGURG

/* Nanoseconds between two looks at calls under way. */
#define LOOK		50000000

/**
 * struct slot - a call under way
 * @link: on the list of them
 * @look: that saw it last, or was under way when the call began
 * @id: its number
 * @caller: the thread that made it
 * @process: whose that is, if a signal waits there for any of its threads; else 0
 * @thread: ours, which does it, and has this on its stack
 */
struct slot {
	TAILQ_ENTRY(slot) link;
	__u64 look;
	__u64 id;
	pid_t caller;
	pid_t process;
	pthread_t thread;
};

TAILQ_HEAD(slots, slot);

/**
 * struct notify - all there is
 * @listener: where calls come from
 * @how: how they go by the module
 * @served: what they count in
 * @lock: guards the rest
 * @started: signalled when a call is under way
 * @room: calls that there are descriptors for
 * @slots: calls under way, @busy of them, the one seen longest ago first
 * @busy: see @slots
 * @look: number of the look at all of them that is under way, or was last
 * @seen: the call that is looked at without the lock; NULL: it has ended
 * @idle: threads that wait for a call, or will in a moment
 * @full: it was told that some are left to the kernel for want of threads
 */
struct notify {
	int listener;
	struct cs_range_how how;
	struct cs_served *served;
	pthread_mutex_t lock;	/* see @lock above */
	pthread_cond_t started;
	rlim_t room;
	struct slots slots;
	rlim_t busy;
	__u64 look;
	const struct slot *seen;
	unsigned int idle;
	bool full;
};

static struct notify notify = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.started = PTHREAD_COND_INITIALIZER,
	.slots = TAILQ_HEAD_INITIALIZER(notify.slots),
};

static void *answer_calls(void *arg);

/* Ends a send that waits, and nothing else. */
static void on_interrupt(int sig)
{
	(void)sig;
}

static bool start_thread(void *(*run)(void *arg))
{
	pthread_attr_t attr;
	pthread_t thread;
	bool started;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK);
	started = !pthread_create(&thread, &attr, run, NULL);
	pthread_attr_destroy(&attr);
	return started;
}

static bool add_thread(void)
{
	notify.idle++;
	if (start_thread(answer_calls))
		return true;
	notify.idle--;
	return false;
}

/* Once: each such call would say the same.  Who reads that slowly holds up no other call. */
static void say_full(void)
{
	bool said;

	pthread_mutex_lock(&notify.lock);
	said = notify.full;
	notify.full = true;
	notify.idle -= !said;
	pthread_mutex_unlock(&notify.lock);
	if (said)
		return;
	cs_err("no more threads or descriptors for --seccomp: some calls are left to sendfile");
	pthread_mutex_lock(&notify.lock);
	notify.idle++;
	pthread_mutex_unlock(&notify.lock);
}

/* Takes a call on, while somebody else waits for the next; false: nobody would. */
static bool take_on(struct slot *slot)
{
	bool waits;

	pthread_mutex_lock(&notify.lock);
	waits = notify.busy < notify.room && (notify.idle > 1 || add_thread());
	if (waits) {
		notify.idle--;
		notify.busy++;
		slot->look = notify.look;
		TAILQ_INSERT_TAIL(&notify.slots, slot, link);
		pthread_cond_signal(&notify.started);
	}
	pthread_mutex_unlock(&notify.lock);
	return waits;
}

/* Under the lock, so that nobody interrupts us for a call that is over. */
static void give_back(struct slot *slot)
{
	pthread_mutex_lock(&notify.lock);
	TAILQ_REMOVE(&notify.slots, slot, link);
	if (notify.seen == slot)
		notify.seen = NULL;
	notify.busy--;
	notify.idle++;
	pthread_mutex_unlock(&notify.lock);
}

static void answer_call(const struct seccomp_notif *call)
{
	struct slot slot = {
		.id = call->id,
		.caller = (pid_t)call->pid,
		.thread = pthread_self(),
	};
	bool ours = take_on(&slot);
	ssize_t sent = 0;
	int err = 0;

	if (ours)
		sent = cs_call_do(notify.listener, call, &notify.how, &err);
	/* With the answer the caller may end, and the run, which tells the count. */
	cs_range_count(notify.served, sent);
	cs_call_answer(notify.listener, call->id, sent, err);
	if (ours)
		give_back(&slot);
	else
		say_full();
}

/* Has nobody the filter any more? */
static bool is_abandoned(void)
{
	struct pollfd listener = { .fd = notify.listener };

	return poll(&listener, 1, 0) == 1 && (listener.revents & POLLHUP);
}

static void *answer_calls(void *arg)
{
	struct seccomp_notif call;

	(void)arg;
	for (;;) {
		memset(&call, 0, sizeof(call));
		if (!ioctl(notify.listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
			answer_call(&call);
		else if (errno == ENOENT ? is_abandoned() : errno != EINTR)
			return NULL;
	}
}

/* Has the caller died, or has it a signal to hear that is for nobody else? */
static bool is_wanted(struct slot *slot)
{
	struct cs_caller caller;

	slot->process = 0;
	if (!cs_call_valid(notify.listener, slot->id))
		return true;
	if (!cs_caller_look(&caller, slot->caller))
		return errno == ESRCH;
	if (cs_caller_shares(&caller))
		slot->process = caller.process;
	return cs_caller_signalled(&caller);
}

static void interrupt(const struct slot *slot)
{
	pthread_kill(slot->thread, INTERRUPT);
}

/* Looks at the first, which becomes the last: others are to begin and end meanwhile. */
static void look_at(struct slot *slot)
{
	struct slot seen;
	bool wanted;

	TAILQ_REMOVE(&notify.slots, slot, link);
	TAILQ_INSERT_TAIL(&notify.slots, slot, link);
	slot->look = notify.look;
	notify.seen = slot;
	seen = *slot;
	pthread_mutex_unlock(&notify.lock);
	wanted = is_wanted(&seen);
	pthread_mutex_lock(&notify.lock);
	if (!notify.seen)
		return;
	slot->process = seen.process;
	if (wanted)
		interrupt(slot);
}

static void look_at_all(void)
{
	struct slot *first;

	notify.look++;
	while ((first = TAILQ_FIRST(&notify.slots)) && first->look != notify.look)
		look_at(first);
}

/*
 * A signal that waits for any thread of a process is heard by its first, if that may;
 * else by one of which nothing tells which.  Is @slot who should look for it?  One at
 * a time, and with time to hear it: the others' calls would go to the kernel for nothing.
 */
static bool is_next_of(const struct slot *slot, bool in_turn)
{
	bool is_first = slot->caller == slot->process;
	const struct slot *other;

	if (!slot->process)
		return false;
	TAILQ_FOREACH(other, &notify.slots, link) {
		if (other == slot || other->process != slot->process)
			continue;
		if (!in_turn || other->caller == other->process)
			return false;
		if (!is_first && other->id < slot->id)
			return false;
	}
	return true;
}

/* Again and again: the first may come just before the send waits. */
static void *look_after_calls(void *arg)
{
	const struct timespec a_while = { .tv_nsec = LOOK };
	const struct slot *slot;
	bool in_turn = false;

	(void)arg;
	for (;; in_turn = !in_turn) {
		nanosleep(&a_while, NULL);
		pthread_mutex_lock(&notify.lock);
		while (TAILQ_EMPTY(&notify.slots))
			pthread_cond_wait(&notify.started, &notify.lock);
		look_at_all();
		TAILQ_FOREACH(slot, &notify.slots, link)
			if (is_next_of(slot, in_turn))
				interrupt(slot);
		pthread_mutex_unlock(&notify.lock);
	}
	return NULL;
}

/* How many calls there are descriptors for: each has the caller's two and its memory. */
static rlim_t allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur < 2 * OUR_FDS ? 1 : (limit.rlim_cur - OUR_FDS) / CALL_FDS;
}

/**
 * cs_notify_start - answer stopped calls from now on
 * @listener: of the filter
 * @how: how they go by the module
 * @served: what they count in
 *
 * Return: false after a message.
 */
bool cs_notify_start(int listener, const struct cs_range_how *how,
		     struct cs_served *served)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	sigset_t interrupt;
	bool started;

	notify.room = allow_descriptors();
	notify.listener = listener;
	notify.how = *how;
	notify.served = served;
	sigaction(INTERRUPT, &action, NULL);
	/* Whoever started us may have left it blocked; threads inherit that. */
	sigemptyset(&interrupt);
	sigaddset(&interrupt, INTERRUPT);
	pthread_sigmask(SIG_UNBLOCK, &interrupt, NULL);
	pthread_mutex_lock(&notify.lock);
	started = add_thread() && start_thread(look_after_calls);
	pthread_mutex_unlock(&notify.lock);
	if (!started)
		cs_err("can't start threads for --seccomp");
	return started;
}
