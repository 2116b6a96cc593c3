/* Reads the rows from the settings that libconfig found. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"

#include "conf/conf.h"
#include "conf/faults.h"
#include "conf/reader.h"
#include "conf/row.h"

/* A setting that is to be read: where it stands and what it is called in a fault. */
struct place {
	config_setting_t *setting; /* NULL where it is missing */
	config_setting_t *holder;  /* the nearest one that is there: where a fault points */
	const char *key;
};

static void read_rows(
    struct reader *reader, const struct row *rows, const struct place *place, void *base);

static bool
is_list(const config_setting_t *setting)
{
	return config_setting_is_list(setting) || config_setting_is_array(setting);
}

/* A text's length, bytes and own check. */
static bool
check_text(struct reader *reader, const struct row *row, const struct place *place,
    const config_setting_t *setting, const char *text)
{
	struct err err;
	size_t size = strlen(text);

	if (row->kind == ROW_TEXT && ((int64_t)size < row->low || (int64_t)size > row_most(row))) {
		reader_fault(reader, setting, place->key,
		    "must be a text of %" PRId64 " to %" PRId64 " bytes", row->low, row_most(row));
		return false;
	}
	for (const char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			if (!(row->flags & ROW_LINES) || strchr("\n\t", *at) == NULL) {
				reader_fault(
				    reader, setting, place->key, "holds a control character");
				return false;
			}
	if (row->check != NULL && row->check(text, &err) != 0) {
		reader_fault(reader, setting, place->key, "%s", err.text);
		return false;
	}
	return true;
}

/* "must be one of a, b" */
static void
fault_words(
    struct reader *reader, const struct row *row, const struct place *place, const char *how)
{
	struct text words = {0};

	for (const struct row_word *word = row->words; word->name != NULL; word++)
		text_add(&words, "%s\"%s\"", word == row->words ? "" : ", ", word->name);
	reader_fault(reader, place->setting, place->key, "%s %s", how, words.bytes);
	text_fini(&words);
}

static void
read_text(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	const char *text = config_setting_get_string(place->setting);

	if (text == NULL)
		reader_fault(reader, place->setting, place->key, "must be a text in quotes");
	else if (row->words != NULL && row_word_find(row, text) == NULL)
		fault_words(reader, row, place, "must be one of");
	else if (check_text(reader, row, place, place->setting, text))
		mem_set_text(row_at(row, base), text);
}

/* Says why where it is no list of low to high texts. */
static bool
is_list_of_texts(struct reader *reader, const struct row *row, const struct place *place)
{
	int count = is_list(place->setting) ? config_setting_length(place->setting) : -1;

	for (int i = 0; i < count; i++)
		if (config_setting_get_string_elem(place->setting, i) == NULL)
			count = -1;
	if (count < 0)
		reader_fault(
		    reader, place->setting, place->key, "must be a list of texts: [\"…\", \"…\"]");
	else if (count < row->low || count > row_most(row))
		reader_fault(reader, place->setting, place->key,
		    "must hold %" PRId64 " to %" PRId64 " texts", row->low, row_most(row));
	else
		return true;
	return false;
}

static void
read_texts(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	if (!is_list_of_texts(reader, row, place))
		return;
	mem_texts_free(row_at(row, base));
	for (int i = 0; i < config_setting_length(place->setting); i++) {
		const char *text = config_setting_get_string_elem(place->setting, i);

		if (check_text(reader, row, place,
			config_setting_get_elem(place->setting, (unsigned)i), text))
			mem_texts_add(row_at(row, base), text);
	}
}

static void
read_set(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	const struct row_word *word;
	int64_t set = 0;

	if (!is_list_of_texts(reader, row, place))
		return;
	for (int i = 0; i < config_setting_length(place->setting); i++) {
		word = row_word_find(row, config_setting_get_string_elem(place->setting, i));
		if (word == NULL) {
			fault_words(reader, row, place, "must be a list of");
			return;
		}
		set |= word->value;
	}
	row_set_number(row, base, set);
}

static void
read_choice(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	const char *text = config_setting_get_string(place->setting);
	const struct row_word *word = text == NULL ? NULL : row_word_find(row, text);

	if (word == NULL)
		fault_words(reader, row, place, "must be one of");
	else
		row_set_number(row, base, word->value);
}

static void
read_bool(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	if (config_setting_type(place->setting) != CONFIG_TYPE_BOOL)
		reader_fault(reader, place->setting, place->key, "must be true or false");
	else
		row_set_number(row, base, config_setting_get_bool(place->setting));
}

static void
read_number(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	int type = config_setting_type(place->setting);
	int64_t number = config_setting_get_int64(place->setting);

	if ((type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) || number < row->low ||
	    number > row->high)
		reader_fault(reader, place->setting, place->key,
		    "must be a whole number from %" PRId64 " to %" PRId64, row->low, row->high);
	else
		row_set_number(row, base, number);
}

/* What is no group is a fault, and read as an empty one in silence. */
static void
read_group(struct reader *reader, const struct row *rows, const struct place *place, void *base)
{
	struct place group = *place;
	bool quiet = reader->quiet;

	if (group.setting != NULL && !config_setting_is_group(group.setting)) {
		reader_fault(reader, group.setting, group.key, "must be a group: { … }");
		group.setting = NULL;
		reader->quiet = true;
	}
	read_rows(reader, rows, &group, base);
	reader->quiet = quiet;
}

static void
read_list(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	int count = place->setting == NULL ? 0 : config_setting_length(place->setting);
	bool is_right = place->setting == NULL || is_list(place->setting);
	char *items;

	if (!is_right)
		reader_fault(reader, place->setting, place->key, "must be a list of groups: ( … )");
	else if (count < row->low || count > row_most(row))
		reader_fault(reader, place->holder, place->key,
		    "must hold %" PRId64 " to %" PRId64 " groups", row->low, row_most(row));
	if (!is_right || count == 0)
		return;
	items = mem_new((size_t)count * row->size);
	memcpy(row_at(row, base), &items, sizeof(items));
	memcpy((char *)base + row->count_offset, &(size_t){(size_t)count}, sizeof(size_t));
	for (int i = 0; i < count; i++) {
		config_setting_t *setting = config_setting_get_elem(place->setting, (unsigned)i);
		char *key = mem_format("%s.[%d]", place->key, i);
		struct place item = {setting, setting, key};

		read_group(reader, row->rows, &item, items + (size_t)i * row->size);
		mem_free_text(&key);
	}
}

static void
read_row(struct reader *reader, const struct row *row, const struct place *place, void *base)
{
	typedef void read_fn(struct reader *, const struct row *, const struct place *, void *);
	static read_fn *const readers[] = {
	    [ROW_TEXT] = read_text,
	    [ROW_TEXTS] = read_texts,
	    [ROW_BOOL] = read_bool,
	    [ROW_NUMBER] = read_number,
	    [ROW_SECONDS] = read_number,
	    [ROW_MILLISECONDS] = read_number,
	    [ROW_CHOICE] = read_choice,
	    [ROW_SWITCH] = read_choice,
	    [ROW_SET] = read_set,
	};

	if (row->kind == ROW_GROUP) {
		read_group(reader, row->rows, place, row_at(row, base));
		return;
	}
	if (row->kind == ROW_LIST) {
		read_list(reader, row, place, base);
		return;
	}
	row_set_default(row, base);
	if (place->setting != NULL)
		readers[row->kind](reader, row, place, base);
	else if (row->fallback == NULL)
		reader_fault(
		    reader, place->holder, place->key, "is missing, and there is no default");
}

static bool
rows_know(const struct row *rows, const char *name)
{
	for (const struct row *row = rows; row->name != NULL; row++)
		if (row->kind == ROW_JOINED ? rows_know(row->rows, name)
					    : strcmp(row->name, name) == 0)
			return true;
	return false;
}

static char *
join_key(const char *group, const char *name)
{
	return *group == '\0' ? mem_text(name) : mem_format("%s.%s", group, name);
}

static void
read_known(struct reader *reader, const struct row *rows, const struct place *place, void *base)
{
	for (const struct row *row = rows; row->name != NULL; row++) {
		struct place member = *place;
		char *key;

		if (row->kind == ROW_JOINED) {
			read_known(reader, row->rows, place, row_at(row, base));
			continue;
		}
		key = join_key(place->key, row->name);
		member.key = key;
		if (place->setting != NULL)
			member.setting = config_setting_get_member(place->setting, row->name);
		if (member.setting != NULL)
			member.holder = member.setting;
		read_row(reader, row, &member, base);
		mem_free_text(&key);
	}
}

static void
read_rows(struct reader *reader, const struct row *rows, const struct place *place, void *base)
{
	int count = place->setting == NULL ? 0 : config_setting_length(place->setting);

	read_known(reader, rows, place, base);
	for (int i = 0; i < count; i++) {
		config_setting_t *setting = config_setting_get_elem(place->setting, (unsigned)i);
		char *key;

		if (rows_know(rows, config_setting_name(setting)))
			continue;
		key = join_key(place->key, config_setting_name(setting));
		reader_fault(reader, setting, key, "there is no such key");
		mem_free_text(&key);
	}
}

static int
reader_parse(struct reader *reader, const char *path)
{
	const char *file, *why;
	int line;

	if (source_read(&reader->source, path, reader->faults) != 0)
		return -1;
	if (config_read_string(&reader->config, reader->source.text.bytes) == CONFIG_TRUE)
		return 0;
	file = source_where(&reader->source, (unsigned)config_error_line(&reader->config), &line);
	why = config_error_text(&reader->config);
	conf_faults_add(reader->faults, file, line, NULL, "%s", why == NULL ? "syntax error" : why);
	return -1;
}

/* The audit log and its keys are beside the journal where nothing else is said. */
static void
read_beside_journal(const struct conf *conf, char **path)
{
	char *whole;

	if (**path == '\0')
		return;
	whole = source_beside(conf->journal.path, *path);
	mem_free_text(path);
	*path = whole;
}

static struct conf *
reader_read(struct reader *reader)
{
	config_setting_t *root = config_root_setting(&reader->config);
	struct place place = {root, root, ""};
	struct conf *conf = mem_new(sizeof(*conf));

	read_rows(reader, conf_rows, &place, conf);
	check_all(reader, conf);
	read_beside_journal(conf, &conf->audit.path);
	read_beside_journal(conf, &conf->audit.key_file);
	read_beside_journal(conf, &conf->audit.sign_file);
	conf->files = mem_texts_copy(reader->source.files);
	blocklist_read(reader, conf);
	return conf;
}

struct conf *
conf_read(const char *path, struct conf_faults *faults)
{
	struct reader reader = {.faults = faults};
	size_t before = faults->count;
	struct conf *conf = NULL;

	config_init(&reader.config);
	if (reader_parse(&reader, path) == 0)
		conf = reader_read(&reader);
	if (faults->count != before)
		conf_free(&conf);
	config_destroy(&reader.config);
	source_fini(&reader.source);
	return conf;
}
