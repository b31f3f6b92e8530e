/*
 * What device/guard needs of an access list that went wrong: how it stands
 * now, and the lines that put the old one back.
 */
#include "step_acl_parts.h"

#include "device/sender.h"

/* What the device holds now. */
static enum guard_seen
look(void *data, struct session *session, struct fault *fault)
{
	struct acl_change *change = data;
	struct session *first = change->session;
	struct fault kept = change->result->fault;
	enum guard_seen seen = GUARD_UNSEEN;
	struct acl now = { 0 };
	if (!session_is_usable(session)) {
		err_set(&fault->err, ERR_CLOSED, "the session is over");
		return seen;
	}
	change->session = session;
	change->result->fault = (struct fault){ 0 };
	if (step_acl_read(change, &now, NULL) == 0) {
		seen = GUARD_OTHER;
		if (now.present && acl_equal(&change->wanted, &now, NULL))
			seen = GUARD_AS_WANTED;
		if (step_acl_same(&change->before, &now))
			seen = GUARD_AS_BEFORE;
	}
	*fault = change->result->fault;
	change->result->fault = kept;
	change->session = first;
	acl_clear(&change->now);
	change->now = now;
	return seen;
}

static void
put_back(void *data, struct session *session, int64_t deadline)
{
	struct acl_change *change = data;
	struct strs texts = { 0 };
	struct plan_lines lines = { 0 };
	struct fault ignored = { 0 };
	struct push push;
	if (!change->backup.known || !session_is_usable(session))
		return;
	acl_backup_restore(&change->backup, change->dialect, change->name,
	    &change->now, &texts);
	plan_lines_from(&lines, &texts);
	push_init(&push, &lines, deadline);
	sender_push(session, &push, &ignored);
	push_clear(&push);
	fault_clear(&ignored);
	plan_lines_clear(&lines);
	strs_clear(&texts);
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
