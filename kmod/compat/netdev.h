/* SPDX-License-Identifier: GPL-2.0 */
/* Network devices that are none, and that have only what is polled: since 6.10 on the heap. */
#ifndef COLDSEND_COMPAT_NETDEV_H
#define COLDSEND_COMPAT_NETDEV_H

#include <linux/netdevice.h>
#include <linux/slab.h>
#include <linux/version.h>

/**
 * compat_alloc_netdev_dummy - makes a device that nobody sees
 *
 * May sleep.  Return: it, or NULL.
 */
static inline struct net_device *compat_alloc_netdev_dummy(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	struct net_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (dev)
		init_dummy_netdev(dev);
	return dev;
#else
	return alloc_netdev_dummy(0);
#endif
}

/**
 * compat_free_netdev_dummy - frees it
 * @dev: of compat_alloc_netdev_dummy(), with nothing any more to be polled
 */
static inline void compat_free_netdev_dummy(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	kfree(dev);
#else
	free_netdev(dev);
#endif
}

#endif /* COLDSEND_COMPAT_NETDEV_H */
