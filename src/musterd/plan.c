/*
 * The plan: one row a step, in the order of life. Read this first. A registration enters at the
 * first row; NEXT goes a row down, and 'last' ends. What is refused or cancelled goes on at its
 * row's 'withdraw', so that nothing stays in the directory; what is taken up anew goes on
 * at its row's 'again'. The driver (pipeline/) walks the rows.
 */
#include "activate/steps.h"
#include "musterd/plan.h"
#include "proof/prove.h"
#include "provision/steps.h"

/* clang-format off */
const struct step plan[] = {
	/* name, and what it does       state once passed  undone by            again             last   ask               judge */
	{"prove-identity", "the identity is proved against the personnel records",
	                                STATE_VERIFIED,  NULL,                NULL,             false, prove_ask,        prove_judge},
	{"claim-person", "the person is claimed, so that nobody has two accounts",
	                                STATE_VERIFIED,  "remove-claim",      NULL,             false, claim_ask,        claim_judge},
	{"add-entry", "a uid is chosen and the entry added, without a password",
	                                STATE_PENDING,   "remove-entry",      NULL,             false, entry_ask,        entry_judge},
	{"wait", "its time comes: the records are looked at again, then it is activated",
	                                STATE_PENDING,   "remove-entry",      NULL,             false, wait_ask,         wait_judge},
	{"recheck-record", "the personnel records are looked at again",
	                                STATE_PENDING,   "remove-entry",      NULL,             false, recheck_ask,      recheck_judge},
	{"keep-claim", "the person's claim is looked at again",
	                                STATE_PENDING,   "remove-entry",      "recheck-record", false, keep_claim_ask,   keep_claim_judge},
	{"activate", "the account is made active",
	                                STATE_ACTIVE,    "remove-entry",      "recheck-record", false, activate_ask,     activate_judge},
	{"confirm", "the active account is read back",
	                                STATE_ACTIVE,    NULL,                NULL,             true,  confirm_ask,      confirm_judge},
	/* The withdrawal. What fails in it, and is cancelled again, begins its row again. */
	{"remove-entry", "the entry is taken out of the account directory",
	                                STATE_CANCELLED, "remove-entry",      NULL,             false, remove_entry_ask, remove_entry_judge},
	{"remove-late-entry", "the entry is looked for again: an add may have come late",
	                                STATE_CANCELLED, "remove-late-entry", NULL,             false, remove_entry_ask, remove_late_entry_judge},
	{"remove-claim", "the claim on the person is given back",
	                                STATE_CANCELLED, "remove-claim",      NULL,             false, remove_claim_ask, remove_claim_judge},
	{"remove-late-claim", "the claim is looked for again: an add may have come late",
	                                STATE_CANCELLED, "remove-late-claim", NULL,             true,  remove_claim_ask, remove_late_claim_judge},
	{NULL, NULL,                    STATE_FAILED,    NULL,                NULL,             false, NULL,             NULL},
};
/* clang-format on */
