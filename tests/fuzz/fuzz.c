#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unistr.h>

#include "base/mem.h"
#include "fuzz.h"

void
fuzz_broken(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

uint8_t
fuzz_byte(struct fuzz *fuzz)
{
	if (fuzz->size == 0)
		return 0;
	fuzz->size--;
	return *fuzz->bytes++;
}

static char *
fuzz_text(const uint8_t *bytes, size_t size)
{
	return mem_text_n((const char *)bytes, strnlen((const char *)bytes, size));
}

char *
fuzz_line(struct fuzz *fuzz)
{
	const uint8_t *end = fuzz->size == 0 ? NULL : memchr(fuzz->bytes, '\n', fuzz->size);
	size_t size = end == NULL ? fuzz->size : (size_t)(end - fuzz->bytes);
	char *line = fuzz_text(fuzz->bytes, size);

	size += end != NULL;
	fuzz->bytes += size;
	fuzz->size -= size;
	return line;
}

char *
fuzz_rest(struct fuzz *fuzz)
{
	char *text = fuzz_text(fuzz->bytes, fuzz->size);

	fuzz->size = 0;
	return text;
}

int
fuzz_file(const void *bytes, size_t size, char out[FUZZ_PATH_SIZE])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	FUZZ_MUST(fd >= 0 && fchmod(fd, 0400) == 0);
	FUZZ_MUST(write(fd, bytes, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	snprintf(out, FUZZ_PATH_SIZE, "/proc/self/fd/%d", fd);
	return fd;
}

/* Of the leak sanitizer, where the build has it. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

void
fuzz_may_leak(void)
{
	if (__lsan_disable != NULL)
		__lsan_disable();
}

void
fuzz_may_not_leak(void)
{
	if (__lsan_enable != NULL)
		__lsan_enable();
}

bool
fuzz_is_utf8(const char *text)
{
	return u8_check((const uint8_t *)text, strlen(text)) == NULL;
}

bool
fuzz_has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}
