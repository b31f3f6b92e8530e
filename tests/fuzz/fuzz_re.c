/*
 * Fuzzes the matcher: a byte of flags, a pattern, a newline, a subject. Spans
 * must lie within the subject, and a quoted subject must match itself.
 */
#include "text/re.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/die.h"
#include "base/err.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_spans(const struct re_span *spans, size_t len, bool found)
{
	for (size_t i = 0; i < GROUPS; i++) {
		if (spans[i].start == (size_t)-1) {
			BUG_IF(spans[i].end != (size_t)-1);
			BUG_IF(found && i == 0);
			continue;
		}
		BUG_IF(!found);
		BUG_IF(spans[i].start > spans[i].end);
		BUG_IF(spans[i].end > len);
	}
}

static void
match_pattern(
    const char *pattern, unsigned flags, const char *subject, size_t len)
{
	struct re_span spans[GROUPS];
	struct err err = { 0 };
	struct re *re = re_compile(pattern, flags, &err);
	BUG_IF(!re && (err.kind != ERR_JOB || !err.text[0]));
	if (re) {
		bool found = re_match_groups(re, subject, len, spans, GROUPS);
		check_spans(spans, len, found);
		if (found && (flags & RE_WHOLE))
			BUG_IF(spans[0].end != len);
	}
	re_free(re);
}

static void
match_itself(const char *subject, size_t len)
{
	struct buf quoted;
	if (len > 2000)
		return;
	buf_init(&quoted, 16384);
	re_quote(&quoted, subject, len);
	struct re *re = re_compile(buf_str(&quoted), RE_WHOLE, NULL);
	BUG_IF(!re);
	BUG_IF(!re_match(re, subject, len, NULL));
	re_free(re);
	buf_clear(&quoted);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	char *text = xstrndup((const char *)data + 1, size - 1);
	char *newline = memchr(text, '\n', size - 1);
	const char *subject = newline ? newline + 1 : text + size - 1;
	size_t len = (size_t)(text + size - 1 - subject);
	if (newline)
		*newline = '\0';
	match_pattern(text, data[0] & 0xf, subject, len);
	match_itself(subject, len);
	free(text);
	return 0;
}
