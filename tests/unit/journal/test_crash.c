#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault_vfs.h"
#include "kit.h"

static void
append_many(struct kit *kit, int first, int count, journal_done_fn *done, void *arg)
{
	for (int n = first; n < first + count; n++) {
		struct registration *it = kit_registration(n);

		journal_append(kit->journal, it, NULL, done, arg);
		registration_free(&it);
	}
}

static void
test_group_commit(void **state)
{
	struct kit *kit = *state;
	int before = fault_wal_syncs, used;

	append_many(kit, 0, 1000, kit_on_done, kit);
	kit_wait(kit, 1000);
	used = fault_wal_syncs - before;
	assert_int_equal(kit->results[JOURNAL_DONE], 1000);
	/* 1,000 in batches of 64 are 16, and a few where the thread was quicker than we. */
	assert_in_range(used, 1, 200);
}

/* What was called back as done is flushed: one flush at least for each callback one by one. */
static void
test_flushed_before_done(void **state)
{
	struct kit *kit = *state;

	for (int n = 0; n < 10; n++) {
		int before = fault_wal_syncs;

		assert_int_equal(kit_append(kit, kit_registration(n)), JOURNAL_DONE);
		assert_true(fault_wal_syncs > before);
	}
}

static void
test_disk_full(void **state)
{
	struct kit *kit = *state;
	struct registration *it;
	struct err err;
	char id[UUID_SIZE];

	assert_int_equal(kit_append(kit, kit_registration(0)), JOURNAL_DONE);
	fault_full = true;
	append_many(kit, 1, 100, kit_on_done, kit);
	kit_wait(kit, 101);
	assert_int_equal(kit->results[JOURNAL_FULL], 100);
	assert_int_equal(journal_set_fact(kit->journal, "a", "b", &err), -1);
	assert_non_null(strstr(err.text, "full"));
	for (int n = 1; n <= 100; n++)
		assert_null(journal_find(kit->journal, kit_id(n, id)));
	it = journal_find(kit->journal, kit_id(0, id));
	assert_non_null(it);
	fault_full = false;
	assert_int_equal(kit_save(kit, it), JOURNAL_DONE);
	assert_int_equal(kit_append(kit, kit_registration(1)), JOURNAL_DONE);
	assert_int_equal(journal_check(&kit->conf, &err), 0);
}

/* What is kept once there is room again is not kept without what nothing may be kept without. */
static void
test_preface(void **state)
{
	struct kit *kit = *state;
	char *fact;

	journal_preface(kit->journal, "line", "new");
	fault_full = true;
	append_many(kit, 0, 10, kit_on_done, kit);
	kit_wait(kit, 10);
	assert_int_equal(kit->results[JOURNAL_FULL], 10);
	assert_null(journal_fact(kit->journal, "line"));
	fault_full = false;
	assert_int_equal(kit_append(kit, kit_registration(0)), JOURNAL_DONE);
	fact = journal_fact(kit->journal, "line");
	assert_non_null(fact);
	assert_string_equal(fact, "new");
	free(fact);
}

struct child {
	pid_t pid;
	int words; /* what it writes on stderr */
};

/* Runs work in a child that shares nothing open with us; the kit's journal must be closed. */
static struct child
child_start(struct kit *kit, void (*work)(struct kit *kit, int fd), int fd)
{
	struct rlimit no_core = {0, 0};
	struct child child;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		setrlimit(RLIMIT_CORE, &no_core);
		dup2(ends[1], STDERR_FILENO);
		kit_open(kit);
		work(kit, fd);
		_exit(0);
	}
	close(ends[1]);
	child.words = ends[0];
	return child;
}

