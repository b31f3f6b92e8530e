/*
 * What src/model/acl*.c share and nobody else includes: how a platform spells
 * and numbers its lists, and the pieces of an entry.
 */
#ifndef NETPUSH_MODEL_ACL_DIALECT_H
#define NETPUSH_MODEL_ACL_DIALECT_H

#include "model/acl.h"
#include "model/acl_flow.h"

/*
 * The words before a list's name. A header opens a section of indented lines;
 * a `flat` one stands before each entry on the entry's own line.
 */
struct acl_header {
	const char *words; /* lower case, one blank between them; NULL ends */
	enum acl_type type;
	bool flat;
	const char *note; /* belongs to what stands there, behind its words:
			     a deactivated term is another one */
};

/* What a remark is to the numbers of a list, for one that edits it. */
enum acl_remarks {
	ACL_REMARKS_SHARED, /* has the number of the entry that follows; is
			       added under it and removed by its text */
	ACL_REMARKS_NUMBERED, /* is numbered and edited as an entry is */
	ACL_REMARKS_SINGLE, /* one for the list, without a number */
};

/*
 * The lines that edit a list of one type. In them {list} is the list's name,
 * {n} a number, {words} what stands behind it; what is between brackets is
 * left out where there is no number.
 */
struct acl_writing {
	enum acl_type type;
	enum acl_remarks remarks;
	const char *open; /* the header above the lines; NULL: none */
	const char *destroy; /* at the top level */
	const char *add, *remove; /* NULL as ADD ends the table */
	const char *remove_remark; /* NULL: as an entry */
	const char *resequence; /* start and step {n}; NULL: cannot */
	bool resequence_inside; /* under the header, not at the top level */
	const char *move; /* of terms, which have names in place of numbers */
};

struct acl_dialect {
	const char *name;
	uint32_t step; /* the next number is the highest + step */
	bool remarks_numbered; /* as entries are; else they have no place of
				   their own and stay before the next entry */
	bool remark_single; /* one for the list; a new one replaces it */
	bool remark_blanks; /* several blanks in a remark become one */
	bool drops_duplicates; /* the same entry again is silently ignored */
	bool same_number_wins; /* the same number again replaces the entry */
	bool prefix_differs; /* A/N and A W are two different matches */
	bool has_types; /* standard or extended; a number tells which */
	bool applies_at_exit; /* lines act together, when the header is left */
	bool terms; /* entries are terms, see acl_term.h; lines act together,
		       when they are committed */
	uint32_t number_max; /* of an entry */
	enum acl_answer absent, empty; /* what a list without entries does to
					  traffic where it is applied */
	const struct acl_writing *writings;
	const struct acl_header *headers;
	const char *const *settings; /* lines that are no entries; NULL ends */
};

/* Nothing that a device keeps: blank, or a comment. */
bool acl_line_is_empty(const char *line);

/* The setting that LINE is, in its one spelling; NULL if it is none. */
const char *acl_dialect_setting(
    const struct acl_dialect *dialect, const char *line);

/* The header that LINE begins with, and what follows its words; or NULL. */
const struct acl_header *acl_header_find(
    const struct acl_dialect *dialect, const char *line, const char **rest);

/* How lists of TYPE are edited; NULL if TYPE does not tell. */
const struct acl_writing *acl_writing_find(
    const struct acl_dialect *dialect, enum acl_type type);

/* Fills a line of struct acl_writing; NUMBER 0: none. The caller frees it. */
char *acl_writing_fill(
    const char *form, const char *list, uint32_t number, const char *words);

/* For buffers that hold what one line became; a line is never cut. */
#define ACL_TEXT_MAX (SIZE_MAX / 2)

/* As acl_entry_parse, for a line that a device shows: counters are cut off,
 * a number at the end ("sequence 10", IPv6 on IOS) is taken. */
void acl_entry_parse_shown(struct acl_entry *entry,
    const struct acl_dialect *dialect, enum acl_type type, const char *line,
    unsigned line_number);

/* Reads what follows permit or deny; false, with the fields cleared, if it
 * is not understood. */
bool acl_match_parse(
    struct acl_entry *entry, enum acl_type type, const char *text);
void acl_match_clear(struct acl_entry *entry);

/* A copy that owns what it points to. */
void acl_entry_copy(struct acl_entry *to, const struct acl_entry *from);

/* Fills entry->normal from the other fields. */
void acl_entry_normalise(
    struct acl_entry *entry, const struct acl_dialect *dialect);

/*
 * Reads an address from WORDS (COUNT of them) into ADDRESS; returns how many
 * words it took, 0 if there is none. A bare address is a host where
 * BARE_HOST, else no address.
 */
size_t acl_address_parse(struct acl_address *address, char *const *words,
    size_t count, bool bare_host);

/* The length of a contiguous wildcard's prefix, -1 if it is none. */
int acl_address_prefix(const struct acl_address *address);

/* Adds the normal form of ADDRESS to OUT. */
void acl_address_put(struct buf *out, const struct acl_address *address,
    const struct acl_dialect *dialect);

/* How much of the flow's addresses (ports) the entry's cover. */
enum acl_overlap acl_overlap_address(
    const struct acl_address *entry, const struct acl_address *flow);
enum acl_overlap acl_overlap_ports(
    const struct acl_ports *entry, const struct acl_ports *flow);

/* Adds an entry (taken over) at the end. */
void acl_add(struct acl *acl, struct acl_entry *entry);

/*
 * Sorts ACL's items by KEYS (one each, same order), equal keys as they stand;
 * with LAST_WINS only the last of equal keys other than 0 is kept.
 */
void acl_sort(struct acl *acl, const uint64_t *keys, bool last_wins);

#endif
