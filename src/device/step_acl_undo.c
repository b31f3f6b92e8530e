/*
 * Out of a change that went wrong. Nothing is said to be put back that was not
 * read back: the old list seen again is `rolled_back`, the asked one is
 * `changed` (the connection was cut behind the last line), anything else is
 * `unknown`, with what was seen.
 */
#include "step_acl_parts.h"

#include "base/deadline.h"
#include "device/sender.h"
#include "device/visit.h"

#define UNDO_MS                                                                \
	10000 /* all of it; a worker that is called off is
				killed 15 s later */
#define CLOSE_GRACE_MS 2000
#define FRESH_MAX      2 /* connections beside the first */

static void
tell(const struct acl_change *change, const char *text)
{
	const struct observer *observer = session_observer(change->session);
	observer->log(observer->data, text);
}

/* What the device holds now, as a status; UNKNOWN if neither old nor new. */
static enum step_status
look(struct acl_change *change, struct acl *now, struct fault *fault)
{
	if (!session_is_usable(change->session)) {
		err_set(&fault->err, ERR_CLOSED, "the session is over");
		return STEP_UNKNOWN;
	}
	struct fault kept = change->result->fault;
	change->result->fault = (struct fault){ 0 };
	enum step_status status = STEP_UNKNOWN;
	bool seen = step_acl_read(change, now, NULL) == 0;
	*fault = change->result->fault;
	change->result->fault = kept;
	if (!seen)
		return status;
	if (step_acl_same(&change->before, now))
		status = STEP_FAILED;
	else if (now->present && acl_equal(&change->wanted, now, NULL))
		status = STEP_CHANGED;
	return status;
}

static int
put_back(struct acl_change *change, const struct acl *now, int64_t deadline,
    struct fault *fault)
{
	struct strs texts = { 0 };
	struct plan_lines lines = { 0 };
	struct push push;
	acl_backup_restore(
	    &change->backup, change->dialect, change->name, now, &texts);
	plan_lines_from(&lines, &texts);
	plan_lines_commit(&lines, session_profile(change->session));
	push_init(&push, &lines, deadline);
	int rc = sender_push(change->session, &push, fault);
	push_clear(&push);
	plan_lines_clear(&lines);
	strs_clear(&texts);
	return rc;
}

/* Over a session that is ready. */
static enum step_status
recover(struct acl_change *change, int64_t deadline)
{
	struct acl now = { 0 };
	struct fault fault = { 0 };
	enum step_status status = look(change, &now, &fault);
	if (status == STEP_UNKNOWN && fault.err.kind == ERR_NONE &&
	    change->backup.known) {
		struct acl after = { 0 };
		tell(change, "putting the old access list back");
		put_back(change, &now, deadline, &fault);
		fault_clear(&fault);
		status = look(change, &after, &fault);
		if (status == STEP_FAILED)
			status = STEP_ROLLED_BACK;
		acl_clear(&after);
	}
	fault_clear(&fault);
	acl_clear(&now);
	return status;
}

/* Over a fresh connection; false if there is none to be had. */
static bool
recover_afresh(struct acl_change *change, int64_t deadline)
{
	struct session *first = change->session;
	struct fault ignored = { 0 };
	struct session *fresh = visit_again(first, deadline, &ignored);
	if (fresh) {
		change->session = fresh;
		change->result->status = recover(change, deadline);
		session_close(fresh, CLOSE_GRACE_MS);
		change->session = first;
	}
	fault_clear(&ignored);
	return fresh != NULL;
}

void
step_acl_recover(struct acl_change *change)
{
	struct step_result *result = change->result;
	int64_t deadline = deadline_in(UNDO_MS);
	bool called_off = result->fault.err.kind == ERR_CANCELLED;
	result->status = STEP_UNKNOWN;
	if (session_is_usable(change->session) && !called_off)
		result->status = recover(change, deadline);
	/* What is put back may be cut as well. */
	for (int i = 0; i < FRESH_MAX && result->status == STEP_UNKNOWN &&
	     (called_off || !session_is_usable(change->session));
	     i++)
		if (!recover_afresh(change, deadline))
			break;
	/* It is as asked after all: the first trouble is a note. */
	if (result->status == STEP_CHANGED) {
		buf_addf(&result->notes, "%s; but read back, it is as asked\n",
		    result->fault.err.text);
		fault_clear(&result->fault);
	}
}
