/* A table of what can be done to a log, and how each is told: by the keys, the heads, the end. */
#include <unistd.h>

#include "kit.h"

#define LINES 12 /* 1 opened, 2 to 11 decisions, 12 the head */

/* A log as bytes, to be spoilt: there is room for a second one behind it. */
struct log {
	char *bytes;
	size_t size;
};

static void
log_cut(struct log *log, size_t from, size_t to)
{
	memmove(log->bytes + from, log->bytes + to, log->size - to);
	log->size -= to - from;
}

static size_t
at(const struct log *log, int number)
{
	return kit_line(log->bytes, log->size, number);
}

static void
delete_line(struct log *log, int number)
{
	log_cut(log, at(log, number), at(log, number + 1));
}

static void
insert(struct log *log, size_t where, const char *bytes, size_t size)
{
	char *copy = mem_text_n(bytes, size);

	log->bytes = mem_grow(log->bytes, log->size + size + 1, 1);
	memmove(log->bytes + where + size, log->bytes + where, log->size - where);
	memcpy(log->bytes + where, copy, size);
	log->size += size;
	free(copy);
}

static void
repeat_line(struct log *log, int number, int before)
{
	size_t from = at(log, number), to = at(log, number + 1);

	insert(log, at(log, before), log->bytes + from, to - from);
}

static void
swap(struct log *log, int number)
{
	repeat_line(log, number, number + 2);
	delete_line(log, number);
}

static void
replace(struct log *log, int number, const char *old, const char *new)
{
	char *place = strstr(log->bytes + at(log, number), old);

	assert_non_null(place);
	memcpy(place, new, strlen(new));
}

static void
edit(struct log *log)
{
	replace(log, 5, "verified", "rejected");
}
static void
edit_first(struct log *log)
{
	replace(log, 1, "T", "U");
}
static void
edit_last(struct log *log)
{
	replace(log, LINES, "signature\":\"", "Signature\":\"");
}
static void
edit_mac(struct log *log)
{
	char *mac = strstr(log->bytes + at(log, 5), "\"mac\":\"") + 7;

	*mac = *mac == '0' ? '1' : '0';
}
static void
edit_number(struct log *log)
{
	replace(log, 5, "\"seq\":5", "\"seq\":9");
}
static void
edit_form(struct log *log)
{
	replace(log, 5, "\"time\"", "\"Time\"");
}
static void
edit_nul(struct log *log)
{
	log->bytes[at(log, 5) + 60] = '\0';
}
static void
delete_first(struct log *log)
{
	delete_line(log, 1);
}
static void
delete_middle(struct log *log)
{
	delete_line(log, 5);
}
static void
delete_three(struct log *log)
{
	log_cut(log, at(log, 5), at(log, 8));
}
static void
delete_last(struct log *log)
{
	delete_line(log, LINES);
}
static void
truncate_many(struct log *log)
{
	log->size = at(log, 4);
}
static void
truncate_inside(struct log *log)
{
	log->size = at(log, 4) + 30;
}
static void
truncate_all(struct log *log)
{
	log->size = 0;
}
static void
swap_middle(struct log *log)
{
	swap(log, 5);
}
static void
move_to_end(struct log *log)
{
	repeat_line(log, 5, LINES + 1);
	delete_line(log, 5);
}
static void
duplicate(struct log *log)
{
	repeat_line(log, 5, 6);
}
static void
repeat_early(struct log *log)
{
	repeat_line(log, 3, 8);
}
static void
append_own(struct log *log)
{
	static const char forged[] =
	    "{\"seq\":13,\"time\":\"2026-01-31T08:00:00.000Z\",\"event\":\"step\",\"mac\":\""
	    "0000000000000000000000000000000000000000000000000000000000000000\"}\n";

	insert(log, log->size, forged, sizeof(forged) - 1);
}
static void
append_long(struct log *log)
{
	char *zeros = mem_new(100000);

	memset(zeros, '0', 100000);
	insert(log, log->size, zeros, 100000);
	free(zeros);
}
static void
empty_line(struct log *log)
{
	insert(log, at(log, 5), "\n", 1);
}

