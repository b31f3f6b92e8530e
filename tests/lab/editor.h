/* The line editor, and what it needs of its session. */
#ifndef LAB_EDITOR_H
#define LAB_EDITOR_H

#include "session.h"

/* Reads what was typed until a line blocks, asks, or the bytes run out. */
void editor_read(struct session *session);

/* session.c: a line was read; a key was pressed at --More--; printing with
 * line ends; the fault that acts now, noted in the witness's log. */
void session_line(struct session *session);
void session_page_key(struct session *session, char key);
void session_print(struct session *session, const char *text, size_t len);
const struct fault *session_fault(struct session *session, enum fault_kind kind,
    enum fault_when when, const char *line, uint64_t number);

#endif
