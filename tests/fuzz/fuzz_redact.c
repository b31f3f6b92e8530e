/*
 * Fuzzes redaction: up to the first line end stands a secret, behind it the
 * text. The secret is gone, also where a terminal wrapped it; the lines are as
 * many as before; and line by line nothing else comes out than at once, but
 * for a secret over several lines.
 */
#include "text/redact.h"

#include "base/buf.h"
#include "base/die.h"
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

#define SECRET_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
count_lines(const char *text, size_t len)
{
	size_t lines = 0;
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	return lines;
}

static void
redact_by_lines(const struct redactor *redactor, struct buf *out,
    const char *text, size_t len)
{
	enum redact_pem pem = REDACT_PEM_NONE;
	for (size_t at = 0; at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) - at : len - at;
		redact_add_more(redactor, &pem, out, text + at, line);
		if (end)
			buf_addc(out, '\n');
		at += line + 1;
	}
}

/* The text without the marks, and without the line ends when they do not
 * count: nothing of the secret may be in it. */
static bool
holds(const struct buf *out, const char *secret, size_t len, bool joined)
{
	static const char mark[] = REDACT_MARK;
	struct buf rest;
	buf_init(&rest, out->len + 1);
	for (size_t i = 0; i < out->len; i++) {
		if (out->len - i >= sizeof(mark) - 1 &&
		    memcmp(out->data + i, mark, sizeof(mark) - 1) == 0) {
			buf_addc(&rest, '\n');
			i += sizeof(mark) - 2;
		} else if (!joined || out->data[i] != '\n') {
			buf_addc(&rest, out->data[i]);
		}
	}
	bool found = memmem(buf_str(&rest), rest.len, secret, len);
	buf_clear(&rest);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct redactor known = { 0 }, none = { 0 };
	struct buf whole, lines;
	const uint8_t *end = memchr(data, '\n', size);
	size_t secret_size = end ? (size_t)(end - data) : 0;
	if (!end || secret_size > SECRET_MAX)
		return 0;
	const char *text = (const char *)end + 1;
	size_t len = size - secret_size - 1;
	struct secret *secret = secret_new((const char *)data, secret_size);
	redactor_add(&known, secret);
	buf_init(&whole, 64 << 20);
	buf_init(&lines, 64 << 20);

	redact_add(&known, &whole, text, len);
	BUG_IF(count_lines(whole.data, whole.len) != count_lines(text, len));
	if (secret_size)
		BUG_IF(holds(&whole, secret_reveal(secret), secret_size, true));
	BUG_IF(redact_open_end(&known, text, len) > len);

	buf_reset(&whole);
	redact_add(&none, &whole, text, len);
	redact_by_lines(&none, &lines, text, len);
	BUG_IF(whole.len != lines.len);
	BUG_IF(whole.len && memcmp(whole.data, lines.data, whole.len));

	buf_reset(&lines);
	redact_by_lines(&known, &lines, text, len);
	if (secret_size)
		BUG_IF(
		    holds(&lines, secret_reveal(secret), secret_size, false));
	buf_clear(&whole);
	buf_clear(&lines);
	secret_free(secret);
	return 0;
}
