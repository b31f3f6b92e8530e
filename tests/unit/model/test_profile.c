/*
 * Profiles: what is wrong with one (every directory of profiles/ is a set,
 * with what must be said in its file `expect`), inheritance, printing, and
 * whether the shipped ones know what devices really say.
 */
#include "expect.h"
#include "base/str.h"
#include "model/profile.h"
#include "model/profile_print.h"
#include "text/re.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define SETS_MIN 18

static struct profiles shipped;

static int
load(struct profiles *profiles, const char *first, const char *second,
    struct diags *diags)
{
	struct strs directories = { 0 };
	strs_add(&directories, first);
	if (second)
		strs_add(&directories, second);
	int rc = profiles_load(profiles, &directories, diags);
	strs_clear(&directories);
	return rc;
}

static void
load_good(struct profiles *profiles, const char *first, const char *second)
{
	struct diags diags = { 0 };
	int rc = load(profiles, first, second, &diags);
	diags_print(&diags);
	assert_int_equal(rc, 0);
}

static void
test_sets(void **state)
{
	(void)state;
	glob_t sets;
	size_t wrong = 0;
	assert_int_equal(glob("*", GLOB_ONLYDIR, NULL, &sets), 0);
	assert_true(sets.gl_pathc > SETS_MIN);
	for (size_t i = 0; i < sets.gl_pathc; i++) {
		struct diags diags = { 0 };
		struct profiles profiles;
		int rc = load(&profiles, sets.gl_pathv[i], NULL, &diags);
		assert_int_equal(rc, diags_any(&diags) ? -1 : 0);
		char *expect = xasprintf("%s/expect", sets.gl_pathv[i]);
		wrong += !messages_are(&diags, expect);
		wrong += str_starts(sets.gl_pathv[i], "good_") ==
		    diags_any(&diags);
		free(expect);
		diags_clear(&diags);
		profiles_clear(&profiles);
	}
	globfree(&sets);
	assert_int_equal(wrong, 0);
}

static void
test_no_directory(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct profiles profiles;
	assert_int_equal(load(&profiles, "good_least", "nowhere", &diags), -1);
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].file, "nowhere");
	diags_clear(&diags);
	profiles_clear(&profiles);
}

static void
test_override(void **state)
{
	(void)state;
	struct profiles profiles;
	load_good(&profiles, "good_least", "good_override");
	assert_int_equal(profiles.count, 1);
	assert_int_equal(profiles.items[0]->pipeline, 3);
	profiles_clear(&profiles);
	load_good(&profiles, "good_override", "good_least");
	assert_int_equal(profiles.items[0]->pipeline, 32);
	profiles_clear(&profiles);
}

static void
assert_rules(const struct profile_rules *rules, const char *joined)
{
	struct buf text;
	buf_init(&text, 4096);
	for (size_t i = 0; i < rules->count; i++) {
		buf_addf(&text, "%s ", rules->items[i].text);
		assert_non_null(rules->items[i].pattern);
	}
	assert_string_equal(buf_str(&text), joined);
	buf_clear(&text);
}

