#include <stdio.h>
#include <string.h>

#include "budget/budget_internal.h"
#include "conf/conf.h"

static bool
rules_is_windowed(const struct journal_attempts *attempts)
{
	return attempts->began_at != 0;
}

/* A window that begins later than now was begun by a clock that has been set back since. */
static bool
rules_is_over(
    const struct conf_identity *conf, const struct journal_attempts *attempts, int64_t now)
{
	return now < attempts->began_at || now - attempts->began_at >= conf->spray_window;
}

void
rules_settle(const struct conf_identity *conf, struct journal_attempts *attempts, int64_t now)
{
	if (rules_is_windowed(attempts)) {
		if (rules_is_over(conf, attempts, now))
			memset(attempts, 0, sizeof(*attempts));
		return;
	}
	if (attempts->locked_until == 0 || now < attempts->locked_until)
		return;
	attempts->locked_until = 0;
	attempts->in_row = 0;
}

static bool
rules_is_for_ever(const struct conf_identity *conf, const struct journal_attempts *attempts)
{
	return conf->failures_ever > 0 && attempts->total >= conf->failures_ever;
}

int64_t
rules_wait(const struct conf_identity *conf, const struct journal_attempts *attempts, int64_t now)
{
	if (rules_is_windowed(attempts)) {
		if (conf->spray_failures == 0 || attempts->in_row < conf->spray_failures)
			return 0;
		return attempts->began_at + conf->spray_window - now;
	}
	if (rules_is_for_ever(conf, attempts))
		return conf->lock;
	if (conf->failures_in_row == 0 || attempts->locked_until == 0)
		return 0;
	return attempts->locked_until - now;
}

void
rules_fail(const struct conf_identity *conf, struct journal_attempts *attempts, bool windowed,
    const char *id, int64_t now)
{
	if (windowed && attempts->began_at == 0)
		attempts->began_at = now;
	attempts->in_row++;
	attempts->total++;
	attempts->last_at = now;
	snprintf(attempts->last_id, sizeof(attempts->last_id), "%s", id != NULL ? id : "");
	if (!windowed && conf->failures_in_row > 0 && attempts->in_row >= conf->failures_in_row)
		attempts->locked_until = now + conf->lock;
}

void
rules_look(const struct conf_identity *conf, const struct journal_attempts *attempts,
    struct budget_look *look_out)
{
	look_out->in_row = attempts->in_row;
	look_out->total = attempts->total;
	look_out->locked_until = conf->failures_in_row > 0 ? attempts->locked_until : 0;
	look_out->locked_for_ever = rules_is_for_ever(conf, attempts);
}
