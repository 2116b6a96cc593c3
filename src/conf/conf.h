/*
 * The configuration as one constant struct, read by libconfig from a table of rows (rows.c: name,
 * type, range, default, help). The manual page, the annotated example and 'musterctl config' come
 * from the same rows. A folder is handed its own sub-struct and keeps no pointer into it across
 * turns of the loop: a reload replaces the whole.
 *
 * Times are milliseconds here, whatever unit the file uses. Lists end with their count.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct err;

/* How to reach one directory: used by personnel sources and by the account directory. */
struct conf_directory {
	char **uris;     /* ldap://, ldaps://, ldapi://; tried in turn; ends with NULL */
	int bind_method; /* enum conf_bind */
	char *bind_dn;
	char *bind_password_file;
	bool start_tls;
	char *ca_file, *certificate_file, *key_file; /* "" where none */
	int connections;                             /* 1 to 8 */
	int window; /* operations in flight a connection: 16 for writes, 64 for searches */
	int64_t connect_timeout; /* name look-up, connect, TLS and bind together */
	int64_t operation_timeout;
	int64_t retry_min, retry_max; /* the back-off of reconnecting */
};
enum conf_bind { CONF_BIND_SIMPLE, CONF_BIND_EXTERNAL, CONF_BIND_ANONYMOUS };

struct conf_listen {
	char *address; /* an IP address, or the path of a unix socket */
	int port;
	char *certificate_file, *key_file; /* "": plain HTTP, on loopback or a unix socket alone */
	char *client_ca_file;              /* "": no client is asked for a certificate */
	char *admin_socket;
};

enum conf_right {
	CONF_RIGHT_REGISTER = 1,
	CONF_RIGHT_IDENTITY_CHECK = 2,
	CONF_RIGHT_STATUS = 4,
	CONF_RIGHT_CANCEL = 8,
	CONF_RIGHT_RESET = 16,
	CONF_RIGHT_ASSERT_CERTIFICATE = 32,
};
struct conf_portal {
	char *name;
	/* hexadecimal; "" where it has none, but never both */
	char *token_sha256, *key_sha256;
	unsigned rights;                 /* of enum conf_right */
	int rate, burst;                 /* requests a second; 0: any number */
	int failure_rate, failure_burst; /* failed proofs a minute; 0: any number */
};

/* Which attribute of a personnel entry holds what; "" where the directory has none. */
struct conf_attributes {
	char *identifier, *birth_date, *pay_entry_base_date;
	char *given_name, *middle_name, *family_name, *suffix;
	char *edipi, *category, *status, *o, *ou, *title;
};

/* A value of the category attribute that makes a category, where the condition holds too. */
struct conf_category_rule {
	char *value, *category;
	char *where_attribute; /* "" where there is no condition */
	char **where_values;   /* one of these */
};

struct conf_personnel {
	char *name;
	struct conf_directory directory;
	char *base;
	char *filter;  /* and-ed with the identifier's: (objectClass=musterPersonnelRecord) */
	bool subtree;  /* the whole subtree, or the entries directly under the base */
	bool hyphens;  /* identifiers are written 123-45-6789 */
	int date_form; /* enum date_form of the model: iso, compact, generalized, any */
	struct conf_attributes attributes;
	char **current_values; /* of the status attribute; empty: every record is current */
	struct conf_category_rule *rules; /* none: the values are the categories' ids themselves */
	size_t rule_count;
};

struct conf_accounts {
	struct conf_directory directory;
	char *base, *claims_base;
	char *uid_template; /* "{given}.{mi}.{sn}" */
	char *mail_domain;
	char *organization;   /* 'o' where neither record nor request says; "" for none */
	char **reserved_uids; /* ends with NULL; NULL for none */
};

enum conf_proof { CONF_PROOF_ALL_RECORDED, CONF_PROOF_ANY_DATE };
struct conf_category {
	char *id, *label;
	char *persona;            /* "civ": john.q.doe.civ@…; "" for none */
	int precedence;           /* the lower the number the higher */
	int proof;                /* enum conf_proof */
	int64_t activation_delay; /* -1: activation.delay */
	bool card_waives_pebd;    /* a smart card stands in for a pay entry base date */
};

struct conf_identity {
	char *key_file;        /* for keyed hashes of identifiers: never rotated */
	int64_t refusal_delay; /* refusals are answered on this beat, whatever the reason */
	int64_t answer_wait;   /* how long a POST waits for the verdict, at most */
	/* The attempt budget; 0 failures turn a limit off. */
	int failures_in_row, failures_ever; /* of one identifier */
	int64_t lock;                       /* after failures_in_row */
	int spray_failures;                 /* of one set of dates and family name */
	int64_t spray_window;
};

