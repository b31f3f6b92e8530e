/*
 * Access lists as the devices keep them: parse one line strictly, put it into
 * its normal form, keep it in order. The texts of refusals are not known here
 * (they differ by platform): an answer says what is wrong and where.
 */
#ifndef LAB_ACL_H
#define LAB_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum acl_kind { ACL_EXTENDED, ACL_STANDARD, ACL_IPV6, ACL_NXOS, ACL__COUNT };

struct acl {
	char *name;
	enum acl_kind kind;
	struct acl_entry {
		uint32_t sequence; /* a remark of IOS shares its follower's */
		bool remark;
		char *text; /* normal form, as a configuration shows it */
		char *shown; /* as show access-lists prints it */
	} * entries;
	size_t count, cap;
};

enum acl_answer {
	ACL_OK,
	ACL_INVALID, /* *offset: column of the mistake in the line */
	ACL_INCOMPLETE, /* *offset: end of the line */
	ACL_AMBIGUOUS, /* *offset: column of the word */
	ACL_DUPLICATE_SEQUENCE,
	ACL_MISSING, /* the entry to be removed is not there */
};

const char *acl_kind_name(enum acl_kind kind);

struct acl *acl_new(const char *name, enum acl_kind kind);
void acl_free(struct acl *acl);

/* TO, which has no entries, gets those of FROM. */
void acl_copy(struct acl *to, const struct acl *from);
bool acl_same(const struct acl *a, const struct acl *b);

/* True if LINE is one that an access list's mode takes: [no] [N] permit,
 * deny or remark, `no N`, and `sequence N` in an IPv6 list. */
bool acl_takes(enum acl_kind kind, const char *line);

/* Applies LINE to ACL, or says why not and changes nothing. With APPLY false
 * the line is only judged. */
enum acl_answer acl_line(
    struct acl *acl, const char *line, bool apply, size_t *offset);

void acl_resequence(struct acl *acl, uint32_t start, uint32_t step);

/* The grammar (acl_parse.c): reads the line from its byte START on, which
 * must be permit or deny, and adds the normal form to TEXT and SHOWN. */
enum acl_answer acl_parse(enum acl_kind kind, const char *line, size_t start,
    struct buf *text, struct buf *shown, size_t *offset);

#endif
