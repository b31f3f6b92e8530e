/*
 * Folding goes in passes. In each pass every number of every name is a
 * candidate: names that are equal but for one number form a group, the largest
 * groups take their names first. What was folded may be folded again by another
 * of its numbers, so that a grid becomes one word.
 */
#include "text/fold.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS_MAX	 18 /* of a number: fits into 64 bits */
#define NAMES_MIN	 3 /* two are read faster as they are */
#define PASSES_MAX	 4
#define WORD_LIMIT_BYTES (1u << 20)
#define SEPARATOR_BYTES	 2 /* ", " between two names */

/* A name, or what names were folded to. */
struct item {
	char *text; /* NULL: has gone into another one */
	size_t count;
	size_t first; /* the place of the first of its names */
};

struct items {
	struct item *items;
	size_t count, cap;
};

/* A number that an item could be folded by. */
struct candidate {
	size_t item;
	const char *text; /* the item's */
	unsigned start, end; /* of the number in it */
	unsigned pad; /* so many digits, zeros in front; 0: none are */
	uint64_t value;
};

struct candidates {
	struct candidate *items;
	size_t count, cap;
};

/* Candidates [from, from + count) differ in nothing but the number. */
struct group {
	size_t from, count;
	size_t first; /* the lowest item */
	unsigned start; /* where the number is in it */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
add_item(struct items *list, char *text, size_t count, size_t first)
{
	GROW(list->items, list->count, list->cap);
	list->items[list->count++] = (struct item){ text, count, first };
}

/* The numbers of an item, those in brackets left out. */
static void
find_candidates(struct candidates *list, const struct item *item, size_t number)
{
	const char *text = item->text;
	for (size_t i = 0; text[i];) {
		size_t start = i;
		if (text[i] == '[') {
			i += strcspn(text + i, "]");
			continue;
		}
		if (!is_digit(text[i])) {
			i++;
			continue;
		}
		while (is_digit(text[i]))
			i++;
		if (i - start > DIGITS_MAX)
			continue;
		GROW(list->items, list->count, list->cap);
		list->items[list->count++] = (struct candidate){
			.item = number,
			.text = text,
			.start = (unsigned)start,
			.end = (unsigned)i,
			.pad = text[start] == '0' && i - start > 1
			    ? (unsigned)(i - start)
			    : 0,
			.value = strtoull(text + start, NULL, 10),
		};
	}
}

/* By what stands around the number. */
static int
compare_frames(const struct candidate *a, const struct candidate *b)
{
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	int order = memcmp(a->text, b->text, a->start);
	return order ? order : strcmp(a->text + a->end, b->text + b->end);
}

static int
compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = compare_frames(a, b);
	if (order)
		return order;
	return a->item < b->item ? -1 : a->item > b->item;
}

static int
compare_values(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	if (a->pad != b->pad)
		return a->pad < b->pad ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->item < b->item ? -1 : a->item > b->item;
}

/* The largest first; among equals those by the number that stands last, so that
 * the rows of a grid are folded all the same way. */
static int
compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->start != b->start)
		return a->start > b->start ? -1 : 1;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* 10 stands with 08 and 09, not with 8 and 9. */
static void
even_out_padding(struct candidate *members, size_t count)
{
	bool padded[DIGITS_MAX + 1] = { false };
	for (size_t i = 0; i < count; i++)
		padded[members[i].pad] = true;
	for (size_t i = 0; i < count; i++) {
		unsigned digits = members[i].end - members[i].start;
		if (digits > 1 && padded[digits])
			members[i].pad = digits;
	}
}

/* A word in the making: PREFIX[ranges]SUFFIX. */
struct word {
	const struct candidate *like;
	struct buf ranges;
	size_t count, first;
};

static void
finish_word(struct word *word, struct items *out)
{
	const char *text = word->like->text;
	if (!word->count)
		return;
	bool single = !strpbrk(buf_str(&word->ranges), "-,");
	add_item(out,
	    xasprintf("%.*s%s%s%s%s", (int)word->like->start, text,
		single ? "" : "[", buf_str(&word->ranges), single ? "" : "]",
		text + word->like->end),
	    word->count, word->first);
	buf_reset(&word->ranges);
	word->count = 0;
}

/* MEMBERS [0, end) are one range. */
static void
add_range(struct word *word, const struct candidate *members, size_t end,
    const struct items *items, size_t width, struct items *out)
{
	char range[64];
	size_t names = 0, first = SIZE_MAX;
	const struct candidate *low = members, *high = &members[end - 1];
	int len = snprintf(
	    range, sizeof(range), "%0*" PRIu64, (int)low->pad, low->value);
	if (high->value != low->value)
		len += snprintf(range + len, sizeof(range) - (size_t)len,
		    "-%0*" PRIu64, (int)high->pad, high->value);
	for (size_t i = 0; i < end; i++) {
		const struct item *item = &items->items[members[i].item];
		if (item->first < first)
			first = item->first;
		/* Of names that are there twice, one. */
		if (i == 0 || members[i].value != members[i - 1].value)
			names += item->count;
	}
	size_t frame = strlen(low->text) - (low->end - low->start) + 3;
	if (word->count && frame + word->ranges.len + (size_t)len > width)
		finish_word(word, out);
	if (!word->count) {
		word->like = low;
		word->first = first;
	}
	buf_addf(&word->ranges, "%s%s", word->count ? "," : "", range);
	word->count += names;
	if (first < word->first)
		word->first = first;
}