/* The grandchild: added, replaced by name, or replaced as a whole. */
static void
test_inheritance(void **state)
{
	(void)state;
	struct profiles profiles;
	load_good(&profiles, "good_line", NULL);
	const struct profile *c = profiles_find(&profiles, "c");
	assert_non_null(c);
	assert_rules(&c->refusals, "^A ^B ");
	assert_rules(&c->new_password, "^A ^B ");
	assert_rules(&c->above_prompt, "^A ^B ");
	assert_rules(&c->secrets, "^A ^B ");
	assert_int_equal(c->timeouts.silence_ms, 240000);
	assert_int_equal(c->timeouts.login_ms, 500);
	assert_int_equal(c->timeouts.device_ms, TIMEOUT_UNSET);
	assert_int_equal(c->commit.count, 1);
	assert_string_equal(c->commit.items[0], "now");
	assert_null(c->commit_proof);
	assert_null(c->commit_proof_text);
	assert_int_equal(c->undo.count, 0);
	assert_rules(&c->config_ignore, "^B ");
	assert_int_equal(c->setup.count, 1);
	assert_string_equal(c->setup.items[0], "three");
	assert_int_equal(c->question_count, 3);
	assert_string_equal(c->questions[0].answer, "a");
	assert_null(c->questions[1].answer);
	assert_string_equal(c->questions[2].answer, "");
	assert_int_equal(c->until_count, 3);
	assert_string_equal(c->untils[0].mark, "a");
	assert_null(c->untils[1].mark);
	assert_string_equal(c->untils[1].ends, "\x04");
	assert_string_equal(re_pattern(c->untils[1].opened), "p");
	assert_true(c->untils[2].alone);
	assert_int_equal(c->mode_count, 2);
	assert_string_equal(c->modes[0].prompt, "{{stem}}>");
	assert_true(profile_mode_find(c, "conf")->config);
	assert_string_equal(c->config_mode, "conf");
	assert_string_equal(profile_template_find(c, "t")->text, "new {{x}}");
	assert_string_equal(profile_template_find(c, "u")->text, "kept");
	assert_null(profile_template_find(c, "v"));
	assert_int_equal(json_object_size(c->vars), 1);
	assert_int_equal(json_integer_value(json_object_get(c->vars, "z")), 3);
	assert_int_equal(c->pipeline, 9);
	assert_true(c->typeahead_echo);
	assert_string_equal(c->save.items[0], "write");
	assert_non_null(c->save_proof);
	assert_string_equal(c->inherits, "b");
	/* the place of a template is where its text really stands */
	assert_string_equal(
	    profile_template_find(c, "u")->place.file, "good_line/a.yml");
	const struct profile *a = profiles_find(&profiles, "a");
	assert_int_equal(a->mode_count, 1);
	assert_int_equal(a->commit.count, 2);
	assert_non_null(a->commit_proof);
	assert_string_equal(a->undo.items[0], "back");
	assert_rules(&a->refusals, "^A ");
	profiles_clear(&profiles);
}

static void
test_find(void **state)
{
	(void)state;
	assert_null(profiles_find(&shipped, "cisco"));
	assert_null(profiles_find(&shipped, ""));
	assert_null(profiles_find(&shipped, "zzz"));
	assert_non_null(profiles_find(&shipped, "linux"));
	assert_string_equal(
	    profiles_nearest(&shipped, "cisco_isos"), "cisco_ios");
	assert_string_equal(
	    profiles_nearest(&shipped, "nxos_cisco") ? "x" : "", "");
}

static bool
prompt_matches(const struct profile *profile, const char *mode,
    const char *stem, const char *prompt)
{
	static const char *const names[] = { "{{stem16}}", "{{stem}}" };
	const char *pattern = profile_mode_find(profile, mode)->prompt;
	struct buf text;
	buf_init(&text, 4096);
	while (*pattern) {
		size_t len = strlen(stem);
		if (str_starts(pattern, names[0])) {
			re_quote(&text, stem, len > 16 ? 16 : len);
			pattern += strlen(names[0]);
		} else if (str_starts(pattern, names[1])) {
			re_quote(&text, stem, len);
			pattern += strlen(names[1]);
		} else {
			buf_addc(&text, *pattern++);
		}
	}
	struct re *re = re_compile(buf_str(&text), RE_WHOLE, NULL);
	assert_non_null(re);
	bool matches = re_match(re, prompt, strlen(prompt), NULL);
	re_free(re);
	buf_clear(&text);
	return matches;
}

