/*
 * Terms of Junos firewall filters, in `set` form without what stands before
 * `term`: each line is a statement of a term (`term T from protocol tcp`), and
 * a term with all of its statements is one entry of a list. What follows
 * `from` and `then` is understood word by word or kept as it stands; a term
 * of which a statement was not understood is opaque: nobody can tell what it
 * does.
 *
 * Only src/model/acl*.c include this. Pure functions over text.
 */
#ifndef NETPUSH_MODEL_ACL_TERM_H
#define NETPUSH_MODEL_ACL_TERM_H

#include "model/acl.h"
#include "model/acl_dialect.h"
#include "model/acl_index.h"

/* Which packets a condition (`from`) is about. */
enum acl_condition {
	ACL_CONDITION_SOURCE,
	ACL_CONDITION_DESTINATION,
	ACL_CONDITION_ADDRESS, /* either of the two */
	ACL_CONDITION_PROTOCOL,
	ACL_CONDITION_SOURCE_PORT,
	ACL_CONDITION_DESTINATION_PORT,
	ACL_CONDITION_PORT, /* either of the two */
	ACL_CONDITION_ESTABLISHED,
	ACL_CONDITION_FRAGMENT,
	ACL_CONDITION_OTHER, /* known, but not looked into */
	ACL_CONDITION__COUNT,
};

/* One statement, taken apart. */
struct acl_statement {
	enum acl_statement_kind {
		ACL_STATEMENT_FROM,
		ACL_STATEMENT_THEN,
		ACL_STATEMENT_UNKNOWN,
	} kind;
	char *normal; /* one spelling */
	bool simple; /* `delete` in front of it takes it away, and only it */
	/* FROM */
	enum acl_condition condition;
	bool except, list; /* all but this; a prefix list, by its name */
	struct acl_address address;
	struct acl_ports ports;
	int protocol; /* -1: not known */
	/* THEN */
	enum acl_action action; /* REMARK: it decides nothing */
};

/* Reads TEXT, a statement as acl_entry holds them. */
void acl_statement_parse(struct acl_statement *statement, const char *text);
void acl_statement_clear(struct acl_statement *statement);

/* Splits a line at blanks; what stands between quotes is one word. */
void acl_words_split(struct strs *words, const char *text);

/*
 * Adds to OUT the statements that the words from AT on are: one for each
 * condition or action with its value, one for each value between brackets; all
 * of them as one where they are not understood.
 */
void acl_statements_split(
    struct strs *out, const struct strs *words, size_t at);

/* A list of terms in the making. Zeroed storage is an empty one. */
struct acl_terms {
	struct acl_index index; /* names, and statements that are there */
};

/*
 * Adds LINE to the list; a term that is new stands at the end. True if it says
 * anything that the list did not hold. The entries are complete only after
 * acl_terms_finish, which may be called again.
 */
bool acl_terms_take(struct acl_terms *terms, struct acl *acl, const char *line,
    unsigned line_number);

/* As if the entries of ACL had come line by line: for a list that goes on. */
void acl_terms_hold(struct acl_terms *terms, const struct acl *acl);

/* What the entries do and what is compared of them. */
void acl_terms_finish(struct acl *acl);
void acl_terms_clear(struct acl_terms *terms);

/* acl_entry_overlap for a term. */
enum acl_overlap acl_term_overlap(
    const struct acl_entry *entry, const struct acl_flow *flow);

/* Adds the entry's lines in normal form; of any other entry the one it has. */
void acl_entry_put_lines(const struct acl_entry *entry, struct strs *lines);

#endif
