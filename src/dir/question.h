/*
 * What we say to a directory, and its answer, with no type of the LDAP library in either. The
 * question owns copies of everything that is put in, and wipes them (hashes go through here).
 */
#ifndef DIR_QUESTION_H
#define DIR_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

enum question_kind {
	QUESTION_NONE, /* nothing to ask: the step is judged at once, without a reply */
	QUESTION_SEARCH,
	QUESTION_ADD,
	QUESTION_MODIFY,
	QUESTION_DELETE,
};
enum question_scope { SCOPE_BASE, SCOPE_ONE, SCOPE_SUBTREE };
enum change_kind { CHANGE_ADD, CHANGE_DELETE, CHANGE_REPLACE };

struct change {
	enum change_kind kind;
	char *attribute;
	char **values; /* ends with NULL; NULL for 'delete the whole attribute' */
};

#define TO_ACCOUNTS 0
#define TO_PERSONNEL(source) (1 + (int)(source)) /* the source's index in the configuration */

struct question {
	enum question_kind kind;
	int directory; /* TO_ACCOUNTS or TO_PERSONNEL(i): the driver knows whom that is */
	char *dn;      /* the search's base, or the entry */
	enum question_scope scope;
	char *filter;
	char **attributes;      /* wanted; ends with NULL; NULL for all user attributes */
	int limit;              /* most entries; 0 is no limit */
	struct change *changes; /* for add: the attributes, all CHANGE_ADD */
	size_t change_count;
	struct question *also; /* to be asked at the same time (dir/gather.h); NULL for none */
};

void question_search(struct question *question, int directory, const char *base,
    enum question_scope scope, const char *filter, const char *const *attributes, int limit);
void question_add(struct question *question, int directory, const char *dn);
void question_modify(struct question *question, int directory, const char *dn);
void question_delete(struct question *question, int directory, const char *dn);
/* One more change; the same attribute and kind as the last one adds a value to it. A NULL or empty
 * value is passed over for CHANGE_ADD, and deletes the whole attribute for CHANGE_DELETE. */
void question_change(
    struct question *question, enum change_kind kind, const char *attribute, const char *value);
/* One more to be asked at the same time: an empty one at the end, to be made by one of the above.
 * The first must have been made before. */
struct question *question_also(struct question *question);
void question_fini(struct question *question); /* those chained to it too */

/* "(attribute=value)", the value escaped (RFC 4515); the caller frees. */
char *filter_equals(const char *attribute, const char *value);
/* "(&…)" or "(|…)" of filters that are freed; ends with NULL. The caller frees the result. */
char *filter_join(char operation, char *first, ...);
/* "attribute=value,base", the value escaped (RFC 4514); the caller frees. */
char *dn_make(const char *attribute, const char *value, const char *base);

/*
 * The one table from a result code to its kind is outcome.c. AWAY, BUSY, NO_BASE and DENIED say
 * nothing of the entry that was asked for: the driver asks again later, and judge never sees them.
 */
enum reply_kind {
	REPLY_DONE,
	REPLY_AWAY,      /* not asked, or the answer was lost: an outcome of a write is unknown */
	REPLY_BUSY,      /* busy, unavailable, time limit: ask again later */
	REPLY_EXISTS,    /* 68: the entry is there already */
	REPLY_NO_ENTRY,  /* 32: the entry is not there, where there is a place for it */
	REPLY_NO_BASE,   /* 32: the place itself is not there, or we may not see it: as DENIED */
	REPLY_NO_VALUE,  /* 16: what a modify wanted to delete is not there */
	REPLY_HAS_VALUE, /* 20 */
	REPLY_LIMIT,     /* 4, 11: more entries than we may see */
	REPLY_INVALID,   /* constraint, schema, syntax, naming: this entry will never do */
	REPLY_DENIED,    /* rights, unwilling, referral, bind refused: an operator must look */
};

struct entry_attribute {
	char *name;
	char **values; /* NUL-terminated copies; ends with NULL */
};
struct entry {
	char *dn;
	struct entry_attribute *attributes;
	size_t attribute_count;
};

struct reply {
	enum reply_kind kind;
	int code; /* the LDAP result code (RFC 4511 appendix A), 0 or negative where there was none
		   */
	char text[160]; /* in words, for the helpdesk: never the server's diagnostics, which quote
			   values */
	struct entry *entries;
	size_t entry_count;
	/* Set by dir/gather.h, which owns the chain: whom it is from, and what else was answered.
	 */
	int directory;
	const struct reply *also;
};

/* The first value, or NULL; attribute names compare without case and options. */
const char *entry_value(const struct entry *entry, const char *attribute);
char *const *entry_values(const struct entry *entry, const char *attribute);         /* or NULL */
bool entry_has(const struct entry *entry, const char *attribute, const char *value); /* no case */
/* The value of the attribute that the entry is named by (its RDN); NULL where it is another. */
const char *entry_named(const struct entry *entry, const char *attribute);
void reply_fini(struct reply *reply);
const char *reply_kind_name(enum reply_kind kind);

#endif
