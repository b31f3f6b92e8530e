/*
 * What a term covers of a flow: of each condition one value must fit, and all
 * conditions must. What is not certain comes out as "some".
 */
#include "model/acl_flow.h"

#include "model/acl_term.h"

#include <netinet/in.h>

/* The values of one condition. */
struct group {
	bool there;
	bool stated; /* a value, not only exceptions */
	bool vague; /* a list by its name, an exception that may hit */
	enum acl_overlap best;
};

static enum acl_overlap
either(enum acl_overlap a, enum acl_overlap b)
{
	if (a == ACL_OVERLAP_ALL || b == ACL_OVERLAP_ALL)
		return ACL_OVERLAP_ALL;
	return a == b ? a : ACL_OVERLAP_SOME;
}

static enum acl_overlap
overlap_protocol(int protocol, const struct acl_entry *flow)
{
	if (protocol == flow->protocol)
		return ACL_OVERLAP_ALL;
	return flow->protocol < 0 ? ACL_OVERLAP_SOME : ACL_OVERLAP_NONE;
}

/* Only packets of these protocols have the ports that are meant. */
static enum acl_overlap
overlap_ports(const struct acl_ports *ports, const struct acl_ports *theirs,
    const struct acl_entry *flow)
{
	bool known = flow->protocol == IPPROTO_TCP ||
	    flow->protocol == IPPROTO_UDP;
	return known ? acl_overlap_ports(ports, theirs) : ACL_OVERLAP_SOME;
}

static enum acl_overlap
overlap_one(const struct acl_statement *statement, const struct acl_flow *whole)
{
	const struct acl_entry *flow = &whole->match;
	const struct acl_address *address = &statement->address;
	const struct acl_ports *ports = &statement->ports;
	if (statement->list)
		return ACL_OVERLAP_SOME;
	switch (statement->condition) {
	case ACL_CONDITION_SOURCE:
		return acl_overlap_address(address, &flow->source);
	case ACL_CONDITION_DESTINATION:
		return acl_overlap_address(address, &flow->destination);
	case ACL_CONDITION_ADDRESS:
		return either(acl_overlap_address(address, &flow->source),
		    acl_overlap_address(address, &flow->destination));
	case ACL_CONDITION_PROTOCOL:
		return overlap_protocol(statement->protocol, flow);
	case ACL_CONDITION_SOURCE_PORT:
		return overlap_ports(ports, &flow->source_ports, flow);
	case ACL_CONDITION_DESTINATION_PORT:
		return overlap_ports(ports, &flow->destination_ports, flow);
	case ACL_CONDITION_PORT:
		return either(overlap_ports(ports, &flow->source_ports, flow),
		    overlap_ports(ports, &flow->destination_ports, flow));
	case ACL_CONDITION_ESTABLISHED:
		return whole->answers && flow->protocol == IPPROTO_TCP
		    ? ACL_OVERLAP_ALL
		    : ACL_OVERLAP_SOME;
	case ACL_CONDITION_FRAGMENT:
		return ACL_OVERLAP_NONE;
	case ACL_CONDITION_OTHER:
	case ACL_CONDITION__COUNT:
		break;
	}
	return ACL_OVERLAP_SOME;
}

/* A prefix list and an address of the same side are one set of addresses. */
static void
add(struct group *groups, const struct acl_statement *statement,
    const struct acl_flow *flow)
{
	struct group *group = &groups[statement->condition];
	enum acl_overlap overlap = overlap_one(statement, flow);
	group->there = true;
	if (statement->list || statement->condition == ACL_CONDITION_OTHER)
		group->vague = true;
	group->stated |= !statement->except;
	if (statement->except && overlap != ACL_OVERLAP_NONE)
		group->vague = true;
	if (!statement->except && overlap > group->best)
		group->best = overlap;
}

static enum acl_overlap
result_of(const struct group *group)
{
	if (!group->there)
		return ACL_OVERLAP_ALL;
	return group->vague || !group->stated ? ACL_OVERLAP_SOME : group->best;
}

enum acl_overlap
acl_term_overlap(const struct acl_entry *entry, const struct acl_flow *flow)
{
	struct group groups[ACL_CONDITION__COUNT] = { 0 };
	enum acl_overlap overlap = ACL_OVERLAP_ALL;
	if (entry->action == ACL_PASS)
		return ACL_OVERLAP_NONE;
	if (entry->action == ACL_OPAQUE)
		return ACL_OVERLAP_SOME;
	for (size_t i = 0; i < entry->statements.count; i++) {
		struct acl_statement statement;
		acl_statement_parse(&statement, entry->statements.items[i]);
		if (statement.kind == ACL_STATEMENT_FROM)
			add(groups, &statement, flow);
		acl_statement_clear(&statement);
	}
	for (size_t i = 0; i < ACL_CONDITION__COUNT; i++)
		if (result_of(&groups[i]) < overlap)
			overlap = result_of(&groups[i]);
	return overlap;
}
