/*
 * The rows of the configuration, in the order in which they are printed. To add a key: a member in
 * conf.h, a row here, then 'make regenerate'.
 */
#include "base/log.h"

#include "conf/check_text.h"
#include "conf/conf.h"
#include "conf/row.h"

#define AT(type, member) .offset = offsetof(struct type, member)
#define LIST_OF(type, list, item, number) \
	.offset = offsetof(struct type, list), .count_offset = offsetof(struct type, number), \
	.size = sizeof(struct item)
#define END \
	{ \
		.name = NULL \
	}

/* Of rates a second or a minute, and of bursts. */
#define RATE_MOST 1000000

static const struct row_word bind_words[] = {
    {"simple", CONF_BIND_SIMPLE},
    {"external", CONF_BIND_EXTERNAL},
    {"anonymous", CONF_BIND_ANONYMOUS},
    END,
};

static const struct row_word right_words[] = {
    {"register", CONF_RIGHT_REGISTER},
    {"identity-check", CONF_RIGHT_IDENTITY_CHECK},
    {"status", CONF_RIGHT_STATUS},
    {"cancel", CONF_RIGHT_CANCEL},
    {"reset", CONF_RIGHT_RESET},
    {"assert-certificate", CONF_RIGHT_ASSERT_CERTIFICATE},
    END,
};

static const struct row_word scope_words[] = {{"one", false}, {"subtree", true}, END};
static const struct row_word identifier_words[] = {{"plain", false}, {"hyphens", true}, END};

/* The values of enum date_form, which is the model's: a test holds the two together. */
static const struct row_word date_words[] = {
    {"any", 3},
    {"iso", 0},
    {"compact", 1},
    {"generalized", 2},
    END,
};

static const struct row_word proof_words[] = {
    {"all-recorded", CONF_PROOF_ALL_RECORDED},
    {"any-date", CONF_PROOF_ANY_DATE},
    END,
};

static const struct row_word ocsp_words[] = {
    {"off", CONF_OCSP_OFF},
    {"require", CONF_OCSP_REQUIRE},
    END,
};

static const struct row_word scheme_words[] = {
    {"yescrypt", 0},
    {"bcrypt", 1},
    {"sha512crypt", 2},
    END,
};

static const struct row_word engine_words[] = {{"sqlite", 0}, END};

static const struct row_word level_words[] = {
    {"error", LOG_LEVEL_ERROR},
    {"warning", LOG_LEVEL_WARNING},
    {"info", LOG_LEVEL_INFO},
    {"debug", LOG_LEVEL_DEBUG},
    END,
};

static const struct row_word format_words[] = {
    {"auto", LOG_FORMAT_AUTO},
    {"json", LOG_FORMAT_JSON},
    {"text", LOG_FORMAT_TEXT},
    END,
};

static const struct row_word landlock_words[] = {
    {"auto", CONF_CONFINE_AUTO},
    {"off", CONF_CONFINE_OFF},
    {"require", CONF_CONFINE_REQUIRE},
    END,
};

static const struct row_word seccomp_words[] = {
    {"auto", CONF_CONFINE_AUTO},
    {"off", CONF_CONFINE_OFF},
    {"require", CONF_CONFINE_REQUIRE},
    {"log", CONF_CONFINE_LOG},
    END,
};

static const struct row listen_rows[] = {
    {"address", ROW_TEXT, AT(conf_listen, address), .fallback = "127.0.0.1", .flags = ROW_FIXED,
	.check = check_address,
	.help = "IP address of the API, or the path of a unix socket, which is made with mode "
		"0660. Without certificate_file it is plain HTTP, on loopback (127.0.0.1, ::1) or "
		"a unix socket alone: for portals on this machine, or behind a proxy on it."},
    {"port", ROW_NUMBER, AT(conf_listen, port), .fallback = "8080", .low = 0, .high = 65535,
	.flags = ROW_FIXED, .help = "Port of the API; 0 picks a free one."},
    {"certificate_file", ROW_TEXT, AT(conf_listen, certificate_file), .fallback = "",
	.check = check_path,
	.help = "The API's certificate (PEM), then those between it and its root; \"\": plain "
		"HTTP. SIGHUP reads it again: new connections see the new one, open ones go on. "
		"From 30 days before it ends the log warns daily."},
    {"key_file", ROW_TEXT, AT(conf_listen, key_file), .fallback = "", .check = check_path,
	.help = "The certificate's private key (PEM, no pass phrase); refused where others may "
		"read it: mode 0400 or 0600."},
    {"client_ca_file", ROW_TEXT, AT(conf_listen, client_ca_file), .fallback = "",
	.check = check_path,
	.help = "Certificates (PEM) of the private authority that portals' certificates come from; "
		"\"\": nobody is asked for one. Which portal it is, key_sha256 says."},
    {"admin_socket", ROW_TEXT, AT(conf_listen, admin_socket), .flags = ROW_FIXED,
	.fallback = "/run/musterd/admin.sock", .check = check_socket,
	.help = "Path of the unix socket for musterctl; made with mode 0600."},
    END,
};

