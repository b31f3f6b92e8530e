/*
 * What a list does to traffic. A flow is a set of packets; an entry covers
 * all of it, some of it or nothing, and the answer of a list has three
 * values: what cannot be told from the text (an object group, a time range,
 * an entry that was not understood, a flow that is covered in part) is
 * unknown, not a guess.
 *
 * What a list without entries does where it is applied, by dialect:
 *   IOS     absent: permits all, empty: permits all. [mem, platforms.md 2.1;
 *           the command reference says the same of an undefined list]
 *   NX-OS   absent: permits all, empty: denies all (its implicit deny stands
 *           in every list). [mem]
 *   EOS     unknown. FRR: unknown; it depends on who asks the list.
 *   Junos   unknown. What is applied and absent cannot be committed, and an
 *           empty filter discards [mem]: neither is relied on.
 * Behind the last entry everything is denied. The two neighbour discovery
 * types that an IPv6 list permits there are taken as denied: an alarm too
 * many.
 *
 * Pure functions over parsed lists.
 */
#ifndef NETPUSH_MODEL_ACL_FLOW_H
#define NETPUSH_MODEL_ACL_FLOW_H

#include "model/acl.h"

enum acl_answer {
	ACL_ANSWER_DENY,
	ACL_ANSWER_PERMIT,
	ACL_ANSWER_UNKNOWN,
};

/*
 * The packets of one conversation in one direction, no fragments among them.
 * Read-only once made.
 */
struct acl_flow {
	char *text; /* for people */
	bool answers; /* every packet has ACK: those that answer */
	struct acl_entry match; /* protocol, addresses and ports */
	bool own; /* netpush's own, for messages; the caller's to set */
};

/*
 * Reads a flow as an entry without its action: "tcp host 192.0.2.5 any eq 22",
 * "10.0.0.0 0.255.255.255"; with `established` at the end, only the packets
 * that answer. -1 with ERR_JOB, FLOW empty, if it is none or has a group or
 * another flag.
 */
int acl_flow_parse(struct acl_flow *flow, const char *text, struct err *err);

/* TCP from SOURCE to PORT of DESTINATION (NULL: any), IPv4 or IPv6 addresses
 * as text: netpush's own flow. Errors as acl_flow_parse. */
int acl_flow_tcp(struct acl_flow *flow, const char *source,
    const char *destination, unsigned port, struct err *err);

void acl_flow_clear(struct acl_flow *flow);

/* False if FLOW is of the other family of addresses than lists of TYPE. */
bool acl_flow_concerns(const struct acl_flow *flow, enum acl_type type);

enum acl_overlap {
	ACL_OVERLAP_NONE,
	ACL_OVERLAP_SOME, /* or it cannot be told */
	ACL_OVERLAP_ALL,
};

/* How much of FLOW the entry covers, whatever it does with it; NONE for a
 * remark. */
enum acl_overlap acl_entry_overlap(
    const struct acl_entry *entry, const struct acl_flow *flow);

struct acl_verdict {
	enum acl_answer answer;
	size_t entry; /* PERMIT, DENY: who decides. UNKNOWN: the first that
			 cannot be told. SIZE_MAX: no entry does. */
	uint64_t path; /* of UNKNOWN: equal where packets meet the same
			  entries to the same end, so that the answer is the
			  same, whatever it is */
};

/* What ACL does with FLOW. A flow that the list does not concern is
 * permitted. */
struct acl_verdict acl_decide(const struct acl_dialect *dialect,
    const struct acl *acl, const struct acl_flow *flow);

/*
 * The same for entries that are kept elsewhere: start, pass every entry that
 * covers something of the flow in order until acl_walk_pass returns true (it
 * decided), then end. ID names the entry in the verdict; HASH is a hash of
 * its normal form.
 */
struct acl_walk {
	struct acl_verdict verdict;
	uint64_t path, run_start;
	enum acl_action run; /* what the last entries would do */
	size_t first;
	bool decided;
};

void acl_walk_start(struct acl_walk *walk);
bool acl_walk_pass(struct acl_walk *walk, size_t id, enum acl_action action,
    enum acl_overlap overlap, uint64_t hash);
struct acl_verdict acl_walk_end(struct acl_walk *walk);

/* The verdict of a list without entries. */
struct acl_verdict acl_walk_none(
    const struct acl_dialect *dialect, bool present);

#endif
