#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
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
	    {"k 0000000000000000000000000000000000000000000000000000000000000000\n"
	     "k 1111111111111111111111111111111111111111111111111111111111111111\n",
		0400, "bad:2: that ID is there twice"},
	    {"k 000000000000000000000000000000000000000000000000000000000000000g\n", 0400,
		"64 hexadecimal"},
	    {"k 0000000000000000000000000000000000000000000000000000000000000000 \n", 0400,
		"64 hexadecimal"},
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

#define LINE_A "a 1111111111111111111111111111111111111111111111111111111111111111\n"
#define LINE_B "b 2222222222222222222222222222222222222222222222222222222222222222\n"

static char *
text_of(const char *path)
{
	FILE *file = fopen(path, "re");
	char text[10000];
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	return mem_text(text);
}

/* A new key comes in front of the others, remarks stay; it is in use when it is told to be. */
static void
a_new_key_comes_and_old_ones_go(void **state)
{
	char *path = path_of("turn"), *link = path_of("link"), *text, *plain, *draft;
	struct keyring_ids others, ids = {.list = {"a"}, .count = 1};
	struct err err = {0};
	struct keyring *keys, *again;
	unsigned char *sealed[2];
	size_t size[2], plain_size;
	struct stat status;

	write_file(path, "# ours\n" LINE_A LINE_B, 0400);
	assert_int_equal(symlink("turn", link), 0);
	draft = path_of("turn.new"); /* of one that was killed, with keys in it */
	write_file(draft, LINE_A, 0400);
	keys = keyring_open(link, true, &err);
	assert_non_null(keys);
	keyring_seal(keys, "row", "x", 1, &sealed[0], &size[0]);
	assert_int_equal(keyring_make(keys, "c", &err), 0);
	assert_int_not_equal(access(draft, F_OK), 0);
	assert_string_equal(keyring_current(keys), "a");
	keyring_use(keys, "c");
	assert_string_equal(keyring_current(keys), "c");
	keyring_seal(keys, "row", "y", 1, &sealed[1], &size[1]);
	assert_int_equal(lstat(link, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	assert_int_equal(stat(link, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0400);
	text = text_of(path);
	assert_int_equal(strncmp(text, "c ", 2), 0);
	assert_string_equal(strchr(text, '\n') + 1, "# ours\n" LINE_A LINE_B);
	free(text);

	again = keyring_open(path, false, &err);
	assert_int_equal(
	    keyring_unseal(again, "c", "row", sealed[1], size[1], &plain, &plain_size, &err), 0);
	secret_wipe_text(&plain);
	assert_int_equal(
	    keyring_unseal(again, "a", "row", sealed[1], size[1], &plain, &plain_size, &err), -1);
	keyring_free(&again);

	assert_int_equal(keyring_drop(keys, &ids, &err), 0);
	text = text_of(path);
	assert_null(strstr(text, "1111"));
	assert_non_null(strstr(text, "# ours\n" LINE_B));
	free(text);
	keyring_forget(keys, &ids);
	assert_int_equal(
	    keyring_unseal(keys, "a", "row", sealed[0], size[0], &plain, &plain_size, &err), -1);
	assert_non_null(strstr(err.text, "no key a"));
	assert_int_equal(
	    keyring_unseal(keys, "", "row", sealed[0], size[0], &plain, &plain_size, &err), -1);
	keyring_others(keys, &others);
	assert_int_equal(others.count, 1);
	assert_string_equal(others.list[0], "b");
	memcpy(ids.list[0], "c", 2);
	keyring_forget(keys, &ids); /* the one in use is never forgotten */
	assert_string_equal(keyring_current(keys), "c");
	free(sealed[0]);
	free(sealed[1]);
	keyring_free(&keys);
	mem_free_text(&path);
	mem_free_text(&link);
	mem_free_text(&draft);
}

/* Where the file can't be written anew it stays as it is, and so does the ring. */
static void
a_key_that_can_not_be_written_is_none(void **state)
{
	char *path = path_of("stays"), *draft = path_of("stays.new"), *text, *full = mem_new(10000);
	struct keyring_ids others;
	struct err err = {0};
	struct keyring *keys;

	write_file(path, LINE_A, 0400);
	keys = keyring_open(path, true, &err);
	assert_int_equal(mkdir(draft, 0700), 0);
	assert_int_equal(keyring_make(keys, "c", &err), -1);
	assert_non_null(strstr(err.text, "can't be written"));
	rmdir(draft);
	unlink(path);
	assert_int_equal(keyring_make(keys, "c", &err), -1);
	keyring_others(keys, &others);
	assert_int_equal(others.count, 0);
	keyring_free(&keys);

	for (int i = 0; i < KEYRING_MOST; i++)
		sprintf(full + strlen(full), "k%d%s", i, strchr(LINE_A, ' '));
	write_file(path, full, 0400);
	keys = keyring_open(path, true, &err);
	assert_non_null(keys);
	assert_int_equal(keyring_make(keys, "c", &err), -1);
	assert_non_null(strstr(err.text, "too many"));
	keyring_free(&keys);
	text = text_of(path);
	assert_string_equal(text, full);
	unlink(path);
	free(text);
	free(full);
	mem_free_text(&draft);
	mem_free_text(&path);
}

/* systemd gives a credential by an access control list: to whom it names, and to nobody else. */
static void
lists_of_rights_are_read(void **state)
{
	enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32 };
	const struct list {
		uint32_t version;
		struct {
			uint16_t tag, rights;
			uint32_t id;
		} entries[5];
	} lists[] = {
	    {2, {{USER_OBJ, 4, ~0U}, {USER, 4, geteuid()}, {GROUP_OBJ, 0, ~0U}, {MASK, 4, ~0U},
		    {OTHER, 0, ~0U}}},
	    {2, {{USER_OBJ, 4, ~0U}, {USER, 4, 4711}, {GROUP_OBJ, 0, ~0U}, {MASK, 4, ~0U},
		    {OTHER, 0, ~0U}}},
	    {2, {{USER_OBJ, 4, ~0U}, {USER, 4, geteuid()}, {GROUP_OBJ, 4, ~0U}, {MASK, 4, ~0U},
		    {OTHER, 0, ~0U}}},
	    {2, {{USER_OBJ, 4, ~0U}, {GROUP_OBJ, 0, ~0U}, {GROUP, 4, 4711}, {MASK, 4, ~0U},
		    {OTHER, 0, ~0U}}},
	};
	char *path = path_of("list");
	struct stat status;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct err err = {0};
		struct keyring *keys;

		unlink(path);
		write_file(path, LINE_A, 0400);
		if (setxattr(path, "system.posix_acl_access", &lists[i], sizeof(lists[i]), 0) !=
		    0) {
			print_message("no access control lists here: %s\n", strerror(errno));
			break;
		}
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0440);
		keys = keyring_open(path, false, &err);
		assert_true((keys != NULL) == (i == 0)); /* the one that names us alone */
		keyring_free(&keys);
	}
	unlink(path);
	mem_free_text(&path);
}

