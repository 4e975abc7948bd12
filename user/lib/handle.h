/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a handle is: for the files of the library, and for the shim, which may
 * not allocate one.
 */
#ifndef COLDSEND_HANDLE_H
#define COLDSEND_HANDLE_H

#include "coldsend.h"

/**
 * struct coldsend - an open device
 * @fd: its descriptor, O_NONBLOCK: reaping waits in poll(2)
 */
struct coldsend {
	int fd;
};

/* What the version script exports is public, and this header's is not. */
int coldsend_open_device(void);

#endif /* COLDSEND_HANDLE_H */
