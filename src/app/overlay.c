/*
 * ECMA-48 sequences that every terminal of the last forty years knows: EL, ED,
 * CUU, and DECAWM (no wrapping) while the lines are written, for the case that
 * the terminal has become narrower since it was asked.
 */
#include "app/overlay.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OVERLAY_LIMIT_BYTES (64u << 10)
#define PRINT_LIMIT_BYTES   (4u << 20)
#define COLUMNS_MIN	    10 /* less is no answer */
#define ROWS_MIN	    3

#define ERASE_LINE   "\033[K"
#define ERASE_BELOW  "\033[J"
#define WRAPPING_OFF "\033[?7l"
#define WRAPPING_ON  "\033[?7h"
#define UP	     "\033[%zuA"

bool
terminal_is_smart(int fd)
{
	const char *term = getenv("TERM");
	return isatty(fd) && term && *term && !str_eq(term, "dumb") &&
	    !getenv("CI");
}

void
terminal_size(size_t *columns, size_t *rows)
{
	struct winsize size = { 0 };
	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	*columns = size.ws_col >= COLUMNS_MIN ? size.ws_col : 80;
	*rows = size.ws_row >= ROWS_MIN ? size.ws_row : 24;
}

void
overlay_init(struct overlay *overlay, bool live)
{
	*overlay = (struct overlay){ .live = live };
	buf_init(&overlay->drawn, OVERLAY_LIMIT_BYTES);
}

void
overlay_clear(struct overlay *overlay)
{
	overlay_erase(overlay);
	buf_clear(&overlay->drawn);
}

/* Adds TEXT, what stood to the right of each of its lines erased. */
static void
add_erasing(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		buf_add(out, text, len);
		buf_adds(out, ERASE_LINE);
		text += len;
		if (*text) {
			buf_addc(out, '\n');
			text++;
		}
	}
}

void
overlay_draw(struct overlay *overlay, const char *lines)
{
	size_t ends = 0;
	if (!overlay->live)
		return;
	for (const char *at = lines; (at = strchr(at, '\n')); at++)
		ends++;
	buf_reset(&overlay->drawn);
	buf_adds(&overlay->drawn, WRAPPING_OFF "\r");
	add_erasing(&overlay->drawn, lines);
	buf_adds(&overlay->drawn, ERASE_BELOW WRAPPING_ON "\r");
	if (ends)
		buf_addf(&overlay->drawn, UP, ends);
	fputs(buf_str(&overlay->drawn), stderr);
	overlay->shown = true;
}

void
overlay_print(struct overlay *overlay, const char *text)
{
	struct buf out;
	if (!overlay->shown) {
		fputs(text, stderr);
		return;
	}
	/* In one write, so that nothing flickers. */
	buf_init(&out, PRINT_LIMIT_BYTES);
	buf_addc(&out, '\r');
	add_erasing(&out, text);
	buf_adds(&out, buf_str(&overlay->drawn));
	fputs(buf_str(&out), stderr);
	buf_clear(&out);
}

void
overlay_erase(struct overlay *overlay)
{
	if (overlay->shown)
		fputs("\r" ERASE_BELOW, stderr);
	overlay->shown = false;
}
