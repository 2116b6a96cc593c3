/*
 * Files of the source tree that musterctl carries within itself, as texts: made into
 * sandbox_files.c by embed.sh at build time.
 */
#ifndef MUSTERCTL_SANDBOX_FILES_H
#define MUSTERCTL_SANDBOX_FILES_H

extern const char sandbox_schema_openldap[]; /* muster.ldif, for slapd with cn=config */
extern const char sandbox_schema_389ds[];    /* 98muster.ldif */
extern const char sandbox_slapd_access[];    /* slapd-access.ldif */
extern const char sandbox_people[];          /* people.ldif */
extern const char sandbox_army_conf[];       /* army.conf */

#endif
