/*
 * One line of a terminal, fed byte by byte. It knows nothing of prompts,
 * echoes or devices: it only turns what a device sends to a screen into what
 * a person would read there.
 */
#include "text/screen.h"

#include <stdint.h>
#include <string.h>

#define EACH_BYTE(value) (UINT64_MAX / 255 * (value))

void
screen_init(struct screen *screen, screen_line_fn *on_line, void *data)
{
	*screen = (struct screen){ .on_line = on_line, .data = data };
	buf_init(&screen->line, SCREEN_LINE_LIMIT_BYTES);
	buf_init(&screen->unfolded, SCREEN_LINE_LIMIT_BYTES);
}

void
screen_clear(struct screen *screen)
{
	buf_clear(&screen->line);
	buf_clear(&screen->unfolded);
}

void
screen_drop_line(struct screen *screen)
{
	buf_reset(&screen->line);
	buf_reset(&screen->unfolded);
	screen->cursor = screen->row_len = 0;
	screen->edited = false;
	screen->folded = false;
	screen->line_cut = false;
}

const char *
screen_unfolded(const struct screen *screen, size_t *len)
{
	*len = screen->unfolded.len;
	return screen->folded ? buf_str(&screen->unfolded) : NULL;
}

size_t
screen_open_len(const struct screen *screen)
{
	size_t len = screen->line.len;
	while (screen->edited && len > screen->cursor &&
	    screen->line.data[len - 1] == ' ')
		len--;
	return len;
}

/* CR behind a blank at the very end: the blank may have been there only to
 * wrap the cursor, and the row before it is whole. */
static void
carriage_return(struct screen *screen)
{
	const struct buf *line = &screen->line;
	if (line->len && screen->cursor == line->len &&
	    line->data[line->len - 1] == ' ') {
		buf_add(&screen->unfolded, line->data, line->len - 1);
		screen->folded = true;
		screen->row_len = 0;
	}
	screen->cursor = 0;
}

static void
finish_line(struct screen *screen)
{
	size_t len = screen->line.len;
	/* Of the last row only what was written: the rest is the one before. */
	if (screen->folded)
		buf_add(&screen->unfolded, buf_str(&screen->line),
		    screen->row_len < len ? screen->row_len : len);
	/* An erasure by blanks leaves blanks that nobody wrote. */
	while (screen->edited && len && screen->line.data[len - 1] == ' ')
		len--;
	screen->on_line(screen->data, buf_str(&screen->line), len);
	screen_drop_line(screen);
}

static void
put(struct screen *screen, const char *bytes, size_t len)
{
	struct buf *line = &screen->line;
	if (screen->cursor < line->len) {
		size_t over = line->len - screen->cursor;
		if (over > len)
			over = len;
		memcpy(line->data + screen->cursor, bytes, over);
		screen->edited = true;
		screen->cursor += over;
		bytes += over;
		len -= over;
	}
	if (len) {
		while (line->len < screen->cursor)
			if (!buf_addc(line, ' '))
				break;
		if (!buf_add(line, bytes, len))
			screen->line_cut = true;
		screen->cursor = line->len;
	}
	if (screen->folded && screen->cursor > screen->row_len)
		screen->row_len = screen->cursor;
}

static void
erase_in_line(struct screen *screen, unsigned how)
{
	struct buf *line = &screen->line;
	size_t at = screen->cursor < line->len ? screen->cursor : line->len;
	if (how > 2)
		return; /* the scrollback, say */
	screen->edited = true;
	if (how == 0)
		buf_truncate(line, at);
	else if (how == 2)
		buf_truncate(line, 0);
	else if (line->len) /* the cursor's own place, too */
		memset(line->data, ' ', at < line->len ? at + 1 : at);
}

static void
delete_chars(struct screen *screen, size_t count)
{
	struct buf *line = &screen->line;
	if (screen->cursor >= line->len)
		return;
	if (count > line->len - screen->cursor)
		count = line->len - screen->cursor;
	size_t tail = line->len - screen->cursor - count;
	memmove(line->data + screen->cursor,
	    line->data + screen->cursor + count, tail);
	buf_truncate(line, screen->cursor + tail);
	screen->edited = true;
}

static void
insert_blanks(struct screen *screen, size_t count)
{
	struct buf *line = &screen->line;
	if (screen->cursor >= line->len)
		return;
	size_t tail = line->len - screen->cursor;
	for (size_t i = 0; i < count; i++)
		if (!buf_addc(line, ' '))
			return;
	memmove(line->data + screen->cursor + count,
	    line->data + screen->cursor, tail);
	memset(line->data + screen->cursor, ' ', count);
	screen->edited = true;
}

