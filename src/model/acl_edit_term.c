/*
 * The delta of a list of terms. A term is known by its name: it stays where it
 * is, is moved behind its neighbour, or goes; where enough of it stays, only
 * the statements that differ are sent. The order of the lines is free, they
 * are committed together; what is deleted goes first all the same, because a
 * statement may take the place of another one.
 */
#include "acl_edit_parts.h"

#include "base/alloc.h"
#include "model/acl_index.h"
#include "model/acl_term.h"

#include <stdlib.h>
#include <string.h>

/* What becomes of a wanted term. */
struct fate {
	size_t old; /* the index of the one that is edited, NOWHERE: new */
	struct strs add, remove; /* statements, of an old one */
};

struct terms {
	struct draft *draft;
	struct writer writer;
	struct fate *fates; /* of want */
	bool *stays; /* of have: as it is or edited */
};

/* Normal forms of an entry's statements, with their places. */
static void
list_statements(struct acl_index *index, const struct acl_entry *entry)
{
	for (size_t i = 0; i < entry->statements.count; i++) {
		struct acl_statement statement;
		acl_statement_parse(&statement, entry->statements.items[i]);
		acl_index_take(index, xstrdup(statement.normal), i);
		acl_statement_clear(&statement);
	}
}

/* Adds the statements of ENTRY that are not in OTHERS to LIST; false if one of
 * them cannot be deleted by itself. */
static bool
take_missing(struct strs *list, const struct acl_entry *entry,
    const struct acl_index *others)
{
	bool simple = true;
	for (size_t i = 0; i < entry->statements.count; i++) {
		const char *text = entry->statements.items[i];
		struct acl_statement statement;
		acl_statement_parse(&statement, text);
		if (!acl_index_find(others, statement.normal)) {
			strs_add(list, text);
			simple = simple && statement.simple;
		}
		acl_statement_clear(&statement);
	}
	return simple;
}

static void
fate_clear(struct fate *fate)
{
	strs_clear(&fate->add);
	strs_clear(&fate->remove);
	fate->old = NOWHERE;
}

/*
 * The term at OLD becomes WANT by statements, if something of it stays (what a
 * device does with a term that is empty for a moment is not known), if what
 * goes can be named, and if it is not longer than to type it again.
 */
static bool
edit(struct fate *fate, const struct acl_entry *old,
    const struct acl_entry *want)
{
	struct acl_index olds = { 0 }, wants = { 0 };
	list_statements(&olds, old);
	list_statements(&wants, want);
	take_missing(&fate->add, want, &olds);
	bool simple = take_missing(&fate->remove, old, &wants);
	acl_index_clear(&olds);
	acl_index_clear(&wants);
	size_t typed = want->statements.count + 2; /* and its place */
	return simple && fate->remove.count < old->statements.count &&
	    fate->add.count + fate->remove.count < typed;
}

static bool
are_terms(const struct side *side)
{
	for (size_t i = 0; i < side->count; i++)
		if (!side_entry(side, i)->term)
			return false;
	return true;
}

/* Entries are paired by what stands in `keys`: names, and for those that have
 * no counterpart what no name can be. */
static void
decide(struct terms *terms)
{
	struct side *have = &terms->draft->have, *want = &terms->draft->want;
	struct acl_index names = { 0 };
	for (size_t i = 0; i < have->count; i++) {
		acl_index_take(&names, xstrdup(side_entry(have, i)->term), i);
		have->keys[i] = "\n-";
	}
	for (size_t i = 0; i < want->count; i++) {
		const struct acl_entry *entry = side_entry(want, i);
		struct fate *fate = &terms->fates[i];
		const size_t *old = acl_index_find(&names, entry->term);
		want->keys[i] = "\n+";
		fate->old = old ? *old : NOWHERE;
		if (!old)
			continue;
		const struct acl_entry *was = side_entry(have, *old);
		bool same = str_eq(was->normal, entry->normal);
		if (!same && !edit(fate, was, entry)) {
			fate_clear(fate);
			continue;
		}
		terms->stays[*old] = true;
		have->keys[*old] = want->keys[i] = entry->term;
	}
	acl_index_clear(&names);
}

