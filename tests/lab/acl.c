/*
 * The list behind an access list: numbering, order, duplicates, removal. The
 * grammar of an entry stands in acl_parse.c, refusal texts in the platforms.
 *
 * Two ways of numbering. IOS numbers entries only; a remark shares the number
 * of the entry that follows it (seen in IOS-XE configurations that show
 * numbers). NX-OS numbers remarks as well.
 */
#include "acl.h"

#include "words.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_LIMIT  1024
#define SEQUENCE_MAX 2147483647

static const struct kind {
	const char *name;
	bool duplicates; /* the same entry may stand twice */
	bool remarks_numbered; /* a remark takes a number of its own */
} kinds[ACL__COUNT] = {
	[ACL_EXTENDED] = { "extended", false, false },
	[ACL_STANDARD] = { "standard", false, false },
	[ACL_IPV6] = { "ipv6", false, true },
	[ACL_NXOS] = { "ip", true, true },
};

const char *
acl_kind_name(enum acl_kind kind)
{
	return kinds[kind].name;
}

struct acl *
acl_new(const char *name, enum acl_kind kind)
{
	struct acl *acl = xcalloc(1, sizeof(*acl));
	acl->name = xstrdup(name);
	acl->kind = kind;
	return acl;
}

void
acl_free(struct acl *acl)
{
	if (!acl)
		return;
	for (size_t i = 0; i < acl->count; i++) {
		free(acl->entries[i].text);
		free(acl->entries[i].shown);
	}
	free(acl->entries);
	free(acl->name);
	free(acl);
}

void
acl_copy(struct acl *to, const struct acl *from)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct acl_entry *entry = &from->entries[i];
		GROW(to->entries, to->count, to->cap);
		to->entries[to->count++] = (struct acl_entry){
			.sequence = entry->sequence,
			.remark = entry->remark,
			.text = xstrdup(entry->text),
			.shown = xstrdup(entry->shown),
		};
	}
}

bool
acl_same(const struct acl *a, const struct acl *b)
{
	bool same = a->kind == b->kind && a->count == b->count;
	for (size_t i = 0; same && i < a->count; i++)
		same = a->entries[i].sequence == b->entries[i].sequence &&
		    str_eq(a->entries[i].text, b->entries[i].text);
	return same;
}

static bool
is_verb(const char *word)
{
	return (strlen(word) > 1 && word_abbreviates(word, "permit")) ||
	    (strlen(word) > 2 && word_abbreviates(word, "deny")) ||
	    (strlen(word) > 2 && word_abbreviates(word, "remark"));
}

/* Where the words of a line stand: no, number, verb. */
struct line_shape {
	bool no;
	bool numbered;
	int64_t sequence;
	size_t number_at, verb; /* indexes of words */
};

static bool
shape_of(
    enum acl_kind kind, const struct words *words, struct line_shape *shape)
{
	size_t at = 0;
	*shape = (struct line_shape){ 0 };
	if (at < words->count && str_eq(words->items[at].text, "no")) {
		shape->no = true;
		at++;
	}
	if (kind == ACL_IPV6 && at + 1 < words->count &&
	    word_abbreviates(words->items[at].text, "sequence"))
		at++;
	if (at < words->count && word_is_number(words->items[at].text)) {
		shape->numbered = true;
		shape->number_at = at;
		if (!str_to_number(words->items[at].text, &shape->sequence))
			shape->sequence = 0;
		at++;
	}
	shape->verb = at;
	return shape->numbered ||
	    (at < words->count && is_verb(words->items[at].text));
}

bool
acl_takes(enum acl_kind kind, const char *line)
{
	struct words words;
	struct line_shape shape;
	words_init(&words, line);
	bool takes = shape_of(kind, &words, &shape);
	words_clear(&words);
	return takes;
}

static uint32_t
next_sequence(const struct acl *acl)
{
	uint32_t last = 0;
	for (size_t i = 0; i < acl->count; i++)
		if (kinds[acl->kind].remarks_numbered ||
		    !acl->entries[i].remark)
			if (acl->entries[i].sequence > last)
				last = acl->entries[i].sequence;
	return last + 10;
}

/* The entry that owns NUMBER, or acl->count. */
static size_t
find_sequence(const struct acl *acl, int64_t number)
{
	size_t i = 0;
	for (; i < acl->count; i++) {
		if (acl->entries[i].remark &&
		    !kinds[acl->kind].remarks_numbered)
			continue;
		if (acl->entries[i].sequence == number)
			break;
	}
	return i;
}

static size_t
find_text(const struct acl *acl, const char *text)
{
	size_t i = 0;
	while (i < acl->count && !str_eq(acl->entries[i].text, text))
		i++;
	return i;
}

