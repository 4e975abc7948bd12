/* SPDX-License-Identifier: GPL-2.0 */
/* What the files that print JSON offer each other. */
#ifndef COLDSEND_PRINT_JSON_H
#define COLDSEND_PRINT_JSON_H

#include <jansson.h>

#include "cli.h"

json_t *cs_json_values(const struct cs_attrs *set,
		       const struct cs_values *values);
void cs_json_put_path(json_t *object, const char *raw);
json_t *cs_json_row(const struct cs_row *row);
json_t *cs_json_resident(const char *path,
			 const struct coldsend_residency *res);
void cs_json_print(json_t *value);
void cs_json_print_line(json_t *value);

#endif /* COLDSEND_PRINT_JSON_H */
