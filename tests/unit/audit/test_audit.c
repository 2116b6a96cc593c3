/* The daemon's side: starts after every kind of end, a full disk, rotation, floods. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

static void
is_sound(struct kit *kit, int64_t lines, int64_t noted)
{
	struct verify_result result = kit_verify_log(kit);

	if (result.fault != VERIFY_GOOD)
		fail_msg("%s at line %lld: %s", verify_fault_name(result.fault),
		    (long long)result.line, result.words);
	assert_int_equal(result.lines, lines);
	assert_int_equal(result.noted, noted);
}

static bool
log_has(const char *path, const char *words)
{
	size_t size;
	char *bytes = kit_read(path, &size);
	bool has = strstr(bytes, words) != NULL;

	free(bytes);
	return has;
}

static void
cut(const char *path, size_t size)
{
	assert_int_equal(truncate(path, (off_t)size), 0);
}

static void
it_goes_on_after_an_end(void **state)
{
	struct kit *kit = *state;

	for (int i = 0; i < 3; i++) {
		kit_write(kit, 2);
		kit_close(kit);
		kit_open(kit);
	}
	kit_close(kit);
	is_sound(kit, 1 + 3 * 3, 0); /* each end with a head */
	assert_int_equal(kit->troubles, 0);
}

static void
it_goes_on_wherever_it_was_killed(void **state)
{
	struct kit *kit = *state;
	int lines = 1;

	for (int flushed = 0; flushed <= 6; flushed++) {
		kit_write(kit, flushed);
		if (flushed > 0)
			kit_sync(kit);
		kit_write(kit, 6 - flushed);
		kit_kill(kit);
		kit_open(kit);
		lines += 6;
	}
	kit_close(kit);
	is_sound(kit, lines, 0);
	assert_int_equal(kit->troubles, 0);
}

/* The power went in the middle of a line: it is told of, and what was there is kept. */
static void
a_torn_line_is_set_aside(void **state)
{
	struct kit *kit = *state;
	size_t size, last, state_size;
	char *bytes, *saved;

	kit_write(kit, 2);
	kit_sync(kit);
	kit_write(kit, 2);
	kit_kill(kit);
	bytes = kit_read(kit->path, &size);
	saved = kit_read(kit->state, &state_size);
	last = kit_line(bytes, size, 5);
	for (size_t end = last + 1; end < size; end++) {
		size_t torn_size;
		char *torn;

		kit_put(kit->path, bytes, end);
		kit_put(kit->state, saved, state_size);
		unlink(kit->torn);
		kit_open(kit);
		kit_close(kit);
		is_sound(kit, 4 + 2, 1);
		torn = kit_read(kit->torn, &torn_size);
		assert_int_equal(torn_size, end - last);
		assert_memory_equal(torn, bytes + last, torn_size);
		free(torn);
	}
	free(saved);
	free(bytes);
}

/* Lines that nobody with the key wrote are no part of the chain. */
static void
forged_lines_are_set_aside(void **state)
{
	struct kit *kit = *state;
	size_t size;
	char *bytes;

	kit_write(kit, 2);
	kit_kill(kit);
	bytes = kit_read(kit->path, &size);
	bytes = mem_grow(bytes, 2 * size, 1);
	memcpy(bytes + size, bytes + kit_line(bytes, size, 3), size - kit_line(bytes, size, 3));
	kit_put(kit->path, bytes, size + size - kit_line(bytes, size, 3));
	kit_open(kit);
	kit_close(kit);
	is_sound(kit, 3 + 2, 1);
	free(bytes);
}

static void
a_log_that_lost_lines_says_so(void **state)
{
	struct kit *kit = *state;
	struct verify_result result;
	size_t size;
	char *bytes;

	kit_write(kit, 4);
	kit_close(kit);
	bytes = kit_read(kit->path, &size);
	cut(kit->path, kit_line(bytes, size, 4));
	kit_open(kit);
	assert_int_equal(kit->troubles, 1);
	kit_close(kit);
	assert_true(log_has(kit->path, "\"event\":\"changed\""));
	result = kit_verify_log(kit);
	assert_int_equal(result.fault, VERIFY_MISSING);
	assert_int_equal(result.line, 4);
	free(bytes);
}

/* Another file, longer than what was there. */
static void
another_file_in_its_place_is_told(void **state)
{
	struct kit *kit = *state;
	size_t size;
	char *bytes;

	kit_write(kit, 4);
	kit_close(kit);
	bytes = kit_read(kit->path, &size);
	bytes = mem_grow(bytes, 3 * size, 1);
	memcpy(bytes + size, bytes, size);
	memcpy(bytes + 2 * size, bytes, size);
	kit_put(kit->path, bytes + kit_line(bytes, size, 2), 2 * size);
	kit_open(kit);
	assert_int_equal(kit->troubles, 1);
	kit_close(kit);
	assert_int_equal(kit_verify_log(kit).line, 1);
	free(bytes);
}

