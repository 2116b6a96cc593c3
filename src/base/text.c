#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

/* Memory for a text of that size and its NUL, in powers of two so that growing costs little. */
static size_t
text_room(size_t size)
{
	size_t room = 16;

	while (room <= size)
		room *= 2;
	return room;
}

void
text_add_bytes(struct text *text, const void *bytes, size_t size)
{
	if (text->bytes == NULL || text_room(text->size) != text_room(text->size + size))
		text->bytes = mem_grow(text->bytes, text_room(text->size + size), 1);
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
	text->bytes[text->size] = '\0';
}

void
text_add(struct text *text, const char *format, ...)
{
	va_list args;
	char *piece;
	int size;

	va_start(args, format);
	size = vasprintf(&piece, format, args);
	va_end(args);
	if (size < 0)
		err_end("out of memory");
	text_add_bytes(text, piece, (size_t)size);
	mem_free(piece);
}

void
text_fini(struct text *text)
{
	mem_free_text(&text->bytes);
	text->size = 0;
}

char *
text_take(struct text *text)
{
	char *bytes = text->bytes != NULL ? text->bytes : mem_text("");

	text->bytes = NULL;
	text->size = 0;
	return bytes;
}

void
text_hex(const void *bytes, size_t size, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[byte[i] >> 4];
		out[2 * i + 1] = digits[byte[i] & 15];
	}
	out[2 * size] = '\0';
}

static int
text_hex_digit(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

int
text_unhex(const char *text, void *bytes, size_t size)
{
	unsigned char *byte = bytes;

	if (strlen(text) != 2 * size)
		return -1;
	for (size_t i = 0; i < size; i++) {
		int high = text_hex_digit(text[2 * i]), low = text_hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		byte[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

void
text_uuid(int64_t now, char out[UUID_SIZE])
{
	unsigned char id[16];
	char hex[33];

	secret_random(id, sizeof(id));
	for (int i = 0; i < 6; i++)
		id[i] = (unsigned char)(now >> (8 * (5 - i)));
	id[6] = (unsigned char)(0x70 | (id[6] & 0x0f));
	id[8] = (unsigned char)(0x80 | (id[8] & 0x3f));
	text_hex(id, sizeof(id), hex);
	snprintf(out, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
	    hex + 20);
}

bool
text_is_uuid(const char *text)
{
	if (strlen(text) != UUID_SIZE - 1)
		return false;
	for (int i = 0; i < UUID_SIZE - 1; i++) {
		bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (hyphen ? text[i] != '-' : text_hex_digit(text[i]) < 0)
			return false;
	}
	return true;
}

int
text_number(const char *text, int64_t low, int64_t high, int64_t *out)
{
	char *end;
	long long value;

	if (*text != '-' && !isdigit((unsigned char)*text))
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < low || value > high)
		return -1;
	*out = value;
	return 0;
}

bool
text_is_one_of(const char *text, char *const *list)
{
	for (; list != NULL && *list != NULL; list++)
		if (strcmp(text, *list) == 0)
			return true;
	return false;
}

void
text_trim(char *text)
{
	size_t size = strlen(text), tail = 0, needed;
	unsigned char first;

	while (tail < 3 && tail < size && ((unsigned char)text[size - 1 - tail] & 0xc0) == 0x80)
		tail++;
	if (tail == size)
		return;
	first = (unsigned char)text[size - 1 - tail];
	needed = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
	if (tail < needed)
		text[size - 1 - tail] = '\0';
}

/* The code point that the text begins with, and its size; -1 and 1 where it is no UTF-8. */
static int32_t
text_code_point(const char *text, size_t *size_out)
{
	static const int32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)text;
	size_t size = byte[0] < 0x80 ? 1 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : 4;
	int32_t point = size == 1 ? byte[0] : byte[0] & (0x7f >> size);

	*size_out = 1;
	if (byte[0] >= 0x80 && (byte[0] < 0xc2 || byte[0] > 0xf4))
		return -1;
	for (size_t i = 1; i < size; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			return -1;
		point = point << 6 | (byte[i] & 0x3f);
	}
	if (point < least[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return -1;
	*size_out = size;
	return point;
}

static bool
text_is_harmless(int32_t point)
{
	if (point < 0x20 || (point >= 0x7f && point < 0xa0))
		return false;
	if (point == 0x61c || (point >= 0x200b && point <= 0x200f) || point == 0xfeff)
		return false;
	return !(point >= 0x2028 && point <= 0x202e) && !(point >= 0x2060 && point <= 0x206f);
}

char *
text_clean(const char *text, bool keep_lines)
{
	struct text clean = {NULL, 0};
	size_t size;

	for (; *text != '\0'; text += size) {
		int32_t point = text_code_point(text, &size);

		if (text_is_harmless(point) || (keep_lines && (point == '\n' || point == '\t')))
			text_add_bytes(&clean, text, size);
		else
			text_add_bytes(&clean, "?", 1);
	}
	return text_take(&clean);
}
