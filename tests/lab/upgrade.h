/* The commands that a device is upgraded with, by platform. */
#ifndef LAB_UPGRADE_H
#define LAB_UPGRADE_H

#include "cli.h"

/* nxos_upgrade.c */
HANDLER(nxos_reload);

/* junos_upgrade.c */
HANDLER(junos_reboot);
HANDLER(junos_show_uptime);

#endif