static int
child_end(struct child child, char *words, size_t size)
{
	int status;
	size_t used = 0;
	ssize_t got;

	while (used < size - 1 && (got = read(child.words, words + used, size - 1 - used)) > 0)
		used += (size_t)got;
	words[used] = '\0';
	close(child.words);
	while (waitpid(child.pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return status;
}

static void
tell(enum journal_result result, const char *id, void *arg)
{
	if (result != JOURNAL_DONE || write(*(int *)arg, id, UUID_SIZE) != UUID_SIZE)
		_exit(2);
}

static void
append_for_ever(struct kit *kit, int fd)
{
	for (int n = 0;; n += 50) {
		append_many(kit, n, 50, tell, &fd);
		loop_turn(kit->loop, 1);
		while (journal_depth(kit->journal) > 200)
			loop_turn(kit->loop, 1);
	}
}

/* Killed in the middle of writing: what it said to be done is there, and is sound. */
static void
test_killed(void **state)
{
	struct kit *kit = *state;
	char(*ids)[UUID_SIZE] = mem_grow(NULL, 100000, UUID_SIZE), words[1000];
	int acks[2];

	for (int round = 0; round < 4; round++) {
		struct child child;
		struct err err = {0};
		size_t count = 0;
		int status;

		kit_teardown(state);
		assert_int_equal(kit_setup(state), 0);
		kit = *state;
		kit_close(kit);
		assert_int_equal(pipe(acks), 0);
		child = child_start(kit, append_for_ever, acks[1]);
		close(acks[1]);
		while (read(acks[0], ids[count], UUID_SIZE) == UUID_SIZE && count < 99999)
			if (++count == 40U + (size_t)round * 177)
				kill(child.pid, SIGKILL);
		close(acks[0]);
		status = child_end(child, words, sizeof(words));
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		assert_true(count >= 40);
		kit_open(kit);
		for (size_t i = 0; i < count; i++) {
			struct registration *it = journal_find(kit->journal, ids[i]);

			if (it == NULL || it->application == NULL)
				fail_msg("%s is lost, %zu of %zu", ids[i], i, count);
			registration_free(&it);
		}
		assert_int_equal(journal_check(&kit->conf, &err), 0);
	}
	free(ids);
}

static void
append_and_leave(struct kit *kit, int fd)
{
	append_many(kit, 0, 10, kit_on_done, kit);
	kit_wait(kit, 10);
}

static void
test_left_without_close(void **state)
{
	struct kit *kit = *state;
	char words[1000], id[UUID_SIZE];
	struct stat wal;
	int status, turn = 0;

	kit_close(kit);
	status = child_end(child_start(kit, append_and_leave, -1), words, sizeof(words));
	assert_true(WIFEXITED(status)); /* valgrind has an exit code of its own for it */
	assert_int_equal(access(kit->wal, F_OK), 0);
	kit_open(kit);
	for (int n = 0; n < 10; n++) {
		struct registration *it = journal_find(kit->journal, kit_id(n, id));

		assert_non_null(it);
		registration_free(&it);
	}
	/* What it may have erased goes from the WAL file too, although nothing more is written. */
	while (stat(kit->wal, &wal) == 0 && wal.st_size > 0 && turn++ < 1000)
		loop_turn(kit->loop, 10);
	assert_int_equal(wal.st_size, 0);
}

static void
fail_commit(struct kit *kit, int fd)
{
	fault_wal_sync = true;
	append_many(kit, 0, 10, kit_on_done, kit);
	while (kit->done == 0)
		loop_turn(kit->loop, 10);
}

static void
fail_checkpoint(struct kit *kit, int fd)
{
	fault_main_sync = true;
	for (int n = 0; n < 100000; n += 1000) {
		append_many(kit, n, 1000, kit_on_done, kit);
		kit_settle(kit);
	}
}

/* A failed flush is never asked again: the process ends, and says so in one line. */
static void
test_failed_fsync(void **state)
{
	static void (*const works[])(struct kit *, int) = {fail_commit, fail_checkpoint};
	struct kit *kit = *state;
	char words[1000];
	int status;

	kit_close(kit);
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		status = child_end(child_start(kit, works[i], -1), words, sizeof(words));
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		assert_non_null(strstr(words, "the journal's disk does not keep"));
		assert_ptr_equal(strchr(words, '\n'), words + strlen(words) - 1);
	}
	kit_open(kit);
	assert_int_equal(kit_append(kit, kit_registration(200000)), JOURNAL_DONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_group_commit),
	    TEST(test_flushed_before_done),
	    TEST(test_disk_full),
	    TEST(test_preface),
	    TEST(test_killed),
	    TEST(test_left_without_close),
	    TEST(test_failed_fsync),
	};

	fault_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
