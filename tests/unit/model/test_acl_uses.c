/* Where a list is applied, by the rules of the profiles that come with
 * netpush, over texts as the platforms show them. */
#include "model/acl_uses.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "model/acl.h"
#include "model/acl_backup.h"
#include "model/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct profiles profiles;

static const char ios
    [] = "interface GigabitEthernet0/1\n"
	 " ip access-group EDGE in\n"
	 " ip access-group OUTER out\n"
	 "interface GigabitEthernet0/2\n"
	 " ip access-group EDGE out\n"
	 "interface GigabitEthernet0/3\n"
	 " ip access-group EDGE2 in\n"
	 " ipv6 traffic-filter SIX in\n"
	 "router ospf 1\n"
	 " distribute-list EDGE2 in\n"
	 "ip nat inside source list NAT interface GigabitEthernet0/1 overload\n"
	 "ip ssh server EDGE3\n"
	 "snmp-server community secret RO 17\n"
	 "route-map OUT permit 10\n"
	 " match ip address FIRST MAPPED\n"
	 "line con 0\n"
	 "line vty 0 4\n"
	 " access-class EDGE in vrf-also\n"
	 " ipv6 access-class SIX in\n"
	 "line vty 5 15\n"
	 " access-class EDGE in vrf-also\n"
	 " access-class OUTER out\n";

static const char nxos[] = "interface mgmt0\n"
			   "  ip access-group MGMT in\n"
			   "interface Vlan10\n"
			   "  ip access-group EDGE in\n"
			   "  ipv6 traffic-filter SIX out\n"
			   "interface Ethernet1/1\n"
			   "  ip port access-group EDGE in\n"
			   "line vty\n"
			   "  access-class MGMT in\n"
			   "route-map X permit 10\n"
			   "  match ip address EDGE \n"
			   "snmp-server community abc use-acl SNMP\n";

/* What is said of a list: "header/line way[ moves]|" for each use. */
static const struct {
	const char *device_type, *text, *name, *uses;
} cases[] = {
	{ "cisco_ios", ios, "EDGE",
	    "interface GigabitEthernet0/1/ip access-group EDGE in packets "
	    "moves|"
	    "interface GigabitEthernet0/2/ip access-group EDGE out none moves|"
	    "line vty 0 4/access-class EDGE in vrf-also source moves|"
	    "line vty 5 15/access-class EDGE in vrf-also source moves|" },
	{ "cisco_xe", ios, "EDGE2",
	    "interface GigabitEthernet0/3/ip access-group EDGE2 in packets "
	    "moves|"
	    "router ospf 1/distribute-list EDGE2 in none|" },
	{ "cisco_ios", ios, "SIX",
	    "interface GigabitEthernet0/3/ipv6 traffic-filter SIX in packets "
	    "moves|"
	    "line vty 0 4/ipv6 access-class SIX in source moves|" },
	{ "cisco_ios", ios, "OUTER",
	    "interface GigabitEthernet0/1/ip access-group OUTER out none "
	    "moves|"
	    "line vty 5 15/access-class OUTER out none moves|" },
	{ "cisco_ios", ios, "NAT",
	    "/ip nat inside source list NAT interface GigabitEthernet0/1 "
	    "overload none|" },
	{ "cisco_ios", ios, "MAPPED",
	    "route-map OUT permit 10/match ip address FIRST MAPPED none|" },
	{ "cisco_ios", ios, "17", "/snmp-server community secret RO 17 none|" },
	{ "cisco_ios", ios, "EDG", "" },
	{ "cisco_ios", ios, "1", "" },
	{ "cisco_ios", "", "EDGE", "" },
	{ "cisco_ios", " ip access-group EDGE in\n", "EDGE",
	    "/ip access-group EDGE in none|" },
	/* Not a use: the list itself, what only mentions it. */
	{ "cisco_ios",
	    "ip access-list extended EDGE\n permit ip any any\n"
	    "interface Gi0/1\n description in front of EDGE\n"
	    "no ip access-group EDGE in\n",
	    "EDGE", "" },

	{ "cisco_nxos", nxos, "MGMT",
	    "interface mgmt0/ip access-group MGMT in packets moves|"
	    "line vty/access-class MGMT in source moves|" },
	{ "cisco_nxos", nxos, "EDGE",
	    "interface Vlan10/ip access-group EDGE in packets moves|"
	    "interface Ethernet1/1/ip port access-group EDGE in packets moves|"
	    "route-map X permit 10/match ip address EDGE  none|" },
	{ "cisco_nxos", nxos, "SIX",
	    "interface Vlan10/ipv6 traffic-filter SIX out none moves|" },
	{ "cisco_nxos", nxos, "SNMP",
	    "/snmp-server community abc use-acl SNMP none|" },

	{ "frr",
	    "route-map X permit 10\n match ip address EDGE\nexit\n"
	    "router ospf\n distribute-list EDGE out static\n"
	    "line vty\n access-class EDGE\n"
	    "access-list EDGE seq 5 permit 10.0.0.0/8\n",
	    "EDGE",
	    "route-map X permit 10/match ip address EDGE none|"
	    "router ospf/distribute-list EDGE out static none|"
	    "line vty/access-class EDGE none|" },
	{ "juniper_junos",
	    "set interfaces lo0 unit 0 family inet filter input EDGE\n"
	    "set interfaces ge-0/0/0 unit 7 family inet filter input-list "
	    "EDGE\n"
	    "set interfaces ge-0/0/0 unit 7 family inet filter output EDGE\n"
	    "set interfaces ge-0/0/1 unit 0 family inet filter input EDGE2\n"
	    "set interfaces ge-0/0/1 description EDGE\n",
	    "EDGE",
	    "/set interfaces lo0 unit 0 family inet filter input EDGE "
	    "packets|"
	    "/set interfaces ge-0/0/0 unit 7 family inet filter input-list "
	    "EDGE packets|"
	    "/set interfaces ge-0/0/0 unit 7 family inet filter output EDGE "
	    "none|" },
	{ "arista_eos",
	    "interface Ethernet1\n   ip access-group EDGE in\n"
	    "management ssh\n   ip access-group EDGE in\n"
	    "   ip access-group EDGE vrf MGMT in\n"
	    "control-plane\n   ip access-group EDGE in\n",
	    "EDGE",
	    "interface Ethernet1/ip access-group EDGE in packets moves|"
	    "management ssh/ip access-group EDGE in source moves|"
	    "management ssh/ip access-group EDGE vrf MGMT in source moves|"
	    "control-plane/ip access-group EDGE in packets moves|" },
};

