/*
 * The entries of the fake directory: what a server does with a question, at once and whole.
 * Containers are taken to exist: neither an add nor a search below a base asks for them.
 */
#ifndef FAKE_TREE_H
#define FAKE_TREE_H

#include <stddef.h>

#include "dir/question.h"

struct tree_node;
struct tree_key;

struct tree {
	struct tree_node *first, *last; /* in the order of their adding */
	struct tree_node **by_dn;
	struct tree_key **by_value; /* of the attributes that are indexed */
	unsigned serial;
};

/* Carries the question out; returns the LDAP result code, and adds what it found to the reply. */
int tree_ask(struct tree *tree, const struct question *question, struct reply *reply);
struct entry *tree_find(const struct tree *tree, const char *dn); /* or NULL */
/* A new entry, or the one that is there. After it was changed by hand: tree_index. */
struct entry *tree_put(struct tree *tree, const char *dn);
void tree_index(struct tree *tree, struct entry *entry);
void tree_remove(struct tree *tree, const char *dn);
void tree_fini(struct tree *tree);

/* value NULL takes the whole attribute away; -1 where add finds the value there already, or
 * delete does not find it. */
int tree_entry_add(struct entry *entry, const char *attribute, const char *value);
int tree_entry_delete(struct entry *entry, const char *attribute, const char *value);

#endif