static void
a_lost_state_is_found_again_with_the_key(void **state)
{
	struct kit *kit = *state;
	struct audit_files files = kit->files;
	struct err err = {0};

	kit_write(kit, 3);
	kit_close(kit);
	assert_int_equal(unlink(kit->state), 0);
	kit_open(kit);
	kit_write(kit, 1);
	kit_close(kit);
	is_sound(kit, 5 + 2, 0);
	/* Half a state is none; without the key as well nothing can go on. */
	cut(kit->state, 300);
	assert_int_equal(unlink(kit->key), 0);
	assert_null(audit_open(kit->loop, &files, NULL, NULL, &err));
	assert_non_null(strstr(err.text, "restore it or the key file"));
	assert_int_equal(access(kit->key, F_OK), -1);
}

/* A record that was half written is told by its checksum; the other one is enough, and the first
 * key is not asked for. */
static void
either_record_of_the_state_is_enough(void **state)
{
	struct kit *kit = *state;
	size_t size, key_size;
	char *bytes, *key = kit_read(kit->key, &key_size);

	assert_int_equal(unlink(kit->key), 0);
	for (int i = 0; i < 4; i++) {
		kit_write(kit, 3);
		kit_close(kit);
		bytes = kit_read(kit->state, &size);
		assert_int_equal(size, 1024);
		if (i < 2) /* a digit of the key */
			bytes[512 * i + 70] = bytes[512 * i + 70] == '0' ? '1' : '0';
		else
			memset(bytes + 512 * (i - 2), 0, 512);
		kit_put(kit->state, bytes, size);
		kit_open(kit);
		free(bytes);
	}
	kit_close(kit);
	assert_int_equal(kit->troubles, 0);
	kit_put(kit->key, key, key_size);
	is_sound(kit, 1 + 4 * 4, 0);
	free(key);
}

/* The keys of lines that were flushed are nowhere any more. */
static void
old_keys_are_wiped(void **state)
{
	struct kit *kit = *state;
	struct keyring *keyring = keyring_open(kit->key, false, NULL);
	size_t size, state_size, from = 0;
	char *bytes, *saved, mac[CHAIN_TEXT], key[CHAIN_TEXT];
	struct chain chain;
	struct line line;

	kit_write(kit, 5);
	kit_sync(kit);
	bytes = kit_read(kit->path, &size);
	saved = kit_read(kit->state, &state_size);
	chain_begin(&chain, keyring);
	for (int i = 1; i <= 6; i++) {
		size_t to = kit_line(bytes, size, i + 1);

		text_hex(chain.key, CHAIN_BYTES, key);
		assert_null(strstr(saved, key));
		assert_int_equal(line_read(bytes + from, to - from - 1, &line), 0);
		chain_add(&chain, bytes + from, line.body, mac);
		assert_string_equal(mac, line.mac);
		from = to;
	}
	text_hex(chain.key, CHAIN_BYTES, key);
	assert_non_null(strstr(saved, key));
	free(saved);
	free(bytes);
	keyring_free(&keyring);
}

/* No more than so many bytes fit. */
static void
limit_files(rlim_t most)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = most;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_full_disk_loses_nothing(void **state)
{
	struct kit *kit = *state;
	struct stat status;

	kit_write(kit, 3);
	assert_null(audit_trouble(kit->audit));
	assert_int_equal(stat(kit->path, &status), 0);
	limit_files((rlim_t)status.st_size + 100); /* a line's beginning still fits */
	kit_write(kit, 50);
	assert_int_equal(audit_waiting(kit->audit), 50);
	assert_non_null(audit_trouble(kit->audit));
	assert_int_equal(kit->troubles, 1);
	assert_int_equal(audit_seq(kit->audit), 4);
	is_sound(kit, 4, 0); /* no half line */
	loop_turn(kit->loop, 1500);
	assert_int_equal(audit_waiting(kit->audit), 50);
	limit_files(RLIM_INFINITY);
	kit_write(kit, 1); /* behind those that wait */
	assert_int_equal(audit_waiting(kit->audit), 51);
	while (audit_waiting(kit->audit) > 0)
		loop_turn(kit->loop, 1500);
	assert_null(audit_trouble(kit->audit));
	kit_write(kit, 1);
	kit_close(kit);
	is_sound(kit, 4 + 51 + 1 + 2, 0); /* a head once they were written, and one at the end */
}

