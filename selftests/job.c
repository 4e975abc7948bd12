// SPDX-License-Identifier: GPL-2.0
/*
 * A job: one transfer of a seeded file to a receiver on this machine, its
 * bytes and its counts checked against each other.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "submit.h"

#define RESULT_SECONDS	60

/* Waits for the result, and writes it where a synchronous call has it. */
static int await_result(struct cs_job *j)
{
	struct coldsend_completion c;
	int err = cs_collect(j->dev, &c, 1, RESULT_SECONDS);

	if (err)
		return err;
	j->s.sent = c.sent;
	j->s.policy_used = c.policy_used;
	j->s.fallback = c.fallback;
	j->s.bytes_cached = c.bytes_cached;
	j->s.bytes_direct = c.bytes_direct;
	j->s.bytes_copied = c.bytes_copied;
	return -c.error;
}

/**
 * cs_job_run() - send, and receive to the end of the stream
 * @j: what to do
 *
 * Return: 0 or the negative errno of the transfer or of what had to be there
 * for it.
 */
int cs_job_run(struct cs_job *j)
{
	int sv[2];
	int err;
	int end;

	err = cs_pair(j->kind, sv);
	if (err)
		return err;
	j->peer = (struct cs_peer){
		.fd = sv[1],
		.data = j->data,
		.offset = j->offset,
		.chunk = j->chunk,
		.digest = j->sha256,
		.keep = j->keep,
		.keep_len = j->keep_len,
	};
	err = cs_peer_start(&j->peer);
	if (err)
		goto err_close;
	cs_send_init(&j->s, j->file, sv[0], j->offset, j->length, j->policy);
	j->s.flags = j->flags;
	err = cs_send(j->dev, &j->s);
	if (!err && j->flags & COLDSEND_F_ASYNC)
		err = await_result(j);
	shutdown(sv[0], SHUT_WR);
	end = cs_peer_join(&j->peer);
	if (!err)
		err = end;

err_close:
	close(sv[0]);
	close(sv[1]);
	return err;
}

static int wrong(struct cs_job *j, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(j->why, sizeof(j->why), fmt, args);
	va_end(args);
	if (n > 0 && (size_t)n < sizeof(j->why))
		snprintf(j->why + n, sizeof(j->why) - n,
			 " [%s policy %u offset %llu length %llu]",
			 cs_kind_name(j->kind), j->policy, j->offset,
			 j->length);
	return -EBADMSG;
}

/* Without a fallback, and unless a socket copies, all went by the policy. */
static int verify_policy(struct cs_job *j)
{
	__u64 cached = j->s.bytes_cached;
	__u64 direct = j->s.bytes_direct;

	if (cached + direct > j->s.sent)
		return wrong(j, "cached %llu and direct %llu of %llu sent",
			     cached, direct, j->s.sent);
	if (j->s.fallback != COLDSEND_FALLBACK_NONE)
		return 0;
	if (cached + direct != j->s.sent)
		return wrong(j, "cached %llu and direct %llu of %llu sent",
			     cached, direct, j->s.sent);
	if (j->policy == COLDSEND_POLICY_DIRECT && cached)
		return wrong(j, "%llu bytes went from the cache", cached);
	if ((j->policy == COLDSEND_POLICY_CACHED ||
	     j->policy == COLDSEND_POLICY_DROP_BEHIND) && direct)
		return wrong(j, "%llu bytes went direct", direct);
	return 0;
}

static int verify_counts(struct cs_job *j)
{
	__u64 want = cs_data_length(j->data, j->offset, j->length);

	if (j->s.sent != want)
		return wrong(j, "sent %llu, not %llu", j->s.sent, want);
	if (j->peer.count != j->s.sent)
		return wrong(j, "sent %llu, received %llu", j->s.sent,
			     j->peer.count);
	return verify_policy(j);
}

/* Right in every byte and count, or -EBADMSG with a sentence in @j->why. */
int cs_job_verify(struct cs_job *j)
{
	if (j->peer.error)
		return wrong(j, "receiver: %s", strerror(j->peer.error));
	if (j->peer.bad != CS_NONE)
		return wrong(j, "wrong byte at stream position %llu",
			     j->peer.bad);
	if (j->sha256 && memcmp(j->sha256, j->peer.sha256, CS_SHA256_LEN))
		return wrong(j, "SHA-256 differs");
	return verify_counts(j);
}
