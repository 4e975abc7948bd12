/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct folio_batch: a header of its own in Linux 7.2 and later, part of
 * <linux/pagevec.h> before.
 */
#ifndef COLDSEND_COMPAT_FOLIO_BATCH_H
#define COLDSEND_COMPAT_FOLIO_BATCH_H

#include <linux/pagemap.h>

#if __has_include(<linux/pagevec.h>)
#include <linux/pagevec.h>
#else
#include_next <linux/folio_batch.h>
#endif

#endif
