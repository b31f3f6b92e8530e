/* Replacing secrets in text that is about to be written down. */
#include "text/redact.h"

#include "base/buf.h"
#include "base/die.h"
#include "base/secret.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LEARNT_BYTES 8
#define OPEN_BYTES   4 /* less is no beginning of a secret in a text that ends */
#define OPEN_LINES   16 /* a secret is wrapped over no more lines than this */

#define SECRETS_MAX                                                            \
	(sizeof(((struct redactor *)NULL)->secrets) /                          \
	    sizeof(((struct redactor *)NULL)->secrets[0]))

void
redactor_add(struct redactor *redactor, const struct secret *secret)
{
	if (!secret || !secret_len(secret))
		return;
	BUG_IF(redactor->count == SECRETS_MAX - REDACT_LEARNT_MAX);
	BUG_IF(redactor->learnt);
	redactor->secrets[redactor->count++] = secret;
}

/* All that are known: borrowed and learnt. */
static size_t
known(const struct redactor *redactor)
{
	return redactor->count + redactor->learnt;
}

static void
forget_oldest(struct redactor *redactor)
{
	const struct secret **oldest = &redactor->secrets[redactor->count];
	secret_free((struct secret *)*oldest);
	redactor->learnt--;
	memmove(oldest, oldest + 1, redactor->learnt * sizeof(*oldest));
}

static bool
is_known(const struct redactor *redactor, const char *text, size_t len)
{
	for (size_t i = 0; i < known(redactor); i++)
		if (secret_len(redactor->secrets[i]) == len &&
		    memcmp(secret_reveal(redactor->secrets[i]), text, len) == 0)
			return true;
	return false;
}

static void
learn(struct redactor *redactor, const char *text, size_t len)
{
	if (len < LEARNT_BYTES || is_known(redactor, text, len))
		return;
	if (redactor->learnt == REDACT_LEARNT_MAX)
		forget_oldest(redactor);
	redactor->secrets[known(redactor)] = secret_new(text, len);
	redactor->learnt++;
}

static void
find_forms(const struct redactor *redactor, const char *line, size_t len,
    size_t base, struct redact_spans *spans)
{
	redact_forms_find(line, len, base, spans);
	if (redactor->find)
		redactor->find(redactor->find_data, line, len, base, spans);
}

void
redactor_learn(struct redactor *redactor, const char *line, size_t len)
{
	struct redact_spans spans = { 0 };
	find_forms(redactor, line, len, 0, &spans);
	for (size_t i = 0; i < spans.count; i++)
		learn(redactor, line + spans.items[i].start,
		    spans.items[i].end - spans.items[i].start);
	redact_spans_clear(&spans);
}

