// SPDX-License-Identifier: GPL-2.0
/*
 * What a program finds when it starts: devices, files and sockets in slots, of
 * which any call may take any, right or wrong.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

#define FILE_SIZE	(CS_MIB + 4321)

/* A descriptor that was there at some time; others may close it meanwhile. */
int fuzz_slot(const struct fuzz_world *w, __u16 word)
{
	return __atomic_load_n(&w->slot[word % FUZZ_SLOTS], __ATOMIC_RELAXED);
}

/* Puts a descriptor into a slot; what was there is closed. */
void fuzz_put(struct fuzz_world *w, __u16 word, int fd)
{
	int old = __atomic_exchange_n(&w->slot[word % FUZZ_SLOTS], fd,
				      __ATOMIC_RELAXED);

	if (old >= 0)
		close(old);
}

/* Offsets and lengths near everything where something changes. */
__u64 fuzz_offset(__u16 word)
{
	static const __u64 near[] = {
		0, 511, 512, 4095, 4096, 65536, CS_MIB, FILE_SIZE,
		FILE_SIZE + 4096, 1ULL << 31, 1ULL << 32, (1ULL << 63) - 4096,
		1ULL << 63, CS_NONE,
	};
	__u64 base = near[word % ARRAY_SIZE(near)];

	return base + (word >> 8) % 16 - 4;
}

/* A file of the disk, of the small file system or of memory; or -errno. */
int fuzz_open_file(const struct fuzz_world *w, __u16 word)
{
	static const int flags[] = {
		O_RDWR, O_RDONLY, O_RDWR | O_DIRECT, O_WRONLY, O_PATH,
		O_RDWR | O_SYNC, O_RDWR | O_NONBLOCK, O_RDWR | O_TRUNC,
	};
	const char *dir = w->mount && word & 1 ? w->mount : w->dir;
	int flag = flags[(word >> 1) % ARRAY_SIZE(flags)];
	char path[512];
	int fd;

	if ((word >> 4) % 8 == 7) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		return fd >= 0 && !ftruncate(fd, FILE_SIZE) ? fd : -errno;
	}
	snprintf(path, sizeof(path), "%s/fuzz%d", dir, (word >> 7) % 3);
	if (flag != O_PATH)
		flag |= O_CREAT;
	fd = open(path, flag | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static int put_pair(struct fuzz_world *w, int at, enum cs_kind kind)
{
	int sv[2];
	int err = cs_pair(kind, sv);

	if (err)
		return err;
	w->slot[at] = sv[0];
	w->slot[at + 1] = sv[1];
	return 0;
}

static int put_file(struct fuzz_world *w, int at, int flags)
{
	static const struct cs_data data = { .seed = 1, .size = 200 * CS_KIB };
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/fuzz0", w->dir);
	fd = open(path, O_CREAT | O_CLOEXEC | flags, 0600);
	if (fd < 0)
		return -errno;
	w->slot[at] = fd;
	/* Truncated to nothing, it would stay so. */
	return flags == O_RDWR && !lseek(fd, 0, SEEK_END) ?
	       cs_data_write(fd, &data) : 0;
}

/* Slots: 0, 1 devices; 2-5 files; 6-11 socket pairs; the rest is empty. */
int fuzz_world_make(struct fuzz_world *w)
{
	int i;

	for (i = 0; i < FUZZ_SLOTS; i++)
		w->slot[i] = -1;
	w->slot[0] = cs_open();
	w->slot[1] = open(COLDSEND_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	w->slot[4] = fuzz_open_file(w, 1);
	w->slot[5] = fuzz_open_file(w, 7 << 4);
	return put_file(w, 2, O_RDWR) ?: put_file(w, 3, O_RDONLY) ?:
	       put_pair(w, 6, CS_TCP4) ?: put_pair(w, 8, CS_UNIX) ?:
	       put_pair(w, 10, CS_TCP6);
}
