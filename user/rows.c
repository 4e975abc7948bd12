// SPDX-License-Identifier: GPL-2.0
/* Rows: the table of files as a dump brings it in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/**
 * cs_rows_add - make room for one more row
 * @rows: the table
 *
 * Return: the row, all zero, which is counted from now on and whose path the
 * caller sets; NULL without memory.
 */
struct cs_row *cs_rows_add(struct cs_rows *rows)
{
	struct cs_row *row;

	if (rows->count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 64;

		row = reallocarray(rows->row, room, sizeof(*row));
		if (!row)
			return NULL;
		rows->row = row;
		rows->room = room;
	}
	row = &rows->row[rows->count++];
	memset(row, 0, sizeof(*row));
	return row;
}

/** cs_rows_clear - give all rows back */
void cs_rows_clear(struct cs_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->count; i++)
		free(rows->row[i].path);
	free(rows->row);
	*rows = (struct cs_rows){ .row = NULL };
}
