/*
 * What the files step_acl*.c share.
 *
 *	step_acl.c	  the step: read, decide, push, prove
 *	step_acl_read.c	  what the device shows: list, uses, our address
 *	step_acl_flows.c  what must stay permitted
 *	step_acl_edit.c	  which way the change goes, and its lines
 *	step_acl_swap.c	  another list in its place while it is built
 *	step_acl_backup.c what was there, as a file
 *	step_acl_undo.c	  out of a change that went wrong
 */
#ifndef NETPUSH_DEVICE_STEP_ACL_PARTS_H
#define NETPUSH_DEVICE_STEP_ACL_PARTS_H

#include "model/acl.h"
#include "model/acl_backup.h"
#include "model/acl_edit.h"
#include "model/acl_uses.h"
#include "step_parts.h"

/* What there is to know of where a list is applied. */
enum acl_uses_known {
	ACL_USES_NO_RULES, /* the profile does not say: taken for none */
	ACL_USES_REFUSED, /* the device did: taken for everywhere */
	ACL_USES_READ,
};

struct acl_change {
	struct session *session;
	const struct job_step *step;
	struct step_result *result;
	const struct acl_dialect *dialect;
	const char *name;
	enum acl_type type;
	bool append;
	struct guard guard;
	struct strs lines;
	struct acl before, wanted;
	struct acl now; /* as it was looked at last, after the change */
	struct acl_backup backup; /* of `before` */
	struct strs send; /* for append: the lines that are not there yet */
	/* Where it is applied the change may cut us off, or a flow that is
	 * protected. Known before the first line goes. */
	bool applied;

	enum acl_uses_known uses_known;
	struct acl_uses uses;
	char *copy_name; /* of the list that a swap puts in its place */
	struct acl_uses copy_uses; /* left by a swap that was cut */
	char *client; /* the address that the device sees us at, or NULL */
	struct acl_flow *flows; /* what must stay permitted */
	size_t flow_count, flow_cap;
	bool swapped; /* lines of a swap have been sent */
	char *backup_path; /* where `backup` is kept, or NULL */
};

/* Is the list applied anywhere, as far as we know? */
bool step_acl_is_used(const struct acl_change *change);

/* Something that the person must know: a warning of the run and a note of the
 * step. */
void step_acl_warn(struct acl_change *change, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads the list as the device has it now; what is to be shown of it becomes
 * the output. BACKUP (may be NULL) gets the words that bring it back. */
int step_acl_read(
    struct acl_change *change, struct acl *acl, struct acl_backup *backup);

/* The same, into `before` and `backup`, with all else that is read from the
 * device before a change: uses and our address, in the same write. */
int step_acl_survey(struct acl_change *change);

/* Reads the list that a swap puts in its place. The output stays. */
int step_acl_read_copy(struct acl_change *change, struct acl *acl);

/* Reads where both lists are applied; -1 with a fault if nobody tells. */
int step_acl_read_uses(
    struct acl_change *change, struct acl_uses *uses, struct acl_uses *copy);

/* Fills `flows` and `applied`. */
void step_acl_find_flows(struct acl_change *change);

enum acl_course {
	ACL_COURSE_REFUSED, /* the fault says why */
	ACL_COURSE_TEMPLATE, /* the rendered lines, or those of an append */
	ACL_COURSE_EDIT, /* LINES */
	ACL_COURSE_SWAP, /* step_acl_swap(); LINES are all of them */
};

/* Which way the change goes; RENDERED are the template's lines. */
enum acl_course step_acl_course(struct acl_change *change,
    const struct plan_lines *rendered, struct plan_lines *lines);

/* Adds the lines that lead from HAVE to WANT, WAY being asked for, to TEXTS.
 * -1 with ERR; nothing is added then. The way of the plan is that of the
 * lines. FLOWS: only so that what is protected lives on. */
int step_acl_lines(const struct acl_change *change, const char *name,
    const struct acl *have, const struct acl *want, enum acl_edit_way *way,
    bool flows, struct strs *texts, struct err *err);

/* The parts of a swap, one push each. An empty one is left out. */
enum acl_swap_part {
	ACL_SWAP_COPY, /* the wanted list under the other name */
	ACL_SWAP_AWAY, /* the references to it */
	ACL_SWAP_BUILD, /* the list itself, which nobody uses now */
	ACL_SWAP_BACK, /* the references to that */
	ACL_SWAP_REMOVE, /* the copy */
	ACL_SWAP__COUNT,
};
struct acl_swap {
	struct strs parts[ACL_SWAP__COUNT];
};
void acl_swap_clear(struct acl_swap *swap);

/* Fills SWAP; reads the other list first. -1 with a fault where the state of
 * things allows none. */
int step_acl_swap_plan(struct acl_change *change, struct acl_swap *swap);

/* Sends it part by part; after each one the device is asked what became of it.
 * *TOUCHED: some line left. */
int step_acl_swap(
    struct acl_change *change, const struct acl_swap *swap, bool *touched);

/* Was a swap of this list cut, once? */
bool step_acl_is_half_swapped(const struct acl_change *change);

/* What a swap has made of the device, and the way back (of one that is done,
 * but for the copy, the way to its end). */
enum guard_seen step_acl_swap_look(struct acl_change *change);
void step_acl_swap_back(
    struct acl_change *change, int64_t deadline, struct fault *fault);

/* Writes down what is there now; `backup_path` says where. -1 with a fault. */
int step_acl_keep(struct acl_change *change);

/* Sends TEXTS on the way back; what the device says is of no interest. */
int step_acl_put(struct acl_change *change, const struct strs *texts,
    int64_t deadline, struct fault *fault);

/* Absent both, or equal. */
bool step_acl_same(const struct acl *a, const struct acl *b);

/* How the list is looked at and put back, for the guard. */
struct guard_change step_acl_guarded(struct acl_change *change);

#endif
