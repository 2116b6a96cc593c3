/*
 * A disk that fails when it is told to, in front of SQLite's own: counts the flushes of the WAL
 * file (one a transaction), fails them, or is full.
 */
#ifndef TESTS_JOURNAL_FAULT_VFS_H
#define TESTS_JOURNAL_FAULT_VFS_H

#include <stdatomic.h>
#include <stdbool.h>

extern atomic_int fault_wal_syncs;  /* so far */
extern atomic_bool fault_wal_sync;  /* flushes of the WAL file fail */
extern atomic_bool fault_main_sync; /* flushes of the journal itself fail */
extern atomic_bool fault_full;      /* nothing can be written */

void fault_install(void); /* once a process */

#endif