/* What opens a text with the shipped profiles, and the mark it has then. */
static void
test_untils(void **state)
{
	(void)state;
	static const struct {
		const char *type, *line, *mark; /* NULL: opens none */
		const char *ends[4], *goes_on[6];
	} cases[] = {
		{ "cisco_ios", "banner motd ^C", "^", { "^C", "bye ^", "^" },
		    { "", "C", "end" } },
		{ "cisco_ios", "banner motd # Hello", "#", { "#" }, { "hi" } },
		{ "cisco_ios", "banner login z", "z", { "buzz" }, { "Z" } },
		{ "cisco_ios", "banner exec \"", "\"", { "\"" }, { "'" } },
		{ "cisco_ios", "banner slip-ppp $x", "$", { "$" }, { "x" } },
		{ "cisco_ios", "banner  incoming  @", "@", { "@" }, { "x" } },
		{ "cisco_ios", "banner prompt-timeout ^", "^", { "^" },
		    { "" } },
		{ "cisco_ios", "banner %", "%", { "%" }, { "x" } },
		{ "cisco_ios", "banner motd ^hello^", NULL, { NULL },
		    { NULL } },
		{ "cisco_ios", "banner motd", NULL, { NULL }, { NULL } },
		{ "cisco_ios", "no banner motd", NULL, { NULL }, { NULL } },
		{ "cisco_ios", "macro name desk", "@", { "@", " @ " },
		    { "a@b", "@@", "", "#" } },
		{ "cisco_ios", "macro apply desk", NULL, { NULL }, { NULL } },
		{ "cisco_ios", "certificate self-signed 01", "quit",
		    { "quit", "  \tquit" }, { "30820229", "", "quit now" } },
		{ "cisco_ios", "certificate 0A0141", "quit", { "quit" },
		    { "" } },
		{ "cisco_ios", "certificate ca 01", "quit", { "quit" },
		    { "" } },
		{ "cisco_ios", "certificate self-signed 01 nvram:a#1.cer", NULL,
		    { NULL }, { NULL } },
		{ "cisco_xe", "banner motd ^", "^", { "^" }, { "" } },
		{ "cisco_nxos", "banner motd #", "#", { "#" }, { "x" } },
		{ "cisco_nxos", "banner exec !hi!", NULL, { NULL }, { NULL } },
		{ "linux", "banner motd #", NULL, { NULL }, { NULL } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct profile *profile = profiles_find(
		    &shipped, cases[i].type);
		const char *line = cases[i].line;
		struct until_end end;
		bool opens = profile_until_opens(
		    profile, line, strlen(line), &end);
		if (opens != (cases[i].mark != NULL))
			fail_msg("%s: %d", line, opens);
		if (!opens)
			continue;
		assert_int_equal(end.mark_len, strlen(cases[i].mark));
		assert_memory_equal(end.mark, cases[i].mark, end.mark_len);
		for (size_t j = 0; j < 4 && cases[i].ends[j]; j++)
			assert_true(profile_until_ends(
			    &end, cases[i].ends[j], strlen(cases[i].ends[j])));
		for (size_t j = 0; j < 6 && cases[i].goes_on[j]; j++)
			assert_false(profile_until_ends(&end,
			    cases[i].goes_on[j], strlen(cases[i].goes_on[j])));
	}
}

static void
test_prompts(void **state)
{
	(void)state;
	static const struct {
		const char *type, *mode, *stem, *prompt;
		bool matches;
	} cases[] = {
		{ "cisco_ios", "user", "R1", "R1>", true },
		{ "cisco_ios", "exec", "R1", "R1#", true },
		{ "cisco_ios", "exec", "R1", "R1# ", true },
		{ "cisco_ios", "exec", "R1", "R1>", false },
		{ "cisco_ios", "exec", "R1", "R11#", false },
		{ "cisco_ios", "exec", "R1", "R1(config)#", false },
		{ "cisco_ios", "exec", "a.b", "axb#", false },
		{ "cisco_ios", "exec", "R#1", "R#1#", true },
		{ "cisco_ios", "config", "R1", "R1(config)#", true },
		{ "cisco_ios", "config", "R1", "R1(config-if)#", false },
		{ "cisco_ios", "config", "A_VERY_LONG_HOSTNAME_1",
		    "A_VERY_LONG_HOSTNAME(config)#", true },
		{ "cisco_ios", "config", "A_VERY_LONG_HOSTNAME_1",
		    "A_VERY_LONG_HOST(config)#", true },
		{ "cisco_ios", "config", "A_VERY_LONG_HOSTNAME_1",
		    "A_VERY_LONG(config)#", false },
		{ "cisco_ios", "config-sub", "R1", "R1(config-ext-nacl)#",
		    true },
		{ "cisco_ios", "config-sub", "R1", "R1(config-sg-tacacs+)#",
		    true },
		{ "cisco_ios", "config-sub", "R1", "R1(config)#", false },
		{ "cisco_ios", "config-sub", "R1",
		    "R1#show run\r\nR1(config-if)#", false },
		{ "cisco_xe", "config", "R1", "R1(config)#", true },
		{ "cisco_nxos", "exec", "N1", "N1# ", true },
		{ "cisco_nxos", "config", "N1", "N1(config)# ", true },
		{ "cisco_nxos", "config-sub", "N1", "N1(config-acl)# ", true },
		{ "cisco_nxos", "exec", "N1", "#Generating Rollback Patch",
		    false },
		{ "frr", "exec", "host", "host# ", true },
		{ "frr", "config", "host", "host(config)# ", true },
		{ "frr", "config-sub", "host", "host(config-router)# ", true },
		{ "arista_eos", "exec", "sw1", "sw1#", true },
		{ "arista_eos", "user", "sw1", "sw1>", true },
		{ "arista_eos", "config", "sw1", "sw1(config)#", true },
		{ "arista_eos", "config-sub", "sw1", "sw1(config-if-Et1)#",
		    true },
		{ "arista_eos", "config-sub", "sw1", "sw1(config-acl-EDGE)#",
		    true },
		{ "juniper_junos", "exec", "me@mx1", "me@mx1> ", true },
		{ "juniper_junos", "exec", "me@mx1", "me@mx12> ", false },
		{ "juniper_junos", "config", "me@mx1", "me@mx1# ", true },
		{ "juniper_junos", "config", "me@mx1", "[edit]", false },
		{ "linux", "shell", "u@h:~", "u@h:~$ ", true },
		{ "linux", "shell", "u@h:~", "root@h:/tmp# ", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (prompt_matches(profiles_find(&shipped, cases[i].type),
			cases[i].mode, cases[i].stem,
			cases[i].prompt) != cases[i].matches)
			fail_msg("%s %s %s", cases[i].type, cases[i].mode,
			    cases[i].prompt);
}

static void
test_first_prompts(void **state)
{
	(void)state;
	static const struct {
		const char *type, *prompt, *stem;
	} cases[] = {
		{ "cisco_ios", "R1#", "R1" },
		{ "cisco_ios", "R1>", "R1" },
		{ "cisco_ios", "R1# ", "R1" },
		{ "cisco_ios", "R#1(x)#", "R#1(x)" },
		{ "cisco_ios", "#", NULL },
		{ "cisco_ios", "Password: ", NULL },
		{ "cisco_ios", "*** # no entry # ***", NULL },
		{ "cisco_nxos", "DC1_CORE1# ", "DC1_CORE1" },
		{ "frr", "box# ", "box" },
		{ "juniper_junos", "neteng@mx1> ", "neteng@mx1" },
		{ "juniper_junos", "neteng@mx1-re0.lab# ",
		    "neteng@mx1-re0.lab" },
		{ "juniper_junos", "root@mx1% ", NULL },
		{ "juniper_junos", "root@mx1:~ # ", NULL },
		{ "juniper_junos", "{master:0}", NULL },
		{ "juniper_junos",
		    "# commit confirmed will be rolled back in 5 minutes",
		    NULL },
		{ "linux", "user@host:~$ ", "user@host:~" },
		{ "linux", "[root@host ~]# ", "[root@host ~]" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct profile *profile = profiles_find(
		    &shipped, cases[i].type);
		struct re_span spans[4];
		int group = re_group(profile->first_prompt, "stem");
		const char *prompt = cases[i].prompt;
		bool matches = re_match_groups(
		    profile->first_prompt, prompt, strlen(prompt), spans, 4);
		assert_int_equal(matches, cases[i].stem != NULL);
		if (!matches)
			continue;
		struct re_span stem = spans[group];
		assert_int_equal(stem.end - stem.start, strlen(cases[i].stem));
		assert_memory_equal(
		    prompt + stem.start, cases[i].stem, stem.end - stem.start);
	}
}

static bool
any(const struct profile_rules *rules, const char *line)
{
	for (size_t i = 0; i < rules->count; i++)
		if (re_match(rules->items[i].pattern, line, strlen(line), NULL))
			return true;
	return false;
}

/* R refusal, N notice, L log line, I not content of the configuration, P a
 * question for a new password, - none of these; log lines are cut out first. */
static void
test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		char what;
		const char *line;
	} lines[] = {
		{ "cisco_ios", 'R', "% Invalid input detected at '^' marker." },
		{ "cisco_ios", 'R', "%Invalid input" },
		{ "cisco_ios", 'R', "% Incomplete command." },
		{ "cisco_ios", 'R', "% Ambiguous command:  \"x\"" },
		{ "cisco_ios", 'R', "% Duplicate sequence number" },
		{ "cisco_ios", 'R', "Command rejected: bad thing" },
		{ "cisco_ios", 'R', "Command authorization failed." },
		{ "cisco_ios", 'R', "ERROR: no" },
		{ "cisco_ios", '-', "        ^" },
		{ "cisco_ios", '-', " remark error: none" },
		{ "cisco_ios", '-', "10 permit ip any any" },
		{ "cisco_ios", 'N',
		    "Enter configuration commands, one per line.  End with "
		    "CNTL/Z." },
		{ "cisco_ios", 'L',
		    "*Mar  1 00:00:00.000: %SYS-5-CONFIG_I: Configured from "
		    "console by vty0 (10.0.0.1)" },
		{ "cisco_ios", 'L',
		    "Mar  1 00:00:00: %SYS-5-CONFIG_I: Configured" },
		{ "cisco_ios", 'L',
		    "000123: *Mar  1 00:00:00.000: %LINK-3-UPDOWN: x" },
		{ "cisco_ios", 'L',
		    "000123: .Nov 21 2026 02:40:00.123 UTC: %LINEPROTO-5-"
		    "UPDOWN: x" },
		{ "cisco_ios", 'L', "1d02h: %SYS-5-CONFIG_I: x" },
		{ "cisco_ios", 'L', "00:12:33: %SYS-5-CONFIG_I: x" },
		{ "cisco_ios", 'L', "%SYS-5-CONFIG_I: x" },
		{ "cisco_ios", 'L', "*** --- SHUTDOWN in 0:05:00 ---" },
		{ "cisco_ios", 'L', "***" },
		{ "cisco_ios", 'I', "Current configuration : 1234 bytes" },
		{ "cisco_ios", 'I',
		    "! Last configuration change at 00:00:00 UTC Mon Mar 1" },
		{ "cisco_ios", 'I', "! NVRAM config last updated at x" },
		{ "cisco_ios", 'I', "ntp clock-period 17179869" },
		{ "cisco_ios", '-', "ntp server 10.0.0.1" },
		{ "cisco_ios", 'P', "New password: " },
		{ "cisco_ios", 'P', "Retype new password:" },
		{ "cisco_nxos", 'P', "(current) UNIX password: " },
		{ "linux", 'P', "Change your password now? [Y/N]:" },
		{ "cisco_ios", '-', "Password:" },
		{ "cisco_ios", '-', "new password policy is on" },
		{ "cisco_xe", 'R', "% Invalid input" },
		{ "cisco_nxos", 'R', "% Invalid command at '^' marker." },
		{ "cisco_nxos", 'R', "ERROR: ACL does not exist" },
		{ "cisco_nxos", 'R',
		    "Sufficient free entries are not available in TCAM bank" },
		{ "cisco_nxos", 'L',
		    "2026 Nov 21 02:40:00 CORE1 %ETHPORT-5-IF_UP: x" },
		{ "cisco_nxos", 'L',
		    "2026 Nov 21 02:40:00.123 CORE1 %$ VDC-1 %$ "
		    "%VSHD-5-VSHD_SYSLOG_CONFIG_I: x" },
		{ "cisco_nxos", 'I', "!Time: Sat Nov 21 02:40:00 2026" },
		{ "arista_eos", 'R', "% Invalid input" },
		{ "arista_eos", 'R',
		    "% Unavailable command (not supported on this hardware "
		    "platform)" },
		{ "arista_eos", '-', "! Interface is not a member of vlan 7" },
		{ "arista_eos", 'L',
		    "Nov 21 03:00:00 sw1 Ebra: %LINEPROTO-5-UPDOWN: x" },
		{ "arista_eos", 'L',
		    "Nov 21 03:00:00 sw1 ConfigAgent: 12: "
		    "%SYS-5-CONFIG_I: x" },
		{ "arista_eos", 'I', "! device: sw1 (vEOS, EOS-4.21.1F)" },
		{ "juniper_junos", 'R', "                  ^" },
		{ "juniper_junos", 'R', "syntax error, expecting <data>." },
		{ "juniper_junos", 'R', "unknown command." },
		{ "juniper_junos", 'R',
		    "error: configuration database locked" },
		{ "juniper_junos", 'R', "  error: bad" },
		{ "juniper_junos", 'R',
		    "terminal:3:(12) syntax error: filtre" },
		{ "juniper_junos", 'R', "load complete (2 errors)" },
		{ "juniper_junos", 'R', "warning: statement not found" },
		{ "juniper_junos", 'N', "load complete" },
		{ "juniper_junos", 'N', "{master:0}[edit]" },
		{ "juniper_junos", 'N', "[edit interfaces ge-0/0/0]" },
		{ "juniper_junos", 'N',
		    "# commit confirmed will be rolled back in 5 minutes" },
		{ "juniper_junos", '-', "commit complete" },
		{ "juniper_junos", '-', "warning: requires license" },
		{ "juniper_junos", 'I',
		    "## Last commit: 2026-11-21 03:00:00 UTC by neteng" },
		{ "frr", 'R', "% Unknown command: permit x" },
		{ "frr", 'R', "% Command incomplete: no" },
		{ "frr", '-', "access-list A seq 5 permit any" },
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct profile *p = profiles_find(
		    &shipped, lines[i].type);
		const char *line = lines[i].line;
		char what = any(&p->new_password, line) ? 'P'
		    : any(&p->log_lines, line)		? 'L'
		    : any(&p->refusals, line)		? 'R'
		    : any(&p->notices, line)		? 'N'
		    : any(&p->config_ignore, line)	? 'I'
							: '-';
		if (what != lines[i].what)
			fail_msg("%s: %c: %s", lines[i].type, what, line);
	}
}

static const struct profile_question *
asked(const struct profile *profile, const char *line)
{
	for (size_t i = 0; i < profile->question_count; i++)
		if (re_match(profile->questions[i].when.pattern, line,
			strlen(line), NULL))
			return &profile->questions[i];
	return NULL;
}

static void
test_questions(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		bool question, bare;
		const char *answer;
	} cases[] = {
		{ "Overwrite the previous NVRAM configuration?[confirm]", true,
		    false, "" },
		{ "Destination filename [startup-config]? ", true, false, "" },
		{ " --More-- ", true, true, " " },
		{ "Do you want to continue? [confirm]", true, false, NULL },
		{ "System configuration has been modified. Save? [yes/no]: ",
		    true, false, NULL },
		{ "Destination filename [flash:x]? ", true, false, NULL },
		{ "Source filename []? ", true, false, NULL },
		{ "Address or name of remote host []? ", true, false, NULL },
		{ "How many bits in the modulus [1024]: ", true, false, NULL },
		{ "% Do you really want to remove these keys? [yes/no]: ", true,
		    false, NULL },
		{ "ACCEPT? [yes/no]: ", true, false, NULL },
		{ "Do you want to continue?[confirm]", true, false, NULL },
		{ "Erase it (yes/no)? ", true, false, NULL },
		{ "New key: ", true, false, NULL },
		{ "Confirm key: ", true, false, NULL },
		{ "R1#", false, false, NULL },
		{ "ip nat pool [x]?y", false, false, NULL },
		{ " description [confirm] later", false, false, NULL },
	};
	const struct profile *profile = profiles_find(&shipped, "cisco_ios");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct profile_question *question = asked(
		    profile, cases[i].line);
		assert_int_equal(question != NULL, cases[i].question);
		if (!question)
			continue;
		assert_int_equal(question->bare, cases[i].bare);
		assert_true(str_eq(question->answer, cases[i].answer));
	}
}

