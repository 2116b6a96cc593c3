/* The configuration as a whole: freeing, finding, and whether a reload can take it. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#include "conf/conf.h"
#include "conf/row.h"

void
conf_free(struct conf **conf)
{
	if (*conf == NULL)
		return;
	rows_free(conf_rows, *conf);
	mem_texts_free(&(*conf)->blocklist);
	mem_texts_free(&(*conf)->files);
	free(*conf);
	*conf = NULL;
}

struct conf_directory *
conf_directory_copy(const struct conf_directory *directory)
{
	struct conf_directory *copy = mem_new(sizeof(*copy));

	*copy = *directory;
	copy->uris = mem_texts_copy(directory->uris);
	copy->bind_dn = mem_text(directory->bind_dn);
	copy->bind_password_file = mem_text(directory->bind_password_file);
	copy->ca_file = mem_text(directory->ca_file);
	copy->certificate_file = mem_text(directory->certificate_file);
	copy->key_file = mem_text(directory->key_file);
	return copy;
}

void
conf_directory_free(struct conf_directory **directory)
{
	struct conf_directory *it = *directory;

	if (it == NULL)
		return;
	mem_texts_free(&it->uris);
	mem_free_text(&it->bind_dn);
	mem_free_text(&it->bind_password_file);
	mem_free_text(&it->ca_file);
	mem_free_text(&it->certificate_file);
	mem_free_text(&it->key_file);
	free(it);
	*directory = NULL;
}

const struct conf_category *
conf_category_find(const struct conf *conf, const char *id)
{
	for (size_t i = 0; i < conf->category_count; i++)
		if (strcmp(conf->categories[i].id, id) == 0)
			return &conf->categories[i];
	return NULL;
}

static bool
is_equal_texts(char *const *a, char *const *b)
{
	size_t count = mem_texts_count(a);

	if (count != mem_texts_count(b))
		return false;
	for (size_t i = 0; i < count; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

static bool
is_equal_value(const struct row *row, const void *a, const void *b)
{
	switch (row->kind) {
	case ROW_TEXT:
		return strcmp(row_text(row, a), row_text(row, b)) == 0;
	case ROW_TEXTS:
		return is_equal_texts(row_texts(row, a), row_texts(row, b));
	default:
		return row_number(row, a) == row_number(row, b);
	}
}

static int check_rows(
    const struct row *rows, const char *group, const void *old, const void *new, struct err *err);

static int
check_list(
    const struct row *row, const char *key, const void *old, const void *new, struct err *err)
{
	size_t old_count, new_count;
	char *old_items = row_list(row, old, &old_count);
	char *new_items = row_list(row, new, &new_count);
	int rc = 0;

	if (row->flags & ROW_FIXED && old_count != new_count)
		return err_set(err, ERR_INPUT, "%s: only a restart can add or remove one", key);
	for (size_t i = 0; rc == 0 && i < old_count && i < new_count; i++) {
		char *item = mem_format("%s.[%zu].", key, i);

		rc = check_rows(
		    row->rows, item, old_items + i * row->size, new_items + i * row->size, err);
		mem_free_text(&item);
	}
	return rc;
}

static int
check_row(const struct row *row, const char *key, const void *old, const void *new, struct err *err)
{
	char *group;
	int rc;

	switch (row->kind) {
	case ROW_LIST:
		return check_list(row, key, old, new, err);
	case ROW_GROUP:
	case ROW_JOINED:
		group = row->kind == ROW_GROUP ? mem_format("%s.", key) : mem_text(key);
		rc = check_rows(row->rows, group, row_at(row, old), row_at(row, new), err);
		mem_free_text(&group);
		return rc;
	default:
		if (!(row->flags & ROW_FIXED) || is_equal_value(row, old, new))
			return 0;
		return err_set(err, ERR_INPUT, "%s: only a restart can change it", key);
	}
}

static int
check_rows(
    const struct row *rows, const char *group, const void *old, const void *new, struct err *err)
{
	int rc = 0;

	for (; rc == 0 && rows->name != NULL; rows++) {
		char *key = mem_format("%s%s", group, rows->name);

		rc = check_row(rows, key, old, new, err);
		mem_free_text(&key);
	}
	return rc;
}

int
conf_check_reload(const struct conf *old, const struct conf *new, struct err *err)
{
	return check_rows(conf_rows, "", old, new, err);
}
