/*
 * Stands between a daemon and the kernel's clocks (LD_PRELOAD), so that a test can set the wall
 * clock of one process: $MUSTER_TEST_CLOCK is a file of two 64-bit numbers, the wall clock's offset
 * in milliseconds and whether the kernel calls it synchronised. CLOCK_BOOTTIME is left alone. A
 * timerfd on the wall clock never rings here; it says within 20 ms that the clock was set.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

static volatile struct {
	int64_t offset, synchronised;
} * turn;
static int set_fd = -1;
static int64_t told; /* the offset that the reader of set_fd knows */

__attribute__((constructor)) static void
turn_open(void)
{
	const char *path = getenv("MUSTER_TEST_CLOCK");
	int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	turn = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*turn), PROT_READ, MAP_SHARED, fd, 0);
	if (turn == MAP_FAILED)
		abort();
	close(fd);
}

int
clock_gettime(clockid_t id, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, id, now);

	if (result == 0 && id == CLOCK_REALTIME && turn != NULL) {
		int64_t milliseconds = now->tv_sec * 1000 + now->tv_nsec / 1000000 + turn->offset;

		now->tv_nsec = milliseconds % 1000 * 1000000 + now->tv_nsec % 1000000;
		now->tv_sec = milliseconds / 1000;
	}
	return result;
}

int
adjtimex(struct timex *answer)
{
	answer->status = turn->synchronised ? 0 : STA_UNSYNC;
	return turn->synchronised ? TIME_OK : TIME_ERROR;
}

int
timerfd_create(clockid_t id, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, id, flags);

	if (id == CLOCK_REALTIME)
		set_fd = fd;
	return fd;
}

int
timerfd_settime(int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
	static const struct itimerspec often = {{0, 20000000}, {0, 20000000}};

	if (fd != set_fd)
		return (int)syscall(SYS_timerfd_settime, fd, flags, when, before);
	told = turn->offset;
	return (int)syscall(SYS_timerfd_settime, fd, 0, &often, before);
}

ssize_t
read(int fd, void *bytes, size_t size)
{
	ssize_t result = syscall(SYS_read, fd, bytes, size);

	if (fd < 0 || fd != set_fd || result < 0)
		return result;
	errno = told == turn->offset ? EAGAIN : ECANCELED;
	told = turn->offset;
	return -1;
}