struct conf_password {
	int min_length, max_length;
	bool may_hold_name;
	char *blocklist_file; /* "" for none */
	char *scheme;         /* yescrypt, bcrypt, sha512crypt */
	int cost;
	int threads; /* 0: as many as cores */
	int queue;
};

struct conf_question {
	char *id, *text;
};
struct conf_questions {
	int count; /* 0 turns them off */
	bool own;
	int answer_min, answer_max;
	struct conf_question *pool;
	size_t pool_count;
};

struct conf_activation {
	int64_t delay, late_after, escalate_after;
	bool trust_clock;
};

enum conf_ocsp { CONF_OCSP_OFF, CONF_OCSP_REQUIRE };
struct conf_certificates {
	char *roots_file;         /* "": no smart card is accepted */
	char *intermediates_file; /* "" where none */
	char *crl_folder;
	char **policies; /* OIDs; empty: any */
	char *upn_suffix;
	int ocsp; /* enum conf_ocsp */
	char *ocsp_url;
	int64_t ocsp_timeout;
};

struct conf_journal {
	char *engine; /* sqlite */
	char *path;
	char *key_file;
	int batch; /* most registrations in one transaction */
};

struct conf_audit {
	/* A path that is not absolute starts at the journal's folder; resolved by conf_read. */
	char *path; /* "": no audit log */
	char *key_file, *sign_file;
	int64_t head_every;
};

struct conf_log {
	int level;  /* enum log_level */
	int format; /* enum log_format */
};

struct conf_limits {
	int body_bytes, header_bytes, connections, in_flight;
	int64_t handshake_timeout, request_timeout;
	/* Of all portals together, as in conf_portal; strangers have no known credential. */
	int rate, burst, failure_rate, failure_burst;
	int stranger_rate, stranger_burst; /* a minute */
};

enum conf_confine_mode {
	CONF_CONFINE_AUTO, /* where it can be had */
	CONF_CONFINE_OFF,
	CONF_CONFINE_REQUIRE,
	CONF_CONFINE_LOG, /* of seccomp alone */
};
struct conf_confine {
	char *user;            /* "" for whoever started it */
	int landlock, seccomp; /* enum conf_confine_mode */
};

struct conf_agreement {
	char *version, *text;
};

struct conf_helpdesk {
	char *phone, *url;
};

struct conf {
	struct conf_listen listen;
	struct conf_portal *portals;
	size_t portal_count;
	struct conf_personnel *personnel;
	size_t personnel_count;
	struct conf_accounts accounts;
	struct conf_category *categories;
	size_t category_count;
	struct conf_identity identity;
	struct conf_password password;
	struct conf_questions security_questions;
	struct conf_activation activation;
	struct conf_certificates certificates;
	struct conf_journal journal;
	struct conf_audit audit;
	struct conf_log log;
	struct conf_limits limits;
	struct conf_confine confine;
	struct conf_agreement agreement;
	struct conf_helpdesk helpdesk;
	char *
	    *blocklist; /* read from password.blocklist_file: case-folded, sorted; ends with NULL */
	size_t blocklist_count;
	char **files; /* that all this was read from; ends with NULL */
};

/* Every fault found, one a line, each with file, line and key. */
struct conf_faults {
	char **lines; /* ends with NULL */
	size_t count;
};
void conf_faults_fini(struct conf_faults *faults);

/* NULL with at least one fault where the file can't be used; the caller frees. Reads no other file
 * than the configuration, what it includes, and the blocklist. */
struct conf *conf_read(const char *path, struct conf_faults *faults);
void conf_free(struct conf **conf);

/* A copy of one directory's part, which outlives a reload; the caller frees. */
struct conf_directory *conf_directory_copy(const struct conf_directory *directory);
void conf_directory_free(struct conf_directory **directory);

/* Whether a running daemon can go over from old to new: the first difference in a row that only a
 * restart can change is said in err. */
int conf_check_reload(const struct conf *old, const struct conf *new, struct err *err);

#define CONF_PRINT_HELP 1 /* each key with its meaning, range and default before it */
#define CONF_PRINT_MASK 2 /* secrets as *** */
void conf_print(const struct conf *conf, FILE *file, unsigned flags);
/* The rows as the OPTIONS part of musterd.conf(5), in mdoc. */
void conf_print_manual(FILE *file);

const struct conf_category *conf_category_find(const struct conf *conf, const char *id);

#endif
