/*
 * A few lines at the bottom of a terminal that are drawn again and again, and
 * what is printed above them. The cursor rests at the start of the first of
 * them: wherever a resized terminal puts the lines, they are below it, and
 * erasing from there to the end of the screen leaves nothing behind.
 */
#ifndef NETPUSH_APP_OVERLAY_H
#define NETPUSH_APP_OVERLAY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct overlay {
	bool live; /* standard error is a terminal on which that can be done */
	bool shown;
	struct buf drawn; /* what draws it, ready to be written again */
};

/* A terminal that can move the cursor, and a person before it: TERM is set and
 * not "dumb", no CI in the environment. */
bool terminal_is_smart(int fd);

/* Of standard error, as it is now; 80 x 24 if it does not say. */
void terminal_size(size_t *columns, size_t *rows);

void overlay_init(struct overlay *overlay, bool live);
void overlay_clear(struct overlay *overlay);

/* Draws LINES ("\n" between them, each narrower than the terminal, fewer than
 * it has rows). */
void overlay_draw(struct overlay *overlay, const char *lines);

/* Writes TEXT (whole lines) to standard error, above what is drawn. */
void overlay_print(struct overlay *overlay, const char *text);

/* Takes the lines away, until they are drawn again. */
void overlay_erase(struct overlay *overlay);

#endif
