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

#include "cs_test.h"

/* Bytes that the transfer has to send. */
__u64 cs_job_expected(const struct cs_job *j)
{
	__u64 left;

	if (j->offset >= j->data->size)
		return 0;
	left = j->data->size - j->offset;
	return j->length < left ? j->length : left;
}

/**
 * cs_job_run() - send, and receive to the end of the stream
 * @j: what to do
 *
 * Return: 0 or the negative errno of the ioctl or of what had to be there
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
		.digest = j->digest,
	};
	err = cs_peer_start(&j->peer);
	if (err)
		goto err_close;
	cs_send_init(&j->s, j->file, sv[0], j->offset, j->length, j->policy);
	j->s.flags = j->flags;
	err = cs_send(j->dev, &j->s);
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

static int verify_counts(struct cs_job *j)
{
	__u64 want = cs_job_expected(j);

	if (j->s.sent != want)
		return wrong(j, "sent %llu, not %llu", j->s.sent, want);
	if (j->peer.count != j->s.sent)
		return wrong(j, "sent %llu, received %llu", j->s.sent,
			     j->peer.count);
	/* A byte may have come from the cache and been copied as well. */
	if (j->s.bytes_cached + j->s.bytes_direct > j->s.sent)
		return wrong(j, "cached %llu and direct %llu of %llu sent",
			     j->s.bytes_cached, j->s.bytes_direct, j->s.sent);
	if (j->s.fallback != COLDSEND_FALLBACK_NONE)
		return 0;
	if (j->policy == COLDSEND_POLICY_DIRECT && j->s.bytes_direct != want)
		return wrong(j, "%llu of %llu went direct", j->s.bytes_direct,
			     want);
	if (j->policy == COLDSEND_POLICY_CACHED && j->s.bytes_cached != want)
		return wrong(j, "%llu of %llu went from the cache",
			     j->s.bytes_cached, want);
	return 0;
}

static int verify_digest(struct cs_job *j)
{
	__u8 want[CS_SHA256_LEN];

	if (!j->digest)
		return 0;
	cs_sha256_data(j->data, j->offset, j->s.sent, want);
	if (memcmp(want, j->peer.sha256, sizeof(want)))
		return wrong(j, "SHA-256 differs");
	return 0;
}

/* Right in every byte and count, or -EBADMSG with a sentence in @j->why. */
int cs_job_verify(struct cs_job *j)
{
	int err;

	if (j->peer.error)
		return wrong(j, "receiver: %s", strerror(j->peer.error));
	if (j->peer.bad != CS_NONE)
		return wrong(j, "wrong byte at stream position %llu",
			     j->peer.bad);
	err = verify_counts(j);
	return err ?: verify_digest(j);
}
