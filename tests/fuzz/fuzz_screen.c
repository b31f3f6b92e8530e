/*
 * Fuzzes the screen: the first byte says how the rest is split. Any split
 * shows the same as the whole, and no control character but the tab gets out.
 */
#include "text/screen.h"

#include "base/die.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
add_line(void *data, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++)
		BUG_IF((unsigned char)line[i] < ' ' && line[i] != '\t');
	buf_add(data, line, len);
	buf_addc(data, '\n');
}

static void
show(struct buf *out, const char *text, size_t len, size_t piece)
{
	struct screen screen;
	buf_init(out, 4 << 20);
	screen_init(&screen, add_line, out);
	for (size_t at = 0; at < len; at += piece) {
		size_t n = piece < len - at ? piece : len - at;
		screen_feed(&screen, text + at, n);
		BUG_IF(screen.line.len > SCREEN_LINE_LIMIT_BYTES);
		BUG_IF(screen_open_len(&screen) > screen.line.len);
	}
	buf_add(out, buf_str(&screen.line), screen.line.len);
	screen_clear(&screen);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;
	if (!size)
		return 0;
	const char *text = (const char *)data + 1;
	show(&whole, text, size - 1, size);
	show(&pieces, text, size - 1, 1 + data[0] % 16u);
	BUG_IF(whole.len != pieces.len);
	BUG_IF(whole.len && memcmp(whole.data, pieces.data, whole.len));
	buf_clear(&whole);
	buf_clear(&pieces);
	return 0;
}
