// SPDX-License-Identifier: GPL-2.0
/* The shim, as seen by a program that runs under it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim.h"

/* The file that is sent; more than any socket takes at once. */
const struct cs_data cs_shim_data = { .seed = 72, .size = 8 * CS_MIB };

static bool is_filtered(void)
{
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");
	int mode = 0;

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "Seccomp: %d", &mode);
	if (f)
		fclose(f);
	return mode == 2;
}

/* Ends the program if nobody takes its calls: plain sendfile would pass a test. */
void cs_shim_need(void)
{
	const char *preloaded = getenv("LD_PRELOAD");

	if ((preloaded && strstr(preloaded, "libcoldsend-preload.so")) ||
	    is_filtered())
		return;
	printf("Bail out! to be run by coldsend run\n");
	exit(1);
}

/* Bytes that the module has sent so far, for us or anybody else. */
long long cs_shim_served(void)
{
	return cs_stat("bytes_sent");
}

/* Sends the start of the file through a socket; 0 if all of it arrived right. */
int cs_shim_send(int file)
{
	static __thread __u8 buf[CS_SHIM_SIZE];
	off_t offset = 0;
	int sv[2], status = 1;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return 1;
	if (sendfile(sv[0], file, &offset, CS_SHIM_SIZE) == (ssize_t)CS_SHIM_SIZE &&
	    recv(sv[1], buf, CS_SHIM_SIZE, MSG_WAITALL) == (ssize_t)CS_SHIM_SIZE)
		status = cs_data_check(&cs_shim_data, 0, buf, CS_SHIM_SIZE) != CS_SHIM_SIZE;
	close(sv[0]);
	close(sv[1]);
	return status;
}
