/*
 * The planner by hand: the cases that people know, with the very lines. Below
 * the table: what a table does not say. acl_engine.h and random lists are in
 * test_acl_edit_random.c.
 */
#include "model/acl_edit.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/*
 * Lines of lists and plans end with "\n". In a plan, "> " leads a header,
 * "= " a header whose lines are one write, "< " a block after the references
 * were moved; a line under a header is indented. have NULL: no list; want
 * NULL: no list is wanted.
 */
struct example {
	const char *name, *dialect;
	enum acl_type type;
	const char *have, *want, *protect, *plan;
};

static const struct example examples[] = {
	{ "nothing to do", "ios", ACL_EXTENDED, "10 permit ip any any\n",
	    "permit ip any any\n", "", "" },
	{ "in the middle", "ios", ACL_EXTENDED,
	    "10 permit tcp any any eq 22\n20 deny ip any any\n",
	    "permit tcp any any eq www\npermit tcp any any eq 22\n"
	    "permit udp any any\ndeny ip any any\n",
	    "",
	    "> ip access-list extended L\n 5 permit tcp any any eq www\n"
	    " 15 permit udp any any\n" },
	{ "the user's numbers where they fit", "nxos", ACL_ANY,
	    "10 permit tcp any any eq 22\n40 deny ip any any\n",
	    "10 permit tcp any any eq 22\n25 permit udp any any\n"
	    "40 deny ip any any\n",
	    "", "> ip access-list L\n 25 permit udp any any\n" },
	{ "added from the top, removed from the bottom", "nxos", ACL_ANY,
	    "10 permit tcp any any eq 1\n20 permit tcp any any eq 2\n"
	    "30 permit tcp any any eq 9\n",
	    "permit tcp any any eq 3\npermit tcp any any eq 4\n"
	    "permit tcp any any eq 9\n",
	    "",
	    "> ip access-list L\n 11 permit tcp any any eq 3\n"
	    " 21 permit tcp any any eq 4\n no 20\n no 10\n" },
	{ "IOS: no room, renumbered", "ios", ACL_EXTENDED,
	    "1 permit tcp any any eq 1\n2 deny ip any any\n",
	    "permit tcp any any eq 1\npermit tcp any any eq 2\n"
	    "deny ip any any\n",
	    "",
	    "ip access-list resequence L 1000 1000\n"
	    "> ip access-list extended L\n 1500 permit tcp any any eq 2\n" },
	{ "NX-OS: no room, renumbered", "nxos", ACL_ANY,
	    "1 permit tcp any any eq 1\n2 deny ip any any\n",
	    "permit tcp any any eq 1\npermit tcp any any eq 2\n"
	    "deny ip any any\n",
	    "",
	    "resequence ip access-list L 1000 1000\n"
	    "> ip access-list L\n 1500 permit tcp any any eq 2\n" },
	{ "Junos: a new term in the middle", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term z then discard\n",
	    "",
	    "set firewall family inet filter L term b from port 80\n"
	    "set firewall family inet filter L term b then accept\n"
	    "insert firewall family inet filter L term b after term a\n" },
	{ "Junos: a new term at the top", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "",
	    "set firewall family inet filter L term b from port 80\n"
	    "set firewall family inet filter L term b then accept\n"
	    "insert firewall family inet filter L term b before term a\n" },
	{ "Junos: new terms at the end", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n",
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term z then discard\n",
	    "",
	    "set firewall family inet filter L term b from port 80\n"
	    "set firewall family inet filter L term b then accept\n"
	    "set firewall family inet filter L term z then discard\n" },
	{ "Junos: a term goes", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term z then discard\n",
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "", "delete firewall family inet filter L term b\n" },
	{ "Junos: a term moves", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term z then discard\n",
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "", "insert firewall family inet filter L term a after term b\n" },
	{ "Junos: a term moves to the end", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term z then discard\n",
	    "term b from port 80\n"
	    "term b then accept\n"
	    "term z then discard\n"
	    "term a from port 22\n"
	    "term a then accept\n",
	    "", "insert firewall family inet filter L term a after term z\n" },
	{ "Junos: one statement", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a from port 23\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "term a from port ssh\n"
	    "term a from port 80\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "",
	    "delete firewall family inet filter L term a from port 23\n"
	    "set firewall family inet filter L term a from port 80\n" },
	{ "Junos: the action", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term z then discard\n",
	    "term a from port 22\n"
	    "term a then discard\n"
	    "term z then discard\n",
	    "",
	    "delete firewall family inet filter L term a then accept\n"
	    "set firewall family inet filter L term a then discard\n" },
	{ "Junos: a term of which nothing stays is typed again", "junos",
	    ACL_ANY,
	    "term a then accept\n"
	    "term z from port 1\n"
	    "term z from port 2\n"
	    "term z from port 3\n"
	    "term z from port 4\n"
	    "term z from port 5\n"
	    "term z then discard\n",
	    "term a then discard\n"
	    "term z from port 1\n"
	    "term z from port 2\n"
	    "term z from port 3\n"
	    "term z from port 4\n"
	    "term z from port 5\n"
	    "term z then discard\n",
	    "",
	    "delete firewall family inet filter L term a\n"
	    "set firewall family inet filter L term a then discard\n"
	    "insert firewall family inet filter L term a before term z\n" },
	{ "Junos: an exception is not deleted by itself", "junos", ACL_ANY,
	    "term a from address 10.0.0.0/8\n"
	    "term a from address 10.1.0.0/16 except\n"
	    "term a then accept\n"
	    "term z from port 1\n"
	    "term z from port 2\n"
	    "term z from port 3\n"
	    "term z from port 4\n"
	    "term z from port 5\n"
	    "term z then discard\n",
	    "term a from address 10.0.0.0/8\n"
	    "term a then accept\n"
	    "term z from port 1\n"
	    "term z from port 2\n"
	    "term z from port 3\n"
	    "term z from port 4\n"
	    "term z from port 5\n"
	    "term z then discard\n",
	    "",
	    "delete firewall family inet filter L term a\n"
	    "set firewall family inet filter L term a from address 10.0.0.0/8\n"
	    "set firewall family inet filter L term a then accept\n"
	    "insert firewall family inet filter L term a before term z\n" },
	{ "Junos: an absent filter", "junos", ACL_ANY, NULL,
	    "term a from port 22\n"
	    "term a then accept\n",
	    "",
	    "set firewall family inet filter L term a from port 22\n"
	    "set firewall family inet filter L term a then accept\n" },
	{ "Junos: a setting", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n",
	    "interface-specific\n"
	    "term a from port 22\n"
	    "term a then accept\n",
	    "", "set firewall family inet filter L interface-specific\n" },
	{ "Junos: longer than typing it again", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "term b then accept\n",
	    "term z then discard\n", "",
	    "delete firewall family inet filter L\n"
	    "set firewall family inet filter L term z then discard\n" },
	{ "Junos: a line of no term", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n"
	    "accounting-profile P\n",
	    "accounting-profile Q\n"
	    "term a from port 22\n"
	    "term a then accept\n",
	    "",
	    "delete firewall family inet filter L\n"
	    "set firewall family inet filter L accounting-profile Q\n"
	    "set firewall family inet filter L term a from port 22\n"
	    "set firewall family inet filter L term a then accept\n" },
	{ "Junos: the wanted list is absent", "junos", ACL_ANY,
	    "term a from port 22\n"
	    "term a then accept\n",
	    NULL, "", "delete firewall family inet filter L\n" },
	{ "Junos: no moment in between is looked at", "junos", ACL_ANY,
	    "term a then accept\n",
	    "term b from protocol tcp\n"
	    "term b then accept\n"
	    "term c then discard\n",
	    "tcp host 192.0.2.5 any eq 22",
	    "delete firewall family inet filter L term a\n"
	    "set firewall family inet filter L term b from protocol tcp\n"
	    "set firewall family inet filter L term b then accept\n"
	    "set firewall family inet filter L term c then discard\n" },
	{ "EOS: renumbered inside", "eos", ACL_ANY,
	    "1 permit tcp any any eq 1\n2 deny ip any any\n",
	    "permit tcp any any eq 1\npermit tcp any any eq 2\n"
	    "deny ip any any\n",
	    "",
	    "> ip access-list L\n resequence 1000 1000\n"
	    " 1500 permit tcp any any eq 2\n" },
	{ "IOS: a move is one write", "ios", ACL_EXTENDED,
	    "10 permit tcp any any eq 1\n20 permit tcp any any eq 2\n"
	    "30 permit tcp any any eq 3\n",
	    "permit tcp any any eq 3\npermit tcp any any eq 1\n"
	    "permit tcp any any eq 2\n",
	    "",
	    "= ip access-list extended L\n no 30\n"
	    " 5 permit tcp any any eq 3\n" },
	{ "NX-OS: a move is add, then remove", "nxos", ACL_ANY,
	    "10 permit tcp any any eq 1\n20 permit tcp any any eq 2\n"
	    "30 permit tcp any any eq 3\n",
	    "permit tcp any any eq 3\npermit tcp any any eq 1\n"
	    "permit tcp any any eq 2\n",
	    "", "> ip access-list L\n 5 permit tcp any any eq 3\n no 30\n" },
	{ "IOS: the permit that we live by stays, the deny moves", "ios",
	    ACL_EXTENDED,
	    "10 deny tcp any any eq 23\n20 permit tcp any any\n"
	    "30 deny ip any any\n",
	    "permit tcp any any\ndeny tcp any any eq 23\ndeny ip any any\n",
	    "tcp host 192.0.2.5 any eq 22",
	    "= ip access-list extended L\n no 10\n"
	    " 25 deny tcp any any eq 23\n" },
	{ "IOS: two permits change places, we live by both", "ios",
	    ACL_EXTENDED,
	    "10 permit tcp host 192.0.2.5 any eq 22\n"
	    "20 permit tcp host 192.0.2.6 any eq 22\n30 deny ip any any\n",
	    "permit tcp host 192.0.2.6 any eq 22\n"
	    "permit tcp host 192.0.2.5 any eq 22\ndeny ip any any\n",
	    "tcp host 192.0.2.5 any eq 22|tcp host 192.0.2.6 any eq 22",
	    "> ip access-list extended L__np\n"
	    " permit tcp host 192.0.2.6 any eq 22\n"
	    " permit tcp host 192.0.2.5 any eq 22\n deny ip any any\n"
	    "< no ip access-list extended L\n" },
	{ "IOS: logging is no other entry", "ios", ACL_EXTENDED,
	    "10 permit tcp any any eq 22\n20 deny ip any any\n",
	    "permit tcp any any eq 22 log\ndeny ip any any\n", "",
	    "= ip access-list extended L\n no 10\n"
	    " 11 permit tcp any any eq 22 log\n" },
	{ "IOS: an empty list permits, the first line closes it", "ios",
	    ACL_EXTENDED, "",
	    "deny tcp any any eq 23\npermit tcp any any eq 22\n"
	    "permit icmp any any\n",
	    "tcp host 192.0.2.5 any eq 22",
	    "> ip access-list extended L\n 20 permit tcp any any eq 22\n"
	    " 30 permit icmp any any\n 10 deny tcp any any eq 23\n" },
	{ "IOS: a list that is not there", "ios", ACL_EXTENDED, NULL,
	    "remark A\npermit tcp any any eq 22\nremark Z\n", "",
	    "> ip access-list extended L\n 10 remark A\n"
	    " 10 permit tcp any any eq 22\n remark Z\n" },
	{ "IOS: a remark goes with its entry", "ios", ACL_EXTENDED,
	    "remark A\n10 permit tcp any any eq 1\nremark B\n"
	    "20 permit tcp any any eq 2\n30 permit tcp any any eq 3\n"
	    "40 permit tcp any any eq 4\n",
	    "permit tcp any any eq 2\nremark A\npermit tcp any any eq 3\n"
	    "permit tcp any any eq 4\n",
	    "",
	    "> ip access-list extended L\n no remark A\n no remark B\n no 10\n"
	    " 30 remark A\n" },
	{ "IOS: remarks that look alike go together", "ios", ACL_EXTENDED,
	    "remark ---\n10 permit tcp any any eq 1\nremark ---\n"
	    "20 permit tcp any any eq 2\n30 permit tcp any any eq 3\n"
	    "40 permit tcp any any eq 4\n50 permit tcp any any eq 5\n",
	    "remark ---\npermit tcp any any eq 1\n"
	    "permit tcp any any eq 2\npermit tcp any any eq 3\n"
	    "permit tcp any any eq 4\npermit tcp any any eq 5\n",
	    "",
	    "> ip access-list extended L\n no remark ---\n no remark ---\n"
	    " 10 remark ---\n" },
	{ "IOS: standard", "ios", ACL_STANDARD,
	    "10 permit host 192.0.2.1\n20 permit 198.51.100.0, wildcard bits "
	    "0.0.0.255\n",
	    "permit 198.51.100.0 0.0.0.255\npermit host 192.0.2.9\n", "",
	    "> ip access-list standard L\n 30 permit host 192.0.2.9\n"
	    " no 10\n" },
	{ "IOS: IPv6", "ios", ACL_IPV6,
	    "permit tcp any any eq 22 sequence 10\n"
	    "permit tcp any any eq 80 sequence 20\n",
	    "permit tcp any any eq 443\npermit tcp any any eq 22\n", "",
	    "> ipv6 access-list L\n sequence 5 permit tcp any any eq 443\n"
	    " no sequence 20\n" },
	{ "IOS: IPv6 remarks have numbers that are not shown", "ios", ACL_IPV6,
	    "remark A\npermit tcp any any eq 22 sequence 20\n",
	    "remark A\npermit tcp any any eq 22\npermit tcp any any eq 80\n",
	    "",
	    "> ipv6 access-list L__np\n remark A\n permit tcp any any eq 22\n"
	    " permit tcp any any eq 80\n< no ipv6 access-list L\n" },
	{ "NX-OS: remarks and settings", "nxos", ACL_ANY,
	    "10 remark A\n20 permit ip any any\n",
	    "statistics per-entry\nremark B\npermit ip any any\n", "",
	    "> ip access-list L\n statistics per-entry\n 11 remark B\n"
	    " no 10\n" },
	{ "FRR: flat lines", "frr", ACL_ANY,
	    "remark A\nseq 5 permit 10.0.0.0/8\nseq 10 deny any\n",
	    "remark B\npermit 10.0.0.0/8\npermit 192.0.2.0/24\ndeny any\n", "",
	    "access-list L seq 7 permit 192.0.2.0/24\n"
	    "access-list L remark B\n" },
	{ "FRR: removal needs the entry's words", "frr", ACL_ANY,
	    "remark A\nseq 5 permit 10.0.0.0/8\nseq 10 deny any\n",
	    "permit 10.0.0.0/8\n", "",
	    "no access-list L remark\nno access-list L seq 10 deny any\n" },
	{ "FRR: no room, a number is used again", "frr", ACL_ANY,
	    "seq 1 permit 10.0.0.0/8\nseq 2 permit 11.0.0.0/8\n"
	    "seq 3 deny any\n",
	    "permit 10.0.0.0/8\npermit 12.0.0.0/8\ndeny any\n", "",
	    "access-list L seq 2 permit 12.0.0.0/8\n" },
	{ "NX-OS: the header alone makes a list that denies", "nxos", ACL_ANY,
	    NULL, "permit ip any any\n", "tcp host 192.0.2.5 any eq 22",
	    "> ip access-list L__np\n permit ip any any\n" },
	{ "IOS: a line that might be ignored is not risked", "ios",
	    ACL_EXTENDED, "10 permit tcp any any eq 22\n20 deny ip any any\n",
	    "permit tcp any any eq 22\npermit tcp any any eq 22 log\n"
	    "deny ip any any\n",
	    "",
	    "> ip access-list extended L__np\n permit tcp any any eq 22\n"
	    " permit tcp any any eq 22 log\n deny ip any any\n"
	    "< no ip access-list extended L\n" },
	{ "longer than retyping", "nxos", ACL_ANY,
	    "10 permit tcp any any eq 1\n20 permit tcp any any eq 2\n"
	    "30 permit tcp any any eq 3\n40 permit tcp any any eq 4\n",
	    "7 permit udp any any\n", "",
	    "> ip access-list L__np\n 7 permit udp any any\n"
	    "< no ip access-list L\n" },
	{ "a list that is to go", "ios", ACL_EXTENDED, "10 permit ip any any\n",
	    NULL, "tcp host 192.0.2.5 any eq 22",
	    "no ip access-list extended L\n" },
	/* What cannot be understood stays where it is: no harm. */
	{ "an unknown entry in front that stays", "ios", ACL_EXTENDED,
	    "10 permit tcp object-group US any eq 22\n20 deny ip any any\n",
	    "permit tcp object-group US any eq 22\n"
	    "permit udp any any\ndeny ip any any\n",
	    "tcp host 192.0.2.5 any eq 22",
	    "> ip access-list extended L\n 15 permit udp any any\n" },
};

