/*
 * Slow password hashes, made off the loop by a pool of threads behind a bounded queue. A job takes
 * one or more secrets and calls back on the loop with a stored value ('{CRYPT}$y$…', RFC 2307
 * syntax) for each; a full queue is refused at once. The pool takes the secrets and wipes them.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>

#define HASH_SIZE 256
#define HASH_MOST 4 /* secrets a job */

struct err;
struct loop;
struct secret;
struct hash_pool;

/* hashes[i] belongs to the i-th secret; all are wiped after the call. */
typedef void hash_done_fn(char hashes[][HASH_SIZE], void *arg);

/* prefix and cost as crypt_gensalt(3) takes them: "$y$" 5, "$2b$" 12, "$6$" 100000. */
struct hash_pool *hash_pool_new(struct loop *loop, const char *prefix, unsigned long cost,
    int threads, int queue, struct err *err);
/* Once the loop has ended: waits for the threads; open jobs never call back. */
void hash_pool_free(struct hash_pool **pool);

/* secrets[0..count-1] are taken and set NULL, also when it returns -1 because the queue is full. */
int hash_submit(
    struct hash_pool *pool, struct secret **secrets, size_t count, hash_done_fn *done, void *arg);
int hash_pool_depth(const struct hash_pool *pool); /* jobs that wait or run */

#endif
