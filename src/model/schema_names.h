/* The names of the schema that the account directory must carry (contract, section 3). */
#ifndef MODEL_SCHEMA_NAMES_H
#define MODEL_SCHEMA_NAMES_H

/* Those that are not among the names (compared without case), ends with NULL; NULL where all are
 * there. The caller frees with mem_texts_free. */
char **schema_missing(char *const *names);

#endif
