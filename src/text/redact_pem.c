/*
 * Private keys in PEM: all lines between BEGIN and END. A difference or a cut
 * output may show the middle of a key without its BEGIN; such a line is known
 * by its looks: nothing but 60 or more characters of base64.
 */
#include "text/redact_forms.h"

#include <ctype.h>
#include <string.h>

#define STRAY_BYTES  60 /* PEM has 64 in a line, OpenSSH's own 70 */
#define PROMPT_BYTES 80

struct body {
	size_t start, end; /* of the base64 in the line */
	bool upper, lower, digit, padded, beyond_hex;
};

/* Where BEGIN or END with its label stands; *LABEL_END behind the dashes. */
static const char *
find_marker(const char *line, size_t len, const char *word, size_t *label_start,
    size_t *label_end)
{
	const char *at = line, *end = line + len;
	size_t word_len = strlen(word);
	while ((at = memmem(at, (size_t)(end - at), word, word_len))) {
		const char *from = at;
		if (from > line && from[-1] == ' ')
			from--;
		at += word_len;
		if (from - line < 4 || memcmp(from - 4, "----", 4) != 0)
			continue;
		const char *dashes = memmem(at, (size_t)(end - at), "----", 4);
		const char *label = dashes ? dashes : end;
		*label_start = (size_t)(at - line);
		*label_end = (size_t)(label - line);
		while (*label_end < len && line[*label_end] == '-')
			++*label_end;
		while (from > line && from[-1] == '-')
			from--;
		return from;
	}
	return NULL;
}

/* Behind indentation, the mark of a difference, or a prompt. */
static size_t
skip_lead(const char *line, size_t len)
{
	size_t at = 0;
	for (size_t i = 0; i < len && i < PROMPT_BYTES; i++)
		if (line[i] == '#' || line[i] == '>')
			at = i + 1;
	while (at < len && strchr(" \t-", line[at]) && line[at])
		at++;
	return at;
}

/* Is the line base64 and nothing else? */
static bool
find_body(const char *line, size_t len, struct body *body)
{
	while (len && isspace((unsigned char)line[len - 1]))
		len--;
	*body = (struct body){ .start = skip_lead(line, len), .end = len };
	for (size_t i = body->start; i < len; i++) {
		unsigned char byte = (unsigned char)line[i];
		if (byte == '=' && len - i <= 2) {
			body->padded = true;
			continue;
		}
		if (byte >= 0x80 ||
		    (!isalnum(byte) && byte != '+' && byte != '/'))
			return false;
		body->upper |= isupper(byte) != 0;
		body->lower |= islower(byte) != 0;
		body->digit |= isdigit(byte) != 0;
		body->beyond_hex |= !isxdigit(byte);
	}
	return body->end > body->start;
}

/* `Proc-Type: 4,ENCRYPTED`, and the empty line behind it. */
static bool
is_header(const char *line, size_t len)
{
	size_t i = 0;
	while (i < len && strchr(" \t-+", line[i]) && line[i])
		i++;
	if (i == len || isspace((unsigned char)line[i]))
		return true;
	while (i < len && (isalnum((unsigned char)line[i]) || line[i] == '-'))
		i++;
	return i + 1 < len && line[i] == ':' && line[i + 1] == ' ';
}

static enum redact_pem
begin(const char *line, size_t len, size_t label, size_t from, size_t base,
    struct redact_spans *spans)
{
	static const char name[] = "PRIVATE KEY";
	size_t end_label, end_len, to = len;
	bool private = memmem(
	    line + label, from - label, name, sizeof(name) - 1);
	const char *end = find_marker(
	    line + from, len - from, "END ", &end_label, &end_len);
	if (end)
		to = (size_t)(end - line);
	while (to > from && isspace((unsigned char)line[to - 1]))
		to--;
	if (private)
		redact_spans_add(spans, base + from, base + to);
	if (end)
		return REDACT_PEM_NONE;
	return private ? REDACT_PEM_PRIVATE : REDACT_PEM_PUBLIC;
}

static enum redact_pem
find_stray(enum redact_pem state, const char *line, size_t len, size_t base,
    struct redact_spans *spans)
{
	struct body body;
	if (!find_body(line, len, &body))
		return REDACT_PEM_NONE;
	bool mixed = body.upper && body.lower;
	bool middle = body.end - body.start >= STRAY_BYTES && mixed &&
	    body.digit && body.beyond_hex;
	bool last = state == REDACT_PEM_STRAY && (mixed || body.padded);
	if (!middle && !last)
		return REDACT_PEM_NONE;
	redact_spans_add(spans, base + body.start, base + body.end);
	return REDACT_PEM_STRAY;
}

enum redact_pem
redact_pem_find(enum redact_pem state, const char *line, size_t len,
    size_t base, struct redact_spans *spans)
{
	struct body body;
	size_t label, behind;
	if (find_marker(line, len, "BEGIN ", &label, &behind))
		return begin(line, len, label, behind, base, spans);
	if (state == REDACT_PEM_NONE || state == REDACT_PEM_STRAY)
		return find_stray(state, line, len, base, spans);
	const char *end = find_marker(line, len, "END ", &label, &behind);
	if (end) {
		size_t from = skip_lead(line, (size_t)(end - line));
		if (state == REDACT_PEM_PRIVATE)
			redact_spans_add(
			    spans, base + from, base + (size_t)(end - line));
		return REDACT_PEM_NONE;
	}
	if (find_body(line, len, &body)) {
		if (state == REDACT_PEM_PRIVATE)
			redact_spans_add(
			    spans, base + body.start, base + body.end);
		return state;
	}
	return is_header(line, len)
	    ? state
	    : find_stray(REDACT_PEM_NONE, line, len, base, spans);
}