static void
put_body(struct buf *out, const struct example *example, const char *body)
{
	static const char *const heads[] = {
		[ACL_ANY] = "ip access-list L",
		[ACL_IPV4] = "ip access-list L",
		[ACL_STANDARD] = "ip access-list standard L",
		[ACL_EXTENDED] = "ip access-list extended L",
		[ACL_IPV6] = "ipv6 access-list L",
	};
	const char *lead = strcmp(example->dialect, "frr") == 0
	    ? "access-list L "
	    : strcmp(example->dialect, "junos") == 0
	    ? "set firewall family inet filter L "
	    : NULL;
	struct strs lines = { 0 };
	if (!lead)
		buf_addf(out, "%s\n", heads[example->type]);
	strs_add_lines(&lines, body);
	for (size_t i = 0; i < lines.count; i++)
		buf_addf(out, "%s%s\n", lead ? lead : " ", lines.items[i]);
	strs_clear(&lines);
}

struct lists {
	const struct acl_dialect *dialect;
	struct acl have, want;
	struct acl_flow flows[8];
	size_t flows_count;
	struct acl_edit_ask ask;
};

static void
lists_init(struct lists *lists, const struct example *example)
{
	struct strs shown = { 0 }, wanted = { 0 };
	struct buf out;
	memset(lists, 0, sizeof(*lists));
	lists->dialect = acl_dialect_find(example->dialect);
	buf_init(&out, 1 << 24);
	if (example->have)
		put_body(&out, example, example->have);
	strs_take(&shown, buf_take(&out));
	assert_int_equal(
	    acl_read(&lists->have, lists->dialect, "L", &shown, NULL), 0);
	if (example->want) {
		strs_add_lines(&wanted, example->want);
		assert_int_equal(acl_wanted(&lists->want, lists->dialect,
				     example->type, &wanted, NULL),
		    0);
	}
	strs_clear(&shown);
	strs_clear(&wanted);
	char *copy = xstrdup(example->protect), *rest = copy, *text;
	while ((text = strsep(&rest, "|")) && *text)
		assert_int_equal(
		    acl_flow_parse(
			&lists->flows[lists->flows_count++], text, NULL),
		    0);
	free(copy);
	lists->ask = (struct acl_edit_ask){
		.dialect = lists->dialect,
		.name = "L",
		.have = &lists->have,
		.want = &lists->want,
		.protect = lists->flows,
		.protect_count = lists->flows_count,
	};
}

