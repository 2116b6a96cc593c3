#include <ldap.h>
#include <stdio.h>

#include "dir/outcome.h"

struct outcome {
	int code;
	enum reply_kind kind;
	const char *words;
};

/*
 * RFC 4511 appendix A; below zero what the library says itself. What the driver does with a kind:
 *   AWAY                        asks again later; what was written is read back first
 *   BUSY                        asks again later
 *   EXISTS, NO_VALUE, HAS_VALUE perhaps our own work, whose reply was lost: the step reads it back
 *   INVALID                     this registration fails, the others go on
 *   DENIED (and NO_BASE)        stops asking for all of the row, and says so once
 */
static const struct outcome outcomes[] = {
    {LDAP_SUCCESS, REPLY_DONE, "done"},
    /* 389-ds says 'operations error' when its database had to give up for now. */
    {LDAP_OPERATIONS_ERROR, REPLY_BUSY, "the directory had an internal error"},
    {LDAP_PROTOCOL_ERROR, REPLY_INVALID, "the directory did not understand the request"},
    {LDAP_TIMELIMIT_EXCEEDED, REPLY_BUSY, "the directory's time limit was reached"},
    {LDAP_SIZELIMIT_EXCEEDED, REPLY_LIMIT, "more entries than the size limit lets us see"},
    {LDAP_AUTH_METHOD_NOT_SUPPORTED, REPLY_DENIED, "the directory has no such way to bind"},
    {LDAP_STRONG_AUTH_REQUIRED, REPLY_DENIED, "the directory wants TLS or a stronger bind"},
    {LDAP_REFERRAL, REPLY_DENIED, "the directory refers us to another server"},
    {LDAP_ADMINLIMIT_EXCEEDED, REPLY_LIMIT, "an administrative limit of the directory was reached"},
    {LDAP_UNAVAILABLE_CRITICAL_EXTENSION, REPLY_DENIED, "the directory lacks an extension"},
    {LDAP_CONFIDENTIALITY_REQUIRED, REPLY_DENIED, "the directory wants an encrypted connection"},
    {LDAP_SASL_BIND_IN_PROGRESS, REPLY_DENIED, "the directory wants a bind in several steps"},
    {LDAP_NO_SUCH_ATTRIBUTE, REPLY_NO_VALUE, "the value to be deleted is not there"},
    {LDAP_UNDEFINED_TYPE, REPLY_INVALID, "the directory's schema lacks an attribute type"},
    {LDAP_INAPPROPRIATE_MATCHING, REPLY_INVALID, "an attribute can't be compared in this way"},
    {LDAP_CONSTRAINT_VIOLATION, REPLY_INVALID, "a value is against a constraint"},
    {LDAP_TYPE_OR_VALUE_EXISTS, REPLY_HAS_VALUE, "the value to be added is there already"},
    {LDAP_INVALID_SYNTAX, REPLY_INVALID, "a value has the wrong syntax"},
    {LDAP_NO_SUCH_OBJECT, REPLY_NO_ENTRY, "there is no such entry"},
    {LDAP_ALIAS_PROBLEM, REPLY_INVALID, "an alias leads nowhere"},
    {LDAP_INVALID_DN_SYNTAX, REPLY_INVALID, "the entry's name has the wrong syntax"},
    {LDAP_ALIAS_DEREF_PROBLEM, REPLY_INVALID, "an alias can't be followed"},
    {LDAP_INAPPROPRIATE_AUTH, REPLY_DENIED, "this way to bind does not fit the bind DN"},
    {LDAP_INVALID_CREDENTIALS, REPLY_DENIED, "the bind DN or its password is wrong"},
    {LDAP_INSUFFICIENT_ACCESS, REPLY_DENIED, "the bind DN lacks the right to do this"},
    {LDAP_BUSY, REPLY_BUSY, "the directory is busy"},
    {LDAP_UNAVAILABLE, REPLY_BUSY, "the directory is unavailable"},
    {LDAP_UNWILLING_TO_PERFORM, REPLY_DENIED, "the directory is unwilling to do this"},
    {LDAP_LOOP_DETECT, REPLY_DENIED, "the directory found a loop of references"},
    {LDAP_NAMING_VIOLATION, REPLY_INVALID, "the entry may not have this name or place"},
    {LDAP_OBJECT_CLASS_VIOLATION, REPLY_INVALID, "the entry does not fit its object classes"},
    {LDAP_NOT_ALLOWED_ON_NONLEAF, REPLY_INVALID, "the entry has entries below it"},
    {LDAP_NOT_ALLOWED_ON_RDN, REPLY_INVALID, "the value is part of the entry's name"},
    {LDAP_ALREADY_EXISTS, REPLY_EXISTS, "the entry exists already"},
    {LDAP_NO_OBJECT_CLASS_MODS, REPLY_INVALID, "the object class can't be changed"},
    {LDAP_AFFECTS_MULTIPLE_DSAS, REPLY_INVALID, "more than one server would be concerned"},
    {LDAP_OTHER, REPLY_BUSY, "the directory had a fault of its own"},
    {LDAP_SERVER_DOWN, REPLY_AWAY, "the directory can't be reached"},
    {LDAP_ENCODING_ERROR, REPLY_INVALID, "the request can't be encoded"},
    {LDAP_TIMEOUT, REPLY_AWAY, "the directory did not answer in time"},
    {LDAP_FILTER_ERROR, REPLY_INVALID, "the search filter is wrong"},
    {LDAP_PARAM_ERROR, REPLY_INVALID, "the request is not complete"},
    {LDAP_CONNECT_ERROR, REPLY_AWAY, "the connection can't be made"},
};

static const struct outcome *
outcome_find(int code)
{
	static const struct outcome unknown = {0, REPLY_DENIED, "an answer that we don't know"};
	static const struct outcome local = {0, REPLY_AWAY, "the connection failed"};

	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (outcomes[i].code == code)
			return &outcomes[i];
	return code < 0 ? &local : &unknown;
}

enum reply_kind
outcome_kind(int code)
{
	return outcome_find(code)->kind;
}

const char *
outcome_words(int code)
{
	return outcome_find(code)->words;
}

void
outcome_set(struct reply *reply, int code)
{
	const struct outcome *outcome = outcome_find(code);

	reply->kind = outcome->kind;
	reply->code = code;
	if (code > 0)
		snprintf(reply->text, sizeof(reply->text), "%s (%d)", outcome->words, code);
	else
		snprintf(reply->text, sizeof(reply->text), "%s", outcome->words);
}

void
outcome_set_no_base(struct reply *reply)
{
	reply->kind = REPLY_NO_BASE;
	reply->code = LDAP_NO_SUCH_OBJECT;
	snprintf(reply->text, sizeof(reply->text),
	    "the base is missing, or access rules hide it from us (%d)", LDAP_NO_SUCH_OBJECT);
}

void
outcome_set_away(struct reply *reply, const char *text)
{
	reply->kind = REPLY_AWAY;
	reply->code = LDAP_SERVER_DOWN;
	snprintf(reply->text, sizeof(reply->text), "%s", text);
}
