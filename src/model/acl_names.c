/*
 * Names of protocols, ports, ICMP types and marks, as const tables. Nothing
 * here knows where in a line a name may stand.
 */
#include "model/acl_names.h"

#include "base/str.h"

#include <netinet/in.h>
#include <stdint.h>
#include <strings.h>

struct name {
	const char *name;
	int number;
};

#define END                                                                    \
	{                                                                      \
		NULL, 0                                                        \
	}

/* The first name of a number is the one in normal forms. `ipinip` and `nos`
 * are left out: the platforms' pages do not agree on which is number 4. */
static const struct name protocols[] = {
	{ "icmp", 1 },
	{ "igmp", 2 },
	{ "tcp", 6 },
	{ "udp", 17 },
	{ "gre", 47 },
	{ "esp", 50 },
	{ "ahp", 51 },
	{ "eigrp", 88 },
	{ "ospf", 89 },
	{ "pim", 103 },
	{ "pcp", 108 },
	{ "sctp", 132 },
	END,
};

static const struct name tcp_ports[] = {
	{ "bgp", 179 },
	{ "chargen", 19 },
	{ "cmd", 514 },
	{ "daytime", 13 },
	{ "discard", 9 },
	{ "domain", 53 },
	{ "echo", 7 },
	{ "exec", 512 },
	{ "finger", 79 },
	{ "ftp", 21 },
	{ "ftp-data", 20 },
	{ "gopher", 70 },
	{ "hostname", 101 },
	{ "http", 80 },
	{ "https", 443 },
	{ "ident", 113 },
	{ "irc", 194 },
	{ "klogin", 543 },
	{ "kshell", 544 },
	{ "login", 513 },
	{ "lpd", 515 },
	{ "nntp", 119 },
	{ "pim-auto-rp", 496 },
	{ "pop2", 109 },
	{ "pop3", 110 },
	{ "smtp", 25 },
	{ "ssh", 22 },
	{ "sunrpc", 111 },
	{ "tacacs", 49 },
	{ "talk", 517 },
	{ "telnet", 23 },
	{ "time", 37 },
	{ "uucp", 540 },
	{ "whois", 43 },
	{ "www", 80 },
	END,
};

static const struct name udp_ports[] = {
	{ "biff", 512 },
	{ "bootpc", 68 },
	{ "bootps", 67 },
	{ "discard", 9 },
	{ "dnsix", 195 },
	{ "domain", 53 },
	{ "echo", 7 },
	{ "isakmp", 500 },
	{ "mobile-ip", 434 },
	{ "nameserver", 42 },
	{ "netbios-dgm", 138 },
	{ "netbios-ns", 137 },
	{ "netbios-ss", 139 },
	{ "non500-isakmp", 4500 },
	{ "ntp", 123 },
	{ "pim-auto-rp", 496 },
	{ "rip", 520 },
	{ "snmp", 161 },
	{ "snmptrap", 162 },
	{ "sunrpc", 111 },
	{ "syslog", 514 },
	{ "tacacs", 49 },
	{ "talk", 517 },
	{ "tftp", 69 },
	{ "time", 37 },
	{ "who", 513 },
	{ "xdmcp", 177 },
	END,
};

/* RFC 2474, RFC 2597, RFC 3246. */
static const struct name dscps[] = {
	{ "default", 0 },
	{ "cs1", 8 },
	{ "af11", 10 },
	{ "af12", 12 },
	{ "af13", 14 },
	{ "cs2", 16 },
	{ "af21", 18 },
	{ "af22", 20 },
	{ "af23", 22 },
	{ "cs3", 24 },
	{ "af31", 26 },
	{ "af32", 28 },
	{ "af33", 30 },
	{ "cs4", 32 },
	{ "af41", 34 },
	{ "af42", 36 },
	{ "af43", 38 },
	{ "cs5", 40 },
	{ "ef", 46 },
	{ "cs6", 48 },
	{ "cs7", 56 },
	END,
};

/* RFC 791, 3.1. */
static const struct name precedences[] = {
	{ "routine", 0 },
	{ "priority", 1 },
	{ "immediate", 2 },
	{ "flash", 3 },
	{ "flash-override", 4 },
	{ "critical", 5 },
	{ "internet", 6 },
	{ "network", 7 },
	END,
};

/* RFC 1349, 4. */
static const struct name toses[] = {
	{ "normal", 0 },
	{ "min-monetary-cost", 1 },
	{ "max-reliability", 2 },
	{ "max-throughput", 4 },
	{ "min-delay", 8 },
	END,
};

/* IPv4 only: ICMPv6 has the same names for other numbers. */
static const struct {
	const char *name, *numbers;
} icmp_types[] = {
	{ "administratively-prohibited", "3 13" },
	{ "echo", "8" },
	{ "echo-reply", "0" },
	{ "host-unreachable", "3 1" },
	{ "information-reply", "16" },
	{ "information-request", "15" },
	{ "mask-reply", "18" },
	{ "mask-request", "17" },
	{ "net-unreachable", "3 0" },
	{ "packet-too-big", "3 4" },
	{ "parameter-problem", "12" },
	{ "port-unreachable", "3 3" },
	{ "protocol-unreachable", "3 2" },
	{ "reassembly-timeout", "11 1" },
	{ "redirect", "5" },
	{ "router-advertisement", "9" },
	{ "router-solicitation", "10" },
	{ "source-quench", "4" },
	{ "time-exceeded", "11" },
	{ "timestamp-reply", "14" },
	{ "timestamp-request", "13" },
	{ "traceroute", "30" },
	{ "ttl-exceeded", "11 0" },
	{ "unreachable", "3" },
};