static void
lists_clear(struct lists *lists)
{
	acl_clear(&lists->have);
	acl_clear(&lists->want);
	for (size_t i = 0; i < lists->flows_count; i++)
		acl_flow_clear(&lists->flows[i]);
}

static char *
plan_text(const struct acl_edit_plan *plan)
{
	struct buf out;
	const char *header = "";
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < plan->blocks_count; i++) {
		const struct acl_edit_block *block = &plan->blocks[i];
		const char *now = block->header ? block->header : "";
		if (*now && (strcmp(now, header) != 0 || block->one_write))
			buf_addf(
			    &out, "%c %s\n", block->one_write ? '=' : '>', now);
		header = now;
		for (size_t k = 0; k < block->count; k++)
			buf_addf(&out, "%s%s%s\n",
			    block->after_move ? "< " : "", *now ? " " : "",
			    plan->lines[block->first + k].text);
	}
	char *text = xstrdup(buf_str(&out));
	buf_clear(&out);
	return text;
}

static void
the_lines_are_these(void **unused)
{
	(void)unused;
	size_t count = sizeof(examples) / sizeof(*examples), wrong = 0;
	for (size_t i = 0; i < count; i++) {
		const struct example *example = &examples[i];
		struct lists lists;
		struct acl_edit_plan plan;
		struct err err = { 0 };
		lists_init(&lists, example);
		int rc = acl_edit_plan(&plan, &lists.ask, &err);
		char *text = plan_text(&plan);
		if (rc < 0 || strcmp(text, example->plan) != 0) {
			fprintf(stderr, "%s: %s%s\n", example->name, err.text,
			    text);
			wrong++;
		}
		free(text);
		acl_edit_clear(&plan);
		lists_clear(&lists);
	}
	assert_int_equal(wrong, 0);
}

