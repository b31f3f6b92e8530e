/*
 * What stands around a device: ports, neighbours and routes, as they are told
 * before and after an upgrade. They never change by themselves; a fault keeps
 * one port down after a boot, with its neighbour and the routes from there.
 */
#include "show.h"
#include "upgrade.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PORTS	    4
#define OWN_ROUTES  6 /* that no neighbour tells */
#define PEER_ROUTES 18 /* that each neighbour tells */
#define HOLD_S	    152

/* Of each platform: names long and short, and who is behind them. */
static const struct port {
	const char *ios, *ios_short, *nxos, *nxos_short, *junos;
	const char *peer, *peer_port; /* NULL: nobody that speaks */
	bool up;
} ports[PORTS] = {
	{ "GigabitEthernet0/0", "Gi0/0", "Ethernet1/1", "Eth1/1", "xe-0/0/0",
	    "CORE1", "1/0/1", true },
	{ "GigabitEthernet0/1", "Gi0/1", "Ethernet1/2", "Eth1/2", "xe-0/0/1",
	    "CORE2", "1/0/1", true },
	{ "GigabitEthernet0/2", "Gi0/2", "Ethernet1/3", "Eth1/3", "xe-0/0/2",
	    NULL, NULL, true },
	{ "GigabitEthernet0/3", "Gi0/3", "Ethernet1/4", "Eth1/4", "xe-0/0/3",
	    NULL, NULL, false },
};

static bool
is_lost(const struct device *device, const struct port *port)
{
	const char *lost = device->machine.lost_port;
	return lost &&
	    (str_eq(lost, port->ios) || str_eq(lost, port->ios_short) ||
		str_eq(lost, port->nxos) || str_eq(lost, port->nxos_short) ||
		str_eq(lost, port->junos) || str_eq(lost, port->peer));
}

static const struct strs *
lines_of(const struct device *device, const char *name)
{
	static const struct strs none;
	char *header = xasprintf("interface %s", name);
	const struct config *config = &device->running;
	const struct strs *lines = &none;
	for (size_t i = 0; i < config->section_count; i++)
		if (str_eq(config->sections[i].header, header))
			lines = &config->sections[i].lines;
	free(header);
	return lines;
}

enum port_state { PORT_UP, PORT_DOWN, PORT_SHUT };

static enum port_state
state_of(const struct device *device, const struct port *port)
{
	if (strs_has(lines_of(device, port->ios), "shutdown") ||
	    strs_has(lines_of(device, port->nxos), "shutdown"))
		return PORT_SHUT;
	return port->up && !is_lost(device, port) ? PORT_UP : PORT_DOWN;
}

static bool
has_peer(const struct device *device, const struct port *port)
{
	return port->peer && state_of(device, port) == PORT_UP;
}

static int
count_peers(const struct device *device)
{
	int count = 0;
	for (size_t i = 0; i < PORTS; i++)
		count += has_peer(device, &ports[i]);
	return count;
}

/* Prints TEXT, which it frees, through the filter behind the pattern. */
static void
show(struct cli *cli, struct buf *text, const struct command *command,
    const struct words *words, size_t first)
{
	struct words pattern;
	words_init(&pattern, command->pattern);
	size_t own = pattern.count - (strstr(command->pattern, "...") != NULL);
	words_clear(&pattern);
	show_filtered(cli, buf_str(text), words, first + own);
	buf_clear(text);
}

/* show cdp neighbors of IOS and NX-OS */
HANDLER(show_cdp)
{
	struct buf text;
	const struct device *device = cli->device;
	bool nxos = !device->platform->underscore;
	buf_init(&text, SHOW_LIMIT);
	buf_adds(&text,
	    "Capability Codes: R - Router, T - Trans-Bridge, B - "
	    "Source-Route-Bridge\n"
	    "                  S - Switch, H - Host, I - IGMP, r - Repeater\n"
	    "\n"
	    "Device ID        Local Intrfce     Holdtme    Capability  "
	    "Platform  Port ID\n");
	for (size_t i = 0; i < PORTS; i++)
		if (has_peer(device, &ports[i]))
			buf_addf(&text,
			    "%-16s %-17s %-10d R S I       WS-C3850  Gig %s\n",
			    ports[i].peer,
			    nxos ? ports[i].nxos_short : ports[i].ios_short,
			    HOLD_S, ports[i].peer_port);
	buf_addf(&text, "\nTotal %sentries displayed: %d\n", nxos ? "" : "cdp ",
	    count_peers(device));
	show(cli, &text, command, words, first);
}

/* The address in a section, without its mask; "unassigned" without. */
static void
address_of(const struct device *device, const char *name, char text[32])
{
	const struct strs *lines = lines_of(device, name);
	snprintf(text, 32, "unassigned");
	for (size_t i = 0; i < lines->count; i++)
		if (str_starts(lines->items[i], "ip address "))
			sscanf(lines->items[i], "ip address %31s", text);
}