static int
find(const struct name *table, const char *word)
{
	for (; table->name; table++)
		if (strcasecmp(table->name, word) == 0)
			return table->number;
	return -1;
}

static int
get(const struct name *table, const char *word, int max)
{
	int number = acl_number_get(word, max);
	return number >= 0 ? number : find(table, word);
}

int
acl_number_get(const char *word, int max)
{
	int64_t value;
	if (*word < '0' || *word > '9' || !str_to_number(word, &value))
		return -1;
	return value <= max ? (int)value : -1;
}

int
acl_protocol_get(const char *word, bool ipv6)
{
	if (ipv6 && strcasecmp(word, "icmp") == 0)
		return IPPROTO_ICMPV6;
	return get(protocols, word, 255);
}

const char *
acl_protocol_name(int protocol)
{
	for (const struct name *row = protocols; row->name; row++)
		if (row->number == protocol)
			return row->name;
	return NULL;
}

int
acl_port_get(const char *word, int protocol)
{
	if (protocol == IPPROTO_TCP)
		return get(tcp_ports, word, 65535);
	if (protocol == IPPROTO_UDP)
		return get(udp_ports, word, 65535);
	return acl_number_get(word, 65535);
}

int
acl_dscp_get(const char *word)
{
	return get(dscps, word, 63);
}

int
acl_precedence_get(const char *word)
{
	return get(precedences, word, 7);
}

int
acl_tos_get(const char *word)
{
	return get(toses, word, 15);
}

const char *
acl_icmp_get(const char *word)
{
	size_t count = sizeof(icmp_types) / sizeof(*icmp_types);
	for (size_t i = 0; i < count; i++)
		if (strcasecmp(icmp_types[i].name, word) == 0)
			return icmp_types[i].numbers;
	return NULL;
}

/* Junos: one table of ports for every protocol (its page on the conditions of
 * a filter). */
static const struct name junos_protocols[] = {
	{ "ah", 51 },
	{ "egp", 8 },
	{ "esp", 50 },
	{ "gre", 47 },
	{ "icmp", 1 },
	{ "icmp6", 58 },
	{ "igmp", 2 },
	{ "ipip", 4 },
	{ "ipv6", 41 },
	{ "ospf", 89 },
	{ "pim", 103 },
	{ "rsvp", 46 },
	{ "sctp", 132 },
	{ "tcp", 6 },
	{ "udp", 17 },
	{ "vrrp", 112 },
	END,
};

static const struct name junos_ports[] = {
	{ "afs", 1483 },
	{ "bgp", 179 },
	{ "biff", 512 },
	{ "bootpc", 68 },
	{ "bootps", 67 },
	{ "cmd", 514 },
	{ "domain", 53 },
	{ "exec", 512 },
	{ "finger", 79 },
	{ "ftp", 21 },
	{ "ftp-data", 20 },
	{ "http", 80 },
	{ "https", 443 },
	{ "ident", 113 },
	{ "imap", 143 },
	{ "kerberos-sec", 88 },
	{ "klogin", 543 },
	{ "kshell", 544 },
	{ "ldap", 389 },
	{ "ldp", 646 },
	{ "login", 513 },
	{ "msdp", 639 },
	{ "netbios-dgm", 138 },
	{ "netbios-ns", 137 },
	{ "netbios-ssn", 139 },
	{ "nfsd", 2049 },
	{ "nntp", 119 },
	{ "ntalk", 518 },
	{ "ntp", 123 },
	{ "pop3", 110 },
	{ "pptp", 1723 },
	{ "printer", 515 },
	{ "radacct", 1813 },
	{ "radius", 1812 },
	{ "rip", 520 },
	{ "smtp", 25 },
	{ "snmp", 161 },
	{ "snmptrap", 162 },
	{ "socks", 1080 },
	{ "ssh", 22 },
	{ "sunrpc", 111 },
	{ "syslog", 514 },
	{ "tacacs", 49 },
	{ "talk", 517 },
	{ "telnet", 23 },
	{ "tftp", 69 },
	{ "who", 513 },
	{ "xdmcp", 177 },
	END,
};

static const struct name junos_icmp_types[] = {
	{ "echo-reply", 0 },
	{ "echo-request", 8 },
	{ "info-reply", 16 },
	{ "info-request", 15 },
	{ "mask-reply", 18 },
	{ "mask-request", 17 },
	{ "parameter-problem", 12 },
	{ "redirect", 5 },
	{ "router-advertisement", 9 },
	{ "router-solicit", 10 },
	{ "source-quench", 4 },
	{ "time-exceeded", 11 },
	{ "timestamp", 13 },
	{ "timestamp-reply", 14 },
	{ "unreachable", 3 },
	END,
};

int
acl_junos_protocol_get(const char *word)
{
	return get(junos_protocols, word, UINT8_MAX);
}

int
acl_junos_port_get(const char *word)
{
	return get(junos_ports, word, UINT16_MAX);
}

int
acl_junos_icmp_get(const char *word)
{
	return get(junos_icmp_types, word, UINT8_MAX);
}
