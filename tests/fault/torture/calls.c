/*
 * What our objects call in libraries, and the memory that they take, each as a site: the linker
 * turns their calls to NAME to __wrap_NAME here (--wrap; local.mk takes the names from this file).
 * WRAP: result, name, parameters, arguments, what a failed call gives, how it may fail.
 */
#include <crypt.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <ldap.h>
#include <libconfig.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "faults.h"

#define WRAP(type, name, parameters, arguments, failed, ...) \
	type __real_##name parameters; \
	type __wrap_##name parameters; \
	type __wrap_##name parameters \
	{ \
		static const struct failure failures[] = {__VA_ARGS__, {NULL, 0}}; \
		static struct site site = {#name, failures, 0, NULL}; \
		const struct failure *failure = fault_at(&site); \
\
		return failure == NULL ? __real_##name arguments : (failed); \
	}

#define NO_MEMORY \
	{ \
		"NULL", ENOMEM \
	}
#define GIVES(value) (errno = failure->code, (value))

/* clang-format off */
WRAP(void *, malloc, (size_t size), (size), GIVES(NULL), NO_MEMORY)
WRAP(void *, calloc, (size_t count, size_t size), (count, size), GIVES(NULL), NO_MEMORY)
WRAP(void *, realloc, (void *old, size_t size), (old, size), GIVES(NULL), NO_MEMORY)
WRAP(char *, strdup, (const char *text), (text), GIVES(NULL), NO_MEMORY)
WRAP(char *, strndup, (const char *text, size_t size), (text, size), GIVES(NULL), NO_MEMORY)
WRAP(int, vasprintf, (char **text, const char *format, va_list list), (text, format, list),
    GIVES(-1), NO_MEMORY)

WRAP(FILE *, fopen, (const char *path, const char *mode), (path, mode), GIVES(NULL),
    {"EMFILE", EMFILE}, {"EIO", EIO}, NO_MEMORY)
WRAP(int, pthread_create, (pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *),
    void *arg), (thread, how, run, arg), failure->code, {"EAGAIN", EAGAIN})
WRAP(char *, crypt_gensalt_rn, (const char *prefix, unsigned long cost, const char *bytes,
    int count, char *out, int size), (prefix, cost, bytes, count, out, size), GIVES(NULL),
    {"NULL", EINVAL})
WRAP(char *, crypt_rn, (const char *phrase, const char *setting, void *room, int size),
    (phrase, setting, room, size), GIVES(NULL), NO_MEMORY)

WRAP(uint8_t *, u8_normalize, (uninorm_t form, const uint8_t *text, size_t size, uint8_t *out,
    size_t *size_out), (form, text, size, out, size_out), GIVES(NULL), NO_MEMORY)
WRAP(uint8_t *, u8_casefold, (const uint8_t *text, size_t size, const char *language,
    uninorm_t form, uint8_t *out, size_t *size_out), (text, size, language, form, out, size_out),
    GIVES(NULL), NO_MEMORY)
WRAP(uint8_t *, u8_totitle, (const uint8_t *text, size_t size, const char *language,
    uninorm_t form, uint8_t *out, size_t *size_out), (text, size, language, form, out, size_out),
    GIVES(NULL), NO_MEMORY)
WRAP(uint32_t *, u8_to_u32, (const uint8_t *text, size_t size, uint32_t *out, size_t *size_out),
    (text, size, out, size_out), GIVES(NULL), NO_MEMORY)
WRAP(uint32_t *, u32_casefold, (const uint32_t *text, size_t size, const char *language,
    uninorm_t form, uint32_t *out, size_t *size_out), (text, size, language, form, out, size_out),
    GIVES(NULL), NO_MEMORY)
WRAP(uint8_t *, u32_to_u8, (const uint32_t *text, size_t size, uint8_t *out, size_t *size_out),
    (text, size, out, size_out), GIVES(NULL), NO_MEMORY)

