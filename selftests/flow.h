/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What an event loop does in tests: SEND on a non-blocking socket, call after call.
 */
#ifndef CS_FLOW_H
#define CS_FLOW_H

#include "cs_test.h"

/* In one read from the socket, at the most. */
#define CS_FLOW_STEP	(64 * CS_KIB)

/**
 * struct cs_flow - a file on its way to one receiver
 * @dev: the device
 * @file: sent from its first byte to its last
 * @sv: the sender's socket and the receiver's, both non-blocking
 * @policy: of each call
 * @data: what the file holds, as far as the receiver knows
 * @sent: bytes so far
 * @got: bytes so far
 * @calls: so far
 */
struct cs_flow {
	int dev;
	int file;
	int sv[2];
	__u32 policy;
	const struct cs_data *data;
	__u64 sent;
	__u64 got;
	int calls;
};

int cs_flow_file(const struct cs_data *data);
int cs_flow_open(struct cs_flow *f, int file, const struct cs_data *data,
		 __u32 policy);
int cs_flow_connect(struct cs_flow *f, bool small);
void cs_flow_close(struct cs_flow *f);
int cs_flow_send(struct cs_flow *f, __u64 length);
int cs_flow_fill(struct cs_flow *f);
int cs_flow_receive(struct cs_flow *f);
int cs_flow_receive_all(struct cs_flow *f);

#endif /* CS_FLOW_H */
