/*
 * What is asked of the system, by our objects and by the libraries: these stand before those of the
 * C library for the whole process. A 'short' call does a part of what it was to do.
 * SYSTEM: result, name, parameters, arguments, how it may fail.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "faults.h"

#define SHORT 0
#define COUNTER 8 /* bytes of an eventfd's or a timerfd's counter, which is taken whole or not */

/* The one that would be called without us. */
static void *
next_one(_Atomic(void *) *kept, const char *name)
{
	if (*kept == NULL)
		*kept = dlsym(RTLD_NEXT, name);
	return *kept;
}

#define NEXT(type, name, parameters) \
	static type(*next_##name(void)) parameters \
	{ \
		static _Atomic(void *) kept; \
\
		return (type(*) parameters)next_one(&kept, #name); \
	}

#define SYSTEM(type, name, parameters, arguments, ...) \
	NEXT(type, name, parameters) \
	type name parameters \
	{ \
		static const struct failure failures[] = {__VA_ARGS__, {NULL, 0}}; \
		static struct site site = {#name, failures, 0, NULL}; \
		const struct failure *failure = fault_at(&site); \
\
		if (failure == NULL) \
			return next_##name() arguments; \
		errno = failure->code; \
		return (type)-1; \
	}

#define E(code) \
	{ \
#code, code \
	}

/* clang-format off */
SYSTEM(ssize_t, pread64, (int fd, void *bytes, size_t size, off64_t at), (fd, bytes, size, at),
    E(EIO), E(EINTR))
SYSTEM(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t at),
    (fd, bytes, size, at), E(EIO), E(EINTR), E(ENOSPC), E(EDQUOT))
SYSTEM(int, fsync, (int fd), (fd), E(EIO), E(ENOSPC))
SYSTEM(int, fdatasync, (int fd), (fd), E(EIO), E(ENOSPC))
SYSTEM(int, ftruncate64, (int fd, off64_t size), (fd, size), E(EIO), E(ENOSPC))
SYSTEM(int, ftruncate, (int fd, off_t size), (fd, size), E(EIO), E(ENOSPC))
SYSTEM(void *, mmap64, (void *at, size_t size, int allow, int how, int fd, off64_t from),
    (at, size, allow, how, fd, from), E(ENOMEM))
SYSTEM(int, fstat64, (int fd, struct stat64 *status), (fd, status), E(EIO))
SYSTEM(int, stat64, (const char *path, struct stat64 *status), (path, status), E(EACCES))
SYSTEM(int, lstat64, (const char *path, struct stat64 *status), (path, status), E(EACCES))
SYSTEM(int, fstat, (int fd, struct stat *status), (fd, status), E(EIO))
SYSTEM(int, lstat, (const char *path, struct stat *status), (path, status), E(EACCES))
SYSTEM(int, access, (const char *path, int how), (path, how), E(EACCES))
SYSTEM(int, unlink, (const char *path), (path), E(EACCES))
SYSTEM(int, chmod, (const char *path, mode_t mode), (path, mode), E(EPERM))
SYSTEM(int, fchmod, (int fd, mode_t mode), (fd, mode), E(EPERM))
SYSTEM(int, flock, (int fd, int how), (fd, how), E(EINTR), E(ENOLCK))
SYSTEM(int, socket, (int domain, int type, int protocol), (domain, type, protocol), E(EMFILE),
    E(ENOBUFS))
SYSTEM(int, bind, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
    E(EADDRINUSE))
SYSTEM(int, listen, (int fd, int most), (fd, most), E(EADDRINUSE))
SYSTEM(int, connect, (int fd, const struct sockaddr *address, socklen_t size),
    (fd, address, size), E(ECONNREFUSED), E(ENETUNREACH))
SYSTEM(int, accept4, (int fd, struct sockaddr *address, socklen_t *size, int flags),
    (fd, address, size, flags), E(EMFILE), E(ECONNABORTED), E(EINTR), E(ENOMEM))
SYSTEM(int, setsockopt, (int fd, int level, int option, const void *value, socklen_t size),
    (fd, level, option, value, size), E(ENOBUFS))
SYSTEM(int, getsockname, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
    E(ENOBUFS))
SYSTEM(int, getpeername, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
    E(ENOTCONN))
SYSTEM(ssize_t, sendto, (int fd, const void *bytes, size_t size, int flags,
    const struct sockaddr *address, socklen_t room), (fd, bytes, size, flags, address, room),
    E(EAGAIN))
SYSTEM(int, poll, (struct pollfd *fds, nfds_t count, int wait), (fds, count, wait), E(EINTR),
    E(ENOMEM))
SYSTEM(int, epoll_create1, (int flags), (flags), E(EMFILE), E(ENOMEM))
SYSTEM(int, epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event),
    (epoll, what, fd, event), E(ENOMEM), E(ENOSPC))
SYSTEM(int, epoll_wait, (int epoll, struct epoll_event *events, int most, int wait),
    (epoll, events, most, wait), E(EINTR))
SYSTEM(int, eventfd, (unsigned first, int flags), (first, flags), E(EMFILE), E(ENOMEM))
SYSTEM(int, timerfd_create, (int clock, int flags), (clock, flags), E(EMFILE))
SYSTEM(int, timerfd_settime, (int fd, int flags, const struct itimerspec *new,
    struct itimerspec *old), (fd, flags, new, old), E(EINVAL))
SYSTEM(int, socketpair, (int domain, int type, int protocol, int fds[2]),
    (domain, type, protocol, fds), E(EMFILE))
SYSTEM(int, pipe2, (int fds[2], int flags), (fds, flags), E(EMFILE))
SYSTEM(int, getentropy, (void *bytes, size_t size), (bytes, size), E(EIO))
/* clang-format on */

static const struct failure stream_failures[] = {
    E(EIO), E(EINTR), E(EAGAIN), {"short", SHORT}, {NULL, 0}};
static const struct failure counter_failures[] = {E(EINTR), E(EIO), {NULL, 0}};
static const struct failure open_failures[] = {E(EMFILE), E(EIO), E(EACCES), {NULL, 0}};
static const struct failure lock_failures[] = {E(EIO), E(EAGAIN), E(ENOLCK), {NULL, 0}};

static ssize_t
fail(const struct failure *failure)
{
	errno = failure->code;
	return -1;
}

NEXT(ssize_t, read, (int, void *, size_t))
NEXT(ssize_t, write, (int, const void *, size_t))
NEXT(ssize_t, readv, (int, const struct iovec *, int))
NEXT(ssize_t, writev, (int, const struct iovec *, int))
NEXT(int, open, (const char *, int, ...))
NEXT(int, open64, (const char *, int, ...))
NEXT(int, fcntl64, (int, int, ...))

ssize_t
read(int fd, void *bytes, size_t size)
{
	static struct site stream = {"read", stream_failures, 0, NULL};
	static struct site counter = {"read-counter", counter_failures, 0, NULL};
	const struct failure *failure = fault_at(size == COUNTER ? &counter : &stream);

	if (failure == NULL)
		return next_read()(fd, bytes, size);
	return failure->code == SHORT ? next_read()(fd, bytes, 1) : fail(failure);
}

/* One byte is libevent's note of a signal to itself: it never looks whether it could be written. */
ssize_t
write(int fd, const void *bytes, size_t size)
{
	static struct site stream = {"write", stream_failures, 0, NULL};
	static struct site counter = {"write-counter", counter_failures, 0, NULL};
	const struct failure *failure =
	    size == 1 ? NULL : fault_at(size == COUNTER ? &counter : &stream);

	if (failure == NULL)
		return next_write()(fd, bytes, size);
	return failure->code == SHORT ? next_write()(fd, bytes, 1) : fail(failure);
}

ssize_t
readv(int fd, const struct iovec *parts, int count)
{
	static struct site site = {"readv", stream_failures, 0, NULL};
	const struct failure *failure = fault_at(&site);

	if (failure == NULL)
		return next_readv()(fd, parts, count);
	return failure->code == SHORT ? next_read()(fd, parts->iov_base, 1) : fail(failure);
}

ssize_t
writev(int fd, const struct iovec *parts, int count)
{
	static struct site site = {"writev", stream_failures, 0, NULL};
	const struct failure *failure = fault_at(&site);

	if (failure == NULL)
		return next_writev()(fd, parts, count);
	return failure->code == SHORT ? next_write()(fd, parts->iov_base, 1) : fail(failure);
}

int
open(const char *path, int flags, ...)
{
	static struct site site = {"open", open_failures, 0, NULL};
	const struct failure *failure = fault_at(&site);
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	return failure == NULL ? next_open()(path, flags, mode) : (int)fail(failure);
}

int
open64(const char *path, int flags, ...)
{
	static struct site site = {"open64", open_failures, 0, NULL};
	const struct failure *failure = fault_at(&site);
	va_list list;
	mode_t mode;

	va_start(list, flags);
	mode = va_arg(list, mode_t);
	va_end(list);
	return failure == NULL ? next_open64()(path, flags, mode) : (int)fail(failure);
}

/*
 * O_NONBLOCK, and SQLite's locks. Not that one is given back: after that fails SQLite itself takes
 * it to be held for ever, and tries for 10 s at every read.
 */
static int
fcntl_at(struct site *site, int fd, int what, void *arg)
{
	bool unlocks = what == F_SETLK && ((const struct flock *)arg)->l_type == F_UNLCK;
	const struct failure *failure = unlocks ? NULL : fault_at(site);

	return failure == NULL ? next_fcntl64()(fd, what, arg) : (int)fail(failure);
}

int
fcntl(int fd, int what, ...)
{
	static struct site site = {"fcntl", lock_failures, 0, NULL};
	va_list list;
	void *arg;

	va_start(list, what);
	arg = va_arg(list, void *);
	va_end(list);
	return fcntl_at(&site, fd, what, arg);
}

int
fcntl64(int fd, int what, ...)
{
	static struct site site = {"fcntl64", lock_failures, 0, NULL};
	va_list list;
	void *arg;

	va_start(list, what);
	arg = va_arg(list, void *);
	va_end(list);
	return fcntl_at(&site, fd, what, arg);
}

NEXT(int, getaddrinfo, (const char *, const char *, const struct addrinfo *, struct addrinfo **))

int
getaddrinfo(
    const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **list_out)
{
	static const struct failure failures[] = {
	    {"AGAIN", EAI_AGAIN}, {"MEMORY", EAI_MEMORY}, {NULL, 0}};
	static struct site site = {"getaddrinfo", failures, 0, NULL};
	const struct failure *failure = fault_at(&site);

	return failure == NULL ? next_getaddrinfo()(name, service, hints, list_out) : failure->code;
}
