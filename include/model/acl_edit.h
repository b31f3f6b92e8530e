/*
 * How to get from the list that a device has to the one that is wanted, line
 * by line, without a moment in which a protected flow is cut.
 *
 * The delta: the longest common subsequence stays where it is, with its
 * numbers and so its counters. Every other wanted entry is added, from the
 * top down; then every other old entry is removed, from the bottom up. While
 * that goes on the device's list is the old one and the beginning of the
 * wanted one, or the beginning of the old one and the wanted one: the first
 * entry that a packet meets is its first in one of the two, so that no packet
 * on which both lists agree is ever treated otherwise.
 *
 * One thing breaks the rule: a platform that ignores an entry that is there
 * already (IOS, FRR). An entry that moves has to be removed just before it is
 * added again; these lines are a block to be sent as one write. Therefore
 * the list is simulated after every single line, and where a protected flow
 * would not be permitted, or no entry would be left, lines wait, another entry
 * is kept, or the plan is a swap. (Entries that differ in `log` only are taken for the same entry on
 * such platforms: whether they are is not documented.)
 *
 * Junos has names in place of numbers and commits all lines together, so that
 * no order of them cuts a flow: terms that go are deleted, statements of those
 * that stay set or deleted, and what does not stand in its place is inserted
 * behind its neighbour. What is left as it was is not touched.
 *
 * Pure functions over parsed lists: nothing is sent from here.
 */
#ifndef NETPUSH_MODEL_ACL_EDIT_H
#define NETPUSH_MODEL_ACL_EDIT_H

#include "model/acl.h"
#include "model/acl_flow.h"

enum acl_edit_way {
	ACL_EDIT_DELTA, /* edit by numbers in place */
	ACL_EDIT_SWAP, /* build a second list, move the references, remove */
	ACL_EDIT_REPLACE, /* delete and retype: the list is absent meanwhile */
	ACL_EDIT_NOTHING, /* only as an answer: nothing is to be done */
};

/* What is asked. All of it is borrowed. */
struct acl_edit_ask {
	const struct acl_dialect *dialect;
	const char *name; /* of the list */
	const struct acl *have; /* from acl_read */
	const struct acl *want; /* from acl_wanted or acl_append; absent: the
				   list is to go */
	const struct acl_flow *protect; /* flows that this list is applied to */
	size_t protect_count;
	enum acl_edit_way way; /* DELTA: it, or what is better */
	bool unused; /* applied nowhere: retyping cuts nobody */
	bool longer; /* a delta may be longer than retyping: rather that than
			a swap */
};

enum acl_edit_kind {
	ACL_EDIT_ADD,
	ACL_EDIT_REMOVE,
	ACL_EDIT_RENUMBER, /* the list, changes no answer */
	ACL_EDIT_SETTING, /* a line of the list that is no entry */
	ACL_EDIT_DESTROY, /* the whole list */
	ACL_EDIT_MOVE, /* a term, with what it holds */
};

struct acl_edit_line {
	char *text; /* what to send */
	enum acl_edit_kind kind;
	uint32_t sequence; /* of the entry, after a renumbering; 0: none, the
			      device chooses or it is no entry */
	size_t index; /* ADD and MOVE: of the entry in want, REMOVE: in have,
			 else SIZE_MAX. On FRR an ADD under the number of an
			 old entry also removes that; on Junos a line is for
			 one statement of a term. */
};

/* Consecutive lines. Blocks with equal headers that follow each other are one
 * visit to the section; EOS must not leave it in between. */
struct acl_edit_block {
	char *header; /* the lines stand under it; NULL: at the top level */
	bool one_write; /* must go in one write, nothing in between */
	bool after_move; /* SWAP: only when no reference is left */
	size_t first, count;
};

struct acl_edit_plan {
	enum acl_edit_way way;
	char *list; /* the name of the list that is written */
	struct acl_edit_line *lines;
	size_t count, cap;
	struct acl_edit_block *blocks;
	size_t blocks_count, blocks_cap;
	bool renumbered; /* the first line does it: START and STEP are */
	uint32_t renumber_step; /* both this */
	size_t kept; /* entries that stay where they are */
	char why[160]; /* why the entries are not edited; "" if they are */
};

/*
 * Fills PLAN (give it back with acl_edit_clear).
 *
 * -1 with ERR_LOCKOUT_RISK, and the entry that does it, if a protected flow
 * that HAVE permits (or may permit) would be denied by WANT (or nobody can
 * tell); leave it out of PROTECT to insist. A flow that HAVE denies needs
 * nothing. -1 with ERR_JOB if the list's type is not known where the platform
 * needs it. PLAN is empty then.
 *
 * A DELTA is never longer than delete-and-retype, a renumbering apart, unless
 * `longer` allows it; where it would be, and where numbers or the simulation allow none, the plan says
 * SWAP (REPLACE if the list is unused). A SWAP leaves the list under another
 * name, plan->list (`NAME__np`, `np__NAME` if NAME begins with a digit); the
 * caller sees to it that no such list is there before. REPLACE is not
 * simulated: it cuts flows. On Junos a SWAP is never needed, even if it was
 * asked for: where the terms are not edited, a DELTA deletes the list and types
 * it again, in one commit, and `why` tells.
 */
int acl_edit_plan(struct acl_edit_plan *plan, const struct acl_edit_ask *ask,
    struct err *err);
void acl_edit_clear(struct acl_edit_plan *plan);

/* The name of the list that a swap puts in the place of NAME for a while. The
 * caller frees it. */
char *acl_edit_second_name(const char *name);

#endif