static const struct tampering {
	const char *name;
	void (*spoil)(struct log *log);
	enum verify_fault fault;
	int line, seq;
	/* The same for one who has but the public key and no state: GOOD where that shows nothing.
	 */
	enum verify_fault without_key;
} tamperings[] = {
    {"edited", edit, VERIFY_EDITED, 5, 5, VERIFY_REWRITTEN},
    {"first edited", edit_first, VERIFY_EDITED, 1, 1, VERIFY_REWRITTEN},
    {"head edited", edit_last, VERIFY_EDITED, 12, 12, VERIFY_FORM},
    {"MAC edited", edit_mac, VERIFY_EDITED, 5, 5, VERIFY_GOOD},
    {"number edited", edit_number, VERIFY_EDITED, 5, 5, VERIFY_EDITED},
    {"form edited", edit_form, VERIFY_FORM, 5, 5, VERIFY_FORM},
    {"NUL", edit_nul, VERIFY_FORM, 5, 5, VERIFY_FORM},
    {"first deleted", delete_first, VERIFY_MISSING, 1, 1, VERIFY_MISSING},
    {"middle deleted", delete_middle, VERIFY_MISSING, 5, 5, VERIFY_MISSING},
    {"three deleted", delete_three, VERIFY_MISSING, 5, 5, VERIFY_MISSING},
    {"last deleted", delete_last, VERIFY_TRUNCATED, 12, 12, VERIFY_GOOD},
    {"cut at a line", truncate_many, VERIFY_TRUNCATED, 4, 4, VERIFY_GOOD},
    {"cut inside a line", truncate_inside, VERIFY_TRUNCATED, 4, 4, VERIFY_TRUNCATED},
    {"emptied", truncate_all, VERIFY_TRUNCATED, 1, 1, VERIFY_TRUNCATED},
    {"swapped", swap_middle, VERIFY_REORDERED, 5, 5, VERIFY_REORDERED},
    {"moved", move_to_end, VERIFY_REORDERED, 5, 5, VERIFY_REORDERED},
    {"duplicated", duplicate, VERIFY_REPEATED, 6, 6, VERIFY_REPEATED},
    {"repeated", repeat_early, VERIFY_REPEATED, 8, 8, VERIFY_REPEATED},
    {"forged", append_own, VERIFY_EDITED, 13, 13, VERIFY_GOOD},
    {"too long", append_long, VERIFY_FORM, 13, 13, VERIFY_FORM},
    {"empty line", empty_line, VERIFY_FORM, 5, 5, VERIFY_FORM},
};

static void
expect(const char *name, const struct verify_result *result, enum verify_fault fault, int line,
    int seq)
{
	if (result->fault != fault ||
	    (fault != VERIFY_GOOD && line > 0 && (result->line != line || result->seq != seq)))
		fail_msg("%s: %s at %s:%lld (seq %lld): %s", name, verify_fault_name(result->fault),
		    result->file, (long long)result->line, (long long)result->seq, result->words);
}

static void
every_tampering_is_told(void **state)
{
	struct kit *kit = *state;
	const char *const files[] = {kit->path, NULL};
	struct verify_result result;
	size_t size;
	char *bytes;

	kit_write(kit, 10);
	kit_close(kit);
	bytes = kit_read(kit->path, &size);
	result = kit_verify_log(kit);
	expect("untouched", &result, VERIFY_GOOD, 0, 0);
	assert_int_equal(result.lines, LINES);
	assert_int_equal(result.heads, 1);
	assert_int_equal(result.signed_seq, LINES - 1);
	for (size_t i = 0; i < sizeof(tamperings) / sizeof(tamperings[0]); i++) {
		const struct tampering *row = &tamperings[i];
		struct log log = {mem_text_n(bytes, size), size};

		row->spoil(&log);
		kit_put(kit->path, log.bytes, log.size);
		result = kit_verify_log(kit);
		expect(row->name, &result, row->fault, row->line, row->seq);
		result = kit_verify(kit, KIT_PUBLIC, files);
		expect(row->name, &result, row->without_key, 0, 0);
		free(log.bytes);
	}
	free(bytes);
}

/* Each byte of the log that is changed is told of at the line that it is in, or the one before,
 * whose end it was. */
static void
no_byte_can_be_changed(void **state)
{
	struct kit *kit = *state;
	struct verify_result result;
	size_t size;
	int line = 1;
	char *bytes;

	kit_write(kit, 3);
	kit_close(kit);
	bytes = kit_read(kit->path, &size);
	for (size_t i = 0; i < size; i++) {
		char was = bytes[i];

		bytes[i] ^= 1;
		kit_put(kit->path, bytes, size);
		result = kit_verify_log(kit);
		if (result.fault == VERIFY_GOOD || result.line != line)
			fail_msg("byte %zu of line %d: %s at line %lld", i, line,
			    verify_fault_name(result.fault), (long long)result.line);
		bytes[i] = was;
		line += was == '\n';
	}
	free(bytes);
}

