// SPDX-License-Identifier: GPL-2.0
/* Tunables of the module, by the tool, as an administrator sets them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tunables.h"

/* @options as for "coldsend policy set": 0 or -EINVAL. */
int cs_tunables_set(const char *options)
{
	char command[512];

	snprintf(command, sizeof(command), "coldsend policy set %s", options);
	return system(command) ? -EINVAL : 0;
}

static long long value_of(const char *json, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\":", name);
	at = strstr(json, key);
	return at ? atoll(at + strlen(key)) : -ENOENT;
}

/* Reads all of them: 0 or a negative errno. */
int cs_tunables_get(struct cs_tunables *t)
{
	char json[4096] = "";
	FILE *f = popen("coldsend policy show --json", "re");

	if (!f)
		return -errno;
	if (!fread(json, 1, sizeof(json) - 1, f))
		json[0] = 0;
	if (pclose(f))
		return -EIO;
	t->segment_size = value_of(json, "segment_size");
	t->depth = value_of(json, "depth");
	t->pool_max = value_of(json, "pool_max");
	t->files_max = value_of(json, "files_max");
	t->transfers_max = value_of(json, "transfers_max");
	t->user_transfers = value_of(json, "user_transfers");
	t->user_share = value_of(json, "user_share");
	t->idle_max = value_of(json, "idle_max");
	t->small_max = value_of(json, "small_max");
	t->admit_after = value_of(json, "admit_after");
	t->admit_window = value_of(json, "admit_window");
	t->admit_max = value_of(json, "admit_max");
	return 0;
}

/* Sets all of them as they were: 0 or a negative errno. */
int cs_tunables_restore(const struct cs_tunables *t)
{
	char options[448];

	snprintf(options, sizeof(options),
		 "--segment-size %lld --depth %lld --pool-max %lld --files-max %lld --transfers-max %lld --user-transfers %lld --user-share %lld --idle-max %lld --small-max %lld --admit-after %lld --admit-window %lld --admit-max %lld",
		 t->segment_size, t->depth, t->pool_max, t->files_max,
		 t->transfers_max, t->user_transfers, t->user_share,
		 t->idle_max, t->small_max, t->admit_after, t->admit_window,
		 t->admit_max);
	return cs_tunables_set(options);
}
