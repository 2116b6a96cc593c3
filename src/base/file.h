/*
 * Files that are there whole or not at all, whenever the power goes: write under another name,
 * flush, link to the name, flush the folder. And files that are nobody else's to read.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

struct err;

/* A new file of mode 0600, made as a draft beside its place: fill writes it (by the descriptor or
 * by the draft's name) and returns 0. Not in a folder into which everybody may write. */
typedef int file_fill_fn(int fd, const char *draft, void *arg, struct err *err);
int file_make(const char *path, file_fill_fn *fill, void *arg, struct err *err);

/* Opens a file with a key in it; -1 where it is no regular file, or others may read it. */
int file_open_private(const char *path, struct err *err);

int file_open_folder(const char *path); /* that path is in; -1 with errno */
/* The names in path's folder are as durable as the bytes only after this; -1 with errno. */
int file_flush_folder(const char *path);

#endif
