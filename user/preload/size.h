/* SPDX-License-Identifier: GPL-2.0 */
#ifndef COLDSEND_SIZE_H
#define COLDSEND_SIZE_H

#include <linux/types.h>

const char *cs_size_parse(const char *text, __u64 max, __u64 *number);

#endif /* COLDSEND_SIZE_H */
