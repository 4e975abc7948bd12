/* SPDX-License-Identifier: GPL-2.0 */
/* Tunables of the module, by the tool, as an administrator sets them. */
#ifndef CS_TUNABLES_H
#define CS_TUNABLES_H

/**
 * struct cs_tunables - what tests change, and put back
 * @segment_size: bytes
 * @depth: reads in flight
 * @pool_max: bytes
 * @files_max: rows of the table of files
 * @transfers_max: transfers of all users
 * @user_transfers: transfers of a user
 * @user_share: percent of @pool_max
 * @idle_max: seconds
 * @small_max: bytes
 * @admit_after: times
 * @admit_window: seconds
 * @admit_max: percent of the available memory
 */
struct cs_tunables {
	long long segment_size;
	long long depth;
	long long pool_max;
	long long files_max;
	long long transfers_max;
	long long user_transfers;
	long long user_share;
	long long idle_max;
	long long small_max;
	long long admit_after;
	long long admit_window;
	long long admit_max;
};

int cs_tunables_set(const char *options);
int cs_tunables_get(struct cs_tunables *t);
int cs_tunables_restore(const struct cs_tunables *t);

#endif /* CS_TUNABLES_H */
