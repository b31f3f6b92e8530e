/*
 * What the shipped profiles make of the words of devices that fetch a file,
 * and which URLs may be typed on a command line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "base/str.h"
#include "model/profile.h"
#include "text/re.h"

#include <string.h>
#include <unistd.h>

static struct profiles shipped;

static const struct profile_pull *
pull_of(const char *type)
{
	return &profiles_find(&shipped, type)->pull;
}

/* ---- URLs ---- */

static const struct {
	const char *text, *scheme; /* scheme NULL: refused */
	bool has_user;
	const char *says;
} urls[] = {
	{ "scp://u@192.0.2.1/x.bin", "scp", true, NULL },
	{ "scp://u@[2001:db8::1]:22//srv/x.bin", "scp", true, NULL },
	{ "tftp://server/images/x.bin", "tftp", false, NULL },
	{ "http://server:8080/a%20b+c", "http", false, NULL },
	{ "http://server/u@x", NULL, false, "password" },
	{ "scp://server/flash:/x", "scp", false, NULL },
	{ "scp://u:hush@server/x", NULL, false, "password" },
	{ "scp://u:hu/sh@server/x", NULL, false, "password" },
	{ "scp://u:@server/x", NULL, false, "password" },
	{ "scp://u:h sh?@server/x", NULL, false, "password" },
	{ "scp://@server/x", NULL, false, "name a host" },
	{ "scp://u@/x", NULL, false, "name a host" },
	{ "scp:///x", NULL, false, "name a host" },
	{ "scp://u@:22/x", NULL, false, "name a host" },
	{ "scp://server", NULL, false, "name a file" },
	{ "scp://server//", NULL, false, "name a file" },
	{ "scp:x", NULL, false, "must be a URL" },
	{ "://server/x", NULL, false, "must be a URL" },
	{ "SCP://server/x", NULL, false, "must be a URL" },
	{ "", NULL, false, "must be a URL" },
	{ "scp://server/a b", NULL, false, "nothing but" },
	{ "scp://server/a?b", NULL, false, "nothing but" },
	{ "scp://server/a|b", NULL, false, "nothing but" },
	{ "scp://server/a;reload", NULL, false, "nothing but" },
	{ "scp://server/a\nreload", NULL, false, "nothing but" },
	{ "scp://server/a\x16", NULL, false, "nothing but" },
	{ "scp://server/\xc3\xbc", NULL, false, "nothing but" },
	{ "scp://server/'x'", NULL, false, "nothing but" },
};

static void
urls_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		struct profile_url url;
		const char *wrong = profile_url_read(urls[i].text, &url);
		if (!wrong != !!urls[i].scheme ||
		    !str_eq(url.scheme, urls[i].scheme) ||
		    url.has_user != urls[i].has_user ||
		    (wrong && urls[i].says && !strstr(wrong, urls[i].says)))
			fail_msg(
			    "%s: %s", urls[i].text, wrong ? wrong : "taken");
		/* A password must not be told. */
		assert_true(!wrong || !strstr(wrong, "hush"));
		profile_url_clear(&url);
	}
}

static void
urls_have_an_end(void **state)
{
	(void)state;
	char *text = xasprintf("scp://server/%0487d", 0);
	struct profile_url url;
	assert_int_equal(strlen(text), 500);
	assert_null(profile_url_read(text, &url));
	profile_url_clear(&url);
	free(text);
	text = xasprintf("scp://server/%0488d", 0);
	assert_non_null(profile_url_read(text, &url));
	free(text);
}

/* ---- words ---- */

enum meaning { COPIED, DENIED, FAILED, NOTHING };

static const struct {
	const char *type, *text;
	enum meaning meaning;
} words[] = {
	{ "cisco_ios", "70 bytes copied in 0.5 secs (140 bytes/sec)", COPIED },
	{ "cisco_ios", "[OK - 70 bytes]", NOTHING },
	{ "cisco_ios", "!!!!!O!!.!!", NOTHING },
	{ "cisco_ios",
	    "%Warning:There is a file already existing with this name",
	    NOTHING },
	{ "cisco_ios", "%Error opening scp://u@h/x (Permission denied)",
	    DENIED },
	{ "cisco_ios", "%Error opening scp://u@h/x (No such file or directory)",
	    FAILED },
	{ "cisco_ios", "%Error reading scp://u@h/x (Connection reset)",
	    FAILED },
	{ "cisco_ios", "%Error writing flash:x (No space left on device)",
	    FAILED },
	{ "cisco_ios", "%Error opening tftp://h/x (Timed out)", FAILED },
	{ "cisco_ios", "% Connection refused by remote host", FAILED },
	{ "cisco_xe", "%Error opening scp://u@h/x (Permission denied)",
	    DENIED },
	{ "cisco_nxos", "Copy complete, now saving to disk (please wait)...",
	    COPIED },
	{ "cisco_nxos", "Copy complete.", COPIED },
	{ "cisco_nxos", "x.bin    100%   20KB   1.2MB/s   00:00", NOTHING },
	{ "cisco_nxos", "Permission denied, please try again.", DENIED },
	{ "cisco_nxos", "u@h: Permission denied (publickey,password).",
	    DENIED },
	{ "cisco_nxos", "scp: /x: Permission denied", FAILED },
	{ "cisco_nxos", "scp: /x: No such file or directory", FAILED },
	{ "cisco_nxos", "ssh: connect to host h port 22: No route to host",
	    FAILED },
	{ "cisco_nxos", "lost connection", FAILED },
	{ "cisco_nxos", "Host key verification failed.", FAILED },
	{ "cisco_nxos", "Error: no such vrf", FAILED },
	{ "juniper_junos", "x.bin    100%   20KB   1.2MB/s   00:00", NOTHING },
	{ "juniper_junos", "u@h: Permission denied (password).", DENIED },
	{ "juniper_junos", "scp: /x: No such file or directory", FAILED },
	{ "juniper_junos", "error: could not fetch local copy of file",
	    FAILED },
};

