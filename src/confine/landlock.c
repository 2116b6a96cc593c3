/*
 * Landlock (Linux 5.13 and later): all of the file system is closed but the places that are left
 * open, by what they are and not by their names: a folder that is moved away takes its rights with
 * it. Each kernel is asked how much it knows, and closes that much. Rights are of the thread, and
 * of those that it starts from then on. No right to execute is left anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "confine/confine_internal.h"

/* Later than the oldest header that we build with (Linux 6.1). */
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define MAKE (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define OF_FILES \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	    LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* struct landlock_ruleset_attr as it is since Linux 6.12; older kernels take what they don't know
 * where it is 0. */
struct ruleset {
	uint64_t files, net, scoped;
};

static const uint64_t rights[] = {
    [PLACE_READ] = READ,
    [PLACE_WRITE] = READ | MAKE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE,
    [PLACE_SOCKET] = MAKE | LANDLOCK_ACCESS_FS_MAKE_SOCK,
};

/* What a kernel of this version of Landlock can close. Ports are not its business here: once
 * everything listens seccomp refuses bind, and directories and responders may be on any. */
static struct ruleset
ruleset_of(long version)
{
	struct ruleset rules = {.files = LANDLOCK_ACCESS_FS_REFER - 1};

	if (version >= 2)
		rules.files |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		rules.files |= FS_TRUNCATE;
	if (version >= 5)
		rules.files |= FS_IOCTL_DEV;
	if (version >= 6)
		rules.scoped = SCOPE_SIGNAL;
	return rules;
}

/* What is not there can't be opened later either, unless its folder may be. */
static int
ruleset_add(int fd, const struct ruleset *rules, const struct place *place, struct err *err)
{
	struct landlock_path_beneath_attr beneath = {
	    .allowed_access = rights[place->use] & rules->files};
	struct stat status;
	int result = 0;

	beneath.parent_fd = open(place->path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return 0;
	if (fstat(beneath.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
		beneath.allowed_access &= OF_FILES;
	if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
		result = err_set(err, ERR_BROKEN, "%s: %s", place->path, strerror(errno));
	close(beneath.parent_fd);
	return result;
}

int
landlock_begin(const struct places *places, struct err *err)
{
	long version =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = ruleset_of(version);
	int result = 0, fd;

	if (version < 1)
		return err_set(err, ERR_BROKEN, "this kernel has it not: %s", strerror(errno));
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (fd < 0)
		return err_set(err, ERR_BROKEN, "the rules: %s", strerror(errno));
	for (size_t i = 0; i < places->count && result == 0; i++)
		result = ruleset_add(fd, &rules, &places->list[i], err);
	if (result == 0 && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		result = err_set(err, ERR_BROKEN, "%s", strerror(errno));
	close(fd);
	return result;
}
