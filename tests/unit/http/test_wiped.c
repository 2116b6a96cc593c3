/*
 * What a client sent is nowhere in memory when its request is done: not the body, not the token.
 * The marks that are looked for stand in this program only in a scrambled form.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/secret.h"
#include "http/http_internal.h"
#include "rig.h"

#define MARK_SIZE 24
#define SCRAMBLE 0x2a
#define REGION_MOST ((size_t)1 << 26) /* the sanitizers' own are larger */

static const char mark_body[] = "hYMDKXSEDHENSYMDKXSEDHENS"; /* scrambled */
static const char mark_token[] = "^EAODYMDKXSEDHENS^EAODKX";

static void
mark_write(const char *mark, char *out)
{
	for (size_t i = 0; i < MARK_SIZE; i++)
		out[i] = (char)(mark[i] ^ SCRAMBLE);
}

/* Whether the mark is in these bytes; its first half is enough. */
static bool
mark_is_in(const char *mark, const char *bytes, size_t size)
{
	for (size_t i = 0; i + MARK_SIZE / 2 <= size; i++) {
		size_t same = 0;

		while (same < MARK_SIZE / 2 && (bytes[i + same] ^ SCRAMBLE) == mark[same])
			same++;
		if (same == MARK_SIZE / 2)
			return true;
	}
	return false;
}

/* Read through the kernel, for the sanitizers' own memory may not be touched. */
static bool
mark_is_in_region(const char *mark, int memory, uintptr_t begin, uintptr_t end)
{
	static char piece[65536];
	bool found = false;

	for (uintptr_t at = begin; at < end && !found; at += sizeof(piece) - MARK_SIZE) {
		ssize_t got = pread(memory, piece, sizeof(piece), (off_t)at);

		found = got > 0 && mark_is_in(mark, piece, (size_t)got);
	}
	secret_wipe(piece, sizeof(piece));
	return found;
}

/* Looks at all that this process may write, the heap and the libraries' data, but for the stack:
 * a call that the dynamic linker binds late saves the registers there that memcpy used. */
static bool
mark_is_in_memory(const char *mark)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char line[512], rights[8];
	uintptr_t begin, end;
	bool found = false;

	assert_non_null(maps);
	assert_true(memory >= 0);
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		assert_int_equal(sscanf(line, "%lx-%lx %7s", &begin, &end, rights), 3);
		if (strncmp(rights, "rw", 2) == 0 && strstr(line, "[stack]") == NULL &&
		    end - begin <= REGION_MOST)
			found = mark_is_in_region(mark, memory, begin, end);
	}
	close(memory);
	fclose(maps);
	return found;
}

/* The text with '@' as the mark of the body and '$' as that of the token; sent in two pieces. */
static void
send_marked(struct rig_client *client, const char *text, size_t first)
{
	size_t room = strlen(text) * MARK_SIZE, size = 0;
	char *bytes = mem_new(room);

	for (; *text != '\0'; text++) {
		if (*text == '@' || *text == '$') {
			mark_write(*text == '@' ? mark_body : mark_token, bytes + size);
			size += MARK_SIZE;
		} else {
			bytes[size++] = *text;
		}
	}
	assert_true(first < size);
	rig_send_bytes(client, bytes, first);
	for (int i = 0; i < 3; i++)
		rig_turn(client->rig);
	rig_send_bytes(client, bytes + first, size - first);
	secret_wipe(bytes, room);
	free(bytes);
}

#define HEAD "POST /quiet HTTP/1.1\r\n" RIG_HOST "Authorization: Bearer $\r\n"
#define JSON "Content-Type: application/json\r\n"
#define CLOSE "Connection: close\r\n"

static const struct {
	const char *text;
	size_t first; /* bytes of the first piece */
	const char *answer;
} cases[] = {
    {HEAD JSON CLOSE "Content-Length: 32\r\n\r\n{\"a\":\"@\"}", 180, " 204 "},
    {HEAD JSON CLOSE "Content-Length: 392\r\n\r\n{\"a\":\"@@@@@@@@@@@@@@@@\"}", 250, " 204 "},
    {HEAD JSON CLOSE "Content-Length: 32\r\n\r\n{\"a\":\"@\"}", 20, " 204 "},
    {HEAD JSON CLOSE "Content-Length: 34\r\n\r\n{\"a\":\"@\" x}", 84, " 400 "},
    {HEAD JSON CLOSE "Content-Length: 55\r\nIdempotency-Key: @\r\n\r\n{\"@\":\"@\"}", 1, " 204 "},
    {HEAD CLOSE "Content-Length: 32\r\n\r\n{\"a\":\"@\"}", 1, " 415 "},
    {HEAD JSON "Content-Length: 32\r\nContent-Length: 3\r\n\r\n{\"a\":\"@\"}", 1, " 400 "},
    {HEAD "X: @\n\r\n", 1, " 400 "},
    {HEAD JSON "Content-Length: 5000\r\n\r\n@@@@@@@@@@@@@@@@@@@@@@@@@", 1, NULL},
    {HEAD JSON "Content-Length: 4000\r\n\r\n@@@@@@@@@@@@@@@@@@@@@@@@@", 300, NULL},
    {HEAD "Authorization-Too: $", 60, NULL},
    {"POST /later HTTP/1.1\r\n" RIG_HOST "Authorization: Bearer $\r\nContent-Length: 24\r\n" JSON
     "\r\n@",
	1, NULL},
};

static void
test_wiped(void **state)
{
	struct rig *rig = *state;
	char token[MARK_SIZE];

	mark_write(mark_token, token);
	rig_set_token(rig, 1, token, sizeof(token));
	secret_wipe(token, sizeof(token));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rig_client client;

		rig_connect(rig, &client);
		send_marked(&client, cases[i].text, cases[i].first);
		if (cases[i].answer != NULL) {
			rig_wait_end(&client);
			assert_int_equal(rig_count(&client, cases[i].answer), 1);
		}
		rig_hang_up(&client);
		while (rig->http->conn_count > 0)
			rig_turn(rig);
		if (rig->waits != NULL)
			http_reply_none(rig->waits, 204);
		rig->waits = NULL;
		if (mark_is_in_memory(mark_body))
			fail_msg("the body of case %zu is still in memory", i);
		if (mark_is_in_memory(mark_token))
			fail_msg("the token of case %zu is still in memory", i);
	}
}

/* The look finds what is there. */
static void
test_look(void **state)
{
	char *there = mem_new(100);

	mark_write(mark_body, there + 50);
	assert_true(mark_is_in_memory(mark_body));
	secret_wipe(there, 100);
	assert_false(mark_is_in_memory(mark_body));
	free(there);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_look),
	    cmocka_unit_test_setup_teardown(test_wiped, rig_setup, rig_teardown),
	};

	mem_setup_process();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
