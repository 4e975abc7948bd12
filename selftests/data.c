// SPDX-License-Identifier: GPL-2.0
/*
 * Seeded data: files whose bytes are a function of seed and offset, and what
 * the page cache holds of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cs_test.h"

#define WORD		sizeof(__u64)
#define CHECK_CHUNK	4096
#define WRITE_CHUNK	(256 * CS_KIB)
#define DROP_SECONDS	10

/* The finalizer of splitmix64. */
__u64 cs_mix(__u64 x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* What random tests begin with: $CS_SEED, or another each second. */
__u64 cs_seed(void)
{
	const char *given = getenv("CS_SEED");

	return given ? strtoull(given, NULL, 0) : (__u64)time(NULL);
}

/* The next number of the sequence @state, below @bound. */
__u64 cs_pick(__u64 *state, __u64 bound)
{
	*state = cs_mix(*state);
	return *state % bound;
}

static __u64 word_at(const struct cs_data *d, __u64 index)
{
	return cs_mix(d->seed * 0x2545f4914f6cdd1dULL + index);
}

/* Zeros what of [offset, offset + len) lies in the hole. */
static void punch(const struct cs_data *d, __u64 offset, __u8 *buf, size_t len)
{
	__u64 from = d->hole_from > offset ? d->hole_from : offset;
	__u64 to = d->hole_to < offset + len ? d->hole_to : offset + len;

	if (from < to)
		memset(buf + (from - offset), 0, to - from);
}

/* Bytes of the file at @offset. */
void cs_data_fill(const struct cs_data *d, __u64 offset, void *buf, size_t len)
{
	__u8 *out = buf;
	size_t done = 0;

	while (done < len) {
		__u64 word = word_at(d, (offset + done) / WORD);
		size_t skip = (offset + done) % WORD;
		size_t n = WORD - skip;

		if (n > len - done)
			n = len - done;
		memcpy(out + done, (__u8 *)&word + skip, n);
		done += n;
	}
	punch(d, offset, out, len);
}

/* Bytes that a range has in the file; COLDSEND_TO_EOF is a length like others. */
__u64 cs_data_length(const struct cs_data *d, __u64 offset, __u64 length)
{
	__u64 left;

	if (offset >= d->size)
		return 0;
	left = d->size - offset;
	return length < left ? length : left;
}

/* Bytes of @buf up to the first that is not the file's; @len if all are. */
size_t cs_data_check(const struct cs_data *d, __u64 offset, const void *buf,
		     size_t len)
{
	const __u8 *in = buf;
	__u8 want[CHECK_CHUNK];
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < sizeof(want) ? len - done : sizeof(want);
		size_t i;

		cs_data_fill(d, offset + done, want, n);
		if (memcmp(want, in + done, n)) {
			for (i = 0; want[i] == in[done + i]; i++)
				;
			return done + i;
		}
		done += n;
	}
	return len;
}

static int write_range(int fd, const struct cs_data *d, __u64 from, __u64 to)
{
	int err = 0;
	__u8 *buf;

	buf = malloc(WRITE_CHUNK);
	if (!buf)
		return -ENOMEM;

	while (from < to && !err) {
		size_t n = to - from < WRITE_CHUNK ? to - from : WRITE_CHUNK;
		ssize_t put;

		cs_data_fill(d, from, buf, n);
		put = pwrite(fd, buf, n, from);
		if (put <= 0)
			err = put ? -errno : -EIO;
		else
			from += put;
	}
	free(buf);
	return err;
}

/* Writes all of the file but its hole, down to the disk. */
int cs_data_write(int fd, const struct cs_data *d)
{
	bool hole = d->hole_from < d->hole_to;
	int err;

	if (ftruncate(fd, d->size))
		return -errno;
	err = write_range(fd, d, 0, hole ? d->hole_from : d->size);
	if (!err && hole && d->hole_to < d->size)
		err = write_range(fd, d, d->hole_to, d->size);
	if (!err && fsync(fd))
		err = -errno;
	return err;
}

/* A new file in @dir, open for reading and writing; @path is set to its name. */
int cs_data_create_named(const char *dir, const struct cs_data *d, char *path,
			 size_t size)
{
	int err;
	int fd;

	snprintf(path, size, "%s/cs-test.XXXXXX", dir);
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = cs_data_write(fd, d);
	if (err) {
		unlink(path);
		close(fd);
		return err;
	}
	return fd;
}

/* The same without a name. */
int cs_data_create(const char *dir, const struct cs_data *d)
{
	char path[4096];
	int fd = cs_data_create_named(dir, d, path, sizeof(path));

	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Another open file of the same inode, whether it has a name or not. */
int cs_reopen(int fd, int flags)
{
	char path[64];
	int new;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	new = open(path, flags | O_CLOEXEC);
	return new < 0 ? -errno : new;
}

static long count_resident(const unsigned char *vec, size_t pages)
{
	long n = 0;
	size_t i;

	for (i = 0; i < pages; i++)
		n += vec[i] & 1;
	return n;
}

/* Pages of a page-aligned range in the page cache, as mincore(2) has it. */
long cs_resident(int fd, __u64 offset, __u64 len)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t pages = (len + page - 1) / page;
	unsigned char *vec;
	long n = -ENOMEM;
	void *map;

	if (!len)
		return 0;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, offset);
	if (map == MAP_FAILED)
		return -errno;
	vec = malloc(pages);
	if (vec)
		n = mincore(map, len, vec) ? -errno : count_resident(vec, pages);
	free(vec);
	munmap(map, len);
	return n;
}

/*
 * A received skb whose memory came from another CPU waits on that CPU's list
 * for its next network interrupt, and its pages with it: cause one everywhere.
 */
void cs_flush_network(void)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cpu_set_t all, one;
	int cpu;

	sched_getaffinity(0, sizeof(all), &all);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		sendto(sock, "", 1, 0, (struct sockaddr *)&sa, sizeof(sa));
	}
	sched_setaffinity(0, sizeof(all), &all);
	close(sock);
}

/* The page cache of all files, and inodes; what is dirty is written first. */
int cs_drop_all_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	sync();
	err = write(fd, "3", 1) == 1 ? 0 : -errno;
	close(fd);
	return err;
}

/* Makes the file cold. */
int cs_drop_cache(int fd)
{
	long long deadline = cs_now_ms() + cs_patient(DROP_SECONDS) * 1000LL;
	struct stat st;
	long left;

	if (fstat(fd, &st) || fsync(fd))
		return -errno;
	for (;;) {
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		left = cs_resident(fd, 0, st.st_size);
		if (left <= 0)
			return left;
		if (cs_now_ms() > deadline)
			return -EBUSY;
		cs_flush_network();
		cs_nap();
	}
}
