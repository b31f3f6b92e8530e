/*
 * What was on the device before a list is changed, as a file in the run's
 * directory: for the person who has to mend what netpush could not.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fdio.h"
#include "text/redact.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 1000 /* of one list, in one run */

static void
add_text(const struct acl_change *change, struct buf *out)
{
	struct strs uses = { 0 };
	const struct acl_backup *backup = &change->backup;
	buf_addf(out, "! access list %s of %s, before it was changed\n",
	    change->name, session_target(change->session)->device->hostname);
	if (!change->before.present)
		buf_adds(out, "! it was not there\n");
	else if (!backup->known)
		buf_adds(out, "! only in part: as it was shown\n");
	for (size_t i = 0; i < backup->lines.count; i++)
		buf_addf(out, "%s\n", backup->lines.items[i]);
	if (change->before.present && !backup->known)
		buf_adds(out, buf_str(&change->result->output));
	if (change->uses_known == ACL_USES_REFUSED)
		buf_adds(out, "! where it is applied is not known\n");
	acl_uses_move(&change->uses, change->name, &uses);
	acl_uses_move(&change->copy_uses, change->copy_name, &uses);
	if (uses.count)
		buf_adds(out, "! where it was applied:\n");
	for (size_t i = 0; i < uses.count; i++)
		buf_addf(out, "%s\n", uses.items[i]);
	strs_clear(&uses);
}

/* A name that no file has yet: what was there first is worth the most. */
static char *
free_path(const struct acl_change *change, const char *directory)
{
	char *name = xstrdup(change->name), *path = NULL;
	for (char *at = name; *at; at++)
		if (*at == '/' || (at == name && *at == '.'))
			*at = '_';
	for (int i = 1; i <= FILES_MAX; i++) {
		free(path);
		path = i == 1 ? xasprintf("%s/%s.txt", directory, name)
			      : xasprintf("%s/%s.%d.txt", directory, name, i);
		if (access(path, F_OK))
			break;
	}
	free(name);
	return path;
}

int
step_acl_keep(struct acl_change *change)
{
	const char *directory = session_target(change->session)->backup;
	struct err *err = &change->result->fault.err;
	struct buf text, clean;
	if (!directory)
		return 0;
	buf_init(&text, STEP_OUTPUT_LIMIT_BYTES);
	buf_init(&clean, STEP_OUTPUT_LIMIT_BYTES);
	add_text(change, &text);
	redact_add(session_redactor(change->session), &clean, buf_str(&text),
	    text.len);
	char *path = free_path(change, directory);
	int rc = 0;
	if (mkdir(directory, 0700) && errno != EEXIST)
		rc = err_sys(err, ERR_INTERNAL, errno,
		    "what is there now cannot be kept, so nothing was sent: %s",
		    directory);
	if (rc == 0)
		rc = file_write_atomic(
		    path, buf_str(&clean), clean.len, 0600, err);
	if (rc == 0)
		change->backup_path = path;
	else
		free(path);
	buf_clear(&text);
	buf_clear(&clean);
	return rc;
}
