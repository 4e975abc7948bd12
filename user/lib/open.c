// SPDX-License-Identifier: GPL-2.0
/* Handles: opening the device and closing it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle.h"

/* A descriptor, or -1 with errno. */
int coldsend_open_device(void)
{
	return open(COLDSEND_DEVICE, O_RDWR | O_CLOEXEC | O_NONBLOCK);
}

struct coldsend *coldsend_open(void)
{
	struct coldsend *cs = malloc(sizeof(*cs));

	if (!cs)
		return NULL;
	cs->fd = coldsend_open_device();
	if (cs->fd >= 0)
		return cs;
	free(cs);
	return NULL;
}

void coldsend_close(struct coldsend *cs)
{
	int err = errno;

	if (!cs)
		return;
	close(cs->fd);
	free(cs);
	errno = err;
}

int coldsend_fd(const struct coldsend *cs)
{
	return cs->fd;
}