static void
remove_at(struct acl *acl, size_t index)
{
	free(acl->entries[index].text);
	free(acl->entries[index].shown);
	acl->count--;
	memmove(&acl->entries[index], &acl->entries[index + 1],
	    (acl->count - index) * sizeof(acl->entries[0]));
}

/* Takes over the texts. At the same number a remark goes before its entry. */
static void
insert(struct acl *acl, struct acl_entry entry)
{
	size_t at = acl->count;
	while (at) {
		const struct acl_entry *before = &acl->entries[at - 1];
		if (before->sequence < entry.sequence ||
		    (before->sequence == entry.sequence && before->remark))
			break;
		at--;
	}
	GROW(acl->entries, acl->count, acl->cap);
	memmove(&acl->entries[at + 1], &acl->entries[at],
	    (acl->count - at) * sizeof(entry));
	acl->entries[at] = entry;
	acl->count++;
}

static enum acl_answer
remove_line(struct acl *acl, const struct line_shape *shape, const char *text,
    bool apply)
{
	size_t index = shape->numbered ? find_sequence(acl, shape->sequence)
				       : find_text(acl, text);
	if (index == acl->count)
		return ACL_MISSING;
	if (text && !str_eq(acl->entries[index].text, text))
		return ACL_MISSING;
	if (apply)
		remove_at(acl, index);
	return ACL_OK;
}

static enum acl_answer
add_line(struct acl *acl, const struct line_shape *shape, struct buf *text,
    struct buf *shown, bool remark, bool apply)
{
	const struct kind *kind = &kinds[acl->kind];
	if (shape->numbered && (!remark || kind->remarks_numbered)) {
		size_t old = find_sequence(acl, shape->sequence);
		if (old < acl->count) {
			/* NX-OS takes an exact repetition without a word. */
			return kind->duplicates &&
				str_eq(acl->entries[old].text, buf_str(text))
			    ? ACL_OK
			    : ACL_DUPLICATE_SEQUENCE;
		}
	}
	if (!remark && !kind->duplicates &&
	    find_text(acl, buf_str(text)) < acl->count)
		return ACL_OK; /* ignored, and nothing is said */
	if (!apply)
		return ACL_OK;
	insert(acl,
	    (struct acl_entry){ .sequence = shape->numbered
		    ? (uint32_t)shape->sequence
		    : next_sequence(acl),
		.remark = remark,
		.text = buf_take(text),
		.shown = buf_take(shown) });
	return ACL_OK;
}

static enum acl_answer
read_remark(const struct words *words, size_t verb, struct buf *text,
    struct buf *shown, size_t *offset)
{
	*offset = strlen(words->line);
	if (verb + 1 == words->count)
		return ACL_INCOMPLETE;
	char *copy = xstrdup(words_rest(words, verb + 1));
	buf_addf(text, "remark %s", str_trim(copy));
	buf_adds(shown, buf_str(text));
	free(copy);
	return ACL_OK;
}

enum acl_answer
acl_line(struct acl *acl, const char *line, bool apply, size_t *offset)
{
	struct words words;
	struct line_shape shape;
	struct buf text, shown;
	enum acl_answer answer = ACL_INVALID;
	bool remark = false;

	words_init(&words, line);
	buf_init(&text, ENTRY_LIMIT);
	buf_init(&shown, ENTRY_LIMIT);
	*offset = 0;
	shape_of(acl->kind, &words, &shape);
	if (shape.numbered &&
	    (shape.sequence < 1 || shape.sequence > SEQUENCE_MAX)) {
		*offset = words.items[shape.number_at].offset;
		goto out;
	}
	if (shape.verb == words.count) {
		*offset = strlen(line);
		answer = shape.no && shape.numbered
		    ? remove_line(acl, &shape, NULL, apply)
		    : ACL_INCOMPLETE;
		goto out;
	}
	const struct word *verb = &words.items[shape.verb];
	remark = strlen(verb->text) > 2 &&
	    word_abbreviates(verb->text, "remark");
	answer = remark
	    ? read_remark(&words, shape.verb, &text, &shown, offset)
	    : acl_parse(acl->kind, line, verb->offset, &text, &shown, offset);
	if (answer != ACL_OK)
		goto out;
	if (shape.no && remark)
		shape.numbered = false; /* found by its text */
	answer = shape.no ? remove_line(acl, &shape, buf_str(&text), apply)
			  : add_line(acl, &shape, &text, &shown, remark, apply);
out:
	buf_clear(&text);
	buf_clear(&shown);
	words_clear(&words);
	return answer;
}

void
acl_resequence(struct acl *acl, uint32_t start, uint32_t step)
{
	uint32_t next = start;
	for (size_t i = 0; i < acl->count; i++) {
		acl->entries[i].sequence = next;
		if (!acl->entries[i].remark ||
		    kinds[acl->kind].remarks_numbered)
			next += step;
	}
}
