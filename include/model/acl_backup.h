/*
 * A list as text that brings it back: the lines that a device takes, from what
 * it showed. Unlike the normal forms that are compared these are its own words.
 */
#ifndef NETPUSH_MODEL_ACL_BACKUP_H
#define NETPUSH_MODEL_ACL_BACKUP_H

#include "model/acl.h"

struct acl_backup {
	bool known; /* else the list could not be brought back */
	struct strs lines; /* header and entries; none: it was absent */
};

/*
 * Takes the list NAME out of OUTPUTS (as for acl_read, which has judged
 * them and found ACL). Not known when the device showed it only in a form that
 * it does not take, and something of it (remarks) would be lost.
 */
void acl_backup_take(struct acl_backup *backup,
    const struct acl_dialect *dialect, const char *name,
    const struct strs *outputs, const struct acl *acl);
void acl_backup_clear(struct acl_backup *backup);

/* Is every line of LINES about the list NAME: its header, an entry of it, or
 * the line that takes it away? */
bool acl_backup_is_only(const struct acl_dialect *dialect, const char *name,
    const struct strs *lines);

/* Adds to LINES what makes a device that has the list as NOW have it as in
 * BACKUP: takes it away, builds it again. */
void acl_backup_restore(const struct acl_backup *backup,
    const struct acl_dialect *dialect, const char *name, const struct acl *now,
    struct strs *lines);

#endif
