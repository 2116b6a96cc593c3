/*
 * Several questions at once, each of its own directory, and one answer: when the last reply is
 * there. Hides that replies come one by one and in any order.
 */
#ifndef DIR_GATHER_H
#define DIR_GATHER_H

#include "dir/dir.h"

/*
 * Asks the question and those chained to it (takes them, and leaves the question empty);
 * directories[] is indexed by question->directory. Calls back exactly once, as dir_submit does;
 * the replies are chained in the order of the questions, and freed after the call.
 */
void dir_gather(
    struct dir *const *directories, struct question *question, dir_reply_fn *reply, void *arg);

#endif
