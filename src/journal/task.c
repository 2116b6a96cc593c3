/*
 * Checks, backups and new keys of a journal that is open: each in a thread of its own, so that
 * neither the loop nor the writer waits for them. What the thread found is the loop's once it has
 * ended.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "journal/journal_internal.h"

#define NICE 19 /* whoever works for people goes first */

static void
task_on_aside(struct write *write, void *arg)
{
	struct task *task = arg;

	writer_submit_and_wait(&task->journal->writer, &write, 1);
	write_free(&write);
}

static void
task_say_findings(const struct journal_findings *findings)
{
	if (findings->damage > 0)
		log_error("the journal is damaged: %s; 'musterctl journal check' says all of it",
		    findings->list[0].words);
	else
		log_note("the journal is sound: %lld registrations, %zu set aside",
		    (long long)findings->rows, findings->set_aside);
}

static void
task_check(struct task *task)
{
	task->findings = check_run(&task->check, task->journal->path, &task->err);
	if (task->findings != NULL)
		task_say_findings(task->findings);
	else if (!task->check.progress.stop)
		log_error("the journal could not be checked: %s", task->err.text);
}

static void
task_rekey(struct task *task)
{
	const struct journal_rekeyed *result = &task->rekey->result;

	task->findings = rekey_run(task, &task->err);
	if (task->findings == NULL) {
		log_error("the journal is not sealed anew: %s", task->err.text);
		return;
	}
	log_note("the journal is sealed with the key %s: %lld registrations were sealed again, "
		 "%zu older keys are needed no more%s, %zu still are",
	    result->key, (long long)result->rows, result->unneeded.count,
	    result->dropped ? " and out of the key file" : "", result->needed.count);
	task_say_findings(task->findings);
}

static void
task_backup(struct task *task)
{
	if (backup_run(task->journal->path, task->path, &task->check.progress, &task->err) == 0)
		log_note("a backup of the journal is in %s", task->path);
	else
		log_error("no backup of the journal: %s", task->err.text);
}

static void *
task_thread(void *arg)
{
	struct task *task = arg;

	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), NICE);
	if (task->kind == JOURNAL_BACKUP) {
		task_backup(task);
	} else {
		pthread_mutex_lock(&task->journal->looking);
		if (task->kind == JOURNAL_REKEY)
			task_rekey(task);
		else
			task_check(task);
		pthread_mutex_unlock(&task->journal->looking);
	}
	task->ended_at = clock_wall();
	task->ended = true;
	return NULL;
}

/* Takes what a thread that has ended found. */
static void
task_reap(struct task *task)
{
	struct journal *journal = task->journal;

	if (!task->has_thread || !task->ended)
		return;
	pthread_join(task->thread, NULL);
	task->has_thread = false;
	if (task->rekey != NULL && task->findings != NULL) {
		if (task->rekey->result.dropped)
			keyring_forget(journal->keys, &task->rekey->result.unneeded);
		rekey_free(&journal->rekeyed);
		journal->rekeyed = task->rekey;
		task->rekey = NULL;
	}
	rekey_free(&task->rekey);
	if (task->findings == NULL)
		return;
	if (task->findings->damage == 0)
		writer_forget_damage(&journal->writer);
	journal_findings_free(&journal->findings);
	journal->findings = task->findings;
	journal->checked_at = task->ended_at;
	task->findings = NULL;
}

static int
task_begin(struct journal *journal, enum journal_task kind, const char *path, struct rekey *rekey,
    struct err *err)
{
	struct task *task = &journal->tasks[kind];

	free(task->path);
	*task = (struct task){.journal = journal,
	    .kind = kind,
	    .path = mem_text(path),
	    .rekey = rekey,
	    .check = {.keys = journal->keys, .set_aside = task_on_aside, .arg = task}};
	if (pthread_create(&task->thread, NULL, task_thread, task) != 0)
		return err_set(err, ERR_BUSY, "no thread can be started");
	task->has_thread = true;
	return 0;
}

/* On the loop, where no row that was read is about to be unsealed: keys may go from memory here. */
static int
task_reap_all(struct journal *journal, enum journal_task kind, struct err *err)
{
	for (int i = 0; i < JOURNAL_TASKS; i++)
		task_reap(&journal->tasks[i]);
	return journal->tasks[kind].has_thread ? err_set(err, ERR_BUSY, "one is being made") : 0;
}

int
journal_begin(struct journal *journal, enum journal_task kind, const char *path, struct err *err)
{
	if (task_reap_all(journal, kind, err) != 0)
		return -1;
	return task_begin(journal, kind, path, NULL, err);
}

int
journal_begin_rekey(struct journal *journal, bool keep_old, struct err *err)
{
	struct rekey *rekey;

	if (task_reap_all(journal, JOURNAL_REKEY, err) != 0)
		return -1;
	rekey = mem_new(sizeof(*rekey));
	rekey_prepare(rekey, journal, keep_old);
	return task_begin(journal, JOURNAL_REKEY, NULL, rekey, err);
}

void
journal_look(struct journal *journal, enum journal_task kind, struct journal_task_state *state_out)
{
	struct task *task = &journal->tasks[kind];

	task_reap(task);
	*state_out = (struct journal_task_state){
	    .running = task->has_thread,
	    .done = task->check.progress.done,
	    .total = task->check.progress.total,
	    .path = task->path,
	};
	if (task->has_thread || task->journal == NULL)
		return;
	state_out->ended_at = task->ended_at;
	state_out->fault = task->err.kind != ERR_NONE ? task->err.text : NULL;
}

const struct journal_findings *
journal_findings(struct journal *journal, int64_t *checked_at_out)
{
	task_reap_all(journal, JOURNAL_CHECK, NULL);
	*checked_at_out = journal->checked_at;
	return journal->findings;
}

const struct journal_rekeyed *
journal_rekeyed(struct journal *journal)
{
	task_reap(&journal->tasks[JOURNAL_REKEY]);
	return journal->rekeyed != NULL ? &journal->rekeyed->result : NULL;
}

void
task_end_all(struct journal *journal)
{
	for (int i = 0; i < JOURNAL_TASKS; i++)
		journal->tasks[i].check.progress.stop = true;
	for (int i = 0; i < JOURNAL_TASKS; i++) {
		if (journal->tasks[i].has_thread)
			pthread_join(journal->tasks[i].thread, NULL);
		journal_findings_free(&journal->tasks[i].findings);
		free(journal->tasks[i].path);
		rekey_free(&journal->tasks[i].rekey);
	}
	rekey_free(&journal->rekeyed);
	journal_findings_free(&journal->findings);
}
