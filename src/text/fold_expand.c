/* Folded names written out again: the reverse of fold.c. */
#include "text/fold.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX	 18 /* of a number: fits into 64 bits */
#define NAME_LIMIT_BYTES 4096
#define SHOWN_BYTES	 100 /* of a word that is refused */

struct expansion {
	struct strs *names;
	size_t limit; /* names that may be there in the end */
	const char *word, *end; /* the word that is at hand */
	struct buf name; /* the part of a name that is decided */
	struct err *err;
};

static int expand_rest(struct expansion *expansion, const char *rest);

static int
refuse(const struct expansion *expansion, const char *why)
{
	size_t len = (size_t)(expansion->end - expansion->word);
	return err_set(expansion->err, ERR_JOB, "\"%.*s\": %s",
	    (int)(len < SHOWN_BYTES ? len : SHOWN_BYTES), expansion->word, why);
}

/* Reads a number and goes past it; its digits in *DIGITS. */
static bool
read_number(const char **text, uint64_t *value, size_t *digits)
{
	*digits = strspn(*text, "0123456789");
	if (!*digits || *digits > DIGITS_MAX)
		return false;
	*value = strtoull(*text, NULL, 10);
	*text += *digits;
	return true;
}

/* What stands between two commas of the brackets, at *AT; REST is what comes
 * behind the brackets. */
static int
expand_range(struct expansion *expansion, const char **at, const char *rest)
{
	uint64_t low, high;
	size_t digits, high_digits;
	const char *from = *at;
	if (!read_number(at, &low, &digits))
		return refuse(expansion, "a number is missing in the brackets");
	high = low;
	if (**at == '-') {
		++*at;
		if (!read_number(at, &high, &high_digits))
			return refuse(expansion, "a range has no end");
	}
	if (high < low)
		return refuse(expansion, "a range ends before it begins");
	bool padded = *from == '0' && digits > 1;
	size_t before = expansion->name.len;
	for (uint64_t value = low; value <= high; value++) {
		buf_addf(&expansion->name, "%0*" PRIu64,
		    padded ? (int)digits : 0, value);
		if (expand_rest(expansion, rest))
			return -1;
		buf_truncate(&expansion->name, before);
	}
	return 0;
}

static int
expand_brackets(struct expansion *expansion, const char *at)
{
	const char *close = memchr(at, ']', (size_t)(expansion->end - at));
	if (!close)
		return refuse(expansion, "a closing bracket is missing");
	do {
		at++; /* past the bracket or the comma */
		if (expand_range(expansion, &at, close + 1))
			return -1;
	} while (*at == ',');
	return at == close ? 0
			   : refuse(expansion,
				 "only numbers and ranges of them may stand in "
				 "the brackets");
}

/* What is left of the word, behind the name so far. */
static int
expand_rest(struct expansion *expansion, const char *rest)
{
	size_t before = expansion->name.len;
	const char *bracket = rest;
	while (bracket < expansion->end && *bracket != '[' && *bracket != ']')
		bracket++;
	buf_add(&expansion->name, rest, (size_t)(bracket - rest));
	if (expansion->name.cut)
		return refuse(expansion, "the name is too long");
	int rc = 0;
	if (bracket < expansion->end && *bracket == ']')
		rc = refuse(expansion, "an opening bracket is missing");
	else if (bracket < expansion->end)
		rc = expand_brackets(expansion, bracket);
	else if (expansion->names->count < expansion->limit)
		strs_add(expansion->names, buf_str(&expansion->name));
	else
		rc = refuse(expansion, "these are too many names");
	if (rc == 0)
		buf_truncate(&expansion->name, before);
	return rc;
}

/* The comma that ends the word, or the end of the text. */
static const char *
word_end(const char *word)
{
	while (*word && *word != ',') {
		if (*word == '[')
			word += strcspn(word, "]");
		if (*word)
			word++;
	}
	return word;
}

int
fold_expand(struct strs *names, const char *text, size_t limit, struct err *err)
{
	struct expansion expansion = {
		.names = names,
		.limit = names->count + limit,
		.err = err,
	};
	int rc = 0;
	buf_init(&expansion.name, NAME_LIMIT_BYTES);
	do {
		expansion.word = expansion.end ? expansion.end + 1 : text;
		expansion.end = word_end(expansion.word);
		buf_reset(&expansion.name);
		rc = expansion.end == expansion.word
		    ? err_set(err, ERR_JOB, "\"%s\": a name is missing", text)
		    : expand_rest(&expansion, expansion.word);
	} while (rc == 0 && *expansion.end);
	buf_clear(&expansion.name);
	return rc;
}
