/* The authorities and cards of tests/pki/make-pki, made anew in a temporary folder. */
#ifndef PKI_H
#define PKI_H

#include "conf/conf.h"

struct pki {
	char *dir;
	struct conf_certificates conf; /* that trusts them */
};

struct pki *pki_make(void); /* NULL, having said why, where this machine can't */
void pki_free(struct pki **pki);
char *pki_card(const struct pki *pki, const char *name); /* the caller frees */
char *pki_read(const struct pki *pki, const char *file);

#endif