static const struct profile *
profile_of(const char *device_type)
{
	const struct profile *profile = profiles_find(&profiles, device_type);
	assert_non_null(profile);
	return profile;
}

static void
read_uses(struct acl_uses *uses, const char *device_type, const char *text,
    const char *name)
{
	const struct profile *profile = profile_of(device_type);
	acl_uses_read(
	    uses, profile->acl_uses, profile->acl_uses_count, text, name);
}

static void
uses_are_found(void **state)
{
	static const char *const ways[] = { "none", "packets", "source" };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct acl_uses uses = { 0 };
		struct buf said;
		buf_init(&said, 1 << 16);
		read_uses(
		    &uses, cases[i].device_type, cases[i].text, cases[i].name);
		/* A second reading finds nothing new. */
		read_uses(
		    &uses, cases[i].device_type, cases[i].text, cases[i].name);
		for (size_t k = 0; k < uses.count; k++)
			buf_addf(&said, "%s/%s %s%s|",
			    uses.items[k].header ? uses.items[k].header : "",
			    uses.items[k].line, ways[uses.items[k].way],
			    uses.items[k].moves ? " moves" : "");
		if (!str_eq(buf_str(&said), cases[i].uses))
			fail_msg("%s %s:\n%s", cases[i].device_type,
			    cases[i].name, buf_str(&said));
		buf_clear(&said);
		acl_uses_clear(&uses);
	}
}

static void
references_move_section_by_section(void **state)
{
	struct acl_uses uses = { 0 };
	struct strs lines = { 0 };
	(void)state;
	read_uses(&uses, "cisco_ios",
	    "interface Gi0/1\n ip access-group EDGE in\n"
	    " ip access-group EDGE out\nline vty 0 4\n"
	    " access-class EDGE in vrf-also\n",
	    "EDGE");
	assert_null(acl_uses_fixed(&uses));
	assert_true(acl_uses_on_way(&uses, ACL_WAY_SOURCE));
	acl_uses_move(&uses, "EDGE__np", &lines);
	static const char *const expected[] = { "interface Gi0/1",
		" ip access-group EDGE__np in", " ip access-group EDGE__np out",
		"line vty 0 4", " access-class EDGE__np in vrf-also" };
	assert_int_equal(lines.count, 5);
	for (size_t i = 0; i < lines.count; i++)
		assert_string_equal(lines.items[i], expected[i]);
	read_uses(
	    &uses, "cisco_ios", "ip nat inside source list EDGE x\n", "EDGE");
	assert_non_null(acl_uses_fixed(&uses));
	char *text = acl_use_text(&uses.items[0]);
	assert_string_equal(text, "interface Gi0/1, ip access-group EDGE in");
	free(text);
	strs_clear(&lines);
	acl_uses_clear(&uses);
}

