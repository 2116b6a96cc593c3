#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/state.h"
#include "base/err.h"
#include "base/file.h"
#include "base/keyring.h"
#include "base/secret.h"
#include "base/text.h"

#define RECORD 512 /* a sector */

int
state_open(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0) {
		err_set(err, ERR_BROKEN, "%s: can't open it: %s", path, strerror(errno));
		goto fail;
	}
	if ((status.st_mode & 077) != 0) {
		err_set(err, ERR_BROKEN, "%s: others may read it: chmod 0600 it", path);
		goto fail;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err_set(err, ERR_BROKEN, "%s: another musterd uses this audit log", path);
		goto fail;
	}
	if (file_flush_folder(path) != 0 && errno == EIO) {
		err_set(
		    err, ERR_BROKEN, "%s: its folder can't be flushed: %s", path, strerror(errno));
		goto fail;
	}
	return fd;
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

/* "SEQ FIRST SIZE KEY HASH CHECKSUM\n", the rest spaces. */
static void
state_format(const struct state *state, char record[RECORD])
{
	char key[CHAIN_TEXT], hash[CHAIN_TEXT], sum[KEYRING_HMAC_SIZE];
	int size;

	text_hex(state->chain.key, CHAIN_BYTES, key);
	text_hex(state->chain.hash, CHAIN_BYTES, hash);
	memset(record, ' ', RECORD);
	size =
	    snprintf(record, RECORD, "%020lld %020lld %020lld %s %s ", (long long)state->chain.seq,
		(long long)state->first, (long long)state->size, key, hash);
	keyring_sha256(record, (size_t)size, sum);
	snprintf(record + size, RECORD - (size_t)size, "%s\n", sum);
	secret_wipe(key, sizeof(key));
}

static bool
state_parse(char record[RECORD + 1], struct state *state_out)
{
	long long seq, first, size;
	char key[CHAIN_TEXT], hash[CHAIN_TEXT], sum[KEYRING_HMAC_SIZE], right[KEYRING_HMAC_SIZE];
	int summed = 0;
	bool good;

	record[RECORD] = '\0';
	good = sscanf(record, "%20lld %20lld %20lld %64s %64s %n%64s", &seq, &first, &size, key,
		   hash, &summed, sum) == 6;
	if (good)
		keyring_sha256(record, (size_t)summed, right);
	good = good && strcmp(sum, right) == 0;
	if (good) {
		state_out->chain.seq = seq;
		state_out->first = first;
		state_out->size = size;
		good = text_unhex(key, state_out->chain.key, CHAIN_BYTES) == 0 &&
		       text_unhex(hash, state_out->chain.hash, CHAIN_BYTES) == 0;
	}
	secret_wipe(key, sizeof(key));
	return good;
}

bool
state_read(int fd, struct state *state_out)
{
	char record[RECORD + 1];
	struct state state;
	bool found = false;

	for (int i = 0; i < 2; i++) {
		memset(record, 0, sizeof(record));
		if (pread(fd, record, RECORD, (off_t)i * RECORD) != RECORD ||
		    !state_parse(record, &state))
			continue;
		if (!found || state.chain.seq > state_out->chain.seq)
			*state_out = state;
		found = true;
	}
	secret_wipe(record, sizeof(record));
	secret_wipe(&state, sizeof(state));
	return found;
}

int
state_write(int fd, const struct state *state, bool durable)
{
	char record[RECORD];
	int result = 0;

	state_format(state, record);
	for (int i = 0; i < 2 && result == 0; i++) {
		errno = ENOSPC; /* where it is cut short */
		result = pwrite(fd, record, RECORD, (off_t)i * RECORD) == RECORD ? 0 : -1;
		if (result == 0 && durable)
			result = fdatasync(fd);
	}
	secret_wipe(record, sizeof(record));
	return result;
}
