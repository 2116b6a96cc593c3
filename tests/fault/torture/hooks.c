/*
 * SQLite's own allocations. Those of jansson, libevent, libldap and OpenSSL are asked for by our
 * objects (mem_setup_process, dir_setup_process), and so are sites of malloc, calloc and realloc.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "faults.h"

static const struct failure no_memory[] = {{"NULL", 0}, {NULL, 0}};
static struct site malloc_site = {"sqlite-malloc", no_memory, 0, NULL};
static struct site realloc_site = {"sqlite-realloc", no_memory, 0, NULL};
static sqlite3_mem_methods real, mine;

static void *
sqlite_take(int size)
{
	return fault_at(&malloc_site) != NULL ? NULL : real.xMalloc(size);
}

static void *
sqlite_grow(void *old, int size)
{
	return fault_at(&realloc_site) != NULL ? NULL : real.xRealloc(old, size);
}

void
hooks_install(void)
{
	if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
		abort();
	mine = real;
	mine.xMalloc = sqlite_take;
	mine.xRealloc = sqlite_grow;
	/* Without the connections' own stores each small piece is asked for here, too. */
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &mine) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) != SQLITE_OK)
		abort();
}
