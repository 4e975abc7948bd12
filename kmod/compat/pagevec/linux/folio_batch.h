/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct folio_batch: a header of its own in Linux 7.2, part of pagevec.h
 * before; Kbuild looks which.
 */
#include <linux/pagemap.h>
#include <linux/pagevec.h>
