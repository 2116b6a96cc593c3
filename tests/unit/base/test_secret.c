#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/crypto.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"

#define MANY 3000
#define PASSWORD_SIZE 1000

/* The heap is the process's, once and for all: each test has a process of its own. */
static void
in_child(void (*test)(void))
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (child == 0) {
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
check(bool good, int line)
{
	if (!good) {
		fprintf(stderr, "line %d is wrong\n", line);
		_exit(1);
	}
}
#define CHECK(good) check(good, __LINE__)

static void
child_is_protected(void)
{
	struct rlimit core;

	secret_protect_process();
	CHECK(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0);
	CHECK(prctl(PR_GET_DUMPABLE) == 0);
}

static void
no_core_and_no_debugger(void **state)
{
	in_child(child_is_protected);
}

static void
child_has_heap(void)
{
	struct err err = {0};
	struct secret *secret;
	void *key;

	/* Where little may be locked it says so, and is there. */
	if (secret_open_heap(&err) != 0)
		CHECK(strstr(err.text, "LimitMEMLOCK") != NULL);
	secret = secret_new("word", 4);
	CHECK(CRYPTO_secure_allocated(secret_text(secret)) == 1);
	CHECK(strcmp(secret_text(secret), "word") == 0 && secret_size(secret) == 4);
	secret_free(&secret);
	CHECK(secret == NULL);
	key = secret_memory(32);
	CHECK(CRYPTO_secure_allocated(key) == 1);
	secret_memory_free(key, 32);
	secret_memory_free(NULL, 32);
	CHECK(CRYPTO_secure_used() == 0);
}

static void
secrets_are_in_the_secure_heap(void **state)
{
	in_child(child_has_heap);
}

/* How often the words are in what was written to standard error meanwhile. */
static int
told(FILE *file, const char *words)
{
	char line[1024];
	int count = 0;

	rewind(file);
	while (fgets(line, sizeof(line), file) != NULL)
		count += strstr(line, words) != NULL;
	return count;
}

static void
child_fills_heap(void)
{
	static struct secret *secrets[MANY];
	static char password[PASSWORD_SIZE];
	struct err err = {0};
	FILE *file = tmpfile();
	bool some = false, all = true;
	void *theirs;

	CHECK(file != NULL && dup2(fileno(file), STDERR_FILENO) == STDERR_FILENO);
	(void)secret_open_heap(&err);
	for (int i = 0; i < MANY; i++) {
		memset(password, 'a' + i % 26, sizeof(password));
		secrets[i] = secret_new(password, sizeof(password));
		some |= CRYPTO_secure_allocated(secret_text(secrets[i]));
		all &= CRYPTO_secure_allocated(secret_text(secrets[i])) != 0;
	}
	CHECK(some && !all);
	CHECK(told(file, "the secure heap is full") == 1);
	/* OpenSSL's own half: without it no TLS handshake would succeed. */
	theirs = OPENSSL_secure_malloc(256);
	CHECK(CRYPTO_secure_allocated(theirs));
	OPENSSL_secure_free(theirs);
	for (int i = 0; i < MANY; i++) {
		CHECK(secret_text(secrets[i])[PASSWORD_SIZE - 1] == 'a' + i % 26);
		secret_free(&secrets[i]);
	}
	CHECK(CRYPTO_secure_used() == 0);
}

static void
a_full_heap_fails_nobody(void **state)
{
	in_child(child_fills_heap);
}

static void
child_may_lock_nothing(void)
{
	struct rlimit none = {0, 0};
	struct err err = {0};
	struct secret *secret;

	CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
	/* The limit is not root's. */
	CHECK(getuid() != 0 || setresuid(65534, 65534, 65534) == 0);
	CHECK(secret_open_heap(&err) == -1 && strstr(err.text, "LimitMEMLOCK") != NULL);
	secret = secret_new("word", 4);
	CHECK(strcmp(secret_text(secret), "word") == 0);
	secret_free(&secret);
}

static void
what_can_not_be_locked_is_said(void **state)
{
	in_child(child_may_lock_nothing);
}

static void
growing_keeps_what_was_there(void **state)
{
	char *text = mem_text("A plain long sentence");

	text = mem_grow(text, 100000, 1);
	assert_string_equal(text, "A plain long sentence");
	text = mem_grow(text, 30, 1);
	assert_string_equal(text, "A plain long sentence");
	assert_null(mem_raw_grow(text, 0));
	text = mem_grow(NULL, 8, 1);
	mem_free(text);
	mem_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_core_and_no_debugger),
	    cmocka_unit_test(secrets_are_in_the_secure_heap),
	    cmocka_unit_test(a_full_heap_fails_nobody),
	    cmocka_unit_test(what_can_not_be_locked_is_said),
	    cmocka_unit_test(growing_keeps_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