/* Where a swap is worse, the same lists are edited line by line. */
static void
a_delta_may_be_longer_where_that_is_asked_for(void **unused)
{
	static const struct example example = { "", "nxos", ACL_ANY,
		"10 permit tcp any any eq 1\n20 permit tcp any any eq 2\n"
		"30 permit tcp any any eq 3\n40 permit tcp any any eq 4\n",
		"7 permit udp any any\n", "", "" };
	struct lists lists;
	struct acl_edit_plan plan;
	struct err err = { 0 };
	(void)unused;
	lists_init(&lists, &example);
	lists.ask.longer = true;
	assert_int_equal(acl_edit_plan(&plan, &lists.ask, &err), 0);
	assert_int_equal(plan.way, ACL_EDIT_DELTA);
	char *text = plan_text(&plan);
	assert_string_equal(text,
	    "> ip access-list L\n 7 permit udp any any\n no 40\n no 30\n"
	    " no 20\n no 10\n");
	free(text);
	acl_edit_clear(&plan);
	lists_clear(&lists);
}

/* What is refused, and the sentence that says why. */
static void
a_lockout_names_its_line(void **unused)
{
	static const struct {
		struct example example;
		const char *text;
	} cases[] = {
		{ { "", "ios", ACL_EXTENDED, "10 permit ip any any\n",
		      "permit tcp any any eq 80\ndeny tcp any any eq 22 log\n",
		      "tcp host 192.0.2.5 any eq 22", "" },
		    "line 2 of list L, 'deny tcp any any eq 22 log', denies "
		    "the protected flow 'tcp host 192.0.2.5 any eq 22'" },
		{ { "", "ios", ACL_EXTENDED, NULL, "permit tcp any any eq 80\n",
		      "tcp host 192.0.2.5 any eq 22", "" },
		    "no line of list L permits the protected flow "
		    "'tcp host 192.0.2.5 any eq 22'" },
		{ { "", "nxos", ACL_ANY, "10 permit ip any any\n",
		      "deny tcp addrgroup THEM any\npermit ip any any\n",
		      "tcp host 192.0.2.5 any eq 22", "" },
		    "line 1 of list L, 'deny tcp addrgroup THEM any', may "
		    "deny the protected flow 'tcp host 192.0.2.5 any eq 22'" },
		{ { "", "ios", ACL_EXTENDED, "10 permit ip any any\n",
		      "permit tcp any any established\n",
		      "tcp host 192.0.2.5 any eq 22", "" },
		    "line 1 of list L, 'permit tcp any any established', may "
		    "deny the protected flow 'tcp host 192.0.2.5 any eq 22'" },
		{ { "", "eos", ACL_ANY, "10 permit ip any any\n", NULL,
		      "tcp host 192.0.2.5 any eq 22", "" },
		    "without list L the protected flow 'tcp host 192.0.2.5 "
		    "any eq 22' may be denied" },
	};
	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lists lists;
		struct acl_edit_plan plan;
		struct err err = { 0 };
		lists_init(&lists, &cases[i].example);
		assert_int_equal(acl_edit_plan(&plan, &lists.ask, &err), -1);
		assert_int_equal(err.kind, ERR_LOCKOUT_RISK);
		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(plan.count, 0);
		acl_edit_clear(&plan);
		lists_clear(&lists);
	}
}

