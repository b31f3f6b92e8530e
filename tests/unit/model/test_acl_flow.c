/* Flows and lists: what covers what, what a list answers, and what it will
 * not answer. */
#include "model/acl_flow.h"

#include "base/buf.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SSH "tcp host 192.0.2.5 host 192.0.2.1 eq 22"

static const struct {
	const char *flow, *entry;
	enum acl_type type;
	enum acl_overlap overlap;
} overlaps[] = {
	{ SSH, "permit ip any any", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any eq ssh", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any eq 22 log", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any eq 80 443 22", ACL_EXTENDED,
	    ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any neq 22", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any neq 23", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any gt 21", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any gt 22", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any gt 65535", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any lt 23", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any lt 22", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any lt 0", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any range 20 22", ACL_EXTENDED,
	    ACL_OVERLAP_ALL },
	{ SSH, "permit tcp any any range 23 20", ACL_EXTENDED,
	    ACL_OVERLAP_SOME },
	{ SSH, "permit tcp any eq 22 any", ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ SSH, "permit udp any any eq 22", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit 6 any any", ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ SSH, "permit ip 192.0.2.4 0.0.0.1 any", ACL_EXTENDED,
	    ACL_OVERLAP_ALL },
	{ SSH, "permit ip 192.0.2.6 0.0.0.1 any", ACL_EXTENDED,
	    ACL_OVERLAP_NONE },
	{ SSH, "permit ip 0.0.0.5 255.255.255.0 any", ACL_EXTENDED,
	    ACL_OVERLAP_ALL },
	{ SSH, "permit ip any host 192.0.2.2", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit 192.0.2.5", ACL_STANDARD, ACL_OVERLAP_ALL },
	{ SSH, "permit 192.0.2.6", ACL_STANDARD, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any established", ACL_EXTENDED,
	    ACL_OVERLAP_SOME },
	{ SSH " established", "permit tcp any any established", ACL_EXTENDED,
	    ACL_OVERLAP_ALL },
	{ SSH, "deny ip any any fragments", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp any any dscp ef", ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ SSH, "permit tcp any any time-range T", ACL_EXTENDED,
	    ACL_OVERLAP_SOME },
	{ SSH, "permit tcp any any surprise", ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ SSH, "permit udp any any surprise", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ SSH, "permit tcp object-group A any", ACL_EXTENDED,
	    ACL_OVERLAP_SOME },
	{ SSH, "permit object-group P any any", ACL_EXTENDED,
	    ACL_OVERLAP_SOME },
	{ SSH, "permit tcp any any portgroup P", ACL_EXTENDED,
	    ACL_OVERLAP_SOME },
	{ SSH, "evaluate WHATEVER", ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ SSH, "remark permit ip any any", ACL_EXTENDED, ACL_OVERLAP_NONE },
	{ "ip any any", "permit tcp any any", ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ "tcp 10.0.0.0 0.0.0.255 any", "permit ip 10.0.0.0 0.0.0.127 any",
	    ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ "tcp 10.0.0.0/25 any", "permit ip 10.0.0.0 0.0.0.255 any",
	    ACL_EXTENDED, ACL_OVERLAP_ALL },
	{ "udp any any range 1 100", "permit udp any any range 50 60",
	    ACL_EXTENDED, ACL_OVERLAP_SOME },
	{ "tcp host 2001:db8::5 any eq 22",
	    "permit tcp 2001:db8::/64 any eq 22", ACL_IPV6, ACL_OVERLAP_ALL },
	{ "tcp host 2001:db8::5 any eq 22", "permit tcp 2001:db9::/64 any",
	    ACL_IPV6, ACL_OVERLAP_NONE },
};

static void
an_entry_covers_all_some_or_nothing(void **unused)
{
	const struct acl_dialect *ios = acl_dialect_find("ios");
	(void)unused;
	for (size_t i = 0; i < sizeof(overlaps) / sizeof(*overlaps); i++) {
		struct acl_flow flow;
		struct acl_entry entry;
		assert_int_equal(
		    acl_flow_parse(&flow, overlaps[i].flow, NULL), 0);
		acl_entry_parse(
		    &entry, ios, overlaps[i].type, overlaps[i].entry, 1);
		if (acl_entry_overlap(&entry, &flow) != overlaps[i].overlap)
			fail_msg("'%s' and '%s'", overlaps[i].flow,
			    overlaps[i].entry);
		acl_entry_clear(&entry);
		acl_flow_clear(&flow);
	}
}

static void
list_init(struct acl *acl, const char *dialect, const char *text)
{
	struct strs lines = { 0 };
	strs_add_lines(&lines, text);
	assert_int_equal(acl_wanted(acl, acl_dialect_find(dialect),
			     ACL_EXTENDED, &lines, NULL),
	    0);
	strs_clear(&lines);
}

static struct acl_verdict
decide(const char *dialect, const char *text, const char *flow_text)
{
	struct acl acl;
	struct acl_flow flow;
	list_init(&acl, dialect, text);
	assert_int_equal(acl_flow_parse(&flow, flow_text, NULL), 0);
	struct acl_verdict verdict = acl_decide(
	    acl_dialect_find(dialect), &acl, &flow);
	acl_flow_clear(&flow);
	acl_clear(&acl);
	return verdict;
}

#define NOBODY SIZE_MAX

static void
a_list_has_three_answers(void **unused)
{
	static const struct {
		const char *dialect, *list;
		enum acl_answer answer;
		size_t entry;
	} cases[] = {
		{ "ios", "deny tcp any any eq 23\npermit tcp any any eq 22",
		    ACL_ANSWER_PERMIT, 1 },
		{ "ios", "permit tcp any any eq 80", ACL_ANSWER_DENY, NOBODY },
		{ "ios", "remark x\ndeny ip any any\npermit ip any any",
		    ACL_ANSWER_DENY, 1 },
		/* Whoever is in the group is permitted either way. */
		{ "ios", "permit tcp object-group A any\npermit ip any any",
		    ACL_ANSWER_PERMIT, 1 },
		{ "ios", "deny tcp object-group A any", ACL_ANSWER_DENY,
		    NOBODY },
		{ "ios", "permit udp any any\npermit tcp object-group A any",
		    ACL_ANSWER_UNKNOWN, 1 },
		{ "ios", "deny tcp object-group A any\npermit ip any any",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "ios",
		    "deny tcp object-group A any\n"
		    "permit tcp object-group B any\npermit ip any any",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "ios", "evaluate X\npermit ip any any", ACL_ANSWER_UNKNOWN,
		    0 },
		{ "ios", "", ACL_ANSWER_PERMIT, NOBODY },
		{ "ios", "remark only", ACL_ANSWER_PERMIT, NOBODY },
		{ "nxos", "", ACL_ANSWER_DENY, NOBODY },
		{ "eos", "", ACL_ANSWER_UNKNOWN, NOBODY },
		{ "frr", "remark only", ACL_ANSWER_UNKNOWN, NOBODY },
		/* Terms: of each condition one value, of all conditions. */
		{ "junos", "", ACL_ANSWER_UNKNOWN, NOBODY },
		{ "junos", "term a then accept", ACL_ANSWER_PERMIT, 0 },
		{ "junos", "term a", ACL_ANSWER_PERMIT, 0 },
		{ "junos", "term a then count x", ACL_ANSWER_PERMIT, 0 },
		{ "junos", "term a then log\nterm a then discard",
		    ACL_ANSWER_DENY, 0 },
		{ "junos", "term a then reject tcp-reset", ACL_ANSWER_DENY, 0 },
		{ "junos", "term a then next term\nterm b then discard",
		    ACL_ANSWER_DENY, 1 },
		{ "junos", "term a then next term", ACL_ANSWER_DENY, NOBODY },
		{ "junos", "term a from protocol udp\nterm a then accept",
		    ACL_ANSWER_DENY, NOBODY },
		{ "junos",
		    "term a from protocol udp\nterm a from protocol tcp\n"
		    "term a from destination-port 80\n"
		    "term a from destination-port 20-25\nterm a then accept",
		    ACL_ANSWER_PERMIT, 0 },
		{ "junos",
		    "term a from source-address 192.0.2.5\n"
		    "term a from source-port 22\nterm a then discard\n"
		    "term b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos",
		    "term a from address 192.0.2.0/24\nterm a from port 22\n"
		    "term a then accept",
		    ACL_ANSWER_PERMIT, 0 },
		{ "junos",
		    "term a from destination-address 192.0.2.5\n"
		    "term a then accept",
		    ACL_ANSWER_DENY, NOBODY },
		{ "junos",
		    "term a from source-address 198.51.100.0/24\n"
		    "term a then discard\nterm b then accept",
		    ACL_ANSWER_PERMIT, 1 },
		/* An exception, a list, and only an exception. */
		{ "junos",
		    "term a from source-address 192.0.2.0/24\n"
		    "term a from source-address 192.0.2.5 except\n"
		    "term a then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos",
		    "term a from source-address 192.0.2.0/24\n"
		    "term a from source-address 192.0.2.6 except\n"
		    "term a then accept",
		    ACL_ANSWER_PERMIT, 0 },
		{ "junos",
		    "term a from source-address 192.0.2.6 except\n"
		    "term a then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos",
		    "term a from source-prefix-list P\n"
		    "term a from source-address 198.51.100.1\n"
		    "term a then discard\nterm b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos",
		    "term a from tcp-established\nterm a then discard\n"
		    "term b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos",
		    "term a from is-fragment\nterm a then discard\n"
		    "term b then accept",
		    ACL_ANSWER_PERMIT, 1 },
		{ "junos",
		    "term a from ttl 1\nterm a then discard\n"
		    "term b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		/* What is not understood may be anything. */
		{ "junos",
		    "term a from protocol udp inactive\n"
		    "term a from protocol udp\nterm a then discard\n"
		    "term b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos", "term a then policer P", ACL_ANSWER_UNKNOWN, 0 },
		{ "junos", "term a then accept\nterm a then discard",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos", "term a filter OTHER\nterm b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
		{ "junos", "apply-groups G\nterm b then accept",
		    ACL_ANSWER_UNKNOWN, 0 },
	};
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct acl_verdict verdict = decide(
		    cases[i].dialect, cases[i].list, SSH);
		if (verdict.answer != cases[i].answer ||
		    verdict.entry != cases[i].entry)
			fail_msg("%s: '%s'", cases[i].dialect, cases[i].list);
	}
}

/* Two unknowns are the same if packets meet the same to the same end. */
static void
unknowns_are_told_apart(void **unused)
{
	static const char
	    group[] = "permit tcp object-group A any\ndeny ip any any";
	(void)unused;
	uint64_t path = decide("ios", group, SSH).path;
	assert_int_equal(path,
	    decide("ios",
		"deny udp any any\npermit tcp object-group A any\n"
		"deny tcp object-group B any",
		SSH)
		.path);
	assert_int_not_equal(
	    path, decide("ios", "permit tcp object-group B any", SSH).path);
	assert_int_not_equal(path,
	    decide("ios", "deny tcp object-group A any\npermit ip any any", SSH)
		.path);
	assert_int_not_equal(path,
	    decide("ios",
		"permit tcp object-group A any\ndeny tcp object-group B any\n"
		"permit ip any any",
		SSH)
		.path);
}

static void
absent_lists(void **unused)
{
	static const struct acl absent;
	struct acl_flow flow;
	(void)unused;
	assert_int_equal(
	    acl_flow_tcp(&flow, "192.0.2.5", "192.0.2.1", 22, NULL), 0);
	assert_string_equal(flow.text, SSH);
	assert_int_equal(
	    acl_decide(acl_dialect_find("ios"), &absent, &flow).answer,
	    ACL_ANSWER_PERMIT);
	assert_int_equal(
	    acl_decide(acl_dialect_find("nxos"), &absent, &flow).answer,
	    ACL_ANSWER_PERMIT);
	assert_int_equal(
	    acl_decide(acl_dialect_find("frr"), &absent, &flow).answer,
	    ACL_ANSWER_UNKNOWN);
	assert_true(acl_flow_concerns(&flow, ACL_EXTENDED));
	assert_false(acl_flow_concerns(&flow, ACL_IPV6));
	acl_flow_clear(&flow);
}

static void
what_is_no_flow_is_refused(void **unused)
{
	static const char *const texts[] = { "", "tcp", "tcp any",
		"nonsense any any", "tcp object-group A any",
		"tcp any any eq 22 log", "tcp any any portgroup P",
		"tcp any any range 9 1", "tcp any any gt 65535",
		"permit tcp any any" };
	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct acl_flow flow;
		struct err err = { 0 };
		if (acl_flow_parse(&flow, texts[i], &err) == 0)
			fail_msg("'%s' is a flow", texts[i]);
		assert_int_equal(err.kind, ERR_JOB);
		assert_null(flow.text);
	}
	struct acl_flow flow;
	assert_int_equal(acl_flow_tcp(&flow, "nobody", NULL, 22, NULL), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_covers_all_some_or_nothing),
		cmocka_unit_test(a_list_has_three_answers),
		cmocka_unit_test(unknowns_are_told_apart),
		cmocka_unit_test(absent_lists),
		cmocka_unit_test(what_is_no_flow_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
