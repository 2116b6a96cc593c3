/*
 * Checks and backups of a journal that is open: each in a thread of its own, so that neither the
 * loop nor the writer waits for them. What the thread found is the loop's once it has ended.
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
	struct journal *journal = arg;

	writer_submit_and_wait(&journal->writer, write);
	write_free(&write);
}

static void
task_check(struct task *task)
{
	struct journal_findings *findings =
	    check_run(&task->check, task->journal->path, &task->err);

	task->findings = findings;
	if (findings == NULL && !task->check.progress.stop)
		log_error("the journal could not be checked: %s", task->err.text);
	else if (findings != NULL && findings->damage > 0)
		log_error("the journal is damaged: %s; 'musterctl journal check' says all of it",
		    findings->list[0].words);
	else if (findings != NULL)
		log_note("the journal is sound: %lld registrations, %zu set aside",
		    (long long)findings->rows, findings->set_aside);
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
	if (task->path != NULL)
		task_backup(task);
	else
		task_check(task);
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
	if (task->findings == NULL)
		return;
	if (task->findings->damage == 0)
		writer_forget_damage(&journal->writer);
	journal_findings_free(&journal->findings);
	journal->findings = task->findings;
	journal->checked_at = task->ended_at;
	task->findings = NULL;
}

int
journal_begin(struct journal *journal, enum journal_task kind, const char *path, struct err *err)
{
	struct task *task = &journal->tasks[kind];

	task_reap(task);
	if (task->has_thread)
		return err_set(err, ERR_BUSY, "one is being made");
	free(task->path);
	*task = (struct task){.journal = journal,
	    .path = mem_text(path),
	    .check = {.keys = journal->keys, .set_aside = task_on_aside, .arg = journal}};
	if (pthread_create(&task->thread, NULL, task_thread, task) != 0)
		return err_set(err, ERR_BUSY, "no thread can be started");
	task->has_thread = true;
	return 0;
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
	task_reap(&journal->tasks[JOURNAL_CHECK]);
	*checked_at_out = journal->checked_at;
	return journal->findings;
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
	}
	journal_findings_free(&journal->findings);
}
