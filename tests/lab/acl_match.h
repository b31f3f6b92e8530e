/*
 * Whether an access list lets a packet through. It reads entries in their
 * normal form and knows nothing of where the list is applied.
 */
#ifndef LAB_ACL_MATCH_H
#define LAB_ACL_MATCH_H

#include "acl.h"

/* One TCP packet, in host byte order. */
struct flow {
	uint32_t source, destination;
	int source_port, port;
	bool established; /* the connection stands: ACK is set */
};

/* What the list says: the entry that decides goes to *index, or acl->count
 * when none matches (which denies, but for an empty list: EMPTY_PERMITS). A
 * list of remarks only counts as empty. */
bool acl_permits(const struct acl *acl, const struct flow *flow,
    bool empty_permits, size_t *index);

#endif
