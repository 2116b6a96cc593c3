/*
 * The CRLs: every file of a folder, in DER or PEM. OpenSSL fetches none; whoever fetches them
 * renames them into the folder, and the folder's state is looked at before each card.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "card/card_internal.h"

#define KEY "certificates.crl_folder"
#define FILES_MOST 4096
#define BYTES_MOST (INT64_C(512) * 1024 * 1024)
#define LISTS_MOST 1000 /* in one file */

#define FNV_START UINT64_C(14695981039346656037) /* FNV-1a, 64 bits */
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t
crl_mix(uint64_t mark, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < size; i++)
		mark = (mark ^ at[i]) * FNV_PRIME;
	return mark;
}

static uint64_t
crl_mark_of(const char *name, const struct stat *state)
{
	uint64_t mark = crl_mix(FNV_START, name, strlen(name));

	mark = crl_mix(mark, &state->st_ino, sizeof(state->st_ino));
	mark = crl_mix(mark, &state->st_size, sizeof(state->st_size));
	mark = crl_mix(mark, &state->st_mtim, sizeof(state->st_mtim));
	return crl_mix(mark, &state->st_ctim, sizeof(state->st_ctim));
}

static bool
crl_counts(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* A sum, for the order of a folder's entries means nothing. */
uint64_t
crl_mark(const char *folder)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	struct stat state;
	uint64_t mark = 0;

	if (entries == NULL)
		return 0;
	if (fstat(dirfd(entries), &state) == 0)
		mark = crl_mark_of("", &state);
	for (int count = 0; count < FILES_MOST && (entry = readdir(entries)) != NULL; count++)
		if (crl_counts(entry) && fstatat(dirfd(entries), entry->d_name, &state, 0) == 0)
			mark += crl_mark_of(entry->d_name, &state);
	closedir(entries);
	return mark;
}

/* A list without an end would be believed for ever. */
static const char *
crl_add(X509_STORE *store, X509_CRL *list)
{
	if (X509_CRL_get0_nextUpdate(list) == NULL)
		return "a CRL in it has no nextUpdate: it is not used";
	X509_STORE_add_crl(store, list);
	return NULL;
}

static const char *
crl_add_pem(X509_STORE *store, BIO *file)
{
	const char *fault = NULL;
	unsigned long error;
	X509_CRL *list;
	int count = 0;

	for (; count < LISTS_MOST; count++) {
		list = PEM_read_bio_X509_CRL(file, NULL, NULL, (void *)(uintptr_t) "");
		if (list == NULL)
			break;
		if (fault == NULL)
			fault = crl_add(store, list);
		X509_CRL_free(list);
	}
	error = ERR_peek_last_error();
	if (fault == NULL && (count == 0 || ERR_GET_REASON(error) != PEM_R_NO_START_LINE))
		fault = "a CRL in it can't be read";
	return fault;
}

static const char *
crl_add_der(X509_STORE *store, BIO *file)
{
	X509_CRL *list = d2i_X509_CRL_bio(file, NULL);
	const char *fault;

	if (list == NULL)
		return "is not a CRL in DER or PEM";
	fault = crl_add(store, list);
	X509_CRL_free(list);
	return fault;
}

static const char *
crl_read_file(int folder, const char *name, X509_STORE *store)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *fault;
	struct stat state;
	char first;
	BIO *file;

	if (fd < 0)
		return strerror(errno);
	if (fstat(fd, &state) != 0 || !S_ISREG(state.st_mode) || state.st_size > BYTES_MOST ||
	    pread(fd, &first, 1, 0) != 1) {
		close(fd);
		return "is no file, is empty, or is too large";
	}
	file = BIO_new_fd(fd, BIO_CLOSE);
	/* DER begins with the tag of a SEQUENCE, 0x30: no text before a PEM block does */
	fault = first == 0x30 ? crl_add_der(store, file) : crl_add_pem(store, file);
	BIO_free(file);
	ERR_clear_error();
	return fault;
}

void
crl_read(const char *folder, X509_STORE *store, card_fault_fn *fault, void *arg)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;
	const char *what;
	int count = 0;

	if (entries == NULL) {
		trust_fault(fault, arg, KEY, "%s: can't read it: %s", folder, strerror(errno));
		return;
	}
	ERR_clear_error();
	for (; count < FILES_MOST && (entry = readdir(entries)) != NULL; count++) {
		what =
		    crl_counts(entry) ? crl_read_file(dirfd(entries), entry->d_name, store) : NULL;
		if (what != NULL)
			trust_fault(fault, arg, KEY, "%s/%s: %s", folder, entry->d_name, what);
	}
	if (count == FILES_MOST)
		trust_fault(fault, arg, KEY, "%s: has too many files: not all are read", folder);
	closedir(entries);
}
