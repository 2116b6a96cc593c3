/*
 * Runs a target on every file of its corpus, where there is no libFuzzer: as a test of any build.
 *   fuzz_NAME [FILE …]     without files: those of tests/fuzz/corpus/NAME
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fuzz.h"

#define INPUT_MOST (1 << 20)

static void
replay(const char *path)
{
	FILE *file = fopen(path, "r");
	uint8_t *whole = mem_new(INPUT_MOST), *bytes;
	size_t size;

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	size = fread(whole, 1, INPUT_MOST, file);
	fclose(file);
	/* Of its very size, so that a look beyond its end is seen. */
	bytes = mem_new(size == 0 ? 1 : size);
	memcpy(bytes, whole, size);
	free(whole);
	LLVMFuzzerTestOneInput(bytes, size);
	free(bytes);
}

static int
replay_corpus(const char *name)
{
	const char *top = getenv("srcdir");
	char *folder = mem_format("%s/tests/fuzz/corpus/%s", top == NULL ? "." : top, name);
	DIR *corpus = opendir(folder);
	struct dirent *entry;
	int count = 0;

	while (corpus != NULL && (entry = readdir(corpus)) != NULL) {
		char *path = mem_format("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] != '.') {
			replay(path);
			count++;
		}
		free(path);
	}
	if (corpus != NULL)
		closedir(corpus);
	free(folder);
	return count;
}

int
main(int argc, char **argv)
{
	const char *name = strstr(argv[0], "fuzz_");
	int count = argc - 1;

	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	/* The last one: folders may be called so, too. */
	for (const char *at = name; at != NULL; at = strstr(at + 1, "fuzz_"))
		name = at;
	if (argc == 1 && name != NULL)
		count = replay_corpus(name + strlen("fuzz_"));
	printf("%d inputs\n", count);
	return count == 0;
}
