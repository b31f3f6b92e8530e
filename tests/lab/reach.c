/*
 * Asks the lists on a client's way. On the way stand the interface that the
 * device's `way` names and the terminal lines. It must not know sessions.
 */
#include "reach.h"

#include "cli.h"

#include <arpa/inet.h>
#include <string.h>

#define SSH_PORT    22
#define CLIENT_PORT 50000 /* of no consequence: an ephemeral one */

static uint32_t
host_order(const char *text)
{
	struct in_addr in = { 0 };
	inet_pton(AF_INET, text, &in);
	return ntohl(in.s_addr);
}

struct flow
reach_flow(const struct device *device, uint32_t source, bool established)
{
	return (struct flow){
		.source = device->client ? host_order(device->client) : source,
		.destination = host_order(device->address),
		.source_port = CLIENT_PORT,
		.port = SSH_PORT,
		.established = established
	};
}

/* The list that LINE of a section applies to what comes in, as words of
 * NAME; false: none. */
static bool
applies(const char *line, char *name, size_t size)
{
	static const char *const starts[] = { "ip access-group ",
		"access-class ", "ip access-class " };
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (!str_starts(line, starts[i]))
			continue;
		const char *at = line + strlen(starts[i]);
		size_t len = strcspn(at, " ");
		if (!str_eq(at + len, " in") || len >= size)
			return false;
		memcpy(name, at, len);
		name[len] = '\0';
		return true;
	}
	return false;
}

static bool
on_the_way(
    const struct device *device, const char *header, const struct flow *flow)
{
	if (str_starts(header, "line vty"))
		return !(device->vty_spares && flow->established);
	return device->way && str_starts(header, "interface ") &&
	    str_eq(header + strlen("interface "), device->way);
}

static bool
list_permits(const struct device *device, const char *header, const char *name,
    const struct flow *flow, struct buf *why)
{
	const struct acl *acl = config_acl(&device->running, name);
	size_t index;
	if (!acl || acl_permits(acl, flow, device->empty_permits, &index))
		return true;
	if (why && index < acl->count)
		buf_addf(why, "%s: %s: %u %s", header, name,
		    acl->entries[index].sequence, acl->entries[index].text);
	else if (why)
		buf_addf(why, "%s: %s: end of the list", header, name);
	return false;
}

bool
reach_sections(
    const struct device *device, const struct flow *flow, struct buf *why)
{
	const struct config *config = &device->running;
	char name[256];
	for (size_t i = 0; i < config->section_count; i++) {
		const struct section *section = &config->sections[i];
		if (!on_the_way(device, section->header, flow))
			continue;
		for (size_t l = 0; l < section->lines.count; l++)
			if (applies(
				section->lines.items[l], name, sizeof(name)) &&
			    !list_permits(
				device, section->header, name, flow, why))
				return false;
	}
	return true;
}

bool
reach_permits(
    const struct device *device, const struct flow *flow, struct buf *why)
{
	return device->platform->permits(device, flow, why);
}

void
reach_bindings(const struct device *device, struct strs *lines)
{
	const struct config *config = &device->running;
	char name[256];
	for (size_t i = 0; i < config->section_count; i++)
		for (size_t l = 0; l < config->sections[i].lines.count; l++) {
			const char *line = config->sections[i].lines.items[l];
			struct buf text;
			if (!applies(line, name, sizeof(name)))
				continue;
			buf_init(&text, 1024);
			buf_addf(
			    &text, "%s: %s", config->sections[i].header, line);
			strs_add(lines, buf_str(&text));
			buf_clear(&text);
		}
}
