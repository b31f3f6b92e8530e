/* Replacing secrets in text that is about to be written down. */
#include "text/redact.h"

#include "base/buf.h"
#include "base/die.h"
#include "base/secret.h"

#include <string.h>

void
redactor_add(struct redactor *redactor, const struct secret *secret)
{
	if (!secret || !secret_len(secret))
		return;
	BUG_IF(redactor->count ==
	    sizeof(redactor->secrets) / sizeof(redactor->secrets[0]));
	redactor->secrets[redactor->count++] = secret;
}

/* The first secret in TEXT: its place and length, or NULL. */
static const char *
find_secret(const struct redactor *redactor, const char *text, size_t len,
    size_t *found_len)
{
	const char *first = NULL;
	for (size_t i = 0; i < redactor->count; i++) {
		const struct secret *secret = redactor->secrets[i];
		size_t secret_bytes = secret_len(secret);
		const char *at = memmem(
		    text, len, secret_reveal(secret), secret_bytes);
		if (!at || (first && at > first))
			continue;
		if (at == first && secret_bytes < *found_len)
			continue;
		first = at;
		*found_len = secret_bytes;
	}
	return first;
}

void
redact_add(const struct redactor *redactor, struct buf *out, const char *text,
    size_t len)
{
	for (;;) {
		size_t found_len = 0;
		const char *at = find_secret(redactor, text, len, &found_len);
		if (!at)
			break;
		size_t before = (size_t)(at - text);
		buf_add(out, text, before);
		buf_adds(out, REDACT_MARK);
		text = at + found_len;
		len -= before + found_len;
	}
	buf_add(out, text, len);
}