static void
what_was_too_much_for_memory_is_counted(void **state)
{
	struct kit *kit = *state;
	struct stat status;

	assert_int_equal(stat(kit->path, &status), 0);
	limit_files((rlim_t)status.st_size);
	kit_write(kit, WAITING_MOST + 7);
	assert_int_equal(audit_waiting(kit->audit), WAITING_MOST);
	limit_files(RLIM_INFINITY);
	kit_close(kit);
	assert_true(log_has(kit->path,
	    "\"event\":\"lost\",\"actor\":\"musterd\",\"reason\":\"too-many\",\"count\":7"));
	assert_int_equal(kit_verify_log(kit).fault, VERIFY_GOOD);
}

static void
rotate(struct kit *kit, const char *to)
{
	assert_int_equal(rename(kit->path, to), 0);
	audit_reopen(kit->audit);
	while (kit->audit->syncing || kit->audit->reopens)
		loop_turn(kit->loop, 100);
	assert_int_equal(access(kit->path, F_OK), 0);
}

static void
rotation_leaves_no_gap(void **state)
{
	struct kit *kit = *state;
	char *one = mem_format("%s.1", kit->path), *two = mem_format("%s.2", kit->path);
	const char *const whole[] = {one, two, kit->path, NULL};
	const char *const gap[] = {one, kit->path, NULL}, *const wrong[] = {two, one, NULL};
	const char *const closed[] = {one, NULL}, *const later[] = {two, kit->path, NULL};
	struct verify_result result;

	kit_write(kit, 3);
	audit_reopen(kit->audit); /* nothing was renamed */
	kit_write(kit, 1);
	rotate(kit, one);
	kit_write(kit, 2);
	loop_timer_stop(kit->audit->sync_timer);
	sync_on_time(kit->audit); /* while it is being flushed */
	rotate(kit, two);
	kit_write(kit, 2);
	kit_kill(kit);
	kit_open(kit);
	kit_close(kit);
	result = kit_verify(kit, KIT_ALL, whole);
	assert_int_equal(result.fault, VERIFY_GOOD);
	assert_int_equal(result.first_seq, 1);
	assert_int_equal(result.last_seq, 5 + 2 + 3 + 2 + 3);
	assert_int_equal(kit_verify(kit, KIT_ALL, closed).fault, VERIFY_GOOD);
	assert_int_equal(kit_verify(kit, KIT_ALL, later).fault, VERIFY_GOOD);
	result = kit_verify(kit, KIT_ALL, gap);
	assert_int_equal(result.fault, VERIFY_MISSING);
	assert_string_equal(result.file, kit->path);
	assert_int_equal(result.line, 1);
	result = kit_verify(kit, KIT_ALL, wrong);
	assert_int_equal(result.fault, VERIFY_REPEATED);
	assert_string_equal(result.file, one);
	assert_int_equal(kit->troubles, 0);
	free(one);
	free(two);
}

/* Killed right after a rotation, before anything of it is flushed: the next start knows. */
static void
a_rotation_survives_a_kill(void **state)
{
	struct kit *kit = *state;
	char *one = mem_format("%s.1", kit->path);
	const char *const whole[] = {one, kit->path, NULL};

	kit_write(kit, 3);
	rotate(kit, one);
	kit_kill(kit);
	kit_open(kit);
	kit_write(kit, 1);
	kit_close(kit);
	assert_int_equal(kit->troubles, 0);
	assert_int_equal(kit_verify(kit, KIT_ALL, whole).fault, VERIFY_GOOD);
	free(one);
}

static void
a_removed_file_is_noticed(void **state)
{
	struct kit *kit = *state;

	kit_write(kit, 3);
	assert_int_equal(unlink(kit->path), 0);
	kit_write(kit, 1);
	kit_sync(kit);
	assert_int_equal(kit->troubles, 1);
	assert_int_equal(access(kit->path, F_OK), 0);
	assert_true(log_has(kit->path, "\"reason\":\"removed\""));
	kit_close(kit);
	assert_int_equal(kit_verify_log(kit).fault, VERIFY_GOOD);
}

static void
a_file_that_is_cut_short_is_noticed(void **state)
{
	struct kit *kit = *state;

	kit_write(kit, 3);
	kit_sync(kit);
	cut(kit->path, 0);
	kit_write(kit, 1);
	kit_sync(kit);
	assert_int_equal(kit->troubles, 1);
	assert_true(log_has(kit->path, "\"reason\":\"cut-short\""));
	kit_close(kit);
	assert_int_equal(kit_verify_log(kit).fault, VERIFY_MISSING);
}

