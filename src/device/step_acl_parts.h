/* What the files step_acl*.c share. */
#ifndef NETPUSH_DEVICE_STEP_ACL_PARTS_H
#define NETPUSH_DEVICE_STEP_ACL_PARTS_H

#include "model/acl.h"
#include "model/acl_backup.h"
#include "step_parts.h"

struct acl_change {
	struct session *session;
	const struct job_step *step;
	struct step_result *result;
	const struct acl_dialect *dialect;
	const char *name;
	enum acl_type type;
	bool append;
	struct strs lines;
	struct acl before, wanted;
	struct acl_backup backup; /* of `before` */
	struct strs send; /* for append: the lines that are not there yet */
	/* Where it is applied the change may cut us off, or a flow that is
	 * protected. Known before the first line goes. */
	bool applied;
};

/* Reads the list as the device has it now; what is to be shown of it becomes
 * the output. BACKUP (may be NULL) gets the words that bring it back. */
int step_acl_read(
    struct acl_change *change, struct acl *acl, struct acl_backup *backup);

/*
 * Puts the lines that edit the list in place into LINES. False, with a note,
 * where that cannot be done or would be longer than building it again.
 */
bool step_acl_edit(struct acl_change *change, struct plan_lines *lines);

/* Absent both, or equal. */
bool step_acl_same(const struct acl *a, const struct acl *b);

/*
 * After a push that failed behind its first line, or was not as asked when it
 * was read back: looks, over the same connection or a fresh one, and puts the
 * old list back. Sets the status to what was seen in the end.
 */
void step_acl_recover(struct acl_change *change);

#endif
