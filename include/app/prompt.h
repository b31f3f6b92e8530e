/* Questions to the person at the terminal (/dev/tty, never standard input). */
#ifndef NETPUSH_APP_PROMPT_H
#define NETPUSH_APP_PROMPT_H

#include <stdbool.h>

struct secret;

/* Is there a terminal to ask on? */
bool prompt_is_possible(void);

/* One line, shown as it is typed. DEFAULT_TEXT is shown in brackets and taken
 * for an empty answer (NULL: none). The caller frees; NULL at end of file. */
char *prompt_line(const char *question, const char *default_text);

/* One line with echo off, restored whatever signal ends it. NULL at end of
 * file or for an empty answer. */
struct secret *prompt_secret(const char *question);

#endif