static const struct row portal_rows[] = {
    {"name", ROW_TEXT, AT(conf_portal, name), .low = 1, .high = 64, .check = check_id,
	.help = "What the portal is called in the log; \"admin\" is taken."},
    {"token_sha256", ROW_TEXT, AT(conf_portal, token_sha256), .fallback = "", .check = check_sha256,
	.flags = ROW_SECRET,
	.help = "SHA-256 of the portal's bearer token, in hexadecimal; \"\": it has none."},
    {"key_sha256", ROW_TEXT, AT(conf_portal, key_sha256), .fallback = "", .check = check_sha256,
	.help = "SHA-256 of the public key (SubjectPublicKeyInfo) of the portal's client "
		"certificate, in hexadecimal; \"\": it has none. A portal needs a token or a key; "
		"where it shows both, both must be its own."},
    {"rights", ROW_SET, AT(conf_portal, rights), .words = right_words, .low = 1,
	.help = "What the portal may do."},
    {"rate", ROW_NUMBER, AT(conf_portal, rate), .fallback = "100", .low = 0, .high = RATE_MOST,
	.help = "Requests a second; beyond rate and burst they are answered 429. 0: any number."},
    {"burst", ROW_NUMBER, AT(conf_portal, burst), .fallback = "400", .low = 1, .high = RATE_MOST,
	.help = "Requests that may come at once after a pause."},
    {"failure_rate", ROW_NUMBER, AT(conf_portal, failure_rate), .fallback = "60", .low = 0,
	.high = RATE_MOST,
	.help = "Failed proofs of an identity a minute; beyond failure_rate and failure_burst the "
		"portal's registrations and identity checks are answered 429, all else is not. 0: "
		"any number."},
    {"failure_burst", ROW_NUMBER, AT(conf_portal, failure_burst), .fallback = "200", .low = 1,
	.high = RATE_MOST, .help = "Failed proofs that may come at once after a pause."},
    END,
};

/* The same for personnel sources and the account directory, but for the window. */
static const struct row directory_rows[] = {
    {"uris", ROW_TEXTS, AT(conf_directory, uris), .low = 1, .high = 16, .check = check_uri,
	.flags = ROW_FIXED,
	.help = "Where the directory is: ldap://, ldaps:// or ldapi://, tried in turn."},
    {"bind", ROW_CHOICE, AT(conf_directory, bind_method), .words = bind_words, .fallback = "simple",
	.flags = ROW_FIXED,
	.help = "How to bind: with DN and password, as who the connection shows (ldapi:// or a "
		"client certificate), or not at all."},
    {"bind_dn", ROW_TEXT, AT(conf_directory, bind_dn), .fallback = "", .flags = ROW_FIXED,
	.help = "DN of a simple bind."},
    {"bind_password_file", ROW_TEXT, AT(conf_directory, bind_password_file), .fallback = "",
	.check = check_secret, .flags = ROW_FIXED,
	.help = "File whose first line is the password of a simple bind, or a credential's name."},
    {"start_tls", ROW_BOOL, AT(conf_directory, start_tls), .fallback = "false", .flags = ROW_FIXED,
	.help = "Start TLS on ldap:// before the bind."},
    {"ca_file", ROW_TEXT, AT(conf_directory, ca_file), .fallback = "", .check = check_path,
	.flags = ROW_FIXED,
	.help = "Certificates (PEM) that the server's must come from; \"\": the system's."},
    {"certificate_file", ROW_TEXT, AT(conf_directory, certificate_file), .fallback = "",
	.check = check_path, .flags = ROW_FIXED,
	.help = "Our own certificate (PEM); \"\" for none."},
    {"key_file", ROW_TEXT, AT(conf_directory, key_file), .fallback = "", .check = check_secret,
	.flags = ROW_FIXED,
	.help = "The private key (PEM) of our own certificate, or a credential's name."},
    {"connections", ROW_NUMBER, AT(conf_directory, connections), .fallback = "2", .low = 1,
	.high = 8, .flags = ROW_FIXED, .help = "How many connections to hold."},
    {"connect_timeout", ROW_SECONDS, AT(conf_directory, connect_timeout), .fallback = "5", .low = 1,
	.high = 300, .flags = ROW_FIXED,
	.help = "Name look-up, connect, TLS and bind together take no longer."},
    {"operation_timeout", ROW_SECONDS, AT(conf_directory, operation_timeout), .fallback = "10",
	.low = 1, .high = 300, .flags = ROW_FIXED, .help = "One operation takes no longer."},
    {"retry_min_ms", ROW_MILLISECONDS, AT(conf_directory, retry_min), .fallback = "250", .low = 10,
	.high = 60000, .flags = ROW_FIXED,
	.help = "The first wait before connecting again; each doubles."},
    {"retry_max_ms", ROW_MILLISECONDS, AT(conf_directory, retry_max), .fallback = "5000", .low = 10,
	.high = 3600000, .flags = ROW_FIXED, .help = "The longest wait before connecting again."},
    END,
};

