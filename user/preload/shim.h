/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The shim's rooms.
 *
 *	sendfile -> range -> device, lib/ -> (kernel)
 *
 * After the constructor nothing here allocates, locks or calls what a signal
 * handler may not: sendfile may be called in one, and after vfork.
 */
#ifndef COLDSEND_SHIM_H
#define COLDSEND_SHIM_H

/* device.c: the open device, as long as it is one */
void cs_device_start(void);
int cs_device_get(void);

#endif /* COLDSEND_SHIM_H */
