/*
 * seccomp: every thread keeps the system calls that it makes once the daemon is up, and no other.
 * One that is not listed is answered ENOSYS, as by a kernel that does not know it: the C library
 * then does without, and a new version of it that tries something new breaks nothing. Those that a
 * daemon never makes and an intruder makes first end the process: the supervisor starts it again,
 * and the journal has what was acknowledged.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "confine/confine_internal.h"

static const char *const allowed[] = {
    /* memory; mmap and mprotect have conditions */
    "brk",
    "madvise",
    "mlock",
    "mlock2",
    "mremap",
    "munlock",
    "munmap",
    /* files: SQLite, OpenSSL, NSS */
    "access",
    "close",
    "dup",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fallocate",
    "fchmod",
    "fchown",
    "fcntl",
    "fdatasync",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "getcwd",
    "getdents64",
    "link",
    "linkat",
    "lseek",
    "lstat",
    "newfstatat",
    "open",
    "openat",
    "pread64",
    "pwrite64",
    "read",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "stat",
    "statfs",
    "statx",
    "umask",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    /* sockets and waiting: socket has conditions; nothing can be bound or listen any more */
    "accept",
    "accept4",
    "connect",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_wait",
    "eventfd2",
    "getpeername",
    "getsockname",
    "getsockopt",
    "pipe2",
    "poll",
    "ppoll",
    "pselect6",
    "recvfrom",
    "recvmsg",
    "select",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    /* threads and signals: clone, prctl and tgkill have conditions */
    "exit",
    "exit_group",
    "futex",
    "gettid",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "set_robust_list",
    "setpriority",
    "sigaltstack",
    /* time */
    "adjtimex",
    "clock_adjtime",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "gettimeofday",
    "nanosleep",
    "time",
    "timerfd_create",
    "timerfd_settime",
    /* who and where we are */
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getrandom",
    "getrusage",
    "getuid",
    "prlimit64",
    "sysinfo",
    "uname",
};

static const char *const deadly[] = {"bpf", "chroot", "delete_module", "execve", "execveat",
    "finit_module", "init_module", "io_uring_setup", "kexec_file_load", "kexec_load", "mount",
    "move_mount", "open_by_handle_at", "open_tree", "perf_event_open", "pivot_root",
    "process_vm_readv", "process_vm_writev", "ptrace", "reboot", "setns", "swapoff", "swapon",
    "umount2", "unshare", "userfaultfd"};

/* Allowed only while the argument's bits under the mask are these. */
struct condition {
	const char *call;
	unsigned argument;
	uint64_t mask, value;
};
#define INT UINT32_MAX /* the kernel looks at no more of an int */
static const struct condition conditions[] = {
    /* no netlink, no packets: getaddrinfo does without (it asks which families are up) */
    {"socket", 0, INT, AF_UNIX},
    {"socket", 0, INT, AF_INET},
    {"socket", 0, INT, AF_INET6},
    /* a page is written or run, never both; a module of NSS is mapped to be run */
    {"mmap", 2, PROT_EXEC, 0},
    {"mmap", 2, PROT_WRITE | PROT_EXEC, PROT_EXEC},
    {"mprotect", 2, PROT_EXEC, 0},
    /* threads, no processes */
    {"clone", 0, CLONE_VM | CLONE_THREAD, CLONE_VM | CLONE_THREAD},
    {"ioctl", 1, INT, FIONBIO},
    {"ioctl", 1, INT, FIONREAD},
    {"ioctl", 1, INT, TCGETS},
    {"prctl", 0, INT, PR_SET_NAME},
};

static int
rule_add(scmp_filter_ctx filter, uint32_t action, const char *call)
{
	int number = seccomp_syscall_resolve_name(call);

	/* Not every architecture has each, nor the library a name for each. */
	return number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, action, number, 0);
}

static int
rule_add_condition(scmp_filter_ctx filter, const struct condition *condition)
{
	struct scmp_arg_cmp bits = {
	    condition->argument, SCMP_CMP_MASKED_EQ, condition->mask, condition->value};

	return seccomp_rule_add_array(
	    filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(condition->call), 1, &bits);
}

static int
rules_add(scmp_filter_ctx filter, bool log_only)
{
	struct condition self = {"tgkill", 0, INT, (uint64_t)getpid()}; /* abort */
	int result = rule_add_condition(filter, &self);

	for (size_t i = 0; result == 0 && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		result = rule_add(filter, SCMP_ACT_ALLOW, allowed[i]);
	for (size_t i = 0; result == 0 && i < sizeof(conditions) / sizeof(conditions[0]); i++)
		result = rule_add_condition(filter, &conditions[i]);
	for (size_t i = 0; result == 0 && !log_only && i < sizeof(deadly) / sizeof(deadly[0]); i++)
		result = rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i]);
	return result;
}

int
seccomp_begin(bool log_only, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(log_only ? SCMP_ACT_LOG : SCMP_ACT_ERRNO(ENOSYS));
	int result;

	if (filter == NULL)
		return err_set(err, ERR_BROKEN, "the filter can't be made");
	result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (result == 0)
		result = rules_add(filter, log_only);
	if (result == 0)
		result = seccomp_load(filter);
	seccomp_release(filter);
	return result == 0 ? 0 : err_set(err, ERR_BROKEN, "%s", strerror(-result));
}