#define DIRECTORY(type) "", ROW_JOINED, AT(type, directory), .rows = directory_rows
#define WINDOW(type) \
	"window", ROW_NUMBER, AT(type, directory.window), \
	    .low = 1, .high = 1024, .flags = ROW_FIXED, \
	    .help = "Most operations in flight on a connection."

#define ATTRIBUTE(key) \
#key, ROW_TEXT, AT(conf_attributes, key), .high = 128, .check = check_attribute
static const struct row attribute_rows[] = {
    {ATTRIBUTE(identifier), .fallback = "personnelId",
	.help = "SSN or FIN, nine digits; it must be indexed."},
    {ATTRIBUTE(birth_date), .fallback = "birthDate", .help = "Date of birth."},
    {ATTRIBUTE(pay_entry_base_date), .fallback = "payEntryBaseDate",
	.help = "Pay entry base date."},
    {ATTRIBUTE(given_name), .fallback = "givenName", .help = "First name."},
    {ATTRIBUTE(middle_name), .fallback = "middleName", .help = "Middle name."},
    {ATTRIBUTE(family_name), .fallback = "sn", .help = "Family name."},
    {ATTRIBUTE(suffix), .fallback = "generationQualifier", .help = "Jr, Sr, III."},
    {ATTRIBUTE(edipi), .fallback = "edipi", .help = "The EDIPI, ten digits."},
    {ATTRIBUTE(category), .fallback = "personnelCategory", .help = "What category_map reads."},
    {ATTRIBUTE(status), .fallback = "personnelStatus",
	.help = "Whether the record is current; see current_values."},
    {ATTRIBUTE(o), .fallback = "o", .help = "Organization."},
    {ATTRIBUTE(ou), .fallback = "ou", .help = "Unit."},
    {ATTRIBUTE(title), .fallback = "title", .help = "Rank or title."},
    END,
};

static const struct row rule_rows[] = {
    {"value", ROW_TEXT, AT(conf_category_rule, value), .low = 1, .high = 256,
	.help = "A value of the category attribute."},
    {"category", ROW_TEXT, AT(conf_category_rule, category), .low = 1, .high = 64,
	.help = "The category that it makes: an id of categories."},
    {"where_attribute", ROW_TEXT, AT(conf_category_rule, where_attribute), .fallback = "",
	.high = 128, .check = check_attribute,
	.help = "Only where this attribute has one of where_values."},
    {"where_values", ROW_TEXTS, AT(conf_category_rule, where_values), .fallback = "",
	.help = "The values of where_attribute."},
    END,
};

