// SPDX-License-Identifier: GPL-2.0
/*
 * The seccomp filter of "run --seccomp": stops calls of sendfile(2) until we
 * have answered, and lets all else pass.
 *
 * It is written out because the library that makes filters in Debian 12
 * (libseccomp 2.5) does not know WAIT_KILLABLE_RECV.  Without that flag a signal
 * takes a call away that is half done, and its bytes are sent again when the
 * call is restarted: Go sends itself signals all the time.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "notify.h"

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#endif

#ifdef ARCH

#define FIELD(name)	offsetof(struct seccomp_data, name)
#define LOAD(offset)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)
#define JUMP(how, value, yes, no) \
	BPF_JUMP(BPF_JMP | BPF_K | (how), value, yes, no)
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, what)

/* The count is the fourth argument; both machines above are little-endian. */
#define COUNT_LOW	FIELD(args[3])
#define COUNT_HIGH	(FIELD(args[3]) + 4)

/* Installs the filter in this process; Return: its listener or -1. */
static int install(__u32 min_count)
{
	struct sock_filter code[] = {
		LOAD(FIELD(arch)),
		JUMP(BPF_JEQ, ARCH, 0, 6),
		LOAD(FIELD(nr)),
		JUMP(BPF_JEQ, SYS_sendfile, 0, 4),
		LOAD(COUNT_HIGH),
		JUMP(BPF_JGT, 0, 3, 0),
		LOAD(COUNT_LOW),
		JUMP(BPF_JGE, min_count, 1, 0),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_USER_NOTIF),
	};
	struct sock_fprog program = {
		.len = ARRAY_SIZE(code),
		.filter = code,
	};

	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER |
			    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &program);
}

#else

static int install(__u32 min_count)
{
	(void)min_count;
	errno = EOPNOTSUPP;
	return -1;
}

#endif

/* What the kernel writes and reads may be larger than the headers knew. */
static bool knows_sizes(void)
{
	struct seccomp_notif_sizes sizes;

	return !syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) &&
	       sizes.seccomp_notif <= sizeof(struct seccomp_notif) &&
	       sizes.seccomp_notif_resp <= sizeof(struct seccomp_notif_resp);
}

/*
 * A call that asks for so much is looked at, whatever --min-size is: it may be a piece
 * of a large file, as the 4 MiB are that Go asks for at a time, or its end.
 */
#define LOOK_FROM	65536

/**
 * cs_filter_install - stop this process' calls of sendfile, and its children's
 * @min_size: CS_ENV_MIN_SIZE; calls of fewer bytes than that and than LOOK_FROM pass
 *
 * Who may not filter set-user-ID programs gives up that they are what they are.
 *
 * Return: the listener, or -1 after a message.
 */
int cs_filter_install(__u64 min_size)
{
	__u32 min_count = min_size < LOOK_FROM ? (__u32)min_size : LOOK_FROM;
	int listener;

	if (!knows_sizes()) {
		cs_err("can't filter sendfile: this kernel's seccomp is not what this program was built for");
		return -1;
	}
	listener = install(min_count);
	if (listener < 0 && errno == EACCES &&
	    !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		listener = install(min_count);
	if (listener < 0)
		cs_err("can't filter sendfile: %s", errno == EBUSY ?
		       "calls are filtered like this already" : strerror(errno));
	return listener;
}

/* Room for one descriptor beside the byte that carries it. */
union letter {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static struct msghdr wrap(union letter *letter, struct iovec *byte)
{
	struct msghdr msg = {
		.msg_iov = byte,
		.msg_iovlen = 1,
		.msg_control = letter,
		.msg_controllen = sizeof(*letter),
	};

	return msg;
}

/** cs_filter_pass - give descriptor @fd to who reads from @sock */
bool cs_filter_pass(int sock, int fd)
{
	char nothing = 0;
	struct iovec byte = { .iov_base = &nothing, .iov_len = 1 };
	union letter letter = { .bytes = { 0 } };
	struct msghdr msg = wrap(&letter, &byte);
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == 1;
}

/** cs_filter_take - take the descriptor that comes from @sock, -1 if none does */
int cs_filter_take(int sock)
{
	char nothing;
	struct iovec byte = { .iov_base = &nothing, .iov_len = 1 };
	union letter letter = { .bytes = { 0 } };
	struct msghdr msg = wrap(&letter, &byte);
	struct cmsghdr *head;
	int fd = -1;

	if (recvmsg(sock, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	head = CMSG_FIRSTHDR(&msg);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}
