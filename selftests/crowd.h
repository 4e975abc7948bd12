/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crowds: many asynchronous transfers of one file at once, of all of it or of a
 * part each, their receivers all read by one thread, each byte looked at.
 */
#ifndef CS_CROWD_H
#define CS_CROWD_H

#include "cs_test.h"

/**
 * struct cs_flow - one transfer of a crowd
 * @kind: in: socket to send over
 * @policy: in: enum coldsend_policy
 * @offset: in: first byte to send
 * @tx: socket that is sent to, closed when the result is there
 * @rx: socket that is received from
 * @stuffing: bytes still to be received that are not of the file
 * @got: bytes received of the file
 * @bad: whether a wrong byte came
 * @error: errno of the receiver or the transfer, or 0
 * @sent: bytes sent as the result has it, CS_NONE before it is there
 */
struct cs_flow {
	enum cs_kind kind;
	__u32 policy;
	__u64 offset;
	int tx;
	int rx;
	__u64 stuffing;
	__u64 got;
	bool bad;
	int error;
	__u64 sent;
};

/**
 * struct cs_crowd - many transfers
 * @dev: in: open device
 * @file: in: file to send
 * @data: in: what it holds
 * @n: in: transfers
 * @length: in: bytes that each sends, 0 for all there are
 * @chunk: in: bytes that a receiver takes at a time
 * @sndbuf: in: SO_SNDBUF of the senders, 0 for the default
 * @hold_ms: in: time in which no receiver reads
 * @pause_ms: in: time between two reads of a receiver at the least
 * @flows: one for each transfer, from cs_crowd_make()
 * @expect: all of the file
 * @epoll: of all receivers and the device
 * @open: receivers whose stream has not ended
 * @running: transfers whose result is not there
 * @pool_max: out: most bytes in the pool that were seen
 * @workers_max: out: most threads that ran work of the module at once
 * @workers_seen: out: whether one was seen that does, or did so last
 */
struct cs_crowd {
	int dev;
	int file;
	const struct cs_data *data;
	int n;
	__u64 length;
	size_t chunk;
	int sndbuf;
	int hold_ms;
	int pause_ms;
	struct cs_flow *flows;
	__u8 *expect;
	int epoll;
	int open;
	int running;
	long long pool_max;
	int workers_max;
	bool workers_seen;
};

int cs_crowd_allow(int n);
int cs_crowd_make(struct cs_crowd *c);
int cs_crowd_stuff(struct cs_crowd *c);
int cs_crowd_submit(struct cs_crowd *c);
void cs_crowd_watch(struct cs_crowd *c, int milliseconds);
int cs_crowd_run(struct cs_crowd *c, int seconds);
const struct cs_flow *cs_crowd_wrong(const struct cs_crowd *c);

#endif /* CS_CROWD_H */
