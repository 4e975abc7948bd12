/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Targets of sendfile: ends[0] to send to, ends[1] where it arrives; both -1
 * before, and left so where there is none.
 */
#ifndef CS_SHIM_ENDS_H
#define CS_SHIM_ENDS_H

typedef void (*cs_ends)(int ends[2]);

void cs_ends_stream(int ends[2]);
void cs_ends_datagram(int ends[2]);
void cs_ends_append(int ends[2]);
void cs_ends_shut(int ends[2]);
void cs_ends_left(int ends[2]);
void cs_ends_reset(int ends[2]);
void cs_ends_unconnected(int ends[2]);
void cs_ends_pipe(int ends[2]);
void cs_ends_file(int ends[2]);
void cs_ends_file_to_append(int ends[2]);
void cs_ends_file_to_read(int ends[2]);
void cs_ends_device(int ends[2]);
void cs_ends_nothing(int ends[2]);

#endif /* CS_SHIM_ENDS_H */