void
redactor_forget(struct redactor *redactor)
{
	while (redactor->learnt)
		forget_oldest(redactor);
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
	for (size_t i = 0; i < known(redactor); i++) {
		if (search->next[i] && search->next[i] < at)
			look_from(search, i, at);
		if (search->next[i] && (!first || search->next[i] < first))
			first = search->next[i];
	}
	*covered = first ? first + 1 : NULL;
	while (first && grown) {
		grown = false;
		for (size_t i = 0; i < known(redactor); i++) {
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

/* The text without its line ends, in which a secret is found that a terminal
 * wrapped; and the way back. */
struct flat {
	struct buf text;
	const char *original;
	size_t at, flat_at; /* as far as the way back has been walked */
};

static void
flat_init(struct flat *flat, const char *text, size_t len)
{
	const char *end = text + len;
	*flat = (struct flat){ .original = text };
	buf_init(&flat->text, len + 1);
	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t piece = (size_t)((stop ? stop : end) - text);
		buf_add(&flat->text, text, piece);
		text += piece + (stop != NULL);
	}
}

/* Where the byte at offset AT of the flat text stands. AT never decreases. */
static size_t
flat_back(struct flat *flat, size_t at)
{
	while (flat->flat_at < at || flat->original[flat->at] == '\n')
		flat->flat_at += flat->original[flat->at++] != '\n';
	return flat->at;
}

static void
find_known(const struct redactor *redactor, const char *text, size_t len,
    struct redact_spans *spans)
{
	struct flat flat;
	const char *at, *covered;
	if (!known(redactor) || !len)
		return;
	flat_init(&flat, text, len);
	const char *start = buf_str(&flat.text), *from = start;
	struct search search = {
		.redactor = redactor,
		.end = start + flat.text.len,
	};
	for (size_t i = 0; i < known(redactor); i++)
		look_from(&search, i, from);
	while ((at = find_secrets(&search, from, &covered))) {
		size_t first = flat_back(&flat, (size_t)(at - start));
		size_t last = flat_back(&flat, (size_t)(covered - start) - 1);
		redact_spans_add(spans, first, last + 1);
		from = covered;
	}
	if (flat.text.len)
		secret_wipe(flat.text.data, flat.text.len);
	buf_clear(&flat.text);
}

static int
compare_spans(const void *a, const void *b)
{
	const struct redact_span *left = a, *right = b;
	return (left->start > right->start) - (left->start < right->start);
}

/* The mark, and the line ends that it stands for. */
static void
add_mark(struct buf *out, const char *text, size_t len)
{
	buf_adds(out, REDACT_MARK);
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\n')
			buf_addc(out, '\n');
}

static void
add_without(struct buf *out, const char *text, size_t len,
    const struct redact_spans *spans)
{
	size_t at = 0;
	for (size_t i = 0; i < spans->count;) {
		size_t start = spans->items[i].start;
		size_t end = spans->items[i].end;
		while (++i < spans->count && spans->items[i].start < end)
			if (spans->items[i].end > end)
				end = spans->items[i].end;
		buf_add(out, text + at, start - at);
		add_mark(out, text + start, end - start);
		at = end;
	}
	buf_add(out, text + at, len - at);
}

void
redact_add_more(const struct redactor *redactor, enum redact_pem *pem,
    struct buf *out, const char *text, size_t len)
{
	struct redact_spans spans = { 0 };
	find_known(redactor, text, len, &spans);
	size_t at = 0;
	do { /* an empty text is an empty line */
		const char *end = memchr(text + at, '\n', len - at);
		size_t line = end ? (size_t)(end - text) - at : len - at;
		size_t shown = line;
		while (shown && text[at + shown - 1] == '\r')
			shown--;
		find_forms(redactor, text + at, shown, at, &spans);
		*pem = redact_pem_find(*pem, text + at, shown, at, &spans);
		at += line + 1;
	} while (at < len);
	if (spans.count)
		qsort(spans.items, spans.count, sizeof(*spans.items),
		    compare_spans);
	add_without(out, text, len, &spans);
	redact_spans_clear(&spans);
}

void
redact_add(const struct redactor *redactor, struct buf *out, const char *text,
    size_t len)
{
	enum redact_pem pem = REDACT_PEM_NONE;
	redact_add_more(redactor, &pem, out, text, len);
}

/* How much of SECRET the LEN bytes before END end with, line ends left out; not
 * all of it. */
static size_t
open_end_of(const struct secret *secret, const char *text, size_t len)
{
	const char *wanted = secret_reveal(secret);
	for (size_t start = 0; start < len; start++) {
		size_t i = start, got = 0, all = secret_len(secret);
		if (text[start] != wanted[0])
			continue;
		for (; i < len && got < all; i++) {
			if (text[i] == '\n')
				continue;
			if (text[i] != wanted[got])
				break;
			got++;
		}
		if (i == len && got < all)
			return len - start;
	}
	return 0;
}

size_t
redact_open_end(const struct redactor *redactor, const char *text, size_t len)
{
	size_t longest = 0;
	for (size_t i = 0; i < known(redactor); i++) {
		const struct secret *secret = redactor->secrets[i];
		/* Longer ones would be all of it, but for the line ends. */
		size_t from = len > 2 * secret_len(secret) + OPEN_LINES
		    ? len - 2 * secret_len(secret) - OPEN_LINES
		    : 0;
		size_t open = open_end_of(secret, text + from, len - from);
		longest = open > longest ? open : longest;
	}
	return longest;
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
	for (size_t i = 0; i < known(redactor); i++) {
		size_t begun = begun_secret(redactor->secrets[i], text, len);
		if (len - begun < keep)
			keep = len - begun;
	}
	/* Half a secret is not to be left before it, either. */
	for (size_t i = 0; keep < len && i < known(redactor);) {
		size_t from = before_secret(
		    redactor->secrets[i], text, len, keep);
		i = from < keep ? 0 : i + 1;
		keep = from;
	}
	return keep;
}

void
redact_add_cut(const struct redactor *redactor, enum redact_pem *pem,
    struct buf *out, const char *text, size_t len)
{
	size_t open = redact_open_end(redactor, text, len);
	if (open < OPEN_BYTES)
		open = 0;
	redact_add_more(redactor, pem, out, text, len - open);
	if (open)
		add_mark(out, text + len - open, open);
}
