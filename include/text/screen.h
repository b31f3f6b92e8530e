/*
 * From terminal noise to text. Device bytes go in, in any split; finished
 * lines come out through a function, and the line that is still open (a
 * prompt, a question, half an echo) can be looked at any time.
 *
 * It follows what a terminal would show of one line: CR, BS, erasures and
 * cursor movements within the line (ECMA-48), so that a pager's ` --More-- `
 * that the device wipes out is gone. Colours, titles, bells and NULs vanish.
 * Linear in the bytes fed; nothing is looked at twice.
 *
 * How wide the device thinks that its terminal is, is not known here. One that
 * wraps by a blank and a CR (readline) writes each row over the one before;
 * screen_unfolded() has the rows of such a line side by side.
 */
#ifndef NETPUSH_TEXT_SCREEN_H
#define NETPUSH_TEXT_SCREEN_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define SCREEN_LINE_LIMIT_BYTES (256u << 10)

/* A finished line, without its end. Bytes are the device's: not UTF-8 for
 * certain, but free of control characters except the tab. */
typedef void screen_line_fn(void *data, const char *line, size_t len);

enum screen_state {
	SCREEN_GROUND,
	SCREEN_ESCAPE,
	SCREEN_ESCAPE_CHARSET,
	SCREEN_CSI,
	SCREEN_STRING, /* OSC, DCS, APC, PM: up to BEL or ST */
	SCREEN_STRING_ESCAPE,
};

struct screen {
	struct buf line; /* the open line */
	struct buf unfolded; /* its rows so far, if it is folded */
	size_t cursor; /* byte column in it */
	bool folded; /* a blank at its end, and a CR */
	size_t row_len; /* of the row that is being written, if folded */
	bool edited; /* something in it was overwritten or erased */
	bool line_cut; /* it was longer than the limit */
	enum screen_state state;
	unsigned params[4];
	unsigned param_count;
	screen_line_fn *on_line;
	void *data;
};

void screen_init(struct screen *screen, screen_line_fn *on_line, void *data);
void screen_clear(struct screen *screen);
void screen_feed(struct screen *screen, const char *bytes, size_t len);

/* How much of the open line a person would see: without the blanks behind
 * the cursor that an erasure left. */
size_t screen_open_len(const struct screen *screen);

/*
 * For the function that gets a finished line: the same with its rows side by
 * side, if it may have been wrapped by a blank and a CR; else NULL. Only who
 * knows what to expect can tell which of the two it is.
 */
const char *screen_unfolded(const struct screen *screen, size_t *len);

/* Forgets the open line (after it was taken as a prompt, say). */
void screen_drop_line(struct screen *screen);

#endif