static const struct row personnel_rows[] = {
    {"name", ROW_TEXT, AT(conf_personnel, name), .low = 1, .high = 64, .check = check_source,
	.flags = ROW_FIXED, .help = "What the source is called in the log."},
    {DIRECTORY(conf_personnel)},
    {WINDOW(conf_personnel), .fallback = "64"},
    {"base", ROW_TEXT, AT(conf_personnel, base), .low = 1, .check = check_dn,
	.help = "Base of the search."},
    {"filter", ROW_TEXT, AT(conf_personnel, filter), .low = 1, .check = check_filter,
	.fallback = "(objectClass=musterPersonnelRecord)",
	.help = "Which entries are records; and-ed with the identifier's."},
    {"scope", ROW_SWITCH, AT(conf_personnel, subtree), .words = scope_words, .fallback = "one",
	.help = "Entries directly under the base, or the whole subtree."},
    {"identifier_form", ROW_SWITCH, AT(conf_personnel, hyphens), .words = identifier_words,
	.fallback = "plain", .help = "How identifiers are written: 123456789 or 123-45-6789."},
    {"date_form", ROW_CHOICE, AT(conf_personnel, date_form), .words = date_words, .fallback = "any",
	.help = "How dates are written: iso YYYY-MM-DD, compact YYYYMMDD, generalized "
		"YYYYMMDDHHMMSSZ; any tells the three apart by their shape."},
    {"attributes", ROW_GROUP, AT(conf_personnel, attributes), .rows = attribute_rows,
	.help = "Which attribute of an entry holds what; \"\" where the directory has none."},
    {"current_values", ROW_TEXTS, AT(conf_personnel, current_values), .fallback = "current",
	.help = "Values of the status attribute that make a record current. An empty list: every "
		"record is."},
    {"category_map", ROW_LIST, LIST_OF(conf_personnel, rules, conf_category_rule, rule_count),
	.rows = rule_rows, .flags = ROW_COMPACT,
	.help = "Which value of the category attribute makes which category; a value that no "
		"rule fits makes none, and the first that fits counts. An empty list: the values "
		"are the categories' ids."},
    END,
};

static const struct row account_rows[] = {
    {DIRECTORY(conf_accounts)},
    {WINDOW(conf_accounts), .fallback = "16"},
    {"base", ROW_TEXT, AT(conf_accounts, base), .low = 1, .check = check_dn, .flags = ROW_FIXED,
	.help = "Where accounts are: uid=UID under this."},
    {"claims_base", ROW_TEXT, AT(conf_accounts, claims_base), .low = 1, .check = check_dn,
	.flags = ROW_FIXED, .help = "Where the claims are that keep one person to one account."},
    {"uid_template", ROW_TEXT, AT(conf_accounts, uid_template), .low = 1, .high = 128,
	.check = check_template, .fallback = "{given}.{mi}.{sn}",
	.help = "How uids are made: {given}, {middle}, {mi} (middle initial), {gi} (first "
		"initial), {sn}, and a-z, 0-9, '.', '_', '-' as they are. A uid that is taken "
		"gets a number."},
    {"mail_domain", ROW_TEXT, AT(conf_accounts, mail_domain), .low = 1, .check = check_domain,
	.help = "Domain of the mail addresses."},
    {"organization", ROW_TEXT, AT(conf_accounts, organization), .fallback = "",
	.help = "The account's o where neither record nor request says; \"\" for none."},
    {"reserved_uids", ROW_TEXTS, AT(conf_accounts, reserved_uids),
	.fallback =
	    "abuse admin administrator hostmaster info mailer-daemon marketing news nobody noc "
	    "noreply postmaster root sales security support usenet uucp webmaster www",
	.help = "Uids that nobody gets: addresses with a meaning of their own (RFC 2142)."},
    END,
};

static const struct row category_rows[] = {
    {"id", ROW_TEXT, AT(conf_category, id), .low = 1, .high = 64, .check = check_id,
	.help = "What musterCategory holds."},
    {"label", ROW_TEXT, AT(conf_category, label), .low = 1, .high = 128,
	.help = "What people read."},
    {"persona", ROW_TEXT, AT(conf_category, persona), .fallback = "", .high = 16,
	.check = check_persona,
	.help = "With \"civ\", john.q.doe.civ@… is one of the addresses; \"\" for none."},
    {"precedence", ROW_NUMBER, AT(conf_category, precedence), .low = 0, .high = 1000000,
	.help = "The lower the number the higher; the highest current one is primary."},
    {"proof", ROW_CHOICE, AT(conf_category, proof), .words = proof_words,
	.fallback = "all-recorded",
	.help = "What a person must know: every part that the record carries, or one of the two "
		"dates beside the name."},
    {"activation_delay", ROW_SECONDS, AT(conf_category, activation_delay), .fallback = "-1",
	.low = -1, .high = 31536000, .help = "From receipt to activation; -1: activation.delay."},
    {"card_waives_pebd", ROW_BOOL, AT(conf_category, card_waives_pebd), .fallback = "false",
	.help =
	    "Whether a person with a good smart card may leave out the pay entry base date; one "
	    "that is given must still be right."},
    END,
};

