/* IOS commands that guard a change: the archive with its confirm timer, and
 * a reload that waits. */
#ifndef LAB_IOS_GUARD_H
#define LAB_IOS_GUARD_H

#include "cli.h"

HANDLER(ios_archive);
HANDLER(ios_show_archive);
HANDLER(ios_show_rollback_timer);
HANDLER(ios_configure_revert);
HANDLER(ios_configure_confirm);
HANDLER(ios_revert_now);
HANDLER(ios_revert_timer);
HANDLER(ios_reload);
HANDLER(ios_reload_in);
HANDLER(ios_reload_cancel);
HANDLER(ios_show_reload);

#endif
