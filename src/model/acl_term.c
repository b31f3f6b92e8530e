/*
 * Lines of a filter gathered into terms, and what a term is as an entry. What
 * a statement means is in acl_statement.c.
 */
#include "model/acl_term.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

/* The name without quotes that it does not need. */
static char *
name_of(const char *word)
{
	size_t len = strlen(word);
	if (len > 2 && word[0] == '"' && word[len - 1] == '"' &&
	    !memchr(word + 1, '"', len - 2) && !strpbrk(word, " \t[]{};#"))
		return xstrndup(word + 1, len - 2);
	return xstrdup(word);
}

/* What a statement is in the index: neither a name nor a word has a line
 * end. */
static char *
key_of(const char *name, const char *normal)
{
	return xasprintf("%s\n%s", name, normal);
}

/* The entry of the term NAME, made if it is not there (*NEW). */
static struct acl_entry *
entry_of(struct acl_terms *terms, struct acl *acl, const char *name,
    unsigned number, bool *new)
{
	const size_t *at = acl_index_find(&terms->index, name);
	if (at)
		return &acl->items[*at];
	struct acl_entry entry = {
		.line = number,
		.protocol = ACL_PROTOCOL_NONE,
		.term = xstrdup(name),
	};
	*new = true;
	acl_index_take(&terms->index, xstrdup(name), acl->count);
	acl_add(acl, &entry);
	return &acl->items[acl->count - 1];
}

static bool
add_statement(
    struct acl_terms *terms, struct acl_entry *entry, const char *text)
{
	struct acl_statement statement;
	acl_statement_parse(&statement, text);
	bool new = acl_index_take(
	    &terms->index, key_of(entry->term, statement.normal), 0);
	if (new)
		strs_add(&entry->statements, text);
	acl_statement_clear(&statement);
	return new;
}

/* A line of the filter that is about no term. */
static bool
take_other(struct acl_terms *terms, struct acl *acl, const struct strs *words,
    unsigned number)
{
	struct acl_entry entry = {
		.line = number,
		.action = ACL_OPAQUE,
		.protocol = ACL_PROTOCOL_NONE,
	};
	struct buf text;
	buf_init(&text, ACL_TEXT_MAX);
	for (size_t i = 0; i < words->count; i++)
		buf_addf(&text, "%s%s", i ? " " : "", words->items[i]);
	if (!acl_index_take(&terms->index, key_of("", buf_str(&text)), 0)) {
		buf_clear(&text);
		return false;
	}
	entry.text = buf_take(&text);
	entry.words = xstrdup(entry.text);
	entry.normal = xasprintf("? %s", entry.text);
	acl_add(acl, &entry);
	return true;
}

bool
acl_terms_take(struct acl_terms *terms, struct acl *acl, const char *line,
    unsigned line_number)
{
	struct strs words = { 0 }, statements = { 0 };
	bool new = false;
	acl_words_split(&words, line);
	if (words.count < 2 || !str_eq(words.items[0], "term")) {
		new = take_other(terms, acl, &words, line_number);
		goto out;
	}
	char *name = name_of(words.items[1]);
	struct acl_entry *entry = entry_of(terms, acl, name, line_number, &new);
	acl_statements_split(&statements, &words, 2);
	for (size_t i = 0; i < statements.count; i++)
		new |= add_statement(terms, entry, statements.items[i]);
	free(name);
out:
	strs_clear(&statements);
	strs_clear(&words);
	return new;
}

void
acl_terms_hold(struct acl_terms *terms, const struct acl *acl)
{
	for (size_t i = 0; i < acl->count; i++) {
		const struct acl_entry *entry = &acl->items[i];
		if (!entry->term) {
			acl_index_take(
			    &terms->index, key_of("", entry->words), 0);
			continue;
		}
		acl_index_take(&terms->index, xstrdup(entry->term), i);
		for (size_t k = 0; k < entry->statements.count; k++) {
			struct acl_statement statement;
			acl_statement_parse(
			    &statement, entry->statements.items[k]);
			acl_index_take(&terms->index,
			    key_of(entry->term, statement.normal), 0);
			acl_statement_clear(&statement);
		}
	}
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * What the term does: a statement that was not understood, or two that
 * decide, make it opaque. Without one that decides a packet is accepted
 * (Junos: the default action of a term).
 */
static enum acl_action
action_with(enum acl_action action, const struct acl_statement *statement)
{
	if (statement->kind == ACL_STATEMENT_UNKNOWN)
		return ACL_OPAQUE;
	if (statement->kind != ACL_STATEMENT_THEN ||
	    statement->action == ACL_REMARK)
		return action;
	return action == ACL_REMARK ? statement->action : ACL_OPAQUE;
}

/* The order of statements in a term means nothing: a device has its own. */
static void
finish(struct acl_entry *entry)
{
	const struct strs *statements = &entry->statements;
	struct strs normals = { 0 };
	struct buf words, normal;
	buf_init(&words, ACL_TEXT_MAX);
	buf_init(&normal, ACL_TEXT_MAX);
	entry->action = ACL_REMARK;
	for (size_t i = 0; i < statements->count; i++) {
		struct acl_statement statement;
		acl_statement_parse(&statement, statements->items[i]);
		entry->action = action_with(entry->action, &statement);
		strs_add(&normals, statement.normal);
		buf_addf(&words, "%s %s", i ? ";" : "", statements->items[i]);
		acl_statement_clear(&statement);
	}
	if (entry->action == ACL_REMARK)
		entry->action = ACL_PERMIT;
	if (normals.count)
		qsort(normals.items, normals.count, sizeof(*normals.items),
		    compare_texts);
	for (size_t i = 0; i < normals.count; i++)
		buf_addf(&normal, "%s %s", i ? ";" : "", normals.items[i]);
	free(entry->words);
	free(entry->normal);
	entry->words = xasprintf("term %s%s", entry->term, buf_str(&words));
	entry->normal = xasprintf("term %s%s", entry->term, buf_str(&normal));
	strs_clear(&normals);
	buf_clear(&words);
	buf_clear(&normal);
}

void
acl_terms_finish(struct acl *acl)
{
	for (size_t i = 0; i < acl->count; i++)
		if (acl->items[i].term)
			finish(&acl->items[i]);
}

void
acl_terms_clear(struct acl_terms *terms)
{
	acl_index_clear(&terms->index);
}

void
acl_entry_put_lines(const struct acl_entry *entry, struct strs *lines)
{
	if (!entry->term || !entry->statements.count) {
		strs_add(lines, entry->normal);
		return;
	}
	for (size_t i = 0; i < entry->statements.count; i++) {
		struct acl_statement statement;
		acl_statement_parse(&statement, entry->statements.items[i]);
		strs_take(lines,
		    xasprintf("term %s %s", entry->term, statement.normal));
		acl_statement_clear(&statement);
	}
}