WRAP(int, RAND_bytes, (unsigned char *bytes, int size), (bytes, size), 0, {"0", 0})
WRAP(unsigned char *, HMAC, (const EVP_MD *kind, const void *key, int key_size,
    const unsigned char *bytes, size_t size, unsigned char *out, unsigned int *size_out),
    (kind, key, key_size, bytes, size, out, size_out), NULL, {"NULL", 0})
WRAP(int, EVP_Digest, (const void *bytes, size_t size, unsigned char *out, unsigned int *size_out,
    const EVP_MD *kind, ENGINE *engine), (bytes, size, out, size_out, kind, engine), 0, {"0", 0})
WRAP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), (), NULL, {"NULL", 0})
WRAP(int, EVP_EncryptInit_ex, (EVP_CIPHER_CTX *cipher, const EVP_CIPHER *kind, ENGINE *engine,
    const unsigned char *key, const unsigned char *nonce), (cipher, kind, engine, key, nonce),
    0, {"0", 0})
WRAP(int, EVP_DecryptInit_ex, (EVP_CIPHER_CTX *cipher, const EVP_CIPHER *kind, ENGINE *engine,
    const unsigned char *key, const unsigned char *nonce), (cipher, kind, engine, key, nonce),
    0, {"0", 0})
WRAP(EVP_KDF *, EVP_KDF_fetch, (OSSL_LIB_CTX *library, const char *name, const char *properties),
    (library, name, properties), NULL, {"NULL", 0})
WRAP(EVP_KDF_CTX *, EVP_KDF_CTX_new, (EVP_KDF *kdf), (kdf), NULL, {"NULL", 0})
WRAP(int, EVP_KDF_derive, (EVP_KDF_CTX *context, unsigned char *out, size_t size,
    const OSSL_PARAM parameters[]), (context, out, size, parameters), 0, {"0", 0})
WRAP(void *, CRYPTO_secure_zalloc, (size_t size, const char *file, int line), (size, file, line),
    NULL, {"NULL", 0})

WRAP(int, config_read_string, (config_t *config, const char *text), (config, text), CONFIG_FALSE,
    {"FALSE", 0})
WRAP(struct event_base *, event_base_new, (void), (), NULL, {"NULL", 0})
WRAP(struct event *, event_new, (struct event_base *base, evutil_socket_t fd, short events,
    event_callback_fn call, void *arg), (base, fd, events, call, arg), NULL, {"NULL", 0})
WRAP(int, event_add, (struct event *event, const struct timeval *wait), (event, wait), -1,
    {"-1", 0})
WRAP(struct evhttp *, evhttp_new, (struct event_base *base), (base), NULL, {"NULL", 0})
WRAP(int, evhttp_add_header, (struct evkeyvalq *list, const char *name, const char *value),
    (list, name, value), -1, {"-1", 0})
WRAP(struct evhttp_bound_socket *, evhttp_bind_listener, (struct evhttp *http,
    struct evconnlistener *listener), (http, listener), NULL, {"NULL", 0})

/* A write that is 'lost' was sent, and its answer is not to be had: the connection is gone. */
#define DOWN {"DOWN", LDAP_SERVER_DOWN}
#define LDAP_FAILURES DOWN, {"NO_MEMORY", LDAP_NO_MEMORY}, {"BUSY", LDAP_BUSY}
WRAP(int, ldap_initialize, (LDAP **handle, const char *uri), (handle, uri), failure->code,
    {"NO_MEMORY", LDAP_NO_MEMORY})
WRAP(int, ldap_set_option, (LDAP *handle, int option, const void *value), (handle, option, value),
    failure->code, {"ERROR", LDAP_OPT_ERROR})
WRAP(int, ldap_get_option, (LDAP *handle, int option, void *value), (handle, option, value),
    failure->code, {"ERROR", LDAP_OPT_ERROR})
WRAP(int, ldap_sasl_bind_s, (LDAP *handle, const char *dn, const char *mechanism,
    struct berval *credentials, LDAPControl **ours, LDAPControl **theirs, struct berval **answer),
    (handle, dn, mechanism, credentials, ours, theirs, answer), failure->code,
    DOWN, {"TIMEOUT", LDAP_TIMEOUT}, {"NO_MEMORY", LDAP_NO_MEMORY}, {"BUSY", LDAP_BUSY})