/* ECMA-48 8.3: the control functions that move or erase within a line. */
static void
control_sequence(struct screen *screen, char final)
{
	unsigned first = screen->params[0];
	size_t count = first ? first : 1;
	if (count > 4096)
		count = 4096;
	switch (final) {
	case 'K': /* EL */
	case 'J': /* ED: what is on other lines is already history */
		erase_in_line(screen, first);
		break;
	case 'D': /* CUB */
		screen->cursor -= count < screen->cursor ? count
							 : screen->cursor;
		break;
	case 'C': /* CUF */
		screen->cursor += count;
		break;
	case 'G': /* CHA */
		screen->cursor = count - 1;
		break;
	case 'P': /* DCH */
		delete_chars(screen, count);
		break;
	case '@': /* ICH */
		insert_blanks(screen, count);
		break;
	default: /* colours, modes, reports: nothing to read there */
		break;
	}
	if (screen->cursor > SCREEN_LINE_LIMIT_BYTES)
		screen->cursor = SCREEN_LINE_LIMIT_BYTES;
}

static void
control_byte(struct screen *screen, char byte)
{
	switch (byte) {
	case '\n':
		finish_line(screen);
		break;
	case '\r':
		carriage_return(screen);
		break;
	case '\b':
		if (screen->cursor)
			screen->cursor--;
		break;
	case '\t':
		put(screen, "\t", 1);
		break;
	case '\033':
		screen->state = SCREEN_ESCAPE;
		break;
	default: /* NUL, BEL, flow control ... */
		break;
	}
}

static void
escape_byte(struct screen *screen, char byte)
{
	screen->state = SCREEN_GROUND;
	if (byte == '[') {
		memset(screen->params, 0, sizeof(screen->params));
		screen->param_count = 0;
		screen->state = SCREEN_CSI;
	} else if (byte == ']' || byte == 'P' || byte == '_' || byte == '^' ||
	    byte == 'X') {
		screen->state = SCREEN_STRING;
	} else if ((unsigned char)byte < 0x20) {
		control_byte(screen, byte);
	} else if ((unsigned char)byte < 0x30) {
		/* ECMA-35: an intermediate byte, then the final one. */
		screen->state = SCREEN_ESCAPE_CHARSET;
	}
}

static void
charset_byte(struct screen *screen, char byte)
{
	unsigned char c = (unsigned char)byte;
	if (c >= 0x30 || c < 0x20)
		screen->state = SCREEN_GROUND;
	if (c < 0x20)
		control_byte(screen, byte);
}

static void
csi_byte(struct screen *screen, char byte)
{
	unsigned char c = (unsigned char)byte;
	unsigned last = screen->param_count < 4 ? screen->param_count : 3;
	if (c >= '0' && c <= '9') {
		if (screen->params[last] < 100000)
			screen->params[last] = screen->params[last] * 10 +
			    (c - '0');
	} else if (c == ';') {
		screen->param_count++;
	} else if (c >= 0x40 && c <= 0x7e) {
		screen->state = SCREEN_GROUND;
		control_sequence(screen, byte);
	} else if (c < 0x20) {
		/* A broken sequence must not swallow the rest of the show. */
		screen->state = SCREEN_GROUND;
		control_byte(screen, byte);
	}
}

static void
string_byte(struct screen *screen, char byte)
{
	if (screen->state == SCREEN_STRING_ESCAPE)
		/* ST, or the start of what takes the string's place. */
		escape_byte(screen, byte);
	else if (byte == '\a')
		screen->state = SCREEN_GROUND;
	else if (byte == '\033')
		screen->state = SCREEN_STRING_ESCAPE;
	else if (byte == '\n') {
		screen->state = SCREEN_GROUND;
		finish_line(screen);
	}
}

/* How many plain bytes stand at the start. */
static size_t
plain_span(const char *bytes, size_t len)
{
	size_t n = 0;
	/* Eight at a time: a high bit is set in `control` where a byte is
	 * below 0x20, in `rubout` where it is 0x7f (and, by the borrow, maybe
	 * in bytes behind such a one). */
	while (len - n >= sizeof(uint64_t)) {
		uint64_t word, other;
		memcpy(&word, bytes + n, sizeof(word));
		other = word ^ EACH_BYTE(0x7f);
		uint64_t control = (word - EACH_BYTE(0x20)) & ~word;
		uint64_t rubout = (other - EACH_BYTE(1)) & ~other;
		if ((control | rubout) & EACH_BYTE(0x80))
			break;
		n += sizeof(word);
	}
	while (n < len && (unsigned char)bytes[n] >= 0x20 && bytes[n] != 0x7f)
		n++;
	return n;
}

void
screen_feed(struct screen *screen, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		if (screen->state == SCREEN_GROUND) {
			size_t n = plain_span(bytes + i, len - i);
			if (n) {
				put(screen, bytes + i, n);
				i += n;
			} else {
				control_byte(screen, bytes[i++]);
			}
			continue;
		}
		char byte = bytes[i++];
		if (screen->state == SCREEN_ESCAPE)
			escape_byte(screen, byte);
		else if (screen->state == SCREEN_ESCAPE_CHARSET)
			charset_byte(screen, byte);
		else if (screen->state == SCREEN_CSI)
			csi_byte(screen, byte);
		else
			string_byte(screen, byte);
	}
}