static const struct row identity_rows[] = {
    {"key_file", ROW_TEXT, AT(conf_identity, key_file), .low = 1, .check = check_secret,
	.fallback = "/var/lib/musterd/identity.key", .flags = ROW_FIXED,
	.help = "Key of the keyed hashes of identifiers, or a credential's name. Never rotate it "
		"and keep a copy: claims are named by it."},
    {"refusal_delay_ms", ROW_MILLISECONDS, AT(conf_identity, refusal_delay), .fallback = "300",
	.low = 0, .high = 10000,
	.help = "Refusals are answered on this beat, so that time tells nothing."},
    {"answer_wait_ms", ROW_MILLISECONDS, AT(conf_identity, answer_wait), .fallback = "2000",
	.low = 0, .high = 60000,
	.help = "How long a registration waits for its verdict before it is answered 202."},
    {"failures_in_row", ROW_NUMBER, AT(conf_identity, failures_in_row), .fallback = "3", .low = 0,
	.high = 1000000,
	.help = "So many failures in a row lock an identifier for a time; 0: never."},
    {"failures_ever", ROW_NUMBER, AT(conf_identity, failures_ever), .fallback = "10", .low = 0,
	.high = 1000000,
	.help = "So many failures in all lock an identifier until 'musterctl unlock'; 0: never."},
    {"lock", ROW_SECONDS, AT(conf_identity, lock), .fallback = "900", .low = 1, .high = 31536000,
	.help = "How long failures_in_row lock an identifier."},
    {"spray_failures", ROW_NUMBER, AT(conf_identity, spray_failures), .fallback = "20", .low = 0,
	.high = 1000000,
	.help = "So many failures with the same dates and family name, whatever the identifiers, "
		"lock those for the rest of spray_window; 0: never."},
    {"spray_window", ROW_SECONDS, AT(conf_identity, spray_window), .fallback = "3600", .low = 1,
	.high = 31536000, .help = "How long such failures count together, from the first on."},
    END,
};

static const struct row password_rows[] = {
    {"min_length", ROW_NUMBER, AT(conf_password, min_length), .fallback = "15", .low = 8,
	.high = 128, .help = "Fewest characters."},
    {"max_length", ROW_NUMBER, AT(conf_password, max_length), .fallback = "128", .low = 15,
	.high = 1024, .help = "Most characters."},
    {"may_hold_name", ROW_BOOL, AT(conf_password, may_hold_name), .fallback = "false",
	.help = "Whether a password may hold the person's own names."},
    {"blocklist_file", ROW_TEXT, AT(conf_password, blocklist_file), .fallback = "",
	.help = "Passwords that nobody may have, one a line, whatever the case of their letters; "
		"\"\" for none. A relative path starts at the configuration file's folder."},
    {"scheme", ROW_TEXT, AT(conf_password, scheme), .words = scheme_words, .fallback = "yescrypt",
	.flags = ROW_FIXED,
	.help = "How passwords are hashed, in {CRYPT}: the directory's host must know it."},
    {"cost", ROW_NUMBER, AT(conf_password, cost), .fallback = "5", .low = 1, .high = 10000000,
	.flags = ROW_FIXED,
	.help =
	    "Cost of a hash: yescrypt 1 to 11, bcrypt 4 to 31 (12 is usual), sha512crypt 1000 to "
	    "10000000 rounds (100000); required but for yescrypt."},
    {"threads", ROW_NUMBER, AT(conf_password, threads), .fallback = "0", .low = 0, .high = 256,
	.flags = ROW_FIXED, .help = "Threads that hash; 0: as many as cores."},
    {"queue", ROW_NUMBER, AT(conf_password, queue), .fallback = "1024", .low = 1, .high = 1000000,
	.flags = ROW_FIXED, .help = "Most hashes that wait; beyond it requests are answered 503."},
    END,
};

static const struct row question_rows[] = {
    {"id", ROW_TEXT, AT(conf_question, id), .low = 1, .high = 64, .check = check_id,
	.help = "What a registration names."},
    {"text", ROW_TEXT, AT(conf_question, text), .low = 1, .high = 256,
	.help = "What the person is asked."},
    END,
};

