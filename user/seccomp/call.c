// SPDX-License-Identifier: GPL-2.0
/*
 * A stopped call of sendfile(2): done by the module for its caller, or left to
 * the kernel.
 *
 * While we are at it the caller hears no signal but a deadly one.  A thread of
 * notify.c interrupts us when one waits; then what was sent so far is the
 * answer, and with nothing sent the call is left to the kernel, which sees the
 * signal and does what the caller's handler asks for.
 */
#include <errno.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "notify.h"

/* An ioctl of the listener, which an interrupt for the send may hit instead. */
static int ask(int listener, unsigned long command, void *arg)
{
	int result;

	do {
		result = ioctl(listener, command, arg);
	} while (result && errno == EINTR);
	return result;
}

/** cs_call_valid - does the caller still wait? */
bool cs_call_valid(int listener, __u64 id)
{
	return !ask(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id);
}

static void answer(int listener, struct seccomp_notif_resp *resp)
{
	/* A caller that died meanwhile needs none. */
	ask(listener, SECCOMP_IOCTL_NOTIF_SEND, resp);
}

/* Lets the kernel do the call. */
static void leave(int listener, __u64 id)
{
	struct seccomp_notif_resp resp = {
		.id = id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	};

	answer(listener, &resp);
}

/**
 * cs_call_answer - answer a call, which then goes on
 * @listener: of the filter
 * @id: its number there
 * @sent: as cs_call_do() returns it
 * @err: as cs_call_do() sets it
 */
void cs_call_answer(int listener, __u64 id, ssize_t sent, int err)
{
	struct seccomp_notif_resp resp = {
		.id = id,
		.val = sent < 0 ? 0 : sent,
		.error = sent < 0 ? -err : 0,
	};

	if (sent)
		answer(listener, &resp);
	else
		leave(listener, id);
}

/**
 * struct call - a call that we do
 * @listener: of the filter
 * @id: its number there
 * @caller: who made it
 * @files: copies of its descriptors: to, from
 * @at: address of its offset, 0 for none
 * @offset: the offset
 * @count: bytes to send
 * @err: errno of its failure
 */
struct call {
	int listener;
	__u64 id;
	struct cs_caller caller;
	int files[2];
	__u64 at;
	off64_t offset;
	size_t count;
	int err;
};

/* Return: bytes sent, -1 with call->err, or 0 to leave it to the kernel. */
static ssize_t send_as_caller(struct call *call, const struct cs_range_how *how)
{
	off64_t *offset = call->at ? &call->offset : NULL;
	ssize_t sent;

	if (!cs_caller_act(&call->caller))
		return 0;
	sent = cs_range_send(how, call->files[0], call->files[1], offset,
			     call->count);
	call->err = errno;
	cs_caller_act(NULL);
	/* With our label, not the caller's: a security module may answer it otherwise. */
	if (sent < 0 && (call->err == EINTR || call->err == EACCES))
		return 0;
	/* The kernel would raise it; if we can't, it still will. */
	if (sent < 0 && call->err == EPIPE &&
	    !(cs_call_valid(call->listener, call->id) &&
	      cs_caller_kill(&call->caller, SIGPIPE)))
		return 0;
	if (sent > 0 && offset &&
	    !cs_caller_write(&call->caller, call->at, offset, sizeof(*offset))) {
		call->err = EFAULT;
		return -1;
	}
	return sent;
}

/* A UNIX socket may tell its peer who sends: that is not to be our user, or group. */
static bool would_lend_name(const struct call *call)
{
	const struct cs_caller *caller = &call->caller;
	socklen_t len = sizeof(int);
	int domain;

	if (caller->uid == getuid() && caller->real_uid == getuid() &&
	    caller->real_gid == getgid())
		return false;
	return getsockopt(call->files[0], SOL_SOCKET, SO_DOMAIN, &domain,
			  &len) || domain == AF_UNIX;
}

/* Only what was looked up while the caller waits is sure to be the caller's. */
static bool look_up(struct call *call, const struct seccomp_notif *notif)
{
	int theirs[2] = { (int)notif->data.args[0], (int)notif->data.args[1] };

	call->at = notif->data.args[2];
	call->count = notif->data.args[3];
	if (!cs_caller_look(&call->caller, (pid_t)notif->pid) ||
	    !cs_caller_open(&call->caller))
		return false;
	if (call->at && !cs_caller_read(&call->caller, call->at, &call->offset,
					sizeof(call->offset)))
		return false;
	return cs_caller_files(&call->caller, theirs, call->files);
}

/**
 * cs_call_do - do a call, which is still to be answered
 * @listener: of the filter
 * @notif: the call
 * @how: how it goes by the module
 * @err: set to the errno of a failure
 *
 * Sleeps for the disk, and for the peer if the caller would; a signal with a
 * handler ends that.
 *
 * Return: as cs_range_send().
 */
ssize_t cs_call_do(int listener, const struct seccomp_notif *notif,
		   const struct cs_range_how *how, int *err)
{
	struct call call = { .listener = listener, .id = notif->id };
	ssize_t sent = 0;

	if (look_up(&call, notif)) {
		if (cs_call_valid(listener, notif->id) &&
		    !would_lend_name(&call))
			sent = send_as_caller(&call, how);
		/* Gone before the answer, so that the caller's close is the last. */
		close(call.files[0]);
		close(call.files[1]);
	}
	cs_caller_close(&call.caller);
	*err = call.err;
	return sent;
}
