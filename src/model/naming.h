/*
 * How accounts are named: the uid from a template over the name, transliterated to ASCII and lower
 * case, so that it is valid as an RFC 5321 local part without quoting and as an LDAP RDN.
 */
#ifndef MODEL_NAMING_H
#define MODEL_NAMING_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct name;

#define NAMING_STEM_MOST 48 /* bytes of a stem; a uid is at most 56 */
#define NAMING_UID_SIZE 64

/*
 * The stem from a template such as "{given}.{mi}.{sn}": {given}, {middle}, {mi} (middle initial),
 * {gi} (given initial), {sn}, and literal [a-z0-9._-]. A part that is missing goes with one
 * separator beside it (no "john..doe"). Names in a script that does not transliterate fall back
 * to "user". -1 with err where the template is wrong.
 */
int naming_stem(
    const char *template, const struct name *name, char out[NAMING_UID_SIZE], struct err *err);
int naming_check_template(const char *template, struct err *err);

/* The n-th uid of a stem: 1 is the stem itself, then "stem2", "stem3", … */
void naming_uid(const char *stem, int64_t n, char out[NAMING_UID_SIZE]);

/* ASCII letters and digits for a UTF-8 text, lower case ("Jürgen" → "juergen" is not guessed:
 * marks are dropped, "Jürgen" → "jurgen"; ß → ss, æ → ae, ø → o, ł → l, þ → th, đ → d). Cyrillic
 * and Greek by table. Caller frees. */
char *naming_ascii(const char *text);

#endif