/* An IPv4 flow has nothing to fear from an IPv6 list. */
static void
other_families_and_denied_flows_do_not_matter(void **unused)
{
	static const struct example cases[] = {
		{ "", "ios", ACL_IPV6, "permit ipv6 any any sequence 10\n",
		    "deny ipv6 any any\n", "tcp host 192.0.2.5 any eq 22", "" },
		{ "", "ios", ACL_EXTENDED, "10 permit udp any any\n",
		    "deny ip any any\n", "tcp host 192.0.2.5 any eq 22", "" },
	};
	(void)unused;
	for (size_t i = 0; i < 2; i++) {
		struct lists lists;
		struct acl_edit_plan plan;
		lists_init(&lists, &cases[i]);
		assert_int_equal(acl_edit_plan(&plan, &lists.ask, NULL), 0);
		acl_edit_clear(&plan);
		lists_clear(&lists);
	}
}

static void
the_type_must_be_known_on_ios(void **unused)
{
	static const struct example example = { "", "ios", ACL_EXTENDED, NULL,
		"permit tcp any any eq 80\n", "", "" };
	struct lists lists;
	struct acl_edit_plan plan;
	struct err err = { 0 };
	(void)unused;
	lists_init(&lists, &example);
	lists.want.type = ACL_ANY;
	assert_int_equal(acl_edit_plan(&plan, &lists.ask, &err), -1);
	assert_int_equal(err.kind, ERR_JOB);
	lists_clear(&lists);
}

