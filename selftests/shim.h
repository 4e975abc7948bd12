/* SPDX-License-Identifier: GPL-2.0 */
/* What programs share that are run by "coldsend run". */
#ifndef CS_SHIM_H
#define CS_SHIM_H

#include <sys/sendfile.h>

#include "cs_test.h"

/* Bytes that a UNIX socket takes at once, so that no receiver is needed. */
#define CS_SHIM_SIZE	(100 * CS_KIB + 77)

extern const struct cs_data cs_shim_data;

void cs_shim_need(void);
long long cs_shim_served(void);
int cs_shim_send(int file);

#endif /* CS_SHIM_H */
