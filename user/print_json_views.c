// SPDX-License-Identifier: GPL-2.0
/* The printer for programs: what is live, events, trees. */
#include <stdio.h>

#include "print_json.h"
#include "views.h"

static json_t *from_transfers(const struct cs_rows *rows)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < rows->count; i++) {
		json_t *row = cs_json_values(&cs_transfer_attrs,
					     &rows->row[i].file);

		cs_json_put_path(row, rows->row[i].path);
		json_array_append_new(list, row);
	}
	return list;
}

/* null where we may not see them. */
static json_t *from_files(const struct cs_view *view)
{
	json_t *list;
	size_t i;

	if (!view->sees_files)
		return json_null();
	list = json_array();
	for (i = 0; i < view->files.count; i++)
		json_array_append_new(list, cs_json_row(&view->files.row[i]));
	return list;
}

/** cs_json_view - print a view as one object */
void cs_json_view(const struct cs_view *view)
{
	json_t *object = json_object();

	json_object_set_new(object, "transfers",
			    from_transfers(&view->transfers));
	json_object_set_new(object, "pool",
			    cs_json_values(&cs_pool_attrs, &view->pool));
	json_object_set_new(object, "counters",
			    cs_json_values(&cs_counters,
					   &view->stats.counters));
	json_object_set_new(object, "files", from_files(view));
	cs_json_print(object);
}

/** cs_json_event - print an event as an object in one line */
void cs_json_event(const struct cs_event *event)
{
	json_t *object = cs_json_values(&cs_event_attrs, &event->event);
	json_t *transfer;

	if (event->transfer.has) {
		transfer = cs_json_values(&cs_transfer_attrs, &event->transfer);
		if (event->path)
			cs_json_put_path(transfer, event->path);
		json_object_set_new(object, "transfer", transfer);
	}
	if (event->tunables.has)
		json_object_set_new(object, "policy",
				    cs_json_values(&cs_tunables,
						   &event->tunables));
	cs_json_print_line(object);
}

/** cs_json_tree - print who fills the page cache as one object */
void cs_json_tree(const struct cs_tree *trees, size_t nr_trees,
		  const struct cs_resident *list, size_t count)
{
	json_t *object = json_object(), *array = json_array(), *tree;
	size_t i;

	for (i = 0; i < count; i++)
		json_array_append_new(array, cs_json_resident(list[i].file,
							      &list[i].res));
	json_object_set_new(object, "files", array);
	array = json_array();
	for (i = 0; i < nr_trees; i++) {
		tree = cs_json_resident(trees[i].path, &trees[i].sum);
		json_object_set_new(tree, "files",
				    json_integer((json_int_t)trees[i].files));
		json_array_append_new(array, tree);
	}
	json_object_set_new(object, "trees", array);
	cs_json_print(object);
}