static void
other_ways_can_be_asked_for(void **unused)
{
	static const struct example example = { "", "ios", ACL_EXTENDED,
		"10 permit tcp any any eq 22\n",
		"remark A\n15 permit tcp any any eq 80\nremark B\n"
		"25 permit tcp any any eq 81\n",
		"", "" };
	static const char *const plans[] = {
		[ACL_EDIT_SWAP] = "> ip access-list extended np__101\n 15 "
				  "remark A\n"
				  " 15 permit tcp any any eq 80\n remark B\n"
				  " permit tcp any any eq 81\n"
				  "< no ip access-list extended 101\n",
		[ACL_EDIT_REPLACE] = "no ip access-list extended 101\n"
				     "> ip access-list extended 101\n 15 "
				     "remark A\n"
				     " 15 permit tcp any any eq 80\n remark B\n"
				     " permit tcp any any eq 81\n",
	};
	(void)unused;
	for (size_t way = ACL_EDIT_SWAP; way <= ACL_EDIT_REPLACE; way++) {
		struct lists lists;
		struct acl_edit_plan plan;
		lists_init(&lists, &example);
		lists.ask.way = (enum acl_edit_way)way;
		lists.ask.name = "101";
		assert_int_equal(acl_edit_plan(&plan, &lists.ask, NULL), 0);
		char *text = plan_text(&plan);
		assert_string_equal(text, plans[way]);
		assert_int_equal(plan.way, way);
		free(text);
		acl_edit_clear(&plan);
		lists_clear(&lists);
	}
}