static const struct row questions_rows[] = {
    {"count", ROW_NUMBER, AT(conf_questions, count), .fallback = "3", .low = 0, .high = 10,
	.help = "How many questions a person answers; 0 turns them off."},
    {"own", ROW_BOOL, AT(conf_questions, own), .fallback = "true",
	.help = "Whether a person may write own questions."},
    {"answer_min", ROW_NUMBER, AT(conf_questions, answer_min), .fallback = "1", .low = 1,
	.high = 128, .help = "Fewest characters of an answer."},
    {"answer_max", ROW_NUMBER, AT(conf_questions, answer_max), .fallback = "128", .low = 1,
	.high = 1024, .help = "Most characters of an answer."},
    {"pool", ROW_LIST, LIST_OF(conf_questions, pool, conf_question, pool_count),
	.rows = question_rows, .flags = ROW_COMPACT, .help = "The questions to choose from."},
    END,
};

static const struct row activation_rows[] = {
    {"delay", ROW_SECONDS, AT(conf_activation, delay), .fallback = "900", .low = 0,
	.high = 31536000, .help = "From receipt to activation."},
    {"late_after", ROW_SECONDS, AT(conf_activation, late_after), .fallback = "1200", .low = 0,
	.high = 31536000, .help = "When an account that is not active yet counts as overdue."},
    {"escalate_after", ROW_SECONDS, AT(conf_activation, escalate_after), .fallback = "3600",
	.low = 0, .high = 31536000, .help = "When the helpdesk is told to look at it."},
    {"trust_clock", ROW_BOOL, AT(conf_activation, trust_clock), .fallback = "false",
	.flags = ROW_FIXED,
	.help = "Whether the wall clock is right after a boot though the kernel does not call it "
		"synchronised, as in a virtual machine whose host sets it. Without it, time that "
		"the machine was off counts only once the clock is synchronised."},
    END,
};

static const struct row certificate_rows[] = {
    {"roots_file", ROW_TEXT, AT(conf_certificates, roots_file), .fallback = "", .check = check_path,
	.help = "Roots (PEM, self-signed) that smart cards must come from; \"\": no card is "
		"accepted."},
    {"intermediates_file", ROW_TEXT, AT(conf_certificates, intermediates_file), .fallback = "",
	.check = check_path,
	.help = "Authorities (PEM) between the roots and the cards; \"\" for none."},
    {"crl_folder", ROW_TEXT, AT(conf_certificates, crl_folder), .fallback = "", .check = check_path,
	.help = "Folder of the CRLs (DER or PEM) of every root and intermediate; required beside "
		"roots_file. It is read again when a file in it changes: rename new ones into it. "
		"A list that is missing or stale refuses every card of its issuer."},
    {"policies", ROW_TEXTS, AT(conf_certificates, policies), .fallback = "", .check = check_oid,
	.help = "Certificate policies (OIDs) of which a card must have one, allowed by each of its "
		"issuers. An empty list: any."},
    {"upn_suffix", ROW_TEXT, AT(conf_certificates, upn_suffix), .fallback = "mil", .low = 1,
	.high = 253, .check = check_domain,
	.help = "What stands after the @ in a card's user principal name; before it is the EDIPI."},
    {"ocsp", ROW_CHOICE, AT(conf_certificates, ocsp), .words = ocsp_words, .fallback = "off",
	.help = "Whether an OCSP responder is asked too; require: while it does not answer, "
		"registrations with a card are answered 503."},
    {"ocsp_url", ROW_TEXT, AT(conf_certificates, ocsp_url), .fallback = "", .check = check_http,
	.help = "Where the responder is, as in http://ocsp.example.mil/; required for ocsp."},
    {"ocsp_timeout", ROW_SECONDS, AT(conf_certificates, ocsp_timeout), .fallback = "3", .low = 1,
	.high = 30, .help = "The responder's answer takes no longer."},
    END,
};

static const struct row journal_rows[] = {
    {"engine", ROW_TEXT, AT(conf_journal, engine), .words = engine_words, .fallback = "sqlite",
	.flags = ROW_FIXED, .help = "What keeps the journal."},
    {"path", ROW_TEXT, AT(conf_journal, path), .low = 1, .check = check_path,
	.fallback = "/var/lib/musterd/journal.db", .flags = ROW_FIXED,
	.help = "The journal: every registration that was acknowledged is in it."},
    {"key_file", ROW_TEXT, AT(conf_journal, key_file), .low = 1, .check = check_secret,
	.fallback = "/var/lib/musterd/journal.key", .flags = ROW_FIXED,
	.help = "Keys that seal what the journal holds of an identity, a line each: 'ID HEX'. The "
		"first is in use, and 'musterctl journal rekey' changes it. Made where it is "
		"missing, with mode 0400; refused where others have a right to it. Without a slash "
		"it is the name of a credential in $CREDENTIALS_DIRECTORY (systemd's "
		"LoadCredential=), which must be there."},
    {"batch", ROW_NUMBER, AT(conf_journal, batch), .fallback = "256", .low = 1, .high = 65536,
	.flags = ROW_FIXED, .help = "Most registrations in one transaction."},
    END,
};

