/*
 * What must stay permitted while a list is changed: our own way in, and the
 * flows that the job protects. Whether they do is the planner's business.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "device/tcp.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void
step_acl_warn(struct acl_change *change, const char *fmt, ...)
{
	const struct observer *observer = session_observer(change->session);
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	observer->warn(observer->data, text);
	buf_addf(&change->result->notes, "%s\n", text);
}

bool
step_acl_is_used(const struct acl_change *change)
{
	return change->uses_known == ACL_USES_REFUSED || change->uses.count ||
	    change->copy_uses.count;
}

/* Copies of flows are made from their text, which is what they came from. */
static void
add_flow(struct acl_change *change, const char *text, bool own)
{
	struct err ignored = { 0 };
	struct acl_flow flow;
	for (size_t i = 0; i < change->flow_count; i++)
		if (str_eq(change->flows[i].text, text))
			return;
	if (acl_flow_parse(&flow, text, &ignored))
		return;
	flow.own = own;
	GROW(change->flows, change->flow_count, change->flow_cap);
	change->flows[change->flow_count++] = flow;
}

static void
add_own(struct acl_change *change, const char *destination)
{
	const struct target *target = session_target(change->session);
	int port = session_profile(change->session)->acl_ssh_port;
	struct err ignored = { 0 };
	struct acl_flow flow;
	if (!port)
		port = target->device->port;
	if (acl_flow_tcp(
		&flow, change->client, destination, (unsigned)port, &ignored))
		return;
	add_flow(change, flow.text, true);
	acl_flow_clear(&flow);
}

/* Where we connect to, as an address; NULL: any. */
static char *
destination_of(const struct acl_change *change)
{
	const struct job_device *device = session_target(change->session)
					      ->device;
	unsigned char bytes[16];
	char *peer = tcp_peer_address(session_fd(change->session));
	bool literal = inet_pton(AF_INET, device->address, bytes) == 1 ||
	    inet_pton(AF_INET6, device->address, bytes) == 1;
	if (!peer && literal)
		peer = xstrdup(device->address);
	return peer;
}

/* A terminal line is asked about our address only. */
static void
find_own(struct acl_change *change)
{
	bool refused = change->uses_known == ACL_USES_REFUSED;
	const struct acl_uses *uses = &change->uses, *copy = &change->copy_uses;
	bool packets = acl_uses_on_way(uses, ACL_WAY_PACKETS) ||
	    acl_uses_on_way(copy, ACL_WAY_PACKETS) || refused;
	bool source = acl_uses_on_way(uses, ACL_WAY_SOURCE) ||
	    acl_uses_on_way(copy, ACL_WAY_SOURCE);
	if (!packets && !source)
		return;
	if (!change->client)
		change->client = tcp_own_address(session_fd(change->session));
	if (!change->client) {
		step_acl_warn(change,
		    "access list %s is applied on our way in, but the device "
		    "does not tell the address that it sees us at, and through "
		    "a jump host ours is not known: whether we get in again "
		    "was not checked",
		    change->name);
		return;
	}
	char *destination = destination_of(change);
	if (packets)
		add_own(change, destination);
	if (source)
		add_own(change, NULL);
	free(destination);
}

void
step_acl_find_flows(struct acl_change *change)
{
	const struct job *job = session_target(change->session)->job;
	find_own(change);
	if (job->protect_count && change->uses_known == ACL_USES_NO_RULES)
		step_acl_warn(change,
		    "the profile %s does not say where access lists are "
		    "applied: whether %s cuts a protected flow was not checked",
		    session_profile(change->session)->device_type,
		    change->name);
	for (size_t i = 0; i < job->protect_count; i++)
		if (step_acl_is_used(change))
			add_flow(change, job->protect[i].text, false);
}