/* Every line knows its entry and its number; of what stays there is a count. */
static void
lines_know_their_entries(void **unused)
{
	static const struct example example = { "", "nxos", ACL_ANY,
		"10 permit tcp any any eq 1\n20 permit tcp any any eq 2\n",
		"permit tcp any any eq 2\npermit tcp any any eq 3\n", "", "" };
	struct lists lists;
	struct acl_edit_plan plan;
	(void)unused;
	lists_init(&lists, &example);
	assert_int_equal(acl_edit_plan(&plan, &lists.ask, NULL), 0);
	assert_int_equal(plan.way, ACL_EDIT_DELTA);
	assert_int_equal(plan.kept, 1);
	assert_int_equal(plan.count, 2);
	assert_int_equal(plan.lines[0].kind, ACL_EDIT_ADD);
	assert_int_equal(plan.lines[0].index, 1);
	assert_int_equal(plan.lines[0].sequence, 30);
	assert_int_equal(plan.lines[1].kind, ACL_EDIT_REMOVE);
	assert_int_equal(plan.lines[1].index, 0);
	assert_int_equal(plan.lines[1].sequence, 10);
	acl_edit_clear(&plan);
	lists_clear(&lists);
}

/* Thousands of entries, every second one other, all of them met by the flows;
 * ctest's own limit is the judge of the time. */
