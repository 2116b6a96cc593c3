/*
 * What is left to a process that is confined: each try is a child's, which is confined as the
 * daemon is and says how the try went. A row holds what must come of it: 0, an errno, or below 0
 * the signal that ends the process.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "conf/conf.h"
#include "confine/confine.h"
#include "confine/confine_internal.h"

#define NOT_CONFINED 200
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct
try {
	const char *words;
	int (*act)(const char *name);
	const char *name;
	int wanted;
};

static char folder[] = "/tmp/test_confine.XXXXXX";

/* A path from the root on stays what it is. Good until sixteen more are asked for. */
static char *
in(const char *name)
{
	static char paths[16][256];
	static size_t next;
	char *path = paths[next++ % COUNT(paths)];

	snprintf(path, sizeof(paths[0]), "%s%s%s", *name == '/' ? "" : folder,
	    *name == '/' ? "" : "/", name);
	return path;
}

static int
said(long result)
{
	return result < 0 ? errno : 0;
}

static int
in_child(int (*confine)(void), int (*act)(const char *name), const char *name)
{
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		struct rlimit no_core = {0, 0};

		setrlimit(RLIMIT_CORE, &no_core);
		_exit(confine() != 0 ? NOT_CONFINED : act(name));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
run_tries(int (*confine)(void), const struct try *tries, size_t count)
{
	int wrong = 0;

	for (size_t i = 0; i < count; i++) {
		int result = in_child(confine, tries[i].act, tries[i].name);

		if (result == tries[i].wanted)
			continue;
		print_error("%s: %s, and must be %s\n", tries[i].words,
		    result < 0 ? strsignal(-result) : strerror(result),
		    tries[i].wanted < 0 ? strsignal(-tries[i].wanted) : strerror(tries[i].wanted));
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static int
does_nothing(const char *name)
{
	return 0;
}

static int
opens(const char *name)
{
	return said(open(in(name), O_RDONLY));
}

static int
writes(const char *name)
{
	return said(open(in(name), O_WRONLY));
}

static int
cuts(const char *name)
{
	return said(truncate(in(name), 0));
}

static int
makes(const char *name)
{
	return said(open(in(name), O_RDWR | O_CREAT | O_EXCL, 0600));
}

static int
removes(const char *name)
{
	return said(unlink(in(name)));
}

static int
keeps_a_journal(const char *name)
{
	char *draft = in("journal/draft"), *copy = in("journal/copy");
	int fd = open(draft, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd < 0 || ftruncate(fd, 0) != 0 || link(draft, copy) != 0 || unlink(draft) != 0 ||
	    rename(copy, draft) != 0)
		return errno;
	return said(unlink(draft));
}

static int
makes_folder(const char *name)
{
	return said(mkdir(in(name), 0700));
}

static int
makes_link(const char *name)
{
	return said(symlink("/etc/shadow", in(name)));
}

static int
moves_away(const char *name)
{
	return said(rename(in(name), in("conf/away")));
}

static int
makes_socket(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, in(name), sizeof(address.sun_path) - 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		return errno;
	return said(unlink(address.sun_path));
}

static int
runs_program(const char *name)
{
	return said(execl(name, name, (char *)NULL));
}

static void *
thread_opens(void *name)
{
	return (void *)(intptr_t)opens(name);
}

static int
opens_in_thread(const char *name)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, thread_opens, (void *)(uintptr_t)name) != 0)
		return errno;
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

static int
confine_to_files(void)
{
	char *files[] = {in("conf/file"), NULL};
	struct conf conf = {.files = files, .confine.landlock = CONF_CONFINE_REQUIRE};

	conf.journal.path = in("journal/db");
	conf.accounts.directory.bind_password_file = in("key/there");
	conf.journal.key_file = in("sealing/there");
	conf.identity.key_file = in("new/missing");
	conf.listen.admin_socket = in("run/socket");
	conf.certificates.crl_folder = in("crl");
	conf.certificates.roots_file = in("link/roots");
	return confine_files(&conf, NULL);
}

static const struct try files_tries[] = {
    {"the configuration", opens, "conf/file", 0},
    {"what is beside it, and may be renamed over it", opens, "conf/beside", 0},
    {"what a symbolic link points to", opens, "link/roots", 0},
    {"the folder of the CRLs", opens, "crl", 0},
    {"a file of the system", opens, "/etc/nsswitch.conf", 0},
    {"random numbers", opens, "/dev/urandom", 0},
    {"another device", opens, "/dev/zero", EACCES},
    {"a file outside", opens, "secret/file", EACCES},
    {"a file outside, by a thread", opens_in_thread, "secret/file", EACCES},
    {"a folder outside", opens, "secret", EACCES},
    {"the folder of them all", opens, "/tmp", EACCES},
    {"the root", opens, "/", EACCES},
    {"another process", opens, "/proc/1/stat", EACCES},
    {"writing the configuration", writes, "conf/file", EACCES},
    {"cutting the configuration", cuts, "conf/file", EACCES},
    {"a file beside the configuration", makes, "conf/new", EACCES},
    {"removing the configuration", removes, "conf/file", EACCES},
    {"a password", opens, "key/there", 0},
    {"writing a password", writes, "key/there", EACCES},
    {"another key for the journal", makes, "sealing/new", 0},
    {"making a key that is missing", makes, "new/missing", 0},
    {"a file outside", makes, "secret/new", EACCES},
    {"what the journal does with files", keeps_a_journal, NULL, 0},
    {"a folder beside the journal", makes_folder, "journal/folder", EACCES},
    {"a symbolic link beside the journal", makes_link, "journal/link", EACCES},
    {"moving what the journal's folder holds", moves_away, "journal/kept", EACCES},
    {"the admin socket", makes_socket, "run/socket", 0},
    {"what is beside the admin socket", opens, "run/file", EACCES},
    {"a socket elsewhere", makes_socket, "conf/socket", EACCES},
    {"a program", runs_program, "/bin/true", EACCES},
};

static void
make_ground(void)
{
	static const char *const folders[] = {
	    "conf", "journal", "key", "sealing", "new", "run", "crl", "link", "target", "secret"};
	static const char *const files[] = {"conf/file", "conf/beside", "journal/kept", "key/there",
	    "sealing/there", "run/file", "target/roots", "secret/file"};

	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < COUNT(folders); i++)
		assert_int_equal(mkdir(in(folders[i]), 0700), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		assert_int_equal(makes(files[i]), 0);
	assert_int_equal(symlink(in("target/roots"), in("link/roots")), 0);
}

static int
confine_to_nothing(void)
{
	struct places none = {0};

	return landlock_begin(&none, NULL);
}

static void
files_outside_are_closed(void **state)
{
	make_ground();
	/* As root or not: no file's mode has a say here. */
	if (in_child(confine_to_nothing, does_nothing, NULL) == NOT_CONFINED) {
		print_message("SKIP: this kernel or build has no Landlock\n");
		skip();
	}
	run_tries(confine_to_files, files_tries, COUNT(files_tries));
}

static int
renames_draft(const char *name)
{
	return said(rename(in("conf/beside"), in(name)));
}

static int
traces(const char *name)
{
	return said(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
mounts(const char *name)
{
	return said(mount("none", name, "tmpfs", 0, NULL));
}

static int
leaves_namespace(const char *name)
{
	return said(unshare(CLONE_NEWUSER));
}

static int
forks(const char *name)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return said(child);
}

static int
signals_another(const char *name)
{
	return said(kill(getppid(), 0));
}

static int
aborts(const char *name)
{
	abort();
}

static int
asks_netlink(const char *name)
{
	return said(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int
takes_packets(const char *name)
{
	return said(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
binds(const char *name)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return fd < 0 ? EBADF : said(bind(fd, (struct sockaddr *)&any, sizeof(any)));
}

static int
maps_to_write_and_run(const char *name)
{
	void *page = mmap(
	    NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : 0;
}

static int
runs_what_it_wrote(const char *name)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? EBADF : said(mprotect(page, 4096, PROT_READ | PROT_EXEC));
}

static int
types_into_terminal(const char *name)
{
	return said(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int
finds_host(const char *name)
{
	struct addrinfo hints = {.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_STREAM}, *found;

	if (getaddrinfo(name, "80", &hints, &found) != 0)
		return ENOENT;
	freeaddrinfo(found);
	return 0;
}

static const struct try calls_tries[] = {
    {"a program", runs_program, "/bin/true", -SIGSYS},
    {"ptrace", traces, NULL, -SIGSYS},
    {"mount", mounts, "/mnt", -SIGSYS},
    {"a namespace", leaves_namespace, NULL, -SIGSYS},
    {"another process", forks, NULL, ENOSYS},
    {"a signal to another", signals_another, NULL, ENOSYS},
    {"the end by abort", aborts, NULL, -SIGABRT},
    {"netlink", asks_netlink, NULL, ENOSYS},
    {"packets", takes_packets, NULL, ENOSYS},
    {"a port", binds, NULL, ENOSYS},
    {"a page to write and run", maps_to_write_and_run, NULL, ENOSYS},
    {"running a page that was written", runs_what_it_wrote, NULL, ENOSYS},
    {"typing into the terminal", types_into_terminal, NULL, ENOSYS},
    {"a folder", makes_folder, "secret/folder", ENOSYS},
    {"a file's other name", renames_draft, "conf/again", 0},
    {"a thread that opens a file", opens_in_thread, "conf/file", 0},
    {"a name of the hosts file", finds_host, "localhost", 0},
};

static int
confine_to_calls(void)
{
	struct conf_confine conf = {.seccomp = CONF_CONFINE_REQUIRE};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : confine_calls(&conf, NULL);
}

static void
skip_without_seccomp(void)
{
	if (in_child(confine_to_calls, does_nothing, NULL) != NOT_CONFINED)
		return;
	print_message("SKIP: this kernel or build has no seccomp\n");
	skip();
}

static void
other_calls_are_refused(void **state)
{
	skip_without_seccomp();
	run_tries(confine_to_calls, calls_tries, COUNT(calls_tries));
}

static sem_t is_confined;

static void *
thread_waits_and_binds(void *nothing)
{
	sem_wait(&is_confined);
	return (void *)(intptr_t)binds(NULL);
}

static int
confine_with_a_thread(const char *name)
{
	pthread_t thread;
	void *result;

	sem_init(&is_confined, 0, 0);
	if (pthread_create(&thread, NULL, thread_waits_and_binds, NULL) != 0 ||
	    confine_to_calls() != 0)
		return NOT_CONFINED;
	sem_post(&is_confined);
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

static int
confine_later(void)
{
	return 0;
}

static void
threads_that_were_there_are_confined_too(void **state)
{
	skip_without_seccomp();
	assert_int_equal(in_child(confine_later, confine_with_a_thread, NULL), ENOSYS);
}

static int
confine_and_log(void)
{
	struct conf_confine conf = {.seccomp = CONF_CONFINE_LOG};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ? -1 : confine_calls(&conf, NULL);
}

static void
what_is_only_logged_works(void **state)
{
	skip_without_seccomp();
	assert_int_equal(in_child(confine_and_log, binds, NULL), 0);
	assert_int_equal(in_child(confine_and_log, runs_program, "/bin/true"), 0);
}

static int
confine_to_nobody(void)
{
	struct conf_confine conf = {.user = (char[]){"nobody"}};
	bool changed;

	return confine_user(&conf, &changed, NULL) != 0 || !changed ? -1 : 0;
}

static int
is_nobody_for_good(const char *name)
{
	gid_t groups[64];
	int count = getgroups(COUNT(groups), groups);

	for (int i = 0; i < count; i++)
		if (groups[i] == 0)
			return 1;
	if (getuid() == 0 || geteuid() == 0 || getgid() == 0 || getegid() == 0)
		return 2;
	if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0 || setgroups(0, NULL) == 0)
		return 3;
	if (prctl(PR_CAPBSET_READ, 0, 0, 0, 0) != 0)
		return 4;
	return 0;
}

static void
another_user_for_good(void **state)
{
	static const struct try tries[] = {
	    {"who it is", is_nobody_for_good, NULL, 0},
	    {"a file of root's", opens, "secret/file", EACCES},
	};

	if (getuid() != 0) {
		print_message("SKIP: only root can become another user\n");
		skip();
	}
	assert_int_equal(chmod(folder, 0755), 0);
	run_tries(confine_to_nobody, tries, COUNT(tries));
}

static void
users_that_will_not_do(void **state)
{
	struct conf_confine conf = {.user = (char[]){"root"}};
	struct err err = {0};
	bool changed;

	assert_int_equal(confine_user(&conf, &changed, &err), -1);
	assert_int_equal(confine_check_user(&conf, &err), -1);
	conf.user = (char[]){"nobody-of-this-name"};
	assert_int_equal(confine_user(&conf, &changed, &err), -1);
	assert_non_null(strstr(err.text, "there is no user"));
	conf.user = (char[]){""};
	assert_int_equal(confine_user(&conf, &changed, &err), 0);
	assert_int_equal(confine_check_user(&conf, &err), 0);
	assert_false(changed);
}

static int
remove_ground(void **state)
{
	char *argv[] = {(char[]){"rm"}, (char[]){"-rf"}, folder, NULL};
	pid_t child = fork();

	if (child == 0) {
		execv("/bin/rm", argv);
		_exit(1);
	}
	return waitpid(child, NULL, 0) == child ? 0 : -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(files_outside_are_closed),
	    cmocka_unit_test(other_calls_are_refused),
	    cmocka_unit_test(threads_that_were_there_are_confined_too),
	    cmocka_unit_test(what_is_only_logged_works),
	    cmocka_unit_test(another_user_for_good),
	    cmocka_unit_test(users_that_will_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, remove_ground);
}
