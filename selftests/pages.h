/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page by page: which of a file's pages are in the page cache, or on their way.
 */
#ifndef CS_PAGES_H
#define CS_PAGES_H

#include "cs_test.h"

#define CS_PAGE			4096

int cs_pages_map(int fd, unsigned char *vec, size_t pages);
int cs_pages_touch(int fd, const unsigned char *wanted, size_t pages);
long cs_pages_differ(int fd, const unsigned char *wanted, size_t pages);
unsigned int cs_pages_in_flight(int file);
long cs_pages_left(int fd, __u64 offset, __u64 len, long most);

#endif /* CS_PAGES_H */