WRAP(int, ldap_search_ext, (LDAP *handle, const char *base, int scope, const char *filter,
    char **attributes, int names_only, LDAPControl **ours, LDAPControl **theirs,
    struct timeval *limit, int most, int *msgid), (handle, base, scope, filter, attributes,
    names_only, ours, theirs, limit, most, msgid), failure->code, LDAP_FAILURES)
WRAP(int, ldap_add_ext, (LDAP *handle, const char *dn, LDAPMod **changes, LDAPControl **ours,
    LDAPControl **theirs, int *msgid), (handle, dn, changes, ours, theirs, msgid),
    failure->code != 0 ? failure->code
    : (__real_ldap_add_ext(handle, dn, changes, ours, theirs, msgid), LDAP_SERVER_DOWN),
    LDAP_FAILURES, {"lost", 0})
WRAP(int, ldap_modify_ext, (LDAP *handle, const char *dn, LDAPMod **changes, LDAPControl **ours,
    LDAPControl **theirs, int *msgid), (handle, dn, changes, ours, theirs, msgid),
    failure->code != 0 ? failure->code
    : (__real_ldap_modify_ext(handle, dn, changes, ours, theirs, msgid), LDAP_SERVER_DOWN),
    LDAP_FAILURES, {"lost", 0})
WRAP(int, ldap_delete_ext, (LDAP *handle, const char *dn, LDAPControl **ours,
    LDAPControl **theirs, int *msgid), (handle, dn, ours, theirs, msgid),
    failure->code != 0 ? failure->code
    : (__real_ldap_delete_ext(handle, dn, ours, theirs, msgid), LDAP_SERVER_DOWN),
    LDAP_FAILURES, {"lost", 0})
WRAP(int, ldap_parse_result, (LDAP *handle, LDAPMessage *message, int *code, char **dn,
    char **text, char ***referrals, LDAPControl ***controls, int free_it), (handle, message, code,
    dn, text, referrals, controls, free_it), failure->code, {"NO_MEMORY", LDAP_NO_MEMORY},
    {"DECODING", LDAP_DECODING_ERROR})
WRAP(int, ldap_get_dn_ber, (LDAP *handle, LDAPMessage *message, BerElement **place,
    struct berval *dn), (handle, message, place, dn), failure->code,
    {"DECODING", LDAP_DECODING_ERROR})
WRAP(int, ldap_get_attribute_ber, (LDAP *handle, LDAPMessage *message, BerElement *place,
    struct berval *name, struct berval **values), (handle, message, place, name, values),
    failure->code, {"DECODING", LDAP_DECODING_ERROR})
WRAP(int, ldap_bv2escaped_filter_value, (struct berval *plain, struct berval *escaped),
    (plain, escaped), -1, {"-1", 0})
WRAP(int, ldap_dn2bv, (LDAPDN name, struct berval *text, unsigned flags), (name, text, flags),
    failure->code, {"NO_MEMORY", LDAP_NO_MEMORY})

#define IO_ERROR {"IOERR", SQLITE_IOERR}
#define NOMEM {"NOMEM", SQLITE_NOMEM}
WRAP(int, sqlite3_exec, (sqlite3 *database, const char *text, int (*row)(void *, int, char **,
    char **), void *arg, char **words), (database, text, row, arg, words), failure->code,
    NOMEM, IO_ERROR, {"BUSY", SQLITE_BUSY}, {"FULL", SQLITE_FULL})
WRAP(int, sqlite3_prepare_v2, (sqlite3 *database, const char *text, int size,
    sqlite3_stmt **statement, const char **tail), (database, text, size, statement, tail),
    (*statement = NULL, failure->code), NOMEM, IO_ERROR, {"BUSY", SQLITE_BUSY})
WRAP(int, sqlite3_prepare_v3, (sqlite3 *database, const char *text, int size, unsigned flags,
    sqlite3_stmt **statement, const char **tail), (database, text, size, flags, statement, tail),
    (*statement = NULL, failure->code), NOMEM, IO_ERROR, {"BUSY", SQLITE_BUSY})
