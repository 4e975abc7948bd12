/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an event loop does in tests: SEND on a non-blocking socket, call after call.
 */
#ifndef CS_LOOP_H
#define CS_LOOP_H

#include "cs_test.h"

/* In one read from the socket, at the most. */
#define CS_LOOP_STEP	(64 * CS_KIB)

/**
 * struct cs_loop - a file on its way to one receiver
 * @dev: the device
 * @file: sent from its first byte to its last
 * @sv: the sender's socket and the receiver's, both non-blocking
 * @policy: of each call
 * @data: what the file holds, as far as the receiver knows
 * @sent: bytes so far
 * @got: bytes so far
 * @calls: so far
 */
struct cs_loop {
	int dev;
	int file;
	int sv[2];
	__u32 policy;
	const struct cs_data *data;
	__u64 sent;
	__u64 got;
	int calls;
};

bool cs_loop_wait_old(int file);
int cs_loop_file(const struct cs_data *data);
int cs_loop_open(struct cs_loop *loop, int file, const struct cs_data *data,
		 __u32 policy);
int cs_loop_connect(struct cs_loop *loop, bool small);
void cs_loop_close(struct cs_loop *loop);
int cs_loop_send(struct cs_loop *loop, __u64 length);
int cs_loop_fill(struct cs_loop *loop);
int cs_loop_receive(struct cs_loop *loop);
int cs_loop_receive_all(struct cs_loop *loop);

#endif /* CS_LOOP_H */
