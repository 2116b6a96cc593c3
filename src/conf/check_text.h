/*
 * Checks of one text each, for the rows. -1 with what it must be in err, never what it was: some
 * texts are secret.
 */
#ifndef CONF_CHECK_TEXT_H
#define CONF_CHECK_TEXT_H

#include <stdbool.h>

struct err;

typedef int check_text_fn(const char *text, struct err *err);

check_text_fn check_address;   /* an IP address, or the path of a socket */
check_text_fn check_socket;    /* an absolute path that fits sockaddr_un */
check_text_fn check_path;      /* an absolute path, or nothing */
check_text_fn check_id;        /* [a-z0-9][a-z0-9-]* */
check_text_fn check_persona;   /* the same, or nothing */
check_text_fn check_source;    /* [A-Za-z0-9][A-Za-z0-9_-]* */
check_text_fn check_sha256;    /* 64 hexadecimal digits, or nothing */
check_text_fn check_uri;       /* ldap://, ldaps://, ldapi:// */
check_text_fn check_dn;        /* looks like a DN */
check_text_fn check_filter;    /* a filter in parentheses that match */
check_text_fn check_attribute; /* an attribute description, or nothing */
check_text_fn check_template;  /* the uid template */
check_text_fn check_domain;    /* a mail domain */
check_text_fn check_url;       /* http:// or https://, or nothing */
check_text_fn check_http;      /* http://HOST…, or nothing */
check_text_fn check_oid;       /* 2.16.840.… */

bool check_is_loopback(const char *address);

/* Whether an LDAP URI reaches another machine in the clear (ldap:// to a host that is not known
 * to be this one). */
bool check_uri_is_open(const char *uri);
bool check_uri_is(const char *uri, const char *scheme);

#endif
