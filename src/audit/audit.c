#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit_internal.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/secret.h"

#define BARE_MOST 1000  /* lines that no head covers */
#define CLOCK_STEP 2000 /* milliseconds that the wall clock may jump without a word */

void
audit_say(const struct audit *audit, bool is_trouble, const char *format, ...)
{
	char words[400];
	va_list args;

	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	audit->notice(is_trouble, words, audit->arg);
}

/* ---- one line ---- */

/* Whole or not at all: half a line would be taken for a torn one. */
static int
audit_put(struct audit *audit, const char *line, size_t size)
{
	ssize_t put = write(audit->fd, line, size);
	int reason = put < 0 ? errno : ENOSPC;

	if (put == (ssize_t)size)
		return 0;
	if (put > 0 && ftruncate(audit->fd, audit->size) != 0)
		audit_say(audit, true, "half a line can't be taken back: %s", strerror(errno));
	errno = reason;
	return -1;
}

int
audit_append(struct audit *audit, const char *body)
{
	struct chain next = audit->chain;
	char line[LINE_MOST + 1], mac[CHAIN_TEXT];
	int size =
	    snprintf(line, sizeof(line), "{\"seq\":%lld,%s", (long long)next.seq + 1, body + 1);
	int result = -1;

	if (size > CHAIN_BODY_MOST)
		err_end("a line of the audit log is too long");
	line[--size] = '\0'; /* its brace comes after the MAC */
	chain_add(&next, line, (size_t)size, mac);
	size += snprintf(line + size, sizeof(line) - (size_t)size, ",\"mac\":\"%s\"}\n", mac);
	if (audit_put(audit, line, (size_t)size) == 0) {
		audit->chain = next;
		audit->size += size;
		if (audit->bare++ == 0)
			loop_timer_set(audit->head_timer, audit->head_every);
		sync_soon(audit);
		result = 0;
	}
	chain_wipe(&next);
	return result;
}

void
audit_sign(struct audit *audit)
{
	unsigned char signature[HEAD_SIGNATURE_BYTES];
	struct chain signed_chain = audit->chain;
	char *body, hash[CHAIN_TEXT];

	if (audit->bare == 0 || audit->waiting != NULL)
		return;
	head_sign(audit->head_key, &signed_chain, signature);
	body = decision_head(&signed_chain, signature);
	if (audit_append(audit, body) == 0) {
		audit->bare = 0;
		chain_hash(&signed_chain, hash);
		audit_say(audit, false, "head %lld:%s", (long long)signed_chain.seq, hash);
	}
	chain_wipe(&signed_chain);
	free(body);
}

static void
audit_on_head(void *arg)
{
	audit_sign(arg);
}

/* ---- what can't be written waits ---- */

static void
audit_keep(struct audit *audit, const char *body)
{
	struct waiting *waiting;

	if (audit->waiting_count >= WAITING_MOST) {
		audit->lost++;
		return;
	}
	waiting = mem_new(sizeof(*waiting) + strlen(body) + 1);
	strcpy(waiting->body, body);
	*audit->last = waiting;
	audit->last = &waiting->next;
	audit->waiting_count++;
}

static void
audit_stumble(struct audit *audit)
{
	const char *why = strerror(errno);

	if (audit->trouble == NULL)
		audit_say(audit, true,
		    "%s can't be written: %s; lines are kept in memory, and no registration is "
		    "taken until it can",
		    audit->path, why);
	mem_free_text(&audit->trouble);
	audit->trouble = mem_format("the audit log can't be written: %s", why);
	loop_timer_set(audit->retry_timer, STUMBLE);
}

static void
audit_drop_first(struct audit *audit)
{
	struct waiting *waiting = audit->waiting;

	audit->waiting = waiting->next;
	if (audit->waiting == NULL)
		audit->last = &audit->waiting;
	audit->waiting_count--;
	free(waiting);
}

static void
audit_on_retry(void *arg)
{
	struct audit *audit = arg;
	size_t count = audit->waiting_count;
	int64_t lost = audit->lost;

	while (audit->waiting != NULL) {
		if (audit_append(audit, audit->waiting->body) != 0) {
			audit_stumble(audit);
			return;
		}
		audit_drop_first(audit);
	}
	if (audit->trouble != NULL)
		audit_say(audit, lost > 0,
		    "%s can be written again: %zu lines were kept, %lld were too many", audit->path,
		    count, (long long)lost);
	mem_free_text(&audit->trouble);
	audit->lost = 0;
	if (lost > 0)
		audit_event(audit, "lost", "too-many", lost);
	if (count > 0)
		audit_sign(audit);
	if (audit->reopens && !audit->syncing)
		file_change(audit);
}