/* Of a pipe nothing can be flushed. */
static void
a_flush_that_fails_is_told(void **state)
{
	struct kit *kit = *state;
	int file = kit->audit->fd, ends[2];

	assert_int_equal(pipe(ends), 0);
	kit_write(kit, 3);
	kit->audit->fd = ends[1];
	kit_sync(kit);
	assert_non_null(audit_trouble(kit->audit));
	assert_int_equal(kit->troubles, 1);
	kit->audit->fd = file;
	while (audit_trouble(kit->audit) != NULL) /* it is tried again by itself */
		loop_turn(kit->loop, 2000);
	assert_true(log_has(kit->path, "\"reason\":\"not-flushed\""));
	kit_close(kit);
	is_sound(kit, 4 + 2, 1);
	close(ends[0]);
	close(ends[1]);
}

static void
floods_are_counted(void **state)
{
	struct kit *kit = *state;
	struct audit_decision decision = {
	    .event = "refused", .actor = "unknown", .reason = "unauthenticated"};
	char reason[16];

	for (int i = 0; i < 100; i++)
		audit_count(kit->audit, &decision);
	assert_int_equal(audit_seq(kit->audit), 1 + 10);
	counts_on_minute(kit->audit);
	assert_int_equal(audit_seq(kit->audit), 1 + 11);
	assert_true(log_has(kit->path, "\"reason\":\"unauthenticated\",\"count\":90"));
	/* However many kinds there are. */
	decision.reason = reason;
	for (int i = 0; i < 1000; i++) {
		snprintf(reason, sizeof(reason), "kind-%d", i);
		audit_count(kit->audit, &decision);
	}
	assert_int_equal(audit_seq(kit->audit), 1 + 11 + COUNTS - 1);
	kit_close(kit);
	assert_true(log_has(kit->path, "\"event\":\"others\",\"actor\":\"unknown\",\"count\":937"));
	assert_int_equal(kit_verify_log(kit).fault, VERIFY_GOOD);
}

static void
values_can_not_break_a_line(void **state)
{
	struct kit *kit = *state;
	char quotes[1000], bytes[256];
	struct audit_decision decision = {.event = "step",
	    .actor = quotes,
	    .request = quotes,
	    .registration = quotes,
	    .person = quotes,
	    .account = quotes,
	    .what = quotes,
	    .outcome = quotes,
	    .reason = quotes,
	    .digest = quotes,
	    .count = INT64_MIN};

	memset(quotes, '"', sizeof(quotes));
	quotes[sizeof(quotes) - 1] = '\0';
	audit_write(kit->audit, &decision);
	memset(quotes, 1, sizeof(quotes) - 1);
	audit_write(kit->audit, &decision);
	for (int i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	bytes[255] = '\0';
	for (int i = 0; i < 255; i++) {
		decision = (struct audit_decision){.event = "step", .actor = bytes + i};
		audit_write(kit->audit, &decision);
	}
	decision.actor = "a\",\"mac\":\"00\"}\n{\"seq\":9";
	audit_write(kit->audit, &decision);
	kit_close(kit);
	is_sound(kit, 1 + 2 + 255 + 1 + 1, 0);
}

static void
two_daemons_can_not_share_it(void **state)
{
	struct kit *kit = *state;
	struct err err = {0};

	assert_null(audit_open(kit->loop, &kit->files, NULL, NULL, &err));
	assert_non_null(strstr(err.text, "another musterd uses this audit log"));
}

static void
heads_come_by_themselves(void **state)
{
	struct kit *kit = *state;

	kit_close(kit);
	kit->files.head_every = 100;
	kit_open(kit);
	kit_write(kit, 1);
	while (!log_has(kit->path, "\"seq\":4,"))
		loop_turn(kit->loop, 200);
	kit_write(kit, 2500);
	kit_close(kit);
	assert_true(kit_verify_log(kit).heads >= 4);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(it_goes_on_after_an_end),
	    TEST(it_goes_on_wherever_it_was_killed),
	    TEST(a_torn_line_is_set_aside),
	    TEST(forged_lines_are_set_aside),
	    TEST(a_log_that_lost_lines_says_so),
	    TEST(another_file_in_its_place_is_told),
	    TEST(a_lost_state_is_found_again_with_the_key),
	    TEST(either_record_of_the_state_is_enough),
	    TEST(old_keys_are_wiped),
	    TEST(a_full_disk_loses_nothing),
	    TEST(what_was_too_much_for_memory_is_counted),
	    TEST(rotation_leaves_no_gap),
	    TEST(a_rotation_survives_a_kill),
	    TEST(a_removed_file_is_noticed),
	    TEST(a_file_that_is_cut_short_is_noticed),
	    TEST(a_flush_that_fails_is_told),
	    TEST(floods_are_counted),
	    TEST(values_can_not_break_a_line),
	    TEST(two_daemons_can_not_share_it),
	    TEST(heads_come_by_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
