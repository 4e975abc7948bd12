/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The cgroup that faults.sh makes, whose memory is counted.
 */
#ifndef CS_GROUP_H
#define CS_GROUP_H

#include <stdbool.h>

bool cs_group_is_there(void);
int cs_group_join(void);
long long cs_group_bytes(void);

#endif /* CS_GROUP_H */
