#include <string.h>

#include "model/application.h"
#include "model/submission_internal.h"

#define MAIL_MOST 254 /* RFC 5321 section 4.5.3.1.3, without the angle brackets */
#define LOCAL_MOST 64 /* section 4.5.3.1.1 */
#define LABEL_MOST 63 /* RFC 1035 section 2.3.4 */
#define PHONE_MOST 64 /* our own bounds, from here on */
#define LINE_MOST 128
#define ADDRESS_MOST 500

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Whether a text is pieces of those characters, none empty or too long, with dots between. */
static bool
contact_is_dotted(const char *text, const char *characters, size_t piece_most)
{
	for (;;) {
		size_t piece = strspn(text, characters);

		if (piece == 0 || piece > piece_most)
			return false;
		text += piece;
		if (*text == '\0')
			return true;
		if (*text++ != '.')
			return false;
	}
}

static bool
contact_is_domain(const char *domain)
{
	size_t size = strlen(domain);

	if (domain[0] == '-' || domain[size - 1] == '-')
		return false;
	if (strstr(domain, "-.") != NULL || strstr(domain, ".-") != NULL)
		return false;
	return contact_is_dotted(domain, LETTERS DIGITS "-", LABEL_MOST);
}

/*
 * A mailbox of RFC 5321 section 4.1.2 with a dot-string and a domain of names. Quoted local parts
 * and address literals are left out: nobody has one, and every program behind us would have to
 * get the quoting right.
 */
bool
contact_is_mail(const char *text)
{
	const char *at = strchr(text, '@');
	char local[LOCAL_MOST + 1];
	size_t size;

	if (at == NULL || strlen(text) > MAIL_MOST || at[1] == '\0')
		return false;
	size = (size_t)(at - text);
	if (size > LOCAL_MOST)
		return false;
	memcpy(local, text, size);
	local[size] = '\0';
	return contact_is_dotted(local, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~", LOCAL_MOST) &&
	       contact_is_domain(at + 1);
}

/* telephoneNumber in the directory takes these characters alone (RFC 4517, PrintableString). */
bool
contact_is_phone(const char *text)
{
	size_t size = strlen(text);

	return size <= PHONE_MOST && strspn(text, LETTERS DIGITS "'()+,-./:?= ") == size &&
	       strpbrk(text, DIGITS) != NULL;
}

bool
contact_is_address(const char *text)
{
	return typed_length(text) <= ADDRESS_MOST && typed_is_plain(text, true) &&
	       !typed_is_blank(text);
}

bool
contact_is_line(const char *text)
{
	return typed_length(text) <= LINE_MOST && typed_is_plain(text, false) &&
	       !typed_is_blank(text);
}

bool
contact_is_certificate(const char *text)
{
	return *text != '\0' && strlen(text) <= SHOWN_CARD_MOST;
}
