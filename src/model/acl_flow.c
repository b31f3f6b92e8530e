/*
 * Which entries cover a flow, and what a list does with it. Everything that
 * is not certain comes out as "some" and "unknown". It must not know of edits.
 */
#include "model/acl_flow.h"

#include "base/alloc.h"
#include "base/err.h"
#include "model/acl_dialect.h"
#include "model/acl_term.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static enum acl_overlap
least(enum acl_overlap a, enum acl_overlap b)
{
	return a < b ? a : b;
}

static bool
is_address(const struct acl_address *address)
{
	return address->kind == ACL_ADDRESS_IPV4 ||
	    address->kind == ACL_ADDRESS_IPV6;
}

/* A bit that both care for and that differs: nothing in common. A bit that
 * only the entry cares for: some. */
enum acl_overlap
acl_overlap_address(
    const struct acl_address *entry, const struct acl_address *flow)
{
	if (entry->kind == ACL_ADDRESS_NONE || entry->kind == ACL_ADDRESS_ANY)
		return ACL_OVERLAP_ALL;
	if (!is_address(entry) || !is_address(flow))
		return ACL_OVERLAP_SOME;
	if (entry->kind != flow->kind)
		return ACL_OVERLAP_NONE;
	size_t size = entry->kind == ACL_ADDRESS_IPV6 ? 16 : 4;
	unsigned open = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned cares = 0xffu & ~(unsigned)entry->wildcard[i];
		unsigned known = 0xffu & ~(unsigned)flow->wildcard[i];
		unsigned differ = (unsigned)entry->bytes[i] ^ flow->bytes[i];
		if (differ & cares & known)
			return ACL_OVERLAP_NONE;
		open |= cares & ~known;
	}
	return open ? ACL_OVERLAP_SOME : ACL_OVERLAP_ALL;
}

/* Ports as disjoint ranges, ascending. */
struct ranges {
	struct {
		unsigned first, last;
	} items[ACL_PORTS_MAX + 1];
	unsigned count;
};

static void
add_range(struct ranges *ranges, unsigned first, unsigned last)
{
	ranges->items[ranges->count].first = first;
	ranges->items[ranges->count].last = last;
	ranges->count++;
}

static void
add_values(struct ranges *ranges, const struct acl_ports *ports)
{
	for (unsigned i = 0; i < ports->count; i++)
		if (i == 0 || ports->values[i] != ports->values[i - 1])
			add_range(ranges, ports->values[i], ports->values[i]);
}

static void
add_others(struct ranges *ranges, const struct acl_ports *ports)
{
	unsigned next = 0;
	for (unsigned i = 0; i < ports->count; i++) {
		if (ports->values[i] > next)
			add_range(ranges, next, ports->values[i] - 1u);
		next = ports->values[i] + 1u;
	}
	if (next <= UINT16_MAX)
		add_range(ranges, next, UINT16_MAX);
}

/* False if PORTS is no set that can be told. */
static bool
get_ranges(struct ranges *ranges, const struct acl_ports *ports)
{
	const uint16_t *values = ports->values;
	ranges->count = 0;
	switch (ports->kind) {
	case ACL_PORTS_NONE:
		add_range(ranges, 0, UINT16_MAX);
		return true;
	case ACL_PORTS_EQ:
		add_values(ranges, ports);
		return true;
	case ACL_PORTS_NEQ:
		add_others(ranges, ports);
		return true;
	case ACL_PORTS_GT:
		if (values[0] < UINT16_MAX)
			add_range(ranges, values[0] + 1u, UINT16_MAX);
		return true;
	case ACL_PORTS_LT:
		if (values[0])
			add_range(ranges, 0, values[0] - 1u);
		return true;
	case ACL_PORTS_RANGE:
		add_range(ranges, values[0], values[1]);
		return values[0] <= values[1];
	case ACL_PORTS_GROUP:
		break;
	}
	return false;
}

static unsigned
common(const struct ranges *a, const struct ranges *b)
{
	unsigned count = 0;
	for (unsigned i = 0; i < a->count; i++) {
		for (unsigned k = 0; k < b->count; k++) {
			unsigned first = a->items[i].first, last;
			if (b->items[k].first > first)
				first = b->items[k].first;
			last = a->items[i].last;
			if (b->items[k].last < last)
				last = b->items[k].last;
			if (first <= last)
				count += last - first + 1;
		}
	}
	return count;
}

