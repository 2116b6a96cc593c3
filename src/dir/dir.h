/*
 * A directory: ask a question, get a reply. Hides libldap, connections, TLS, binding, reconnecting
 * and deadlines. Connect, TLS and bind happen in a short-lived thread; everything else on the
 * loop, which is never blocked.
 *
 * dir_open starts connecting and returns; dir_submit may be called at any time, and answers
 * exactly once, always later (never from within the call): REPLY_AWAY where the directory can't
 * be reached, the connection was lost or operation_timeout has passed since dir_submit. Order
 * between two questions in flight is not kept: one question in flight for one entry. The caller
 * owns dir and closes it after the loop has ended or within it; questions still open are then
 * answered AWAY by dir_close itself.
 */
#ifndef DIR_DIR_H
#define DIR_DIR_H

#include <stdbool.h>
#include <stddef.h>

struct conf_directory;
struct dir;
struct err;
struct loop;
struct question;
struct reply;

/* The reply is dir's, and freed after the call. */
typedef void dir_reply_fn(struct reply *reply, void *arg);
typedef void dir_change_fn(struct dir *dir, bool up, void *arg);

/* Copies what it needs of the configuration. name is for the log: "accounts", "personnel/army". */
struct dir *dir_open(
    struct loop *loop, const char *name, const struct conf_directory *conf, struct err *err);
void dir_close(struct dir **dir);

/* Takes the question's contents (and leaves it empty). */
void dir_submit(struct dir *dir, struct question *question, dir_reply_fn *reply, void *arg);

bool dir_is_up(const struct dir *dir); /* at least one connection is bound */
const char *dir_name(const struct dir *dir);
size_t dir_depth(const struct dir *dir);        /* questions that wait or are in flight */
const char *dir_trouble(const struct dir *dir); /* why it is down, in words; "" while it is up */
void dir_on_change(struct dir *dir, dir_change_fn *change, void *arg); /* one listener */

/*
 * For 'musterd -t': connects, binds and reads the base entry with blocking calls, in the caller's
 * thread, within connect_timeout. base may be NULL. Says in err what is wrong.
 */
int dir_try(const struct conf_directory *conf, const char *base, struct err *err);
/* The same with a search: -1 where no entry is found that shows every attribute that it wants. */
int dir_try_search(
    const struct conf_directory *conf, const struct question *question, struct err *err);
/* The names of the attribute types and object classes of the server's schema (blocking too). */
int dir_read_schema(const struct conf_directory *conf, char ***names_out, struct err *err);

/* Where libldap must be told things once for the process (no ldaprc): call first in main. */
void dir_setup_process(void);

#endif
