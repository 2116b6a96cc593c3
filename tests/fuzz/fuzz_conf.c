/*
 * The configuration. Pieces with SEPARATOR between: the first is the file "main", the others are
 * the files "1", "2" and so on that it may include or name; there are no other files. What is good
 * is printed, and is the same when it is read again.
 */
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "conf/conf.h"
#include "conf/source.h"
#include "fuzz.h"

#define SEPARATOR "%%%\n"
#define PIECES 6

static struct fuzz pieces[PIECES];

char *__real_source_load(const char *path, size_t most, const char **why_out);
char *__wrap_source_load(const char *path, size_t most, const char **why_out);
char *
__wrap_source_load(const char *path, size_t most, const char **why_out)
{
	char memory[FUZZ_PATH_SIZE], *text;
	size_t i = PIECES;
	int fd;

	if (strcmp(path, "main") == 0)
		i = 0;
	else if (path[0] >= '1' && path[0] <= '9' && path[1] == '\0')
		i = (size_t)(path[0] - '0');
	if (i >= PIECES || pieces[i].bytes == NULL) {
		*why_out = "there is no such file";
		return NULL;
	}
	fd = fuzz_file(pieces[i].bytes, pieces[i].size, memory);
	text = __real_source_load(memory, most, why_out);
	FUZZ_MUST(text == NULL || (strlen(text) == pieces[i].size && fuzz_is_utf8(text)));
	close(fd);
	return text;
}

int __real_config_read_string(config_t *config, const char *text);
int __wrap_config_read_string(config_t *config, const char *text);
int
__wrap_config_read_string(config_t *config, const char *text)
{
	int rc;

	/* libconfig 1.5 loses a string that a fault follows. */
	fuzz_may_leak();
	rc = __real_config_read_string(config, text);
	fuzz_may_not_leak();
	return rc;
}

static void
split(const uint8_t *bytes, size_t size)
{
	struct fuzz rest = {bytes, size};

	memset(pieces, 0, sizeof(pieces));
	for (size_t i = 0; i < PIECES && rest.bytes != NULL; i++) {
		const uint8_t *end = memmem(rest.bytes, rest.size, SEPARATOR, strlen(SEPARATOR));

		pieces[i] = rest;
		if (end != NULL)
			pieces[i].size = (size_t)(end - rest.bytes);
		rest.bytes = end == NULL ? NULL : end + strlen(SEPARATOR);
		rest.size -= end == NULL ? 0 : pieces[i].size + strlen(SEPARATOR);
	}
}

static char *
print(const struct conf *conf, unsigned flags)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	FUZZ_MUST(file != NULL);
	conf_print(conf, file, flags);
	fclose(file);
	return text;
}

static void
check_again(const struct conf *conf)
{
	char *text = print(conf, CONF_PRINT_HELP), *masked, *again_text;
	struct conf_faults faults = {0};
	struct conf *again;

	pieces[0] = (struct fuzz){(const uint8_t *)text, strlen(text)};
	again = conf_read("main", &faults);
	FUZZ_MUST(again != NULL && faults.count == 0);
	FUZZ_MUST(conf_check_reload(conf, again, NULL) == 0);
	again_text = print(again, CONF_PRINT_HELP);
	FUZZ_MUST(strcmp(text, again_text) == 0);
	masked = print(again, CONF_PRINT_MASK);
	for (size_t i = 0; i < conf->portal_count; i++)
		FUZZ_MUST(conf->portals[i].token_sha256 == NULL ||
			  *conf->portals[i].token_sha256 == '\0' ||
			  strstr(masked, conf->portals[i].token_sha256) == NULL);
	conf_free(&again);
	conf_faults_fini(&faults);
	free(text);
	free(again_text);
	free(masked);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct conf_faults faults = {0};
	struct conf *conf;

	split(bytes, size);
	conf = conf_read("main", &faults);
	FUZZ_MUST((conf == NULL) == (faults.count > 0));
	for (size_t i = 0; i < faults.count; i++)
		FUZZ_MUST(fuzz_is_utf8(faults.lines[i]) && strchr(faults.lines[i], ':') != NULL);
	if (conf != NULL)
		check_again(conf);
	conf_free(&conf);
	conf_faults_fini(&faults);
	return 0;
}
