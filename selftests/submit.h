/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Asynchronous transfers in tests: submitting one, waiting for results, and
 * whether the module has given back what it made for them.
 */
#ifndef CS_SUBMIT_H
#define CS_SUBMIT_H

#include "cs_test.h"

/**
 * struct cs_made - what the module holds for others than the test
 * @transfers: created and not destroyed
 * @users: references on the module
 */
struct cs_made {
	long long transfers;
	long long users;
};

int cs_submit(int dev, struct coldsend_send *s, __u64 user_data);
int cs_cancel(int dev, __u64 id);
bool cs_has_result(int dev, int milliseconds);
int cs_collect(int dev, struct coldsend_completion *c, int n, int seconds);
struct cs_made cs_made_now(void);
bool cs_made_back(struct cs_made *before, int seconds);
bool cs_pool_empties(int seconds);
bool cs_segments_back(int seconds);
bool cs_stands_still(int sender, int receiver, int seconds);
__u64 cs_fill_socket(int dev, const struct coldsend_send *s, int receiver);
bool cs_sock_has(int receiver, int bytes);

#endif /* CS_SUBMIT_H */
