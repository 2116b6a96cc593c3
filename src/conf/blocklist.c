/*
 * The blocklist: a password a line, "# " begins a comment. Kept in lower case (ASCII) and sorted by
 * bytes, so that a look-up is a binary search.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "conf/conf.h"
#include "conf/reader.h"

#define MOST_BYTES (64 << 20)

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
fold(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

/* Splits content in place; the lines that count get copies. */
static void
blocklist_split(struct conf *conf, char *content)
{
	size_t room = 0, count = 0;
	char **words = NULL, *rest = content, *line;

	while ((line = strsep(&rest, "\n")) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (*line == '\0' || strncmp(line, "# ", 2) == 0)
			continue;
		if (count + 1 >= room) {
			room = 2 * room + 256;
			words = mem_grow(words, room, sizeof(*words));
		}
		fold(line);
		words[count++] = mem_text(line);
		words[count] = NULL;
	}
	conf->blocklist = words;
	conf->blocklist_count = count;
}

/* Sorts, and drops what is there twice. */
static void
blocklist_sort(struct conf *conf)
{
	char **words = conf->blocklist;
	size_t kept = 0;

	if (words == NULL)
		return;
	qsort(words, conf->blocklist_count, sizeof(*words), compare_texts);
	for (size_t i = 0; i < conf->blocklist_count; i++)
		if (kept > 0 && strcmp(words[kept - 1], words[i]) == 0)
			free(words[i]);
		else
			words[kept++] = words[i];
	words[kept] = NULL;
	conf->blocklist_count = kept;
}

void
blocklist_read(struct reader *reader, struct conf *conf)
{
	const char *name = conf->password.blocklist_file, *why;
	char *path, *content;

	if (*name == '\0')
		return;
	path = source_beside(reader->source.files[0], name);
	content = source_load(path, MOST_BYTES, &why);
	if (content == NULL)
		reader_fault_key(reader, "password.blocklist_file", "%s: %s", path, why);
	else {
		blocklist_split(conf, content);
		blocklist_sort(conf);
	}
	free(content);
	free(path);
}
