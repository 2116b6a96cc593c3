#include <fcntl.h>
#include <unistd.h>

#include "kit.h"

static void
kit_on_notice(bool is_trouble, const char *words, void *arg)
{
	struct kit *kit = arg;

	kit->troubles += is_trouble;
}

int
kit_setup(void **state)
{
	struct kit *kit = mem_new(sizeof(*kit));
	struct err err = {0};

	strcpy(kit->folder, "/tmp/muster-audit-XXXXXX");
	assert_non_null(mkdtemp(kit->folder));
	snprintf(kit->path, sizeof(kit->path), "%s/audit.log", kit->folder);
	snprintf(kit->key, sizeof(kit->key), "%s/audit.key", kit->folder);
	snprintf(kit->sign, sizeof(kit->sign), "%s/audit.sign", kit->folder);
	snprintf(kit->public, sizeof(kit->public), "%s/audit.sign.pub", kit->folder);
	snprintf(kit->state, sizeof(kit->state), "%s/audit.key.state", kit->folder);
	snprintf(kit->torn, sizeof(kit->torn), "%s/audit.log.torn", kit->folder);
	kit->files = (struct audit_files){kit->path, kit->key, kit->sign, 3600000};
	kit->loop = loop_new(&err);
	assert_non_null(kit->loop);
	kit_open(kit);
	*state = kit;
	return 0;
}

int
kit_teardown(void **state)
{
	struct kit *kit = *state;
	char *command = mem_format("rm -rf %s", kit->folder);
	int failed;

	audit_close(&kit->audit);
	loop_free(&kit->loop);
	failed = system(command);
	free(command);
	free(kit);
	return failed;
}

void
kit_open(struct kit *kit)
{
	struct err err = {0};

	kit->audit = audit_open(kit->loop, &kit->files, kit_on_notice, kit, &err);
	if (kit->audit == NULL)
		fail_msg("%s", err.text);
}

void
kit_close(struct kit *kit)
{
	audit_close(&kit->audit);
}

void
kit_write(struct kit *kit, int count)
{
	for (int i = 0; i < count; i++) {
		struct audit_decision decision = {
		    .event = "step",
		    .actor = "musterd",
		    .registration = "01a213d6-f080-7219-b19b-f46cf3617ea9",
		    .what = "claim-person",
		    .outcome = "verified",
		    .count = i + 1,
		};

		audit_write(kit->audit, &decision);
	}
}

void
kit_sync(struct kit *kit)
{
	loop_timer_stop(kit->audit->sync_timer); /* one flush at a time */
	sync_on_time(kit->audit);
	while (kit->audit->syncing)
		loop_turn(kit->loop, 100);
}

void
kit_kill(struct kit *kit)
{
	size_t size, state_size;
	char *bytes = kit_read(kit->path, &size), *state = kit_read(kit->state, &state_size);

	kit_close(kit);
	kit_put(kit->path, bytes, size);
	kit_put(kit->state, state, state_size);
	free(bytes);
	free(state);
}

char *
kit_read(const char *path, size_t *size_out)
{
	FILE *file = fopen(path, "re");
	char *bytes;
	long size;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	rewind(file);
	bytes = mem_new((size_t)size + 1);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	fclose(file);
	*size_out = (size_t)size;
	return bytes;
}

void
kit_put(const char *path, const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

size_t
kit_line(const char *bytes, size_t size, int number)
{
	size_t at = 0;

	while (number-- > 1 && at < size)
		at = (size_t)((const char *)memchr(bytes + at, '\n', size - at) - bytes) + 1;
	return at;
}

static void
kit_on_progress(int64_t bytes, void *arg)
{
}

struct verify_result
kit_verify(struct kit *kit, unsigned with, const char *const *files)
{
	struct err err = {0};
	struct keyring *keyring = with & KIT_KEY ? keyring_open(kit->key, false, &err) : NULL;
	struct head_key *head_key =
	    with & KIT_PUBLIC ? head_key_read_public(kit->public, &err) : NULL;
	struct verify *verify = verify_new(keyring, head_key);
	int fd = with & KIT_STATE ? open(kit->state, O_RDONLY | O_CLOEXEC) : -1;
	struct verify_result result;
	struct state state;

	if (fd >= 0 && state_read(fd, &state))
		verify_pin(verify, state.chain.seq, state.chain.hash, false, "the state file");
	if (fd >= 0)
		close(fd);
	for (; *files != NULL; files++)
		if (verify_file(verify, *files, kit_on_progress, NULL, &err) != 0)
			fail_msg("%s", err.text);
	result = *verify_end(verify);
	verify_free(&verify);
	head_key_free(&head_key);
	keyring_free(&keyring);
	return result;
}

struct verify_result
kit_verify_log(struct kit *kit)
{
	const char *const files[] = {kit->path, NULL};

	return kit_verify(kit, KIT_ALL, files);
}
