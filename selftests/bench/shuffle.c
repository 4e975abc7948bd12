// SPDX-License-Identifier: GPL-2.0
/* Order by chance, told by a seed. */
#include "../cs_test.h"
#include "run.h"

/* Fisher and Yates; returns the seed for the next time. */
__u64 bench_shuffle(int *order, int n, __u64 seed)
{
	int i;

	for (i = n - 1; i > 0; i--) {
		int other, swapped = order[i];

		seed = cs_mix(seed);
		other = seed % (i + 1);
		order[i] = order[other];
		order[other] = swapped;
	}
	return seed;
}
