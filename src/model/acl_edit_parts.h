/* What src/model/acl_edit*.c share: a delta in the making. */
#ifndef NETPUSH_MODEL_ACL_EDIT_PARTS_H
#define NETPUSH_MODEL_ACL_EDIT_PARTS_H

#include "model/acl_dialect.h"
#include "model/acl_edit.h"

#define NOWHERE SIZE_MAX

/* The entries of one list that have numbers: without remarks where these have
 * none of their own. Positions below are positions in `items`. */
struct side {
	const struct acl *acl;
	size_t count;
	size_t *items; /* position -> index in acl */
	const char **keys; /* what is paired: the normal form, or a name */
	size_t *pair; /* the position on the other side, NOWHERE */
	uint32_t *numbers; /* what the device has, or will have */
};

/* One change of the list: entries that go, then one that comes. */
struct step {
	size_t add; /* position in want, NOWHERE: none */
	size_t remove; /* position in have, NOWHERE: none */
	bool replaces; /* one line does both */
	bool joined; /* to the step before: one write */
};

struct remark_step {
	size_t index; /* in have or want */
	size_t before; /* position of the entry that it is for, NOWHERE: end */
};

struct remark_steps {
	struct remark_step *items;
	size_t count, cap;
};

struct draft {
	const struct acl_edit_ask *ask;
	const struct acl_writing *writing;
	struct side have, want;
	size_t (*anchors)[2]; /* pairs that must be kept, ascending */
	size_t anchors_count;
	uint32_t renumber; /* start and step, 0: not renumbered */
	bool reuse; /* numbers of old entries, where that replaces them */
	struct step *steps;
	size_t steps_count, steps_cap;
	struct remark_steps remove_remarks, add_remarks;
	size_t stuck; /* position in have that could not move, NOWHERE */
};

/* True if the entry has a number of its own. */
bool draft_is_numbered(
    const struct draft *draft, const struct acl_entry *entry);
const struct acl_entry *side_entry(const struct side *side, size_t position);

/* Pairs what stays: a longest common subsequence through the anchors. */
void draft_match(struct draft *draft);

/* Gives every entry of want a number; false if there is no room. */
bool draft_number(struct draft *draft);

/* Orders the changes so that every protected flow lives; false with `stuck`
 * set if that cannot be done. */
bool draft_order(struct draft *draft);

/* Remarks that have no number of their own. */
void draft_remarks(struct draft *draft);

/* Fills PLAN for lists of terms. NULL, or why there is no delta; the lines are
 * of no use then. */
const char *draft_terms(struct draft *draft, struct acl_edit_plan *plan);

/* How many lines build the list. */
size_t draft_lines(const struct acl *acl);

/* Where the lines go. */
struct writer {
	const struct draft *draft;
	struct acl_edit_plan *plan;
};

/* The block for the next line: the last one if it is of the same sort. */
void writer_begin(
    struct writer *writer, bool inside, bool one_write, bool after_move);
void writer_put(struct writer *writer, enum acl_edit_kind kind, char *text,
    uint32_t sequence, size_t index);

/* Those of SETTINGS that are not in BUT (may be NULL). */
void writer_put_settings(
    struct writer *writer, const struct strs *settings, const struct strs *but);

/* A line for each of STATEMENTS of the term that ENTRY, the INDEX-th, is;
 * ADD or REMOVE. */
void writer_put_term(struct writer *writer, enum acl_edit_kind kind,
    size_t index, const struct acl_entry *entry, const struct strs *statements);

/* Write the plan's lines. */
void draft_write(const struct draft *draft, struct acl_edit_plan *plan);
void draft_write_whole(const struct draft *draft, struct acl_edit_plan *plan,
    bool destroy_first, bool destroy_after);

#endif
