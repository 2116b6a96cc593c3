/* Child processes: started with no shell, ended by their own pids, and by our own death. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "musterctl/sandbox_internal.h"

#define STOP_MOST 10000 /* milliseconds between SIGTERM and SIGKILL */
#define STOP_LOOK 20
#define OUTPUT_MOST 65536

char *
child_find(const char *name)
{
	char *path = mem_text(getenv("PATH")), *places, *save = NULL, *found = NULL;

	places =
	    mem_format("%s:/usr/sbin:/sbin:/usr/libexec", path != NULL ? path : "/usr/bin:/bin");
	mem_free_text(&path);
	for (char *place = strtok_r(places, ":", &save); place != NULL && found == NULL;
	     place = strtok_r(NULL, ":", &save)) {
		found = mem_format("%s/%s", place, name);
		if (access(found, X_OK) != 0)
			mem_free_text(&found);
	}
	mem_free_text(&places);
	return found;
}

/* In the child: ends with its parent, its output goes to out. */
static void
child_become(const struct sandbox *sandbox, pid_t parent, int out, char *const *argv)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || nothing < 0)
		_exit(127);
	dup2(nothing, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	sigprocmask(SIG_SETMASK, &sandbox->signals_before, NULL);
	execv(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static pid_t
child_fork(const struct sandbox *sandbox, int out, char *const *argv, struct err *err)
{
	pid_t parent = getpid(), child = fork();

	if (child == 0)
		child_become(sandbox, parent, out, argv);
	if (child < 0)
		err_set(err, ERR_BROKEN, "can't start %s: %s", argv[0], strerror(errno));
	return child;
}

int
child_start(const struct sandbox *sandbox, struct child *child, char *const *argv, const char *log,
    struct err *err)
{
	char *path = folder_path(sandbox, log);
	int out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid = -1;

	if (out < 0)
		err_set(err, ERR_BROKEN, "%s: %s", path, strerror(errno));
	else
		pid = child_fork(sandbox, out, argv, err);
	if (out >= 0)
		close(out);
	mem_free_text(&path);
	child->pid = pid > 0 ? pid : 0;
	return pid > 0 ? 0 : -1;
}

int
child_run(const struct sandbox *sandbox, char *const *argv, char **output_out, struct err *err)
{
	struct text said = {0};
	char bytes[4096];
	int ends[2], status = -1;
	ssize_t part;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return err_set(err, ERR_BROKEN, "can't make a pipe: %s", strerror(errno));
	pid = child_fork(sandbox, ends[1], argv, err);
	close(ends[1]);
	while (pid > 0 && (part = read(ends[0], bytes, sizeof(bytes))) > 0)
		if (said.size < OUTPUT_MOST)
			text_add_bytes(&said, bytes, (size_t)part);
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (pid > 0 && status != 0)
		err_set(
		    err, ERR_BROKEN, "%s failed: %.350s", argv[0], said.size > 0 ? said.bytes : "");
	if (status == 0 && output_out != NULL)
		*output_out = text_take(&said);
	text_fini(&said);
	return status == 0 ? 0 : -1;
}

bool
child_has_ended(struct child *child, char **how_out)
{
	int status;

	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return false;
	if (WIFSIGNALED(status))
		*how_out = mem_format(
		    "(pid %d) was ended by signal %d", (int)child->pid, WTERMSIG(status));
	else
		*how_out = mem_format(
		    "(pid %d) ended with exit code %d", (int)child->pid, WEXITSTATUS(status));
	child->pid = 0;
	return true;
}

void
child_stop(struct sandbox *sandbox, struct child *child)
{
	struct timespec look = {0, STOP_LOOK * 1000000};
	char *how;

	for (int waited = 0; child->pid != 0; waited += STOP_LOOK) {
		if (waited == 0)
			kill(child->pid, SIGTERM);
		if (waited == STOP_MOST)
			kill(child->pid, SIGKILL);
		if (child_has_ended(child, &how))
			mem_free_text(&how);
		else
			nanosleep(&look, NULL);
	}
}
