/*
 * Field faults of a request body, all of them at once (RFC 9457 'errors' extension): a JSON
 * pointer (RFC 6901), a code and words that never quote the value.
 */
#ifndef MODEL_FAULTS_H
#define MODEL_FAULTS_H

#include <stddef.h>

struct fault {
	char *pointer, *code, *detail;
};

struct faults {
	struct fault *items;
	size_t count;
};

#define FAULTS_MOST 64 /* what comes after these is not kept */

/* code: "missing", "unknown", "type", "format", "range", "length", "policy", "repeated", … */
void faults_add(struct faults *faults, const char *pointer, const char *code, const char *detail);
void faults_fini(struct faults *faults);

#endif
