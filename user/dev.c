// SPDX-License-Identifier: GPL-2.0
/* The device /dev/coldsend: opens it, and makes all ioctls of the tool. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"

/* "MAJOR:MINOR" of the device, there while the module is loaded. */
#define DEVICE_NUMBERS	"/sys/class/misc/coldsend/dev"

/** cs_dev_say_unloaded - say that the module is not loaded, if that is so */
bool cs_dev_say_unloaded(void)
{
	if (!access(DEVICE_NUMBERS, F_OK))
		return false;
	cs_err("the kernel module is not loaded; load it with: insmod coldsend.ko (or modprobe coldsend)");
	return true;
}

static void say_not_open(int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		if (!cs_dev_say_unloaded())
			cs_err("%s is missing although the kernel module is loaded; make it with: mknod -m 600 %s c $(tr : ' ' <%s)",
			       COLDSEND_DEVICE, COLDSEND_DEVICE, DEVICE_NUMBERS);
		break;
	case EACCES:
	case EPERM:
		cs_err("no permission to open %s; run coldsend as root, or let your user read and write it (chown or chmod)",
		       COLDSEND_DEVICE);
		break;
	default:
		cs_err("can't open %s: %s", COLDSEND_DEVICE, strerror(err));
	}
}

/** cs_dev_open - open the device; -1 after a message */
int cs_dev_open(void)
{
	int fd = open(COLDSEND_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		say_not_open(errno);
	return fd;
}

/** cs_dev_send - COLDSEND_IOC_SEND; sets the size; -1 with errno */
int cs_dev_send(int dev, struct coldsend_send *req)
{
	req->size = sizeof(*req);
	return ioctl(dev, COLDSEND_IOC_SEND, req);
}

/** cs_dev_info - COLDSEND_IOC_INFO; @file may be -1; -1 with errno */
int cs_dev_info(int dev, int file, struct coldsend_info *info)
{
	*info = (struct coldsend_info){
		.size = sizeof(*info),
		.file_fd = file,
	};
	return ioctl(dev, COLDSEND_IOC_INFO, info);
}

/** cs_dev_residency - COLDSEND_IOC_RESIDENCY of a whole file; -1 with errno */
int cs_dev_residency(int dev, int file, struct coldsend_residency *res)
{
	*res = (struct coldsend_residency){
		.size = sizeof(*res),
		.file_fd = file,
		.length = COLDSEND_TO_EOF,
	};
	return ioctl(dev, COLDSEND_IOC_RESIDENCY, res);
}

/** cs_dev_columns - width of a terminal, 0 if @terminal is none */
unsigned int cs_dev_columns(int terminal)
{
	struct winsize size;

	return ioctl(terminal, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}