/* All members as words, added to OUT. */
static void
write_words(struct candidate *members, size_t count, const struct items *items,
    size_t width, struct items *out)
{
	struct word word = { 0 };
	buf_init(&word.ranges, WORD_LIMIT_BYTES);
	qsort(members, count, sizeof(*members), compare_values);
	for (size_t i = 0, end; i < count; i = end) {
		end = i + 1;
		while (end < count && members[end].pad == members[i].pad &&
		    members[end].value - members[end - 1].value <= 1)
			end++;
		if (word.count && members[i].pad != members[i - 1].pad)
			finish_word(&word, out);
		add_range(&word, members + i, end - i, items, width, out);
	}
	finish_word(&word, out);
	buf_clear(&word.ranges);
}

/* Folds a group if that is shorter than its names. */
static bool
fold_group(struct candidate *members, size_t count, struct items *items,
    size_t width, struct items *out)
{
	size_t before = 0, after = 0, from = out->count, left = 0, names = 0;
	for (size_t i = 0; i < count; i++) {
		const struct item *item = &items->items[members[i].item];
		if (!item->text)
			continue;
		before += strlen(item->text) + SEPARATOR_BYTES;
		members[left++] = members[i];
		names += item->count;
	}
	if (names < NAMES_MIN)
		return false;
	even_out_padding(members, left);
	write_words(members, left, items, width, out);
	for (size_t i = from; i < out->count; i++)
		after += strlen(out->items[i].text) + SEPARATOR_BYTES;
	if (after >= before) {
		while (out->count > from)
			free(out->items[--out->count].text);
		return false;
	}
	/* The text is still the frame of other candidates: freed later. */
	for (size_t i = 0; i < left; i++)
		items->items[members[i].item].text = NULL;
	return true;
}

static size_t
find_groups(const struct candidates *list, struct group *groups)
{
	size_t count = 0;
	for (size_t i = 0, end; i < list->count; i = end) {
		end = i + 1;
		while (end < list->count &&
		    compare_frames(&list->items[i], &list->items[end]) == 0)
			end++;
		if (end - i > 1)
			groups[count++] = (struct group){ i, end - i,
				list->items[i].item, list->items[i].start };
	}
	return count;
}

static int
compare_items(const void *left, const void *right)
{
	const struct item *a = left, *b = right;
	return a->first < b->first ? -1 : a->first > b->first;
}

/* One pass; false when there was nothing more to fold. */
static bool
fold_once(struct items *items, size_t width)
{
	struct candidates list = { 0 };
	struct items out = { 0 };
	struct strs texts = { 0 };
	bool folded = false;
	for (size_t i = 0; i < items->count; i++)
		find_candidates(&list, &items->items[i], i);
	struct group *groups = xcalloc(list.count + 1, sizeof(*groups));
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items),
		    compare_candidates);
	size_t count = find_groups(&list, groups);
	qsort(groups, count, sizeof(*groups), compare_groups);
	for (size_t i = 0; i < items->count; i++)
		strs_take(&texts, items->items[i].text);
	for (size_t i = 0; i < count; i++)
		folded |= fold_group(&list.items[groups[i].from],
		    groups[i].count, items, width, &out);
	for (size_t i = 0; i < items->count; i++)
		if (items->items[i].text)
			add_item(&out, xstrdup(items->items[i].text),
			    items->items[i].count, items->items[i].first);
	if (out.count)
		qsort(out.items, out.count, sizeof(*out.items), compare_items);
	strs_clear(&texts);
	free(groups);
	free(list.items);
	free(items->items);
	*items = out;
	return folded;
}

void
fold_names(struct fold *fold, const struct strs *names, size_t width)
{
	struct items items = { 0 }, others = { 0 };
	for (size_t i = 0; i < names->count; i++)
		add_item(strpbrk(names->items[i], "[],") ? &others : &items,
		    xstrdup(names->items[i]), 1, i);
	for (int pass = 0; pass < PASSES_MAX; pass++)
		if (!fold_once(&items, width))
			break;
	for (size_t i = 0; i < others.count; i++)
		add_item(
		    &items, others.items[i].text, 1, others.items[i].first);
	free(others.items);
	if (items.count)
		qsort(items.items, items.count, sizeof(*items.items),
		    compare_items);
	*fold = (struct fold){ .count = items.count };
	fold->pieces = xcalloc(items.count + 1, sizeof(*fold->pieces));
	for (size_t i = 0; i < items.count; i++)
		fold->pieces[i] = (struct fold_piece){ items.items[i].text,
			items.items[i].count };
	free(items.items);
}

void
fold_clear(struct fold *fold)
{
	for (size_t i = 0; i < fold->count; i++)
		free(fold->pieces[i].text);
	free(fold->pieces);
	*fold = (struct fold){ 0 };
}
