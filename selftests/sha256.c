// SPDX-License-Identifier: GPL-2.0
/*
 * SHA-256 (FIPS 180-4), small and without a library or a kernel option to
 * need.  What a receiver hashes and what a file should hash to both go
 * through here; cli.sh has sha256sum(1) judge it.
 */
#include <endian.h>
#include <string.h>

#include "cs_test.h"

#define BLOCK	64
#define CHUNK	4096

static const __u32 k[BLOCK] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static __u32 ror(__u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static void schedule(__u32 w[BLOCK], const __u8 *block)
{
	int i;

	memcpy(w, block, BLOCK);
	for (i = 0; i < 16; i++)
		w[i] = be32toh(w[i]);
	for (; i < BLOCK; i++) {
		__u32 s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^
			   w[i - 15] >> 3;
		__u32 s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^
			   w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

static void compress(__u32 state[8], const __u8 *block)
{
	__u32 w[BLOCK];
	__u32 v[8];
	int i;

	schedule(w, block);
	memcpy(v, state, sizeof(v));
	for (i = 0; i < BLOCK; i++) {
		__u32 s1 = ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25);
		__u32 ch = (v[4] & v[5]) ^ (~v[4] & v[6]);
		__u32 t1 = v[7] + s1 + ch + k[i] + w[i];
		__u32 s0 = ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22);
		__u32 maj = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + s0 + maj;
	}
	for (i = 0; i < 8; i++)
		state[i] += v[i];
}

void cs_sha256_init(struct cs_sha256 *h)
{
	static const __u32 first[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(h->state, first, sizeof(first));
	h->len = 0;
}

void cs_sha256_update(struct cs_sha256 *h, const void *buf, size_t len)
{
	const __u8 *in = buf;

	while (len) {
		size_t at = h->len % BLOCK;
		size_t n = len < BLOCK - at ? len : BLOCK - at;

		memcpy(h->block + at, in, n);
		h->len += n;
		in += n;
		len -= n;
		if (at + n == BLOCK)
			compress(h->state, h->block);
	}
}

void cs_sha256_final(struct cs_sha256 *h, __u8 *digest)
{
	static const __u8 pad[BLOCK] = { 0x80 };
	__u64 bits = htobe64(h->len * 8);
	int i;

	cs_sha256_update(h, pad, BLOCK - (h->len + 8) % BLOCK);
	cs_sha256_update(h, &bits, sizeof(bits));
	for (i = 0; i < 8; i++) {
		__u32 word = htobe32(h->state[i]);

		memcpy(digest + i * sizeof(word), &word, sizeof(word));
	}
}

/* The digest of a range of a seeded file, without the file. */
void cs_sha256_data(const struct cs_data *d, __u64 offset, __u64 len,
		    __u8 *digest)
{
	struct cs_sha256 h;
	__u8 buf[CHUNK];

	cs_sha256_init(&h);
	while (len) {
		size_t n = len < CHUNK ? len : CHUNK;

		cs_data_fill(d, offset, buf, n);
		cs_sha256_update(&h, buf, n);
		offset += n;
		len -= n;
	}
	cs_sha256_final(&h, digest);
}
