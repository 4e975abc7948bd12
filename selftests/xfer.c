// SPDX-License-Identifier: GPL-2.0
/*
 * xfer: makes seeded files and single transfers for the test scripts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cs_test.h"

#define EXIT_WRONG	1
#define EXIT_USAGE	2
#define EXIT_REFUSED	3	/* the ioctl failed; its errno is on stdout */

/* What sockets take though nobody reads. */
#define LEFT		(64 * CS_KIB)

static const char usage[] =
"usage: xfer make FILE SIZE SEED        write a file of seeded bytes\n"
"       xfer send [OPTION]... FILE SEED transfer it here, check every byte\n"
"       xfer stall FILE                 transfer to a receiver that never reads\n"
"       xfer block FILE POLICY          transfer to a socket that is full from the start\n"
"       xfer leave FILE SEED POLICY     transfer 64 KiB of it, close the device, and\n"
"                                       check every byte after a line on stdin\n"
"       xfer flood FILE N               N transfers of no byte, one after another\n"
"       xfer sha256 SIZE SEED           print the digest of seeded bytes\n"
"       xfer cold FILE                  drop it from the page cache\n"
"       xfer resident FILE              print its pages in the page cache\n"
"options: -p POLICY  -k tcp4|tcp6|unix  -o OFFSET  -l LENGTH  -s\n"
"send prints 'name value' lines: error, sent, received, policy_used, ...\n"
"exit: 0 right, 1 wrong, 2 usage, 3 refused by the module\n";

static const char * const policies[] = {
	"default", "cached", "direct", "drop-behind", "hybrid", "auto",
};

static const char * const fallbacks[] = {
	"none", "no-direct", "direct-refused", "buffered", "copied",
};

static const char * const reasons[] = {
	"none", "small", "admitted", "large", "first", "rule",
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "xfer: %s: %s\n", what, strerror(err));
	return EXIT_WRONG;
}

