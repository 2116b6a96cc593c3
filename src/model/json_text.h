/*
 * Texts into JSON that can't fail, and JSON that held secrets out of memory. What a directory says
 * need not be UTF-8; jansson refuses such a text, so each bad byte becomes a question mark.
 */
#ifndef MODEL_JSON_TEXT_H
#define MODEL_JSON_TEXT_H

#include <jansson.h>

json_t *json_text(const char *text);         /* null where it is NULL */
json_t *json_texts(char *const *texts);      /* an array; [] where it is NULL */
void json_text_wipe_free(json_t **document); /* overwrites every text in it first; sets NULL */

#endif
