// SPDX-License-Identifier: GPL-2.0
/* The device /dev/coldsend: opens it, or says what to do. */
#include <errno.h>
#include <string.h>
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

/** cs_dev_open - open the device; NULL after a message */
struct coldsend *cs_dev_open(void)
{
	struct coldsend *dev = coldsend_open();

	if (!dev)
		say_not_open(errno);
	return dev;
}
