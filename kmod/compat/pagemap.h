/* SPDX-License-Identifier: GPL-2.0 */
/* Folios that have to have a size: for blocks larger than pages, since 6.12. */
#ifndef COLDSEND_COMPAT_PAGEMAP_H
#define COLDSEND_COMPAT_PAGEMAP_H

#include <linux/pagemap.h>
#include <linux/version.h>

/**
 * compat_mapping_min_folio_nrpages - pages of the smallest folio
 * @mapping: of a file
 *
 * Any context.
 */
static inline unsigned long
compat_mapping_min_folio_nrpages(const struct address_space *mapping)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	return 1;
#else
	return mapping_min_folio_nrpages((struct address_space *)mapping);
#endif
}

#endif /* COLDSEND_COMPAT_PAGEMAP_H */
