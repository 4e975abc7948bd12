// SPDX-License-Identifier: GPL-2.0
/*
 * eavesdrop: joins all groups of generic netlink that it may, those that nobody owns
 * yet among them, and says what it hears there.
 *
 * usage: eavesdrop [--insist GROUP]
 * Prints a line when it has joined, and one for each message that is not of the
 * family nlctrl, until it is killed.  With --insist it hears nothing, but joins one group
 * again and again, in a network namespace of its own, where it may join any.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* As many as there may be before netlink has to make room for more. */
#define GROUPS_MAX	64
#define ROOM		8192

static bool join(int sock, int group)
{
	return !setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
			   sizeof(group));
}

static int join_all(int sock)
{
	int group, joined = 0;

	for (group = 1; group <= GROUPS_MAX; group++)
		joined += join(sock, group);
	return joined;
}

static void hear(const struct nlmsghdr *message, ssize_t len)
{
	if (!NLMSG_OK(message, len) || message->nlmsg_type == GENL_ID_CTRL)
		return;
	printf("heard %u bytes of family %u\n", message->nlmsg_len,
	       message->nlmsg_type);
	fflush(stdout);
}

/*
 * Goes where it may join any group, as several processes: one runs while another waits
 * for netlink.  Return: 0 or -1.
 */
static int leave(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || fork() < 0 || fork() < 0)
		return -1;
	return prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int main(int argc, char **argv)
{
	static struct nlmsghdr buf[ROOM / sizeof(struct nlmsghdr)];
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	int group = argc == 3 && !strcmp(argv[1], "--insist") ? atoi(argv[2]) : 0;
	ssize_t len;
	int sock;

	if (group && leave()) {
		perror("eavesdrop: no namespaces of its own");
		return 1;
	}
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	/* Without an address it would be taken for the kernel, and told nothing. */
	if (sock < 0 || bind(sock, (struct sockaddr *)&self, sizeof(self))) {
		perror("eavesdrop: socket");
		return 1;
	}
	printf("joined %d groups\n", join_all(sock));
	fflush(stdout);
	while (group)
		join(sock, group);
	while ((len = recv(sock, buf, sizeof(buf), 0)) >= 0 || errno == ENOBUFS)
		hear(buf, len);
	perror("eavesdrop: recv");
	return 1;
}
