/* The commands that a device is upgraded with, by platform. */
#ifndef LAB_UPGRADE_H
#define LAB_UPGRADE_H

#include "cli.h"

/* ios.c: writes startup, and says so; false: there was no room. */
bool ios_save(struct cli *cli);

/* ios_flash.c */
HANDLER(ios_dir);
HANDLER(ios_more);
HANDLER(ios_delete);
HANDLER(ios_verify);
HANDLER(ios_show_switch);

/* ios_copy.c */
HANDLER(ios_copy);
HANDLER(ios_copy_running);

/* scp_pull.c */
HANDLER(nxos_copy_vrf);
HANDLER(junos_file_copy);

/* ios_boot.c */
HANDLER(ios_boot_system);
HANDLER(ios_config_register);
HANDLER(ios_show_boot);
HANDLER(ios_show_version);

/* ios_install.c */
HANDLER(ios_install_add);
HANDLER(ios_install_remove);
HANDLER(ios_show_install);

/* nxos_upgrade.c */
HANDLER(nxos_reload);
HANDLER(nxos_dont_ask);
HANDLER(nxos_dir);
HANDLER(nxos_delete);
HANDLER(nxos_show_md5);
HANDLER(nxos_boot);
HANDLER(nxos_show_boot);
HANDLER(nxos_install);
HANDLER(nxos_show_impact);

/* junos_upgrade.c */
HANDLER(junos_reboot);
HANDLER(junos_show_uptime);
HANDLER(junos_checksum);
HANDLER(junos_file_list);
HANDLER(junos_file_delete);
HANDLER(junos_show_storage);
HANDLER(junos_software_add);

/* around.c */
HANDLER(show_cdp);
HANDLER(ios_show_ip_brief);
HANDLER(ios_show_status);
HANDLER(ios_show_routes);
HANDLER(nxos_show_brief);
HANDLER(nxos_show_routes);
HANDLER(junos_show_lldp);
HANDLER(junos_show_terse);
HANDLER(junos_show_routes);

#endif
