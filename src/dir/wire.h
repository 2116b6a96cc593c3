/*
 * Between our types and the LDAP library's: a question becomes a request, a message an entry.
 */
#ifndef DIR_WIRE_H
#define DIR_WIRE_H

#include <stddef.h>
#include <stdint.h>

struct ldap;
struct ldapmsg;
struct question;
struct reply;

/* An LDAP code: 0 sent (or held by the library until the socket takes it), 51 not sent because it
 * holds another, else not sent. timeout in milliseconds is what a search may take in the server. */
int wire_send(
    struct ldap *handle, const struct question *question, int64_t timeout, int *msgid_out);
/* The LDAP code: other than 0 where the entry can't be read to its end; then the answer is none. */
int wire_add_entry(struct ldap *handle, struct ldapmsg *message, struct reply *reply);
/* How many names (RDNs) a DN has; 0 where it is none. */
size_t wire_names(const char *dn);
/* The result code within the last message of an answer; negative where it can't be read. Where
 * there is no such object, matched_out is how many names of its DN were found, from the right. */
int wire_result(struct ldap *handle, struct ldapmsg *message, size_t *matched_out);

#endif
