/*
 * Errors: what went wrong, in words, and what kind of thing to do about it.
 * The text is for people; it never holds a secret or what a client sent.
 * Functions that can fail return -1 with a struct err filled in.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_kind {
	ERR_NONE,
	ERR_INPUT,   /* the caller's input is wrong: tell the client */
	ERR_REFUSED, /* final: the answer is no */
	ERR_BUSY,    /* try again later */
	ERR_BROKEN,  /* an operator must look */
};

struct err {
	enum err_kind kind;
	char text[500];
};

/* Fills err (which may be NULL) and returns -1, so that 'return err_set(…)' ends a function. */
int err_set(struct err *err, enum err_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts 'prefix: ' before the text that is there; returns -1. */
int err_prefix(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);

/*
 * Ends the process at once, and says why on stderr: for what can't be gone on from, above all
 * memory used up. What is acknowledged is in the journal, and a start takes milliseconds.
 */
void err_end(const char *why) __attribute__((noreturn));

const char *err_kind_name(enum err_kind kind);

#endif
