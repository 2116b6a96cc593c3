/*
 * Files that are there whole or not at all, whenever the power goes: write under another name,
 * flush, link to the name, flush the folder. And files that hold secrets.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>

struct err;

/* A new file of mode 0600, made as a draft beside its place: fill writes it (by the descriptor or
 * by the draft's name) and returns 0. Not in a folder into which everybody may write. */
typedef int file_fill_fn(int fd, const char *draft, void *arg, struct err *err);
int file_make(const char *path, file_fill_fn *fill, void *arg, struct err *err);

int file_open_folder(const char *path); /* that path is in; -1 with errno */
/* The names in path's folder are as durable as the bytes only after this; -1 with errno. */
int file_flush_folder(const char *path);

/*
 * Files that hold secrets. A name without a slash is a credential's: it is looked for in
 * $CREDENTIALS_DIRECTORY, where systemd's LoadCredential= puts it.
 */
bool file_is_credential(const char *name);
/* Where it is, the caller's to free; NULL with err where there are no credentials. */
char *file_secret_path(const char *name, struct err *err);
/*
 * A descriptor to read it by, with its path in path_out (may be NULL); -1 with err where it can't
 * be had: also where it is no plain file, is neither ours nor root's, or others have any right to
 * it.
 */
int file_open_secret(const char *name, char **path_out, struct err *err);

#endif
