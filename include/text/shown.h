/*
 * Text from elsewhere as it may be put on a person's terminal: no character in
 * it moves the cursor, changes a colour or turns the direction of writing.
 * Such characters become U+FFFD. Takes and gives UTF-8.
 */
#ifndef NETPUSH_TEXT_SHOWN_H
#define NETPUSH_TEXT_SHOWN_H

#include <stddef.h>

struct buf;

/* Adds LEN bytes of TEXT to OUT; line ends and tabs stay. */
void shown_add(struct buf *out, const char *text, size_t len);

/*
 * Adds TEXT as part of one line: line ends and tabs become blanks. What is
 * longer than COLUMNS characters (0: no limit) is cut and ends in "...".
 * Returns how many characters were added; each counts as one column.
 */
size_t shown_add_line(struct buf *out, const char *text, size_t columns);

#endif