enum acl_overlap
acl_overlap_ports(const struct acl_ports *entry, const struct acl_ports *flow)
{
	struct ranges ours, theirs;
	if (entry->kind == ACL_PORTS_NONE)
		return ACL_OVERLAP_ALL;
	if (!get_ranges(&ours, entry) || !get_ranges(&theirs, flow))
		return ACL_OVERLAP_SOME;
	unsigned both = common(&ours, &theirs);
	if (both == 0)
		return ACL_OVERLAP_NONE;
	return both == common(&theirs, &theirs) ? ACL_OVERLAP_ALL
						: ACL_OVERLAP_SOME;
}

static bool
every_protocol(const struct acl_entry *entry)
{
	return entry->protocol == ACL_PROTOCOL_IP ||
	    entry->protocol == ACL_PROTOCOL_NONE;
}

static enum acl_overlap
overlap_protocol(const struct acl_entry *entry, const struct acl_entry *flow)
{
	if (entry->protocol_group)
		return ACL_OVERLAP_SOME;
	if (every_protocol(entry) || entry->protocol == flow->protocol)
		return ACL_OVERLAP_ALL;
	return every_protocol(flow) ? ACL_OVERLAP_SOME : ACL_OVERLAP_NONE;
}

/* Flags that narrow the match; logging does not. */
static enum acl_overlap
overlap_flag(const char *flag, const struct acl_flow *flow)
{
	if (str_eq(flag, "log") || str_eq(flag, "log-input"))
		return ACL_OVERLAP_ALL;
	if (str_eq(flag, "established"))
		return flow->answers ? ACL_OVERLAP_ALL : ACL_OVERLAP_SOME;
	if (str_eq(flag, "fragments"))
		return ACL_OVERLAP_NONE;
	return ACL_OVERLAP_SOME;
}

enum acl_overlap
acl_entry_overlap(const struct acl_entry *entry, const struct acl_flow *flow)
{
	const struct acl_entry *match = &flow->match;
	if (entry->action == ACL_REMARK)
		return ACL_OVERLAP_NONE;
	if (entry->term)
		return acl_term_overlap(entry, flow);
	if (entry->action == ACL_OPAQUE || entry->text)
		return ACL_OVERLAP_SOME;
	enum acl_overlap overlap = overlap_protocol(entry, match);
	overlap = least(
	    overlap, acl_overlap_address(&entry->source, &match->source));
	overlap = least(overlap,
	    acl_overlap_address(&entry->destination, &match->destination));
	overlap = least(overlap,
	    acl_overlap_ports(&entry->source_ports, &match->source_ports));
	overlap = least(overlap,
	    acl_overlap_ports(
		&entry->destination_ports, &match->destination_ports));
	for (size_t i = 0; i < entry->flags.count; i++)
		overlap = least(
		    overlap, overlap_flag(entry->flags.items[i], flow));
	return overlap;
}

static bool
of_kind(const struct acl_flow *flow, enum acl_address_kind kind)
{
	return flow->match.source.kind == kind ||
	    flow->match.destination.kind == kind;
}

bool
acl_flow_concerns(const struct acl_flow *flow, enum acl_type type)
{
	if (type == ACL_ANY)
		return true;
	return type == ACL_IPV6 ? !of_kind(flow, ACL_ADDRESS_IPV4)
				: !of_kind(flow, ACL_ADDRESS_IPV6);
}

void
acl_walk_start(struct acl_walk *walk)
{
	*walk = (struct acl_walk){
		.path = STR_HASH_START,
		.run_start = STR_HASH_START,
		.run = ACL_REMARK,
		.first = SIZE_MAX,
	};
}

static uint64_t
mix(uint64_t path, uint64_t value)
{
	return (path ^ value) * 0x9e3779b97f4a7c15u + (path >> 29);
}

/*
 * Entries that cover part of the flow and would do what is done with it in
 * the end do not matter: the run of them in front of the end is left out of
 * the path. If nothing else is left, the answer is certain.
 */
