/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Folios that have to have a size, for blocks larger than pages: since 6.12.
 * Folios in a row: not to be had where parts of large ones were taken for folios.
 */
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

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 15, 0) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 24) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 135) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0))
#define COMPAT_FOLIOS_CONTIG	1
#else
#define COMPAT_FOLIOS_CONTIG	0
#endif

/**
 * compat_filemap_get_folios - folios of the page cache, the first ones
 * @mapping: that has them
 * @start: index of the first page; set to that behind the last folio
 * @end: index of the last page
 * @folios: empty; gets a reference on each
 *
 * Where the kernel can, up to the first that is missing, which is less work; else
 * the caller has to look whether one follows another.  Any context.
 * Return: their number.
 */
static inline unsigned int
compat_filemap_get_folios(struct address_space *mapping, pgoff_t *start,
			  pgoff_t end, struct folio_batch *folios)
{
	return COMPAT_FOLIOS_CONTIG ?
	       filemap_get_folios_contig(mapping, start, end, folios) :
	       filemap_get_folios(mapping, start, end, folios);
}

#endif /* COLDSEND_COMPAT_PAGEMAP_H */