static const struct row audit_rows[] = {
    {"path", ROW_TEXT, AT(conf_audit, path), .fallback = "audit.log", .flags = ROW_FIXED,
	.help =
	    "The audit log: a line for every decision. A path that is not absolute starts at "
	    "the journal's folder. To rotate it, rename it and send SIGHUP. \"\": none is kept."},
    {"key_file", ROW_TEXT, AT(conf_audit, key_file), .fallback = "audit.key", .low = 1,
	.flags = ROW_FIXED,
	.help = "The first key of the log's chain, made at the first start, which 'musterctl audit "
		"verify' needs and musterd does not any more: keep it elsewhere. Beside it is "
		"where the chain stands, with .state behind its name."},
    {"sign_file", ROW_TEXT, AT(conf_audit, sign_file), .fallback = "audit.sign", .low = 1,
	.flags = ROW_FIXED,
	.help = "The private key that signs the log's heads, made at the first start. Beside it is "
		"the public one, with .pub behind its name."},
    {"head_every", ROW_SECONDS, AT(conf_audit, head_every), .fallback = "300", .low = 1,
	.high = 86400, .flags = ROW_FIXED,
	.help = "So long after a line, or after 1000, at the latest, a signed head covers it."},
    END,
};

static const struct row log_rows[] = {
    {"level", ROW_CHOICE, AT(conf_log, level), .words = level_words, .fallback = "info",
	.help = "The least important lines that are written."},
    {"format", ROW_CHOICE, AT(conf_log, format), .words = format_words, .fallback = "auto",
	.help = "JSON lines or readable text; auto: text on a terminal."},
    END,
};

static const struct row limit_rows[] = {
    {"body_bytes", ROW_NUMBER, AT(conf_limits, body_bytes), .fallback = "65536", .low = 1024,
	.high = 16777216, .flags = ROW_FIXED, .help = "Most bytes of a request's body."},
    {"header_bytes", ROW_NUMBER, AT(conf_limits, header_bytes), .fallback = "16384", .low = 1024,
	.high = 1048576, .flags = ROW_FIXED, .help = "Most bytes of a request's header."},
    {"connections", ROW_NUMBER, AT(conf_limits, connections), .fallback = "4096", .low = 1,
	.high = 65536, .flags = ROW_FIXED,
	.help = "Most connections to the API, event streams at most half of them; fewer where the "
		"system allows few open files. Beyond it, those that have not yet shown a portal's "
		"credential give way to new ones, the oldest first; where there are none, new ones "
		"wait."},
    {"in_flight", ROW_NUMBER, AT(conf_limits, in_flight), .fallback = "256", .low = 1,
	.high = 65536, .flags = ROW_FIXED,
	.help = "Most requests, and most registrations, at work at once."},
    {"handshake_timeout", ROW_SECONDS, AT(conf_limits, handshake_timeout), .fallback = "10",
	.low = 1, .high = 600, .flags = ROW_FIXED, .help = "A TLS handshake takes no longer."},
    {"request_timeout", ROW_SECONDS, AT(conf_limits, request_timeout), .fallback = "30", .low = 1,
	.high = 600, .flags = ROW_FIXED,
	.help = "A connection's first request has come whole within this time, each later one "
		"within this time from its first byte, and no longer passes between them."},
    {"rate", ROW_NUMBER, AT(conf_limits, rate), .fallback = "400", .low = 0, .high = RATE_MOST,
	.help = "Requests a second of all portals together, as a portal's rate. 0: any number."},
    {"burst", ROW_NUMBER, AT(conf_limits, burst), .fallback = "1600", .low = 1, .high = RATE_MOST,
	.help = "Requests of all portals that may come at once after a pause."},
    {"failure_rate", ROW_NUMBER, AT(conf_limits, failure_rate), .fallback = "240", .low = 0,
	.high = RATE_MOST,
	.help = "Failed proofs of all portals together a minute, as a portal's. 0: any number."},
    {"failure_burst", ROW_NUMBER, AT(conf_limits, failure_burst), .fallback = "800", .low = 1,
	.high = RATE_MOST,
	.help = "Failed proofs of all portals that may come at once after a pause."},
    {"stranger_rate", ROW_NUMBER, AT(conf_limits, stranger_rate), .fallback = "60", .low = 0,
	.high = RATE_MOST,
	.help = "Requests a minute without the credential of a portal; beyond stranger_rate and "
		"stranger_burst they are answered 429 instead of 401. 0: any number."},
    {"stranger_burst", ROW_NUMBER, AT(conf_limits, stranger_burst), .fallback = "200", .low = 1,
	.high = RATE_MOST, .help = "Such requests that may come at once after a pause."},
    END,
};

