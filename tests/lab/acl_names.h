/* Names that access lists know: protocols, ports, ICMP types. */
#ifndef LAB_ACL_NAMES_H
#define LAB_ACL_NAMES_H

#include <stddef.h>

struct acl_name {
	const char *name;
	int number;
};

/* Each table ends in a row without a name. */
extern const struct acl_name acl_protocols[];
extern const struct acl_name acl_protocols_ipv6[];
extern const struct acl_name acl_tcp_ports[];
extern const struct acl_name acl_udp_ports[];
extern const struct acl_name acl_icmp_types[];

/* The name of NUMBER, or NULL. */
const char *acl_name_of(const struct acl_name *table, int number);

/* The row that WORD names or abbreviates: NULL with *many false when there is
 * none, NULL with *many true when there are several. */
const struct acl_name *acl_name_find(
    const struct acl_name *table, const char *word, int *many);

#endif