/* show ip interface brief */
HANDLER(ios_show_ip_brief)
{
	static const char *const states[] = { "up", "down",
		"administratively down" };
	struct buf text;
	char address[32];
	buf_init(&text, SHOW_LIMIT);
	buf_adds(&text,
	    "Interface                  IP-Address      OK? Method Status      "
	    "          Protocol\n");
	for (size_t i = 0; i < PORTS; i++) {
		enum port_state state = state_of(cli->device, &ports[i]);
		address_of(cli->device, ports[i].ios, address);
		buf_addf(&text, "%-26s %-15s YES %-6s %-21s %s\n", ports[i].ios,
		    address, str_eq(address, "unassigned") ? "unset" : "NVRAM",
		    states[state], state == PORT_UP ? "up" : "down");
	}
	show(cli, &text, command, words, first);
}

/* show interfaces status */
HANDLER(ios_show_status)
{
	static const char *const states[] = { "connected", "notconnect",
		"disabled" };
	struct buf text;
	buf_init(&text, SHOW_LIMIT);
	buf_adds(&text,
	    "\nPort      Name               Status       Vlan       Duplex  "
	    "Speed Type\n");
	for (size_t i = 0; i < PORTS; i++)
		buf_addf(&text,
		    "%-9s %-18s %-12s 1          a-full a-1000 "
		    "10/100/1000BaseTX\n",
		    ports[i].ios_short, "",
		    states[state_of(cli->device, &ports[i])]);
	show(cli, &text, command, words, first);
}

/* show interface brief */
HANDLER(nxos_show_brief)
{
	static const char *const states[] = { "up      none",
		"down    Link not connected", "down    Administratively down" };
	struct buf text;
	buf_init(&text, SHOW_LIMIT);
	buf_adds(&text,
	    "\n"
	    "--------------------------------------------------------------"
	    "------------------\n"
	    "Ethernet      VLAN    Type Mode   Status  Reason                  "
	    " Speed\n"
	    "--------------------------------------------------------------"
	    "------------------\n");
	for (size_t i = 0; i < PORTS; i++)
		buf_addf(&text, "%-13s 1       eth  access %-32s 10G(D)\n",
		    ports[i].nxos_short,
		    states[state_of(cli->device, &ports[i])]);
	show(cli, &text, command, words, first);
}

static int
count_routes(const struct device *device)
{
	return OWN_ROUTES + PEER_ROUTES * count_peers(device);
}

/* show ip route summary */
HANDLER(ios_show_routes)
{
	struct buf text;
	int all = count_routes(cli->device), learnt = all - OWN_ROUTES;
	buf_init(&text, SHOW_LIMIT);
	buf_addf(&text,
	    "IP routing table name is default (0x0)\n"
	    "IP routing table maximum-paths is 32\n"
	    "Route Source    Networks    Subnets     Replicates  Overhead    "
	    "Memory (bytes)\n"
	    "connected       0           %-11d 0           576         1728\n"
	    "ospf 1          0           %-11d 0           %-11d %d\n"
	    "Total           0           %-11d 0           %-11d %d\n",
	    OWN_ROUTES, learnt, learnt * 96, learnt * 288, all, all * 96,
	    all * 288);
	show(cli, &text, command, words, first);
}

HANDLER(nxos_show_routes)
{
	struct buf text;
	int all = count_routes(cli->device);
	buf_init(&text, SHOW_LIMIT);
	buf_addf(&text,
	    "IP Route Table for VRF \"default\"\n"
	    "Total number of routes: %d\n"
	    "Total number of paths:  %d\n",
	    all, all);
	show(cli, &text, command, words, first);
}

/* show lldp neighbors */
HANDLER(junos_show_lldp)
{
	(void)command, (void)words, (void)first;
	buf_adds(cli->out,
	    "Local Interface    Parent Interface    Chassis Id          Port "
	    "info          System Name\n");
	for (size_t i = 0; i < PORTS; i++)
		if (has_peer(cli->device, &ports[i]))
			buf_addf(cli->out,
			    "%-18s -                   00:11:22:33:44:%02zu   "
			    "Gi%-17s %s\n",
			    ports[i].junos, i, ports[i].peer_port,
			    ports[i].peer);
}

/* show interfaces terse */
HANDLER(junos_show_terse)
{
	(void)command, (void)words, (void)first;
	buf_adds(cli->out,
	    "Interface               Admin Link Proto    Local               "
	    "  Remote\n");
	for (size_t i = 0; i < PORTS; i++)
		buf_addf(cli->out, "%-23s up    %s\n", ports[i].junos,
		    state_of(cli->device, &ports[i]) == PORT_UP ? "up"
								: "down");
}

/* show route summary */
HANDLER(junos_show_routes)
{
	(void)command, (void)words, (void)first;
	int all = count_routes(cli->device);
	buf_addf(cli->out,
	    "Autonomous system number: 65000\nRouter ID: 10.0.0.1\n\n"
	    "inet.0: %d destinations, %d routes (%d active, 0 holddown, 0 "
	    "hidden)\n"
	    "              Direct:      3 routes,      3 active\n"
	    "               Local:      3 routes,      3 active\n"
	    "                OSPF: %6d routes, %6d active\n",
	    all, all, all, all - OWN_ROUTES, all - OWN_ROUTES);
}