static int usage_error(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int make(char **argv)
{
	struct cs_data data = {
		.size = strtoull(argv[1], NULL, 0),
		.seed = strtoull(argv[2], NULL, 0),
	};
	int fd = open(argv[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int err;

	if (fd < 0)
		return fail(argv[0], errno);
	err = cs_data_write(fd, &data);
	close(fd);
	return err ? fail(argv[0], -err) : 0;
}

static int sha256(char **argv)
{
	struct cs_data data = { .seed = strtoull(argv[1], NULL, 0) };
	__u8 digest[CS_SHA256_LEN];
	int i;

	data.size = strtoull(argv[0], NULL, 0);
	cs_sha256_data(&data, 0, data.size, digest);
	for (i = 0; i < CS_SHA256_LEN; i++)
		printf("%02x", digest[i]);
	putchar('\n');
	return 0;
}

static int cold(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	int err = fd < 0 ? -errno : cs_drop_cache(fd);

	return err ? fail(argv[0], -err) : 0;
}

static int resident(char **argv)
{
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	struct stat st;
	long pages;

	if (fd < 0 || fstat(fd, &st))
		return fail(argv[0], errno);
	pages = cs_resident(fd, 0, st.st_size);
	if (pages < 0)
		return fail(argv[0], -pages);
	printf("%ld\n", pages);
	return 0;
}

/* What a transfer needs: 0, or an exit status after a message. */
static int open_all(const char *path, enum cs_kind kind, int *fd, int *dev,
		    int sv[2])
{
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*fd < 0)
		return fail(path, errno);
	*dev = cs_open();
	if (*dev < 0)
		return fail(COLDSEND_DEVICE, -*dev);
	return cs_pair(kind, sv) ? fail("sockets", errno) : 0;
}

static int parse_policy(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(policies) / sizeof(*policies); i++)
		if (!strcmp(name, policies[i]))
			return i;
	return -EINVAL;
}

static int stall(char **argv)
{
	struct coldsend_send s;
	int fd, dev, sv[2];
	int err = open_all(argv[0], CS_TCP4, &fd, &dev, sv);

	if (err)
		return err;
	cs_send_init(&s, fd, sv[0], 0, COLDSEND_TO_EOF,
		     COLDSEND_POLICY_DIRECT);
	err = cs_send(dev, &s);
	return fail("the transfer ended", -err);
}

static int block(char **argv)
{
	int policy = parse_policy(argv[1]);
	static const __u8 buf[CS_KIB];
	struct coldsend_send s;
	int fd, dev, sv[2];
	int err;

	if (policy < 0)
		return usage_error();
	err = open_all(argv[0], CS_UNIX, &fd, &dev, sv);
	if (err)
		return err;
	while (send(sv[0], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		continue;
	cs_send_init(&s, fd, sv[0], 0, COLDSEND_TO_EOF, (__u32)policy);
	err = cs_send(dev, &s);
	return fail("the transfer ended", -err);
}

/* Says when all is in the sockets and nothing of the module is open any more. */
static int leave(char **argv)
{
	struct cs_data data = {
		.seed = strtoull(argv[1], NULL, 0), .size = LEFT,
	};
	int policy = parse_policy(argv[2]);
	static __u8 buf[LEFT];
	struct coldsend_send s;
	int fd, dev, sv[2];
	int err;

	if (policy < 0)
		return usage_error();
	err = open_all(argv[0], CS_TCP4, &fd, &dev, sv);
	if (err)
		return err;
	cs_send_init(&s, fd, sv[0], 0, LEFT, (__u32)policy);
	err = cs_send(dev, &s);
	if (err || s.sent != LEFT)
		return fail("not all was sent", -err);
	close(dev);
	close(fd);
	puts("left");
	fflush(stdout);
	getchar();
	if (recv(sv[1], buf, LEFT, MSG_WAITALL) != LEFT)
		return fail("not all arrived", errno);
	return cs_data_check(&data, 0, buf, LEFT) == LEFT ? 0 : EXIT_WRONG;
}

static int flood(char **argv)
{
	unsigned long left = strtoul(argv[1], NULL, 0);
	struct coldsend_send s;
	int fd, dev, sv[2];
	int err = open_all(argv[0], CS_TCP4, &fd, &dev, sv);

	if (err)
		return err;
	while (left-- && !err) {
		cs_send_init(&s, fd, sv[0], 0, 0, COLDSEND_POLICY_CACHED);
		err = cs_send(dev, &s);
	}
	return err ? fail("a transfer failed", -err) : 0;
}

/* Fills in @j from options; the index of the first argument, or -1. */
static int parse(struct cs_job *j, int argc, char **argv)
{
	int policy = COLDSEND_POLICY_DEFAULT;
	int kind = CS_TCP4;
	int opt;

	while ((opt = getopt(argc, argv, "p:k:o:l:s")) != -1) {
		if (opt == 'p')
			policy = parse_policy(optarg);
		else if (opt == 'k')
			kind = cs_kind_parse(optarg);
		else if (opt == 'o')
			j->offset = strtoull(optarg, NULL, 0);
		else if (opt == 'l')
			j->length = strtoull(optarg, NULL, 0);
		else if (opt == 's')
			j->flags |= COLDSEND_F_STRICT;
		else
			return -1;
	}
	j->policy = policy;
	j->kind = kind;
	return policy >= 0 && kind >= 0 && argc - optind == 2 ? optind : -1;
}

static void print(const struct cs_job *j, int err)
{
	const struct coldsend_send *s = &j->s;

	printf("error %s\n", err ? strerrorname_np(-err) : "none");
	printf("sent %llu\n", s->sent);
	printf("received %llu\n", j->peer.count);
	if (err)
		return;
	printf("policy_used %s\n", policies[s->policy_used]);
	printf("reason %s\n", reasons[s->reason]);
	printf("fallback %s\n", fallbacks[s->fallback]);
	printf("bytes_cached %llu\n", s->bytes_cached);
	printf("bytes_direct %llu\n", s->bytes_direct);
	printf("bytes_copied %llu\n", s->bytes_copied);
}

static int transfer(int argc, char **argv)
{
	struct cs_data data = { 0 };
	struct cs_job j = { .data = &data, .length = COLDSEND_TO_EOF };
	struct stat st;
	int err, first;

	first = parse(&j, argc, argv);
	if (first < 0)
		return usage_error();
	j.dev = cs_open();
	if (j.dev < 0)
		return fail(COLDSEND_DEVICE, -j.dev);
	j.file = open(argv[first], O_RDONLY | O_CLOEXEC);
	if (j.file < 0 || fstat(j.file, &st))
		return fail(argv[first], errno);
	data.size = st.st_size;
	data.seed = strtoull(argv[first + 1], NULL, 0);
	err = cs_job_run(&j);
	print(&j, err);
	if (err)
		return EXIT_REFUSED;
	if (!cs_job_verify(&j))
		return 0;
	fprintf(stderr, "xfer: %s\n", j.why);
	return EXIT_WRONG;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "send"))
		return transfer(argc - 1, argv + 1);
	if (!strcmp(verb, "make") && argc == 5)
		return make(argv + 2);
	if (!strcmp(verb, "sha256") && argc == 4)
		return sha256(argv + 2);
	if (!strcmp(verb, "stall") && argc == 3)
		return stall(argv + 2);
	if (!strcmp(verb, "block") && argc == 4)
		return block(argv + 2);
	if (!strcmp(verb, "leave") && argc == 5)
		return leave(argv + 2);
	if (!strcmp(verb, "flood") && argc == 4)
		return flood(argv + 2);
	if (!strcmp(verb, "cold") && argc == 3)
		return cold(argv + 2);
	if (!strcmp(verb, "resident") && argc == 3)
		return resident(argv + 2);
	return usage_error();
}