static const struct {
	const char *device_type, *text, *address;
} clients[] = {
	{ "cisco_ios",
	    "    Line       User       Host(s)              Idle       "
	    "Location\n"
	    "   1 vty 0     other      idle                 00:00:09   "
	    "10.1.1.9\n"
	    "*  2 vty 1     neteng     idle                 00:00:00   "
	    "10.1.1.5\n\n",
	    "10.1.1.5" },
	{ "cisco_ios",
	    "*  2 vty 1     neteng     idle                 00:00:00   "
	    "2001:DB8::5\n",
	    "2001:DB8::5" },
	/* A name tells no address, nor does what is cut. */
	{ "cisco_ios",
	    "*  2 vty 1     neteng     idle   00:00:00   jump.example.net\n",
	    NULL },
	{ "cisco_ios", "*  2 vty 1     neteng     idle   00:00:00   2001:DB8\n",
	    NULL },
	{ "cisco_ios", "", NULL },
	{ "cisco_nxos",
	    "NAME     LINE         TIME         IDLE          PID COMMENT\n"
	    "admin    pts/0        Nov 21 02:40 00:10        1111 (10.1.1.9)\n"
	    "neteng   pts/1        Nov 21 02:41   .          4711 (10.1.1.5) "
	    "session=ssh *\n",
	    "10.1.1.5" },
	{ "cisco_nxos",
	    "neteng   pts/1        Nov 21 02:41   .          4711 (10.1.1.5) "
	    "*\n",
	    "10.1.1.5" },
};

static void
our_address_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(*clients); i++) {
		const struct profile *profile = profile_of(
		    clients[i].device_type);
		assert_non_null(profile->acl_client);
		char *address = acl_client_address(
		    profile->acl_client, clients[i].text);
		if (!str_eq(address, clients[i].address))
			fail_msg("%s: %s", clients[i].text,
			    address ? address : "none");
		free(address);
	}
}

/* Has the template lines that are not the list's? */
static const struct {
	const char *dialect, *lines;
	bool only;
} templates[] = {
	{ "ios",
	    "no ip access-list extended L\nip access-list extended L\n"
	    " permit ip any any\n",
	    true },
	{ "ios", "ip access-list extended L\n permit ip any any\n", true },
	{ "ios",
	    "no ip access-list extended L\nip access-list extended L\n"
	    " permit ip any any\ninterface Gi0/1\n ip access-group L in\n",
	    false },
	{ "ios", "ntp server 1.1.1.1\n", false },
	{ "ios", "no ip access-list extended M\n", false },
	{ "ios", "ip access-list extended M\n permit ip any any\n", false },
	{ "frr", "no access-list L\naccess-list L seq 5 permit any\n", true },
	{ "frr", "access-list M seq 5 permit any\n", false },
	{ "junos",
	    "set firewall family inet filter L\n"
	    "delete firewall family inet filter L\n"
	    "set firewall family inet filter L term A then accept\n",
	    true },
	{ "junos", "delete firewall family inet filter M\n", false },
	{ "nxos", "no ip access-list L\nip access-list L\n permit ip any any\n",
	    true },
};

static void
own_lines_of_a_template(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(templates) / sizeof(*templates); i++) {
		struct strs lines = { 0 };
		strs_add_lines(&lines, templates[i].lines);
		if (acl_backup_is_only(acl_dialect_find(templates[i].dialect),
			"L", &lines) != templates[i].only)
			fail_msg("%s", templates[i].lines);
		strs_clear(&lines);
	}
}

static int
set_up(void **state)
{
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	(void)state;
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	int rc = profiles_load(&profiles, &directories, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	strs_clear(&directories);
	return rc;
}

static int
tear_down(void **state)
{
	(void)state;
	profiles_clear(&profiles);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uses_are_found),
		cmocka_unit_test(references_move_section_by_section),
		cmocka_unit_test(our_address_is_told),
		cmocka_unit_test(own_lines_of_a_template),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