static void
long_lists_are_no_trouble(void **unused)
{
	struct buf have, want;
	struct lists lists;
	struct acl_edit_plan plan;
	(void)unused;
	buf_init(&have, 1 << 24);
	buf_init(&want, 1 << 24);
	for (unsigned i = 0; i < 20000; i++) {
		buf_addf(
		    &have, "%u permit tcp any any eq %u\n", i * 10 + 10, i);
		buf_addf(&want, "permit %s any any eq %u\n",
		    i % 2 ? "tcp" : "udp", i);
	}
	struct example example = { "", "ios", ACL_EXTENDED, buf_str(&have),
		buf_str(&want),
		"tcp host 192.0.2.5 any eq 23|tcp any any range 1 65535", "" };
	lists_init(&lists, &example);
	assert_int_equal(acl_edit_plan(&plan, &lists.ask, NULL), -1);
	lists.ask.protect_count = 1;
	assert_int_equal(acl_edit_plan(&plan, &lists.ask, NULL), 0);
	assert_int_equal(plan.way, ACL_EDIT_DELTA);
	assert_int_equal(plan.count, 20000);
	acl_edit_clear(&plan);
	lists_clear(&lists);
	buf_clear(&have);
	buf_clear(&want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_are_these),
		cmocka_unit_test(a_delta_may_be_longer_where_that_is_asked_for),
		cmocka_unit_test(a_lockout_names_its_line),
		cmocka_unit_test(other_families_and_denied_flows_do_not_matter),
		cmocka_unit_test(the_type_must_be_known_on_ios),
		cmocka_unit_test(other_ways_can_be_asked_for),
		cmocka_unit_test(lines_know_their_entries),
		cmocka_unit_test(long_lists_are_no_trouble),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
