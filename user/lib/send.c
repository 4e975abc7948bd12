// SPDX-License-Identifier: GPL-2.0
/* Sending, and waiting for it. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "handle.h"

/* The longest argument that the module looks at, in bytes. */
#define ARGUMENT_MAX	4096

long long coldsend_send(struct coldsend *cs, struct coldsend_send *request)
{
	if (request->flags & COLDSEND_F_ASYNC) {
		errno = EINVAL;
		return -1;
	}
	if (ioctl(cs->fd, COLDSEND_IOC_SEND, request))
		return -1;
	return (long long)request->sent;
}

int coldsend_submit(struct coldsend *cs, struct coldsend_send *request)
{
	__u32 flags = request->flags;
	int result;

	request->flags |= COLDSEND_F_ASYNC;
	result = ioctl(cs->fd, COLDSEND_IOC_SEND, request);
	request->flags = flags;
	return result;
}

int coldsend_cancel(struct coldsend *cs, unsigned long long id)
{
	struct coldsend_cancel cancel = { .size = sizeof(cancel), .id = id };

	return ioctl(cs->fd, COLDSEND_IOC_CANCEL, &cancel);
}

int coldsend_info(struct coldsend *cs, int file_fd, struct coldsend_info *info)
{
	__u32 size = info->size;

	/* The caller's may be longer than ours, but not than the module takes. */
	if (size <= ARGUMENT_MAX)
		memset(info, 0, size);
	info->size = size;
	info->file_fd = file_fd;
	return ioctl(cs->fd, COLDSEND_IOC_INFO, info);
}

int coldsend_residency(struct coldsend *cs,
		       struct coldsend_residency *residency)
{
	residency->flags = 0;
	return ioctl(cs->fd, COLDSEND_IOC_RESIDENCY, residency);
}