static void
another_key_is_told(void **state)
{
	struct kit *kit = *state;
	const char *const files[] = {kit->path, NULL};
	struct verify_result result;

	kit_write(kit, 3);
	kit_close(kit);
	assert_int_equal(unlink(kit->key), 0);
	keyring_free(&(struct keyring *){keyring_open(kit->key, true, NULL)});
	result = kit_verify_log(kit);
	expect("another key", &result, VERIFY_EDITED, 1, 1);
	assert_non_null(strstr(result.words, "not the key of this log"));
	kit_put(
	    kit->public, "0000000000000000000000000000000000000000000000000000000000000001\n", 65);
	result = kit_verify(kit, KIT_PUBLIC, files);
	expect("another public key", &result, VERIFY_SIGNATURE, 5, 5);
}

/* An older copy, whole and rightly signed, in the place of the log. */
static void
an_older_copy_is_told(void **state)
{
	struct kit *kit = *state;
	const char *const files[] = {kit->path, NULL};
	struct verify_result result;
	struct verify *verify;
	unsigned char hash[CHAIN_BYTES];
	int64_t seq;
	size_t size;
	char *old, *head;

	kit_write(kit, 3);
	kit_close(kit);
	old = kit_read(kit->path, &size);
	kit_open(kit);
	kit_write(kit, 3);
	kit_close(kit);
	result = kit_verify_log(kit);
	head = mem_format("%lld:%s", (long long)result.last_seq, result.hash);
	kit_put(kit->path, old, size);
	result = kit_verify_log(kit);
	expect("an older copy", &result, VERIFY_TRUNCATED, 6, 6);
	/* Without the state nothing is wrong with it; but a head that was seen tells. */
	result = kit_verify(kit, KIT_KEY | KIT_PUBLIC, files);
	expect("an older copy", &result, VERIFY_GOOD, 0, 0);
	assert_int_equal(verify_parse_pin(head, &seq, hash), 0);
	verify = verify_new(NULL, NULL);
	verify_pin(verify, seq, hash, true, "--head");
	assert_int_equal(verify_file(verify, kit->path, NULL, NULL, NULL), 0);
	expect("the head", verify_end(verify), VERIFY_TRUNCATED, 6, 6);
	verify_free(&verify);
	free(head);
	free(old);
}

static void
heads_are_read_strictly(void **state)
{
	static const char hash[] =
	    "00000000000000000000000000000000000000000000000000000000000000aa";
	static const char *const bad[] = {
	    "", ":", "1", "1:", "0:%s", "-1:%s", "1:%s0", "x:%s", "9999999999999:%s", "1 :%s"};
	unsigned char bytes[CHAIN_BYTES];
	char text[128];
	int64_t seq;

	snprintf(text, sizeof(text), "7:%s", hash);
	assert_int_equal(verify_parse_pin(text, &seq, bytes), 0);
	assert_int_equal(seq, 7);
	assert_int_equal(bytes[CHAIN_BYTES - 1], 0xaa);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *mark = strstr(bad[i], "%s");

		snprintf(text, sizeof(text), "%.*s%s%s",
		    (int)(mark != NULL ? mark - bad[i] : (long)strlen(bad[i])), bad[i],
		    mark != NULL ? hash : "", mark != NULL ? mark + 2 : "");
		assert_int_equal(verify_parse_pin(text, &seq, bytes), -1);
	}
}

/* Two logs that were begun with the same first key: neither's lines stand in the other. */
static void
two_logs_can_not_be_spliced(void **state)
{
	struct kit *kit = *state;
	struct verify_result result;
	struct log log;
	size_t size;
	char *first;

	kit_write(kit, 4);
	kit_close(kit);
	first = kit_read(kit->path, &size);
	assert_int_equal(unlink(kit->path), 0);
	assert_int_equal(unlink(kit->state), 0);
	kit_open(kit);
	kit_write(kit, 6);
	kit_close(kit);
	log.bytes = kit_read(kit->path, &log.size);
	log_cut(&log, 0, at(&log, 4));
	insert(&log, 0, first, kit_line(first, size, 4));
	kit_put(kit->path, log.bytes, log.size);
	result = kit_verify_log(kit);
	expect("spliced", &result, VERIFY_EDITED, 4, 4);
	free(log.bytes);
	free(first);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(every_tampering_is_told),
	    TEST(no_byte_can_be_changed),
	    TEST(another_key_is_told),
	    TEST(an_older_copy_is_told),
	    TEST(two_logs_can_not_be_spliced),
	    cmocka_unit_test(heads_are_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
