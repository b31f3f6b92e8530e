/*
 * How NX-OS changes its configuration as a whole: checkpoints and rollback,
 * and configuration sessions whose lines count only once they are committed.
 */
#ifndef LAB_NXOS_CHANGE_H
#define LAB_NXOS_CHANGE_H

#include "cli.h"

struct nxos_changes; /* of one device: its checkpoints and sessions */

/* Terminals that are in a session are taken out of it. NULL is fine. */
void nxos_changes_free(struct nxos_changes *changes);

/* After each line: it is kept when it stood in a session. */
void nxos_after_line(
    struct cli *cli, enum mode mode, const char *object, const char *line);
void nxos_leave(struct cli *cli);

HANDLER(nxos_checkpoint);
HANDLER(nxos_show_checkpoints);
HANDLER(nxos_rollback);
HANDLER(nxos_configure_session);
HANDLER(nxos_verify);
HANDLER(nxos_commit);
HANDLER(nxos_abort);
HANDLER(nxos_show_sessions);

#endif
