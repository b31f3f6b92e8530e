/*
 * The names of protocols, ports and ICMP types in Cisco access lists, from
 * the `permit (IP)` page of the IOS Security Command Reference.
 */
#include "acl_names.h"

#include "words.h"

#include <string.h>
#include <strings.h>

const struct acl_name acl_protocols[] = { { "ip", 0 }, { "icmp", 1 },
	{ "igmp", 2 }, { "ipinip", 4 }, { "tcp", 6 }, { "udp", 17 },
	{ "gre", 47 }, { "esp", 50 }, { "ahp", 51 }, { "eigrp", 88 },
	{ "ospf", 89 }, { "nos", 94 }, { "pim", 103 }, { "pcp", 108 },
	{ NULL, 0 } };

const struct acl_name acl_protocols_ipv6[] = { { "ipv6", 0 }, { "tcp", 6 },
	{ "udp", 17 }, { "esp", 50 }, { "ahp", 51 }, { "icmp", 58 },
	{ "pcp", 108 }, { "sctp", 132 }, { NULL, 0 } };

const struct acl_name acl_tcp_ports[] = { { "echo", 7 }, { "discard", 9 },
	{ "daytime", 13 }, { "chargen", 19 }, { "ftp-data", 20 }, { "ftp", 21 },
	{ "telnet", 23 }, { "smtp", 25 }, { "time", 37 }, { "whois", 43 },
	{ "tacacs", 49 }, { "domain", 53 }, { "gopher", 70 }, { "finger", 79 },
	{ "www", 80 }, { "hostname", 101 }, { "pop2", 109 }, { "pop3", 110 },
	{ "sunrpc", 111 }, { "ident", 113 }, { "nntp", 119 }, { "bgp", 179 },
	{ "irc", 194 }, { "pim-auto-rp", 496 }, { "exec", 512 },
	{ "login", 513 }, { "cmd", 514 }, { "lpd", 515 }, { "talk", 517 },
	{ "uucp", 540 }, { "klogin", 543 }, { "kshell", 544 }, { NULL, 0 } };

const struct acl_name acl_udp_ports[] = { { "echo", 7 }, { "discard", 9 },
	{ "time", 37 }, { "nameserver", 42 }, { "tacacs", 49 },
	{ "domain", 53 }, { "bootps", 67 }, { "bootpc", 68 }, { "tftp", 69 },
	{ "sunrpc", 111 }, { "ntp", 123 }, { "netbios-ns", 137 },
	{ "netbios-dgm", 138 }, { "netbios-ss", 139 }, { "snmp", 161 },
	{ "snmptrap", 162 }, { "xdmcp", 177 }, { "dnsix", 195 },
	{ "mobile-ip", 434 }, { "pim-auto-rp", 496 }, { "isakmp", 500 },
	{ "biff", 512 }, { "who", 513 }, { "syslog", 514 }, { "talk", 517 },
	{ "rip", 520 }, { "non500-isakmp", 4500 }, { NULL, 0 } };

/* Type and code in one number: type * 256 + code, code 255 = any. */
const struct acl_name acl_icmp_types[] = { { "echo-reply", 0 * 256 + 255 },
	{ "unreachable", 3 * 256 + 255 }, { "net-unreachable", 3 * 256 + 0 },
	{ "host-unreachable", 3 * 256 + 1 },
	{ "protocol-unreachable", 3 * 256 + 2 },
	{ "port-unreachable", 3 * 256 + 3 }, { "packet-too-big", 3 * 256 + 4 },
	{ "administratively-prohibited", 3 * 256 + 13 },
	{ "source-quench", 4 * 256 + 255 }, { "redirect", 5 * 256 + 255 },
	{ "echo", 8 * 256 + 255 }, { "router-advertisement", 9 * 256 + 255 },
	{ "router-solicitation", 10 * 256 + 255 },
	{ "time-exceeded", 11 * 256 + 255 }, { "ttl-exceeded", 11 * 256 + 0 },
	{ "reassembly-timeout", 11 * 256 + 1 },
	{ "parameter-problem", 12 * 256 + 255 },
	{ "timestamp-request", 13 * 256 + 255 },
	{ "timestamp-reply", 14 * 256 + 255 }, { "traceroute", 30 * 256 + 255 },
	{ NULL, 0 } };

const char *
acl_name_of(const struct acl_name *table, int number)
{
	for (; table->name; table++)
		if (table->number == number)
			return table->name;
	return NULL;
}

const struct acl_name *
acl_name_find(const struct acl_name *table, const char *word, int *many)
{
	const struct acl_name *found = NULL;
	*many = 0;
	for (; table->name; table++) {
		if (!word_abbreviates(word, table->name))
			continue;
		if (strlen(word) == strlen(table->name)) {
			*many = 0;
			return table;
		}
		*many = found != NULL;
		found = table;
	}
	return *many ? NULL : found;
}
