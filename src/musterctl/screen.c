#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "musterctl/screen.h"

#define DRAW_MILLISECONDS 100
#define BAR_MOST 40
#define BAR_LEAST 10
#define BAR_WORDS 60 /* columns for the words beside it */

char *
screen_clean(const char *text, bool keep_lines)
{
	return text == NULL ? mem_text("-") : text_clean(text, keep_lines);
}

void
screen_print(const char *text, FILE *file)
{
	char *clean = screen_clean(text, true);

	fputs(clean, file);
	free(clean);
}

/* Seconds since 1970, -1 where it is no time of the API. */
static time_t
screen_parse_time(const char *rfc3339)
{
	struct tm parts = {0};
	const char *rest = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &parts);

	if (rest == NULL)
		return -1;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return strcmp(rest, "Z") == 0 ? timegm(&parts) : -1;
}

char *
screen_time(const char *rfc3339)
{
	char form[40];
	struct tm parts;
	time_t seconds = rfc3339 != NULL ? screen_parse_time(rfc3339) : -1;
	size_t size;

	if (seconds < 0)
		return screen_clean(rfc3339, false);
	localtime_r(&seconds, &parts);
	size = strftime(form, sizeof(form), "%Y-%m-%d %H:%M:%S%z", &parts);
	/* "+0100" is "+01:00" in RFC 3339. */
	return mem_format("%.*s:%s", (int)size - 2, form, form + size - 2);
}

char *
screen_time_about(const char *rfc3339)
{
	time_t seconds = rfc3339 != NULL ? screen_parse_time(rfc3339) : -1;
	char *form = screen_time(rfc3339), *about, *both;
	int64_t ahead = seconds - clock_wall() / 1000;

	if (seconds < 0)
		return form;
	about = screen_duration(ahead < 0 ? -ahead : ahead);
	both = ahead <= 0 ? mem_format("%s (%s ago)", form, about)
			  : mem_format("%s (in %s)", form, about);
	free(form);
	free(about);
	return both;
}

char *
screen_duration(int64_t seconds)
{
	long long s = seconds;

	if (s < 60)
		return mem_format("%lld s", s);
	if (s < 3600)
		return mem_format("%lld min", s / 60);
	if (s < 86400)
		return mem_format("%lld h %lld min", s / 3600, s / 60 % 60);
	return mem_format("%lld d %lld h", s / 86400, s / 3600 % 24);
}

/* Columns that the text takes, a character one. */
static size_t
screen_width(const char *text)
{
	size_t width = 0;

	for (; *text != '\0'; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

void
table_add(struct table *table, char *cell)
{
	table->cells = mem_grow(table->cells, table->count + 1, sizeof(*table->cells));
	table->cells[table->count++] = cell;
}

void
table_add_text(struct table *table, const char *text)
{
	table_add(table, screen_clean(text, false));
}

static void
table_print_row(char *const *cells, const size_t *widths, size_t columns, FILE *file)
{
	size_t last = columns;

	while (last > 0 && *cells[last - 1] == '\0')
		last--;
	for (size_t i = 0; i < last; i++) {
		size_t gap = i + 1 < last ? widths[i] - screen_width(cells[i]) + 2 : 0;

		fprintf(file, "%s%*s", cells[i], (int)gap, "");
	}
	fputc('\n', file);
}

void
table_print(struct table *table, FILE *file)
{
	size_t *widths = mem_new((table->columns + 1) * sizeof(*widths));

	for (size_t i = 0; i < table->count; i++) {
		size_t width = screen_width(table->cells[i]);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; i + table->columns <= table->count; i += table->columns)
		table_print_row(table->cells + i, widths, table->columns, file);
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	table->cells = NULL;
	table->count = 0;
	free(widths);
}

void
screen_json(const json_t *document, bool line, FILE *file)
{
	size_t flags = JSON_ENSURE_ASCII | JSON_ENCODE_ANY;

	json_dumpf(document, file, flags | (line ? (size_t)JSON_COMPACT : JSON_INDENT(2)));
	fputc('\n', file);
}

const char *
json_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

int64_t
json_number(const json_t *object, const char *name)
{
	return (int64_t)json_integer_value(json_object_get(object, name));
}

static bool
screen_has_bar(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDERR_FILENO) && terminal != NULL && *terminal != '\0' &&
	       strcmp(terminal, "dumb") != 0;
}

static int
screen_bar_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return BAR_MOST;
	if (size.ws_col < BAR_LEAST + BAR_WORDS)
		return 0;
	return size.ws_col - BAR_WORDS < BAR_MOST ? size.ws_col - BAR_WORDS : BAR_MOST;
}

static int64_t bar_drawn; /* clock_boot; 0: there is none on the screen */

void
screen_bar_clear(void)
{
	if (bar_drawn != 0)
		fputs("\r\033[K", stderr);
	bar_drawn = 0;
}

void
screen_bar(int permille, const char *words)
{
	int64_t now = clock_boot();
	int width = screen_bar_width();

	if (!screen_has_bar() || (bar_drawn != 0 && now - bar_drawn < DRAW_MILLISECONDS))
		return;
	bar_drawn = now;
	fputs("\r\033[K", stderr);
	if (permille >= 0 && width > 0) {
		fputc('[', stderr);
		for (int i = 0; i < width; i++)
			fputc(i < permille * width / 1000 ? '#' : '.', stderr);
		fprintf(stderr, "] %3d %%  ", permille / 10);
	}
	fputs(words, stderr);
	fflush(stderr);
}
