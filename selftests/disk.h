/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The disk of faults.sh, whose reads take their time.
 */
#ifndef CS_DISK_H
#define CS_DISK_H

int cs_disk_do(const char *what);
int cs_disk_set(const char *table);
int cs_disk_suspend(void);
int cs_disk_resume(void);
int cs_disk_file(const char *dir, const char *name);

#endif /* CS_DISK_H */