static void
decide(struct acl_walk *walk, enum acl_action action, size_t id)
{
	bool permit = action == ACL_PERMIT;
	uint64_t path = walk->run == action ? walk->run_start : walk->path;
	if (path == STR_HASH_START) {
		walk->verdict.answer = permit ? ACL_ANSWER_PERMIT
					      : ACL_ANSWER_DENY;
		walk->verdict.entry = id;
		walk->verdict.path = 0;
	} else {
		walk->verdict.answer = ACL_ANSWER_UNKNOWN;
		walk->verdict.entry = walk->first;
		walk->verdict.path = mix(path, permit);
	}
	walk->decided = true;
}

bool
acl_walk_pass(struct acl_walk *walk, size_t id, enum acl_action action,
    enum acl_overlap overlap, uint64_t hash)
{
	if (overlap == ACL_OVERLAP_NONE || walk->decided)
		return walk->decided;
	if (overlap == ACL_OVERLAP_ALL) {
		decide(walk, action, id);
		return true;
	}
	if (walk->run != action || action == ACL_OPAQUE) {
		walk->run = action;
		walk->run_start = walk->path;
	}
	walk->path = mix(walk->path, hash);
	if (walk->first == SIZE_MAX)
		walk->first = id;
	return false;
}

struct acl_verdict
acl_walk_end(struct acl_walk *walk)
{
	if (!walk->decided)
		decide(walk, ACL_DENY, SIZE_MAX);
	return walk->verdict;
}

struct acl_verdict
acl_walk_none(const struct acl_dialect *dialect, bool present)
{
	return (struct acl_verdict){
		.answer = present ? dialect->empty : dialect->absent,
		.entry = SIZE_MAX,
		.path = present,
	};
}

struct acl_verdict
acl_decide(const struct acl_dialect *dialect, const struct acl *acl,
    const struct acl_flow *flow)
{
	struct acl_walk walk;
	size_t matches = 0;
	if (!acl_flow_concerns(flow, acl->type))
		return (struct acl_verdict){ ACL_ANSWER_PERMIT, SIZE_MAX, 0 };
	acl_walk_start(&walk);
	for (size_t i = 0; i < acl->count; i++) {
		const struct acl_entry *entry = &acl->items[i];
		if (entry->action == ACL_REMARK)
			continue;
		matches++;
		if (acl_walk_pass(&walk, i, entry->action,
			acl_entry_overlap(entry, flow),
			str_hash(STR_HASH_START, entry->normal)))
			break;
	}
	if (!matches)
		return acl_walk_none(dialect, acl->present);
	return acl_walk_end(&walk);
}

static bool
takes_address(const struct acl_address *address)
{
	return address->kind != ACL_ADDRESS_GROUP;
}

static bool
takes_ports(const struct acl_ports *ports)
{
	struct ranges ranges;
	return get_ranges(&ranges, ports) && ranges.count > 0;
}

static bool
is_flow(const struct acl_entry *match)
{
	return !match->protocol_group && takes_address(&match->source) &&
	    takes_address(&match->destination) &&
	    takes_ports(&match->source_ports) &&
	    takes_ports(&match->destination_ports);
}

int
acl_flow_parse(struct acl_flow *flow, const char *text, struct err *err)
{
	memset(flow, 0, sizeof(*flow));
	enum acl_type type = strchr(text, ':') ? ACL_IPV6 : ACL_EXTENDED;
	bool done = acl_match_parse(&flow->match, type, text);
	const struct strs *flags = &flow->match.flags;
	if (done && flags->count == 1 && str_eq(flags->items[0], "established"))
		flow->answers = true;
	else if (flags->count)
		done = false;
	flow->text = xstrdup(text);
	if (done && is_flow(&flow->match))
		return 0;
	acl_flow_clear(flow);
	return err_set(err, ERR_JOB,
	    "'%.200s' is no flow: a protocol, where from and where to are "
	    "needed, as in 'tcp host 192.0.2.5 any eq 22'",
	    text);
}

int
acl_flow_tcp(struct acl_flow *flow, const char *source, const char *destination,
    unsigned port, struct err *err)
{
	char *text = destination
	    ? xasprintf("tcp host %s host %s eq %u", source, destination, port)
	    : xasprintf("tcp host %s any eq %u", source, port);
	int rc = acl_flow_parse(flow, text, err);
	free(text);
	return rc;
}

void
acl_flow_clear(struct acl_flow *flow)
{
	acl_match_clear(&flow->match);
	free(flow->text);
	memset(flow, 0, sizeof(*flow));
}