static const struct row confine_rows[] = {
    {"user", ROW_TEXT, AT(conf_confine, user), .fallback = "", .high = 64, .flags = ROW_FIXED,
	.help = "The user that a daemon started by root becomes, for good, before it opens "
		"anything but its configuration; \"\": whoever started it, as under systemd, "
		"where the unit names the user."},
    {"landlock", ROW_CHOICE, AT(conf_confine, landlock), .words = landlock_words,
	.fallback = "auto", .flags = ROW_FIXED,
	.help = "Whether all files are closed but those that the configuration names (Linux 5.13 "
		"and later). auto: where the kernel has it, and the log says where not; require: "
		"no start without it."},
    {"seccomp", ROW_CHOICE, AT(conf_confine, seccomp), .words = seccomp_words, .fallback = "auto",
	.flags = ROW_FIXED,
	.help = "Whether system calls that the daemon does not need are refused; log: none is, "
		"but the kernel's log tells which would be."},
    END,
};

static const struct row agreement_rows[] = {
    {"version", ROW_TEXT, AT(conf_agreement, version), .low = 1, .high = 64,
	.help = "Change it whenever the text changes: a registration names it."},
    {"text", ROW_TEXT, AT(conf_agreement, text), .low = 1, .high = 65536, .flags = ROW_LINES,
	.help = "What a person accepts."},
    END,
};

static const struct row helpdesk_rows[] = {
    {"phone", ROW_TEXT, AT(conf_helpdesk, phone), .fallback = "", .high = 64,
	.help = "What people call when an account is late."},
    {"url", ROW_TEXT, AT(conf_helpdesk, url), .fallback = "", .check = check_url,
	.help = "Where they read on."},
    END,
};

#define GROUP(key) #key, ROW_GROUP, AT(conf, key)
const struct row conf_rows[] = {
    {GROUP(listen), .rows = listen_rows, .help = "Where the daemon listens."},
    {"portals", ROW_LIST, LIST_OF(conf, portals, conf_portal, portal_count), .rows = portal_rows,
	.flags = ROW_COMPACT,
	.help = "The programs that may call the API. With none, only musterctl can register."},
    {"personnel", ROW_LIST, LIST_OF(conf, personnel, conf_personnel, personnel_count),
	.rows = personnel_rows, .low = 1, .high = 16, .flags = ROW_FIXED,
	.help = "The personnel directories, which are only read. A person's records may be in "
		"several."},
    {GROUP(accounts), .rows = account_rows,
	.help = "The account directory, which the daemon writes."},
    {"categories", ROW_LIST, LIST_OF(conf, categories, conf_category, category_count),
	.rows = category_rows, .low = 1, .high = 256, .flags = ROW_COMPACT,
	.help = "Who may have an account. A record in none of these admits nobody; two on one "
		"person make a dual account."},
    {GROUP(identity), .rows = identity_rows, .help = "How identities are proved."},
    {GROUP(password), .rows = password_rows,
	.help = "What a password must be, and how it is kept."},
    {GROUP(security_questions), .rows = questions_rows,
	.help = "The questions that reset a password."},
    {GROUP(activation), .rows = activation_rows, .help = "When accounts become active."},
    {GROUP(certificates), .rows = certificate_rows,
	.help = "The smart cards that portals may show for their users: which are believed."},
    {GROUP(journal), .rows = journal_rows,
	.help = "Where registrations are kept until they are done."},
    {GROUP(audit), .rows = audit_rows,
	.help = "The log of decisions, in which nothing can be changed unseen."},
    {GROUP(log), .rows = log_rows, .help = "What is written to standard error."},
    {GROUP(limits), .rows = limit_rows, .help = "Limits of the API."},
    {GROUP(confine), .rows = confine_rows,
	.help = "What the daemon gives up once it is up; see CONFINEMENT in musterd(8)."},
    {GROUP(agreement), .rows = agreement_rows, .help = "The user agreement."},
    {GROUP(helpdesk), .rows = helpdesk_rows, .help = "Who helps."},
    END,
};
