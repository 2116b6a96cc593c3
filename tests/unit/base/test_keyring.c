#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/keyring.h"
#include "base/mem.h"
#include "base/secret.h"

static char folder[] = "/tmp/muster-keyring-XXXXXX";

static char *
path_of(const char *name)
{
	return mem_format("%s/%s", folder, name);
}

static void
write_file(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	chmod(path, mode);
}

static int
make_folder(void **state)
{
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
remove_folder(void **state)
{
	char *command = mem_format("rm -rf %s", folder);
	int failed = system(command);

	mem_free_text(&command);
	return failed;
}

static void
a_key_is_made_once_and_read_by_nobody_else(void **state)
{
	char *path = path_of("made");
	struct err err = {0};
	struct keyring *keys = keyring_open(path, true, &err), *again;
	char first[KEYRING_HMAC_SIZE], second[KEYRING_HMAC_SIZE];
	struct stat status;

	assert_non_null(keys);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
	again = keyring_open(path, true, &err);
	assert_non_null(again);
	keyring_hmac(keys, "person", "900123456", 9, first);
	keyring_hmac(again, "person", "900123456", 9, second);
	assert_string_equal(first, second);
	keyring_hmac(again, "other", "900123456", 9, second);
	assert_string_not_equal(first, second);
	keyring_free(&keys);
	keyring_free(&again);
	mem_free_text(&path);
}

/* Each has the file's key or none, and nothing else is left behind. */
static void
starts_at_once_agree_on_one_key(void **state)
{
	char *path = path_of("shared"), ids[8][KEYRING_ID_SIZE] = {0};
	int ends[2];
	struct keyring *keys;
	struct dirent *entry;
	DIR *listing;

	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		keys = keyring_open(path, true, NULL);
		if (keys == NULL || write(ends[1], keyring_current(keys), KEYRING_ID_SIZE) < 0)
			_exit(1);
		_exit(0);
	}
	for (int i = 0, status; i < 8; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
		assert_int_equal(read(ends[0], ids[i], KEYRING_ID_SIZE), KEYRING_ID_SIZE);
		assert_string_equal(ids[i], ids[0]);
	}
	close(ends[0]);
	close(ends[1]);
	listing = opendir(folder);
	while ((entry = readdir(listing)) != NULL)
		assert_null(strstr(entry->d_name, "shared."));
	closedir(listing);
	mem_free_text(&path);
}

static void
bad_key_files_are_refused(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says;
	} rows[] = {
	    {"k1 00\n", 0400, "64 hexadecimal"},
	    {"", 0400, "no key"},
	    {"# nothing\n\n", 0400, "no key"},
	    {"a-name-that-is-too-long "
	     "0000000000000000000000000000000000000000000000000000000000000000\n",
		0400, "64 hexadecimal"},
	    {"k1 0000000000000000000000000000000000000000000000000000000000000000\n", 0440,
		"chmod"},
	};
	char *path = path_of("bad");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err err = {0};

		unlink(path);
		write_file(path, rows[i].text, rows[i].mode);
		assert_null(keyring_open(path, false, &err));
		assert_non_null(strstr(err.text, rows[i].says));
		assert_int_equal(err.kind, ERR_BROKEN);
	}
	unlink(path);
	assert_null(keyring_open(path, false, NULL));
	mem_free_text(&path);
}

static void
what_is_sealed_opens_only_as_it_was(void **state)
{
	char *path = path_of("seal");
	struct err err = {0};
	struct keyring *keys = keyring_open(path, true, &err);
	unsigned char *sealed, *twin;
	size_t size, twin_size, plain_size;
	char *plain;

	keyring_seal(keys, "row 1", "secret words", 12, &sealed, &size);
	keyring_seal(keys, "row 1", "secret words", 12, &twin, &twin_size);
	assert_int_equal(size, twin_size);
	assert_memory_not_equal(sealed, twin, size);
	assert_null(memmem(sealed, size, "secret", 6));
	assert_int_equal(keyring_unseal(keys, keyring_current(keys), "row 1", sealed, size, &plain,
			     &plain_size, &err),
	    0);
	assert_int_equal(plain_size, 12);
	assert_string_equal(plain, "secret words");
	secret_wipe_text(&plain);
	assert_int_equal(keyring_unseal(keys, keyring_current(keys), "row 2", sealed, size, &plain,
			     &plain_size, &err),
	    -1);
	assert_int_equal(
	    keyring_unseal(keys, "nokey", "row 1", sealed, size, &plain, &plain_size, &err), -1);
	for (size_t i = 0; i < size; i++) {
		sealed[i] ^= 1;
		assert_int_equal(keyring_unseal(keys, keyring_current(keys), "row 1", sealed, size,
				     &plain, &plain_size, &err),
		    -1);
		sealed[i] ^= 1;
		assert_int_equal(keyring_unseal(keys, keyring_current(keys), "row 1", sealed, i,
				     &plain, &plain_size, &err),
		    -1);
	}
	free(sealed);
	free(twin);
	keyring_free(&keys);
	mem_free_text(&path);
}

static void
old_keys_still_open(void **state)
{
	static const char old_line[] =
	    "old 1111111111111111111111111111111111111111111111111111111111111111\n";
	char *path = path_of("ring"), *plain;
	char both[256];
	struct err err = {0};
	unsigned char *sealed;
	size_t size, plain_size;
	struct keyring *keys;

	write_file(path, old_line, 0400);
	keys = keyring_open(path, false, &err);
	keyring_seal(keys, "row", "x", 1, &sealed, &size);
	keyring_free(&keys);
	unlink(path);
	snprintf(both, sizeof(both),
	    "new 2222222222222222222222222222222222222222222222222222222222222222\n%s", old_line);
	write_file(path, both, 0400);
	keys = keyring_open(path, false, &err);
	assert_string_equal(keyring_current(keys), "new");
	assert_int_equal(
	    keyring_unseal(keys, "old", "row", sealed, size, &plain, &plain_size, &err), 0);
	secret_wipe_text(&plain);
	free(sealed);
	keyring_free(&keys);
	mem_free_text(&path);
}

static void
hmac_is_the_known_one(void **state)
{
	char *path = path_of("known");
	char out[KEYRING_HMAC_SIZE];
	struct keyring *keys;

	write_file(
	    path, "k 0000000000000000000000000000000000000000000000000000000000000000\n", 0400);
	keys = keyring_open(path, false, NULL);
	/* printf 'p\0abc' | openssl dgst -sha256 -mac HMAC -macopt hexkey:00…00 */
	keyring_hmac(keys, "p", "abc", 3, out);
	assert_string_equal(
	    out, "eb37cd49cdce43b35ee026f185acfb60ddbc992c46c58bccd41f95c8c3a297ed");
	keyring_sha256("abc", 3, out);
	assert_string_equal(
	    out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	keyring_free(&keys);
	mem_free_text(&path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_key_is_made_once_and_read_by_nobody_else),
	    cmocka_unit_test(starts_at_once_agree_on_one_key),
	    cmocka_unit_test(bad_key_files_are_refused),
	    cmocka_unit_test(what_is_sealed_opens_only_as_it_was),
	    cmocka_unit_test(old_keys_still_open),
	    cmocka_unit_test(hmac_is_the_known_one),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
