/* Replacing secrets in text that is about to be written down. */
#include "text/redact.h"

#include "base/buf.h"
#include "base/die.h"
#include "base/secret.h"

#include <stdbool.h>
#include <string.h>

#define SECRETS_MAX                                                            \
	(sizeof(((struct redactor *)NULL)->secrets) /                          \
	    sizeof(((struct redactor *)NULL)->secrets[0]))

void
redactor_add(struct redactor *redactor, const struct secret *secret)
{
	if (!secret || !secret_len(secret))
		return;
	BUG_IF(redactor->count == SECRETS_MAX);
	redactor->secrets[redactor->count++] = secret;
}

/* Where each secret occurs next; kept from one find to the next, so that a
 * text full of one secret is not searched for the others again and again. */
struct search {
	const struct redactor *redactor;
	const char *end; /* of the text */
	const char *next[SECRETS_MAX]; /* NULL: nowhere any more */
};

static void
look_from(struct search *search, size_t i, const char *from)
{
	const struct secret *secret = search->redactor->secrets[i];
	search->next[i] = memmem(from, (size_t)(search->end - from),
	    secret_reveal(secret), secret_len(secret));
}

/* The first place from AT on that a secret covers, up to *COVERED; secrets
 * that overlap are one place. NULL when there is none. */
static const char *
find_secrets(struct search *search, const char *at, const char **covered)
{
	const struct redactor *redactor = search->redactor;
	const char *first = NULL;
	bool grown = true;
	for (size_t i = 0; i < redactor->count; i++) {
		if (search->next[i] && search->next[i] < at)
			look_from(search, i, at);
		if (search->next[i] && (!first || search->next[i] < first))
			first = search->next[i];
	}
	*covered = first ? first + 1 : NULL;
	while (first && grown) {
		grown = false;
		for (size_t i = 0; i < redactor->count; i++) {
			const char *next = search->next[i];
			if (!next || next >= *covered)
				continue;
			next += secret_len(redactor->secrets[i]);
			if (next > *covered)
				*covered = next;
			look_from(search, i, search->next[i] + 1);
			grown = true;
		}
	}
	return first;
}

void
redact_add(const struct redactor *redactor, struct buf *out, const char *text,
    size_t len)
{
	struct search search = { .redactor = redactor, .end = text + len };
	const char *at, *covered;
	for (size_t i = 0; i < redactor->count; i++)
		look_from(&search, i, text);
	while ((at = find_secrets(&search, text, &covered))) {
		buf_add(out, text, (size_t)(at - text));
		buf_adds(out, REDACT_MARK);
		text = covered;
	}
	buf_add(out, text, (size_t)(search.end - text));
}

/* The longest end of TEXT that a secret begins with, but is not the whole. */
static size_t
begun_secret(const struct secret *secret, const char *text, size_t len)
{
	size_t n = secret_len(secret) - 1;
	for (n = n < len ? n : len; n; n--)
		if (memcmp(text + len - n, secret_reveal(secret), n) == 0)
			break;
	return n;
}

/* Where the secret that lies across AT begins; AT if none does. */
static size_t
before_secret(
    const struct secret *secret, const char *text, size_t len, size_t at)
{
	size_t n = secret_len(secret);
	for (size_t from = at >= n ? at - n + 1 : 0; from < at; from++)
		if (n <= len - from &&
		    memcmp(text + from, secret_reveal(secret), n) == 0)
			return from;
	return at;
}

size_t
redact_cut_len(const struct redactor *redactor, const char *text, size_t len)
{
	size_t keep = len;
	for (size_t i = 0; i < redactor->count; i++) {
		size_t begun = begun_secret(redactor->secrets[i], text, len);
		if (len - begun < keep)
			keep = len - begun;
	}
	/* Half a secret is not to be left before it, either. */
	for (size_t i = 0; keep < len && i < redactor->count;) {
		size_t from = before_secret(
		    redactor->secrets[i], text, len, keep);
		i = from < keep ? 0 : i + 1;
		keep = from;
	}
	return keep;
}