static void
put_words(struct terms *terms, const char *form, enum acl_edit_kind kind,
    size_t index, char *words)
{
	struct writer *writer = &terms->writer;
	writer_put(writer, kind,
	    acl_writing_fill(form, writer->plan->list, 0, words), 0, index);
	free(words);
}

static void
put_removals(struct terms *terms)
{
	const struct side *have = &terms->draft->have;
	for (size_t i = 0; i < have->count; i++)
		if (!terms->stays[i])
			put_words(terms, terms->draft->writing->remove,
			    ACL_EDIT_REMOVE, i,
			    xasprintf("term %s", side_entry(have, i)->term));
}

/* The first term that stays in its place: what comes first stands before
 * it. */
static const char *
first_fixed(const struct side *want)
{
	for (size_t i = 0; i < want->count; i++)
		if (want->pair[i] != NOWHERE)
			return side_entry(want, i)->term;
	return NULL;
}

static void
put_place(struct terms *terms, size_t i)
{
	const struct side *want = &terms->draft->want;
	const char *name = side_entry(want, i)->term;
	const char *other = i ? side_entry(want, i - 1)->term
			      : first_fixed(want);
	if (other)
		put_words(terms, terms->draft->writing->move, ACL_EDIT_MOVE, i,
		    xasprintf("term %s %s term %s", name,
			i ? "after" : "before", other));
}

/* Behind the last old one, new terms come to stand by themselves. */
static size_t
find_tail(const struct terms *terms)
{
	size_t tail = terms->draft->want.count;
	while (tail && terms->fates[tail - 1].old == NOWHERE)
		tail--;
	return tail;
}

static void
put_term(struct terms *terms, size_t i, size_t tail)
{
	const struct side *have = &terms->draft->have;
	const struct side *want = &terms->draft->want;
	const struct fate *fate = &terms->fates[i];
	const struct acl_entry *entry = side_entry(want, i);
	bool placed = want->pair[i] != NOWHERE;
	if (fate->old == NOWHERE) {
		writer_put_term(
		    &terms->writer, ACL_EDIT_ADD, i, entry, &entry->statements);
	} else {
		if (fate->remove.count)
			writer_put_term(&terms->writer, ACL_EDIT_REMOVE,
			    fate->old, side_entry(have, fate->old),
			    &fate->remove);
		if (fate->add.count)
			writer_put_term(
			    &terms->writer, ACL_EDIT_ADD, i, entry, &fate->add);
		terms->writer.plan->kept += placed && !fate->add.count &&
		    !fate->remove.count;
	}
	if (!placed && i < tail)
		put_place(terms, i);
}

void
writer_put_term(struct writer *writer, enum acl_edit_kind kind, size_t index,
    const struct acl_entry *entry, const struct strs *statements)
{
	const struct acl_writing *writing = writer->draft->writing;
	const char *form = kind == ACL_EDIT_ADD ? writing->add
						: writing->remove;
	for (size_t i = 0; i < statements->count || i == 0; i++) {
		const char *text = statements->count ? statements->items[i]
						     : "";
		char *words = xasprintf(
		    "term %s%s%s", entry->term, *text ? " " : "", text);
		writer_put(writer, kind,
		    acl_writing_fill(form, writer->plan->list, 0, words), 0,
		    index);
		free(words);
	}
}

const char *
draft_terms(struct draft *draft, struct acl_edit_plan *plan)
{
	const struct acl_edit_ask *ask = draft->ask;
	if (!are_terms(&draft->have) || !are_terms(&draft->want))
		return "the list holds lines that are of no term";
	struct terms terms = {
		.draft = draft,
		.writer = { draft, plan },
		.fates = xcalloc(draft->want.count + 1, sizeof(struct fate)),
		.stays = xcalloc(draft->have.count + 1, sizeof(bool)),
	};
	decide(&terms);
	draft_match(draft);
	writer_begin(&terms.writer, false, false, false);
	put_removals(&terms);
	writer_put_settings(
	    &terms.writer, &ask->want->settings, &ask->have->settings);
	size_t tail = find_tail(&terms);
	for (size_t i = 0; i < draft->want.count; i++)
		put_term(&terms, i, tail);
	for (size_t i = 0; i < draft->want.count; i++)
		fate_clear(&terms.fates[i]);
	free(terms.fates);
	free(terms.stays);
	return NULL;
}
