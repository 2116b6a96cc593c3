/* Files that the configuration itself is read from. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#include "conf/source.h"

/* Bytes that are not UTF-8 would be found much later, by who makes JSON of a text. */
static bool
is_utf8(const char *text)
{
	static const struct {
		unsigned char low, high, second_low, second_high, more;
	} leads[] = {
	    /* RFC 3629 section 4 */
	    {0x00, 0x7f, 0x80, 0xbf, 0},
	    {0xc2, 0xdf, 0x80, 0xbf, 1},
	    {0xe0, 0xe0, 0xa0, 0xbf, 2},
	    {0xe1, 0xec, 0x80, 0xbf, 2},
	    {0xed, 0xed, 0x80, 0x9f, 2},
	    {0xee, 0xef, 0x80, 0xbf, 2},
	    {0xf0, 0xf0, 0x90, 0xbf, 3},
	    {0xf1, 0xf3, 0x80, 0xbf, 3},
	    {0xf4, 0xf4, 0x80, 0x8f, 3},
	    {0xff, 0xff, 0x00, 0x00, 0},
	};
	const unsigned char *at = (const unsigned char *)text;

	while (*at != '\0') {
		size_t i = 0;

		while (leads[i].low != 0xff && (*at < leads[i].low || *at > leads[i].high))
			i++;
		if (leads[i].low == 0xff)
			return false;
		at++;
		for (int n = 0; n < leads[i].more; n++, at++)
			if (*at < (n == 0 ? leads[i].second_low : 0x80) ||
			    *at > (n == 0 ? leads[i].second_high : 0xbf))
				return false;
	}
	return true;
}

/* O_NONBLOCK, so that a FIFO is refused instead of waited for. */
static int
load_open(const char *path, size_t most, const char **why_out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	*why_out = NULL;
	if (fd < 0 || fstat(fd, &status) != 0)
		*why_out = strerror(errno);
	else if (!S_ISREG(status.st_mode))
		*why_out = "is no regular file";
	else if ((uintmax_t)status.st_size > most)
		*why_out = "is too large";
	if (*why_out == NULL)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int
load_all(int fd, size_t most, struct text *text, const char **why_out)
{
	char piece[16384];
	ssize_t size;

	while ((size = read(fd, piece, sizeof(piece))) > 0) {
		text_add_bytes(text, piece, (size_t)size);
		if (text->size > most) {
			*why_out = "is too large";
			return -1;
		}
	}
	if (size < 0)
		*why_out = strerror(errno);
	else if (text->size > 0 && memchr(text->bytes, '\0', text->size) != NULL)
		*why_out = "holds a NUL byte";
	return *why_out == NULL ? 0 : -1;
}

char *
source_load(const char *path, size_t most, const char **why_out)
{
	struct text text = {0};
	int fd = load_open(path, most, why_out), rc;

	if (fd < 0)
		return NULL;
	rc = load_all(fd, most, &text, why_out);
	close(fd);
	if (rc == 0 && text.bytes != NULL && !is_utf8(text.bytes)) {
		*why_out = "is not UTF-8";
		rc = -1;
	}
	if (rc == 0)
		return text_take(&text);
	text_fini(&text);
	return NULL;
}

char *
source_beside(const char *beside, const char *path)
{
	const char *slash = strrchr(beside, '/');

	if (*path == '/' || slash == NULL)
		return mem_text(path);
	return mem_format("%.*s/%s", (int)(slash - beside), beside, path);
}
