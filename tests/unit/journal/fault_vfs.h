/*
 * A disk that fails when it is told to, in front of SQLite's own: counts the flushes of the WAL
 * file (one a transaction), fails them, fails writes and reads, or is full.
 */
#ifndef TESTS_JOURNAL_FAULT_VFS_H
#define TESTS_JOURNAL_FAULT_VFS_H

#include <stdatomic.h>
#include <stdbool.h>

extern atomic_int fault_wal_syncs;   /* so far */
extern atomic_bool fault_wal_sync;   /* flushes of the WAL file fail */
extern atomic_bool fault_main_sync;  /* flushes of the journal itself fail */
extern atomic_bool fault_full;       /* nothing can be written */
extern atomic_int fault_write_errno; /* each write fails with it; 0: none does */
extern atomic_int fault_reads_left;  /* reads that succeed before all fail; below 0: none fails */

void fault_install(void); /* once a process */

#endif