/* In their order: behind what waits already. */
void
audit_write_body(struct audit *audit, const char *body)
{
	if (audit->waiting == NULL && audit_append(audit, body) == 0)
		return;
	if (audit->waiting == NULL)
		audit_stumble(audit);
	audit_keep(audit, body);
}

/* ---- decisions ---- */

/* Times that do not follow from one another are explained before the first such line. */
static void
audit_look_at_clock(struct audit *audit)
{
	int64_t lead = clock_wall() - clock_boot(), step = lead - audit->lead;

	audit->lead = lead;
	if (step < -CLOCK_STEP || step > CLOCK_STEP)
		audit_event(
		    audit, "clock", step < 0 ? "set-back" : "set-forward", step < 0 ? -step : step);
}

void
audit_write(struct audit *audit, const struct audit_decision *decision)
{
	char *body;

	if (audit == NULL)
		return;
	audit_look_at_clock(audit);
	body = decision_text(decision);
	audit_write_body(audit, body);
	free(body);
	if (audit->bare >= BARE_MOST)
		audit_sign(audit);
}

void
audit_event(struct audit *audit, const char *event, const char *reason, int64_t count)
{
	struct audit_decision decision = {
	    .event = event, .actor = "musterd", .reason = reason, .count = count};

	audit_write(audit, &decision);
}

void
audit_reopen(struct audit *audit)
{
	if (audit == NULL)
		return;
	audit->reopens = true;
	if (!audit->syncing && audit->waiting == NULL)
		file_change(audit);
}

const char *
audit_trouble(const struct audit *audit)
{
	if (audit == NULL)
		return NULL;
	if (audit->trouble == NULL && audit->not_synced)
		return "the audit log can't be flushed";
	return audit->trouble;
}

size_t
audit_waiting(const struct audit *audit)
{
	return audit != NULL ? audit->waiting_count : 0;
}

int64_t
audit_seq(const struct audit *audit)
{
	return audit != NULL ? audit->chain.seq : 0;
}

/* ---- its life ---- */

static void
audit_free(struct audit *audit)
{
	workers_free(&audit->workers);
	loop_timer_free(&audit->sync_timer);
	loop_timer_free(&audit->retry_timer);
	loop_timer_free(&audit->head_timer);
	loop_timer_free(&audit->count_timer);
	while (audit->waiting != NULL)
		audit_drop_first(audit);
	if (audit->fd >= 0)
		close(audit->fd);
	if (audit->old_fd >= 0)
		close(audit->old_fd);
	if (audit->state_fd >= 0)
		close(audit->state_fd);
	chain_wipe(&audit->chain);
	head_key_free(&audit->head_key);
	mem_free_text(&audit->path);
	mem_free_text(&audit->state_path);
	mem_free_text(&audit->trouble);
	free(audit);
}

struct audit *
audit_open(struct loop *loop, const struct audit_files *files, audit_notice_fn *notice, void *arg,
    struct err *err)
{
	struct audit *audit = mem_new(sizeof(*audit));

	audit->loop = loop;
	audit->path = mem_text(files->path);
	audit->state_path = mem_format("%s.state", files->key_file);
	audit->head_every = files->head_every;
	audit->notice = notice;
	audit->arg = arg;
	audit->fd = audit->old_fd = audit->state_fd = -1;
	audit->last = &audit->waiting;
	audit->lead = clock_wall() - clock_boot();
	audit->sync_timer = loop_timer_new(loop, sync_on_time, audit);
	audit->retry_timer = loop_timer_new(loop, audit_on_retry, audit);
	audit->head_timer = loop_timer_new(loop, audit_on_head, audit);
	audit->count_timer = loop_timer_new(loop, counts_on_minute, audit);
	audit->head_key = head_key_open(files->sign_file, err);
	if (audit->head_key == NULL || sync_start(audit, err) != 0 ||
	    file_start(audit, files->key_file, err) != 0) {
		audit_free(audit);
		return NULL;
	}
	return audit;
}

void
audit_close(struct audit **audit)
{
	struct audit *it = *audit;

	if (it == NULL)
		return;
	*audit = NULL;
	counts_end(it);
	audit_on_retry(it);
	audit_sign(it);
	sync_stop(it);
	if (it->waiting != NULL)
		audit_say(it, true, "%zu lines of the audit log are lost: %s", it->waiting_count,
		    it->trouble);
	audit_free(it);
}