WRAP(int, sqlite3_bind_text, (sqlite3_stmt *statement, int number, const char *text, int size,
    void (*give)(void *)), (statement, number, text, size, give), failure->code, NOMEM)
WRAP(int, sqlite3_bind_blob64, (sqlite3_stmt *statement, int number, const void *bytes,
    sqlite3_uint64 size, void (*give)(void *)), (statement, number, bytes, size, give),
    failure->code, NOMEM)
WRAP(const unsigned char *, sqlite3_column_text, (sqlite3_stmt *statement, int column),
    (statement, column), NULL, {"NULL", 0})
WRAP(const void *, sqlite3_column_blob, (sqlite3_stmt *statement, int column),
    (statement, column), NULL, {"NULL", 0})
WRAP(char *, sqlite3_mprintf, (const char *format, const char *one), (format, one), NULL,
    {"NULL", 0})
WRAP(int, sqlite3_wal_checkpoint_v2, (sqlite3 *database, const char *name, int mode, int *size,
    int *moved), (database, name, mode, size, moved), failure->code, NOMEM, IO_ERROR,
    {"BUSY", SQLITE_BUSY}, {"FULL", SQLITE_FULL}, {"FSYNC", SQLITE_IOERR_FSYNC})
/* clang-format on */

int __real_sqlite3_open_v2(const char *path, sqlite3 **database, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **database, int flags, const char *vfs);
int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);
int __real_sqlite3_reset(sqlite3_stmt *statement);
int __wrap_sqlite3_reset(sqlite3_stmt *statement);
int __real_ldap_result(LDAP *handle, int id, int all, struct timeval *wait, LDAPMessage **message);
int __wrap_ldap_result(LDAP *handle, int id, int all, struct timeval *wait, LDAPMessage **message);

int
__wrap_sqlite3_open_v2(const char *path, sqlite3 **database, int flags, const char *vfs)
{
	static const struct failure failures[] = {
	    NOMEM, {"CANTOPEN", SQLITE_CANTOPEN}, {"IOERR", SQLITE_IOERR}, {NULL, 0}};
	static struct site site = {"sqlite3_open_v2", failures, 0, NULL};
	const struct failure *failure = fault_at(&site);

	if (failure == NULL)
		return __real_sqlite3_open_v2(path, database, flags, vfs);
	*database = NULL;
	return failure->code;
}

/* sqlite3_reset says again how the last step ended. */
static _Thread_local sqlite3_stmt *failed_statement;
static _Thread_local int failed_code;

int
__wrap_sqlite3_step(sqlite3_stmt *statement)
{
	static const struct failure failures[] = {NOMEM, {"IOERR", SQLITE_IOERR},
	    {"BUSY", SQLITE_BUSY}, {"FULL", SQLITE_FULL}, {"FSYNC", SQLITE_IOERR_FSYNC}, {NULL, 0}};
	static struct site site = {"sqlite3_step", failures, 0, NULL};
	const struct failure *failure = fault_at(&site);

	if (failure == NULL)
		return __real_sqlite3_step(statement);
	failed_statement = statement;
	failed_code = failure->code;
	return failure->code;
}

int
__wrap_sqlite3_reset(sqlite3_stmt *statement)
{
	int code = __real_sqlite3_reset(statement);

	if (statement == NULL || statement != failed_statement)
		return code;
	failed_statement = NULL;
	return failed_code;
}

int
__wrap_ldap_result(LDAP *handle, int id, int all, struct timeval *wait, LDAPMessage **message)
{
	static const struct failure failures[] = {DOWN, {"lost", 0}, {NULL, 0}};
	static struct site site = {"ldap_result", failures, 0, NULL};
	const struct failure *failure = fault_at(&site);

	if (failure != NULL && failure->code != 0)
		return -1;
	if (failure != NULL) {
		if (__real_ldap_result(handle, id, all, wait, message) > 0)
			ldap_msgfree(*message);
		return -1;
	}
	return __real_ldap_result(handle, id, all, wait, message);
}