/* Lines that ask, read on, or change the prompt: nothing else may be in flight
 * with them. */
static void
test_lines_that_go_alone(void **state)
{
	(void)state;
	static const struct {
		const char *type, *alone[40], *along[8];
	} cases[] = {
		{ "cisco_ios",
		    { "no username bob", "username bob privilege 15 secret x",
			"crypto key generate rsa modulus 2048",
			"crypto key zeroize rsa", "banner motd ^C",
			"certificate self-signed 01", "macro name cisco-desk",
			"key config-key password-encrypt", "no enable secret",
			"enable secret 9 x", "default interface Gi0/1",
			"hostname R2", "no hostname", "no prompt", "prompt %h",
			"end", "exit", "quit", "do show clock", "tclsh",
			"event manager applet X",
			"action 1.0 cli command \"enable\"", "vlan 20",
			"no vlan 20", "vtp mode transparent",
			"switch 2 renumber 3", "license boot level x",
			"ip http secure-server", "no ip http server",
			"no service prompt config", "hw-module module 1 reset",
			"platform tcam x", "redundancy force-switchover",
			"sdm prefer vlan" },
		    { "permit ip any any", "description end", "ip address x y",
			"switchport mode access", "remark key", "shutdown",
			"neighbor 10.0.0.1 remote-as 1" } },
		{ "cisco_nxos",
		    { "no username bob", "crypto key generate rsa",
			"banner motd #", "switchname S", "hostname S",
			"feature bgp", "no feature telnet", "vlan 20",
			"vtp mode transparent", "default interface e1/1",
			"event manager applet X", "action 1.0 reload",
			"key config-key ascii", "ssh key rsa 2048 force",
			"license grace-period", "end", "exit", "commit",
			"do show clock", "tclsh", "python", "reload",
			"copy run start", "boot nxos bootflash:x",
			"hardware access-list update atomic",
			"system default switchport" },
		    { "10 permit ip any any", "description end", "no shutdown",
			"remark key" } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct profile *p = profiles_find(
		    &shipped, cases[i].type);
		for (size_t j = 0; cases[i].alone[j]; j++)
			if (!any(&p->alone, cases[i].alone[j]))
				fail_msg("not alone: %s", cases[i].alone[j]);
		for (size_t j = 0; cases[i].along[j]; j++)
			if (any(&p->alone, cases[i].along[j]))
				fail_msg("alone: %s", cases[i].along[j]);
	}
}

static void
test_save_proofs(void **state)
{
	(void)state;
	static const struct {
		const char *type, *shown;
		bool proved;
	} cases[] = {
		{ "cisco_ios", "Building configuration...\r\n[OK]", true },
		{ "cisco_ios", "Building configuration...\r\n", false },
		{ "cisco_ios", "startup-config file open failed", false },
		{ "cisco_nxos",
		    "[########] 100%\r\nCopy complete, now saving to disk",
		    true },
		{ "cisco_nxos", "Configuration update aborted", false },
		{ "frr", "Integrated configuration saved to x\r\n[OK]", true },
		{ "arista_eos", "Copy completed successfully.", true },
		{ "arista_eos", "% Error copying", false },
		{ "juniper_junos",
		    "0   2026-11-21 03:00:00 UTC by neteng via cli\r\n", true },
		{ "juniper_junos", "error: no commit history", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct profile *profile = profiles_find(
		    &shipped, cases[i].type);
		assert_int_equal(re_match(profile->save_proof, cases[i].shown,
				     strlen(cases[i].shown), NULL),
		    cases[i].proved);
	}
}

static char *
printed(const struct profile *profile)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	assert_int_equal(profile_print(profile, out), 0);
	fclose(out);
	return text;
}

/* What is printed loads again, and prints as the same text. */
static void
check_round_trip(const struct profile *profile)
{
	char directory[] = "/tmp/netpush-profile-XXXXXX";
	struct profiles again;
	assert_non_null(mkdtemp(directory));
	char *path = xasprintf("%s/again.yml", directory);
	char *first = printed(profile);
	assert_int_equal(
	    file_write_atomic(path, first, strlen(first), 0600, NULL), 0);
	load_good(&again, directory, NULL);
	const struct profile *copy = profiles_find(
	    &again, profile->device_type);
	assert_non_null(copy);
	char *second = printed(copy);
	assert_string_equal(first, second);
	assert_true(json_equal(copy->vars, profile->vars));
	assert_int_equal(copy->refusals.count, profile->refusals.count);
	assert_int_equal(copy->mode_count, profile->mode_count);
	assert_int_equal(copy->question_count, profile->question_count);
	assert_int_equal(copy->until_count, profile->until_count);
	for (size_t i = 0; i < profile->template_count; i++)
		assert_string_equal(
		    copy->templates[i].text, profile->templates[i].text);
	for (size_t i = 0; i < profile->question_count; i++)
		assert_true(str_eq(
		    copy->questions[i].answer, profile->questions[i].answer));
	assert_true(str_eq(copy->abort_line, profile->abort_line));
	assert_memory_equal(
	    &copy->timeouts, &profile->timeouts, sizeof(copy->timeouts));
	assert_null(copy->inherits);
	free(first);
	free(second);
	profiles_clear(&again);
	unlink(path);
	rmdir(directory);
	free(path);
}

static void
test_print(void **state)
{
	(void)state;
	struct profiles line;
	for (size_t i = 0; i < shipped.count; i++)
		check_round_trip(shipped.items[i]);
	load_good(&line, "good_line", NULL);
	check_round_trip(profiles_find(&line, "c"));
	profiles_clear(&line);
	load_good(&line, "good_least", NULL);
	check_round_trip(profiles_find(&line, "box"));
	profiles_clear(&line);
}

static int
set_up(void **state)
{
	(void)state;
	load_good(&shipped, SOURCE_DIR "/device-profiles", NULL);
	return chdir(SOURCE_DIR "/tests/unit/model/profiles");
}

static int
tear_down(void **state)
{
	(void)state;
	profiles_clear(&shipped);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sets),
		cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_override),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_untils),
		cmocka_unit_test(test_prompts),
		cmocka_unit_test(test_first_prompts),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_lines_that_go_alone),
		cmocka_unit_test(test_save_proofs),
		cmocka_unit_test(test_print),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