static void
words_mean_what_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const struct profile_pull *pull = pull_of(words[i].type);
		char *denied = profile_pattern_find(
		    &pull->denied, words[i].text, "why");
		char *failed = profile_pattern_find(
		    &pull->failed, words[i].text, "why");
		enum meaning meaning = denied ? DENIED
		    : failed		      ? FAILED
		    : profile_pattern_matches(&pull->copied, words[i].text)
		    ? COPIED
		    : NOTHING;
		if (meaning != words[i].meaning)
			fail_msg("%s: %s: %d", words[i].type, words[i].text,
			    (int)meaning);
		free(denied);
		free(failed);
	}
}

/* ---- questions ---- */

static const struct profile_question *
find(const struct profile_question_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (re_match(
			list->items[i].when.pattern, text, strlen(text), NULL))
			return &list->items[i];
	return NULL;
}

static const struct {
	const char *type, *text;
	char list; /* q, o, h; '-': nobody answers */
	const char *answer;
} questions[] = {
	{ "cisco_ios", "Address or name of remote host [192.0.2.1]? ", 'q',
	    "" },
	{ "cisco_ios", "Address or name of remote host []? ", '-', NULL },
	{ "cisco_ios", "Destination filename [x.bin]? ", 'q', "" },
	{ "cisco_ios", "Password: ", 'q', "{{secret}}" },
	{ "cisco_ios", "Password required, but none set: ", '-', NULL },
	{ "cisco_ios", "Erase flash: before copying? [confirm]", 'q', "n" },
	{ "cisco_ios", "Do you want to over write? [confirm]", 'o', "y" },
	{ "cisco_ios", "Do you want to overwrite? [confirm]", 'o', "y" },
	{ "cisco_ios", "Proceed? [confirm]", '-', NULL },
	{ "cisco_ios", "Format? [yes/no]: ", '-', NULL },
	{ "cisco_nxos", "u@192.0.2.1's password: ", 'q', "{{secret}}" },
	{ "cisco_nxos",
	    "Are you sure you want to continue connecting (yes/no)? ", 'h',
	    "yes" },
	{ "cisco_nxos",
	    "Are you sure you want to continue connecting "
	    "(yes/no/[fingerprint])? ",
	    'h', "yes" },
	{ "cisco_nxos", "overwrite (y/n)?[n] ", 'o', "y" },
	{ "cisco_nxos",
	    "Enter vrf (If no input, current vrf 'default' is "
	    "considered): ",
	    '-', NULL },
	{ "juniper_junos", "u@192.0.2.1's password: ", 'q', "{{secret}}" },
	{ "juniper_junos",
	    "Are you sure you want to continue connecting (yes/no)? ", 'h',
	    "yes" },
};

static void
questions_are_whose_they_should_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(*questions); i++) {
		const struct profile_pull *pull = pull_of(questions[i].type);
		const char *text = questions[i].text;
		const struct profile_question *host = find(
		    &pull->host_key, text);
		const struct profile_question *over = find(
		    &pull->overwrite, text);
		const struct profile_question *any = find(
		    &pull->questions, text);
		char list = host ? 'h' : over ? 'o' : any ? 'q' : '-';
		const struct profile_question *it = host ? host
		    : over				 ? over
							 : any;
		if (list != questions[i].list ||
		    !str_eq(it ? it->answer : NULL, questions[i].answer))
			fail_msg("%s: %s: %c", questions[i].type, text, list);
	}
}

static void
pulls_are_inherited(void **state)
{
	(void)state;
	struct profiles profiles;
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	strs_add(&directories, "profiles/good_pull");
	assert_int_equal(profiles_load(&profiles, &directories, &diags), 0);
	const struct profile_pull *pull = &profiles_find(&profiles, "acme_two")
					       ->pull;
	assert_string_equal(pull->command, "get {{from}} {{path}}");
	assert_int_equal(pull->schemes.count, 1);
	assert_string_equal(pull->schemes.items[0], "sftp");
	assert_int_equal(pull->questions.count, 1);
	assert_int_equal(pull->overwrite.count, 2);
	assert_string_equal(pull->overwrite.items[0].answer, "n");
	assert_false(pull->overwrite.items[0].bare);
	assert_int_equal(pull->silence_ms, 300000);
	assert_non_null(pull->copied.re);
	pull = &profiles_find(&profiles, "acme")->pull;
	assert_int_equal(pull->schemes.count, 2);
	assert_true(pull->overwrite.items[0].bare);
	profiles_clear(&profiles);
	strs_clear(&directories);
	diags_clear(&diags);
}

static int
set_up(void **state)
{
	(void)state;
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	int rc = profiles_load(&shipped, &directories, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	strs_clear(&directories);
	return rc ? rc : chdir(SOURCE_DIR "/tests/unit/model");
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
		cmocka_unit_test(urls_are_taken_apart),
		cmocka_unit_test(urls_have_an_end),
		cmocka_unit_test(words_mean_what_they_should),
		cmocka_unit_test(questions_are_whose_they_should_be),
		cmocka_unit_test(pulls_are_inherited),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