/* A name without a slash is a credential's. */
static void
credentials_are_read_and_never_made(void **state)
{
	char *path = path_of("cred"), *text;
	struct err err = {0};
	struct keyring *keys;
	struct secret *secret;

	unsetenv("CREDENTIALS_DIRECTORY");
	assert_null(keyring_open("cred", true, &err));
	assert_non_null(strstr(err.text, "$CREDENTIALS_DIRECTORY"));
	setenv("CREDENTIALS_DIRECTORY", "not/from/the/root", 1);
	assert_null(keyring_open("cred", true, &err));
	setenv("CREDENTIALS_DIRECTORY", folder, 1);
	assert_null(keyring_open("cred", true, &err));
	assert_non_null(strstr(err.text, path));
	assert_int_not_equal(access(path, F_OK), 0);
	write_file(path, LINE_A, 0400);
	keys = keyring_open("cred", true, &err);
	assert_non_null(keys);
	assert_int_equal(keyring_make(keys, "c", &err), -1);
	assert_int_equal(err.kind, ERR_REFUSED);
	text = text_of(path);
	assert_string_equal(text, LINE_A);
	free(text);
	keyring_free(&keys);
	secret = secret_from_file("cred", &err);
	assert_int_equal(strncmp(secret_text(secret), "a 11", 4), 0);
	secret_free(&secret);
	chmod(path, 0404);
	assert_null(secret_from_file("cred", &err));
	assert_non_null(strstr(err.text, "others"));
	unsetenv("CREDENTIALS_DIRECTORY");
	unlink(path);
	mem_free_text(&path);
}

/* Neither what others own or may write, nor what is no file. */
static void
files_of_others_are_refused(void **state)
{
	static const mode_t modes[] = {0404, 0402, 0440, 0420, 0410, 0401, 0644, 0666};
	char *path = path_of("others");
	struct err err = {0};

	write_file(path, "secret\n", 0400);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		chmod(path, modes[i]);
		assert_null(secret_from_file(path, &err));
		assert_non_null(strstr(err.text, "others may read or change it"));
		assert_null(strstr(err.text, "secret"));
	}
	chmod(path, 0600);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 4711, 0), 0);
		assert_null(secret_from_file(path, &err));
		assert_non_null(strstr(err.text, "another user"));
	}
	unlink(path);
	assert_null(secret_from_file(folder, &err));
	assert_non_null(strstr(err.text, "no plain file"));
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(secret_from_file(path, &err)); /* and does not wait for a writer */
	assert_non_null(strstr(err.text, "no plain file"));
	unlink(path);
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
	    cmocka_unit_test(a_new_key_comes_and_old_ones_go),
	    cmocka_unit_test(a_key_that_can_not_be_written_is_none),
	    cmocka_unit_test(lists_of_rights_are_read),
	    cmocka_unit_test(credentials_are_read_and_never_made),
	    cmocka_unit_test(files_of_others_are_refused),
	    cmocka_unit_test(hmac_is_the_known_one),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
