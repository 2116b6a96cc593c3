/*
 * The plan: one row a step, in the order of life. Read this first. A registration enters at the
 * first row; NEXT goes a row down, and 'last' ends. What is refused or cancelled goes on at its
 * row's 'withdraw', so that nothing stays in the directory. The driver (pipeline/) walks the rows.
 */
#include "activate/steps.h"
#include "musterd/plan.h"
#include "proof/prove.h"
#include "provision/steps.h"

/* clang-format off */
const struct step plan[] = {
	/* name             state once passed  undone by       last   ask               judge */
	{"prove-identity", STATE_VERIFIED,  NULL,           false, prove_ask,        prove_judge},
	{"claim-person",   STATE_VERIFIED,  "remove-claim", false, claim_ask,        claim_judge},
	{"add-entry",      STATE_PENDING,   "remove-entry", false, entry_ask,        entry_judge},
	{"wait",           STATE_PENDING,   "remove-entry", false, wait_ask,         wait_judge},
	{"recheck-record", STATE_PENDING,   "remove-entry", false, recheck_ask,      recheck_judge},
	{"activate",       STATE_ACTIVE,    "remove-entry", false, activate_ask,     activate_judge},
	{"confirm",        STATE_ACTIVE,    NULL,           true,  confirm_ask,      confirm_judge},
	/* the withdrawal */
	{"remove-entry",   STATE_CANCELLED, NULL,           false, remove_entry_ask, remove_entry_judge},
	{"remove-claim",   STATE_CANCELLED, NULL,           true,  remove_claim_ask, remove_claim_judge},
	{NULL,             STATE_FAILED,    NULL,           false, NULL,             NULL},
};
/* clang-format on */
