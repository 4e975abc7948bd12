// SPDX-License-Identifier: GPL-2.0
/* The module: builds its rooms from the ground up, and takes them down again. */
#include <linux/module.h>

#include "auto.h"
#include "ring.h"

static int __init cs_init(void)
{
	int err;

	cs_policy_init();
	cs_claim_init();
	err = cs_stats_init();
	if (err)
		return err;
	cs_ahead_init();
	cs_buffered_init();
	cs_memory_init();
	cs_doorkeeper_init();
	err = cs_drain_init();
	if (err)
		goto err_stats;
	err = cs_heat_init();
	if (err)
		goto err_drain;
	err = cs_spare_init();
	if (err)
		goto err_heat;
	err = cs_async_init();
	if (err)
		goto err_spare;
	err = cs_context_init();
	if (err)
		goto err_async;
	err = cs_chrdev_init();
	if (err)
		goto err_context;
	err = cs_genl_init();
	if (err)
		goto err_chrdev;
	/*
	 * From here on others may hold the module, by a dump that they have begun, and a
	 * module that fails to load is freed whoever holds it: nothing may fail any more.
	 */
	cs_debugfs_init();
	cs_chrdev_start();
	return 0;

err_chrdev:
	cs_chrdev_exit();
err_context:
	cs_context_exit();
err_async:
	cs_async_exit();
err_spare:
	cs_spare_exit();
err_heat:
	cs_heat_exit();
err_drain:
	cs_drain_exit();
err_stats:
	cs_stats_exit();
	cs_objects_report();
	return err;
}

/*
 * Nobody has the device open, so no transfer is left, nor any read in flight.
 * Peers may still hold memory that was sent to them; it is the network's then.
 */
static void __exit cs_exit(void)
{
	cs_chrdev_exit();
	cs_context_exit();
	cs_xfer_exit();
	cs_async_exit();
	cs_genl_exit();
	cs_debugfs_exit();
	cs_park_exit();
	cs_drop_exit();
	cs_drain_exit();
	cs_spare_exit();
	cs_heat_exit();
	cs_rules_exit();
	cs_stats_exit();
	cs_objects_report();
}

module_init(cs_init);
module_exit(cs_exit);

MODULE_AUTHOR("The coldsend authors");
MODULE_DESCRIPTION("sendfile that leaves the page cache as it found it");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
