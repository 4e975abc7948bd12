/* SPDX-License-Identifier: GPL-2.0 */
/* Faults on demand: the n-th allocation of a thread fails. */
#ifndef CS_FAULT_H
#define CS_FAULT_H

#include "cs_test.h"

bool cs_fault_available(void);
int cs_fault_arm(int n);
int cs_fault_end(void);
bool cs_fault_disarm(void);
int cs_fault_arm_workers(int n);
bool cs_fault_disarm_workers(void);
bool cs_fault_is_fine(int err);
int cs_fault_works(int dev, int file, const struct cs_data *data);

#endif /* CS_FAULT_H */
