/*
 * What device/guard needs of an access list that went wrong: how it stands
 * now, and the lines that put the old one back.
 */
#include "step_acl_parts.h"

#include "device/sender.h"

static enum guard_seen
look_at_list(struct acl_change *change)
{
	enum guard_seen seen = GUARD_UNSEEN;
	struct acl now = { 0 };
	if (step_acl_read(change, &now, NULL) == 0) {
		seen = GUARD_OTHER;
		if (now.present && acl_equal(&change->wanted, &now, NULL))
			seen = GUARD_AS_WANTED;
		if (step_acl_same(&change->before, &now))
			seen = GUARD_AS_BEFORE;
	}
	acl_clear(&change->now);
	change->now = now;
	return seen;
}

/* What the device holds now. The fault of the change itself is kept while
 * others may come. */
static enum guard_seen
look(void *data, struct session *session, struct fault *fault)
{
	struct acl_change *change = data;
	struct session *first = change->session;
	struct fault kept = change->result->fault;
	if (!session_is_usable(session)) {
		err_set(&fault->err, ERR_CLOSED, "the session is over");
		return GUARD_UNSEEN;
	}
	change->session = session;
	change->result->fault = (struct fault){ 0 };
	enum guard_seen seen = change->swapped ? step_acl_swap_look(change)
					       : look_at_list(change);
	*fault = change->result->fault;
	change->result->fault = kept;
	change->session = first;
	return seen;
}

int
step_acl_put(struct acl_change *change, const struct strs *texts,
    int64_t deadline, struct fault *fault)
{
	struct plan_lines lines = { 0 };
	struct push push;
	plan_lines_from(&lines, texts);
	plan_lines_commit(&lines, session_profile(change->session));
	push_init(&push, &lines, deadline);
	int rc = sender_push(change->session, &push, fault);
	push_clear(&push);
	plan_lines_clear(&lines);
	return rc;
}

/* Where the list is applied it is edited back, if that can be done: built
 * again it would be missing for a while. */
static void
put_list_back(struct acl_change *change, int64_t deadline, struct fault *fault)
{
	const struct acl *now = &change->now;
	struct strs texts = { 0 };
	struct err ignored = { 0 };
	enum acl_edit_way way = ACL_EDIT_DELTA;
	if (!change->backup.known)
		return;
	bool edits = now->present && change->before.present &&
	    step_acl_is_used(change) &&
	    step_acl_lines(change, change->name, now, &change->before, &way,
		true, &texts, &ignored) == 0 &&
	    way == ACL_EDIT_DELTA;
	if (!edits) {
		strs_clear(&texts);
		acl_backup_restore(&change->backup, change->dialect,
		    change->name, now, &texts);
	}
	step_acl_put(change, &texts, deadline, fault);
	strs_clear(&texts);
}

static void
put_back(void *data, struct session *session, int64_t deadline)
{
	struct acl_change *change = data;
	struct session *first = change->session;
	struct fault kept = change->result->fault, ignored = { 0 };
	if (!session_is_usable(session))
		return;
	change->session = session;
	change->result->fault = (struct fault){ 0 };
	if (change->swapped)
		step_acl_swap_back(change, deadline, &ignored);
	else
		put_list_back(change, deadline, &ignored);
	fault_clear(&ignored);
	fault_clear(&change->result->fault);
	change->result->fault = kept;
	change->session = first;
}

struct guard_change
step_acl_guarded(struct acl_change *change)
{
	return (struct guard_change){
		.data = change,
		.look = look,
		.put_back = put_back,
	};
}
