/* Hosts as people write them, and ?HOST. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/hosts.h"

#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* "user@name=address:port" for each, by blanks. */
static const char *
shown(const struct hosts *hosts)
{
	static char text[2048];
	size_t n = 0;
	text[0] = '\0';
	for (size_t i = 0; i < hosts->count; i++) {
		const struct host *host = &hosts->items[i];
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s%s@%s=%s:%d", i ? " " : "", host->user ? host->user : "",
		    host->name, host->address, host->port);
	}
	return text;
}

static const struct {
	const char *text, *wanted; /* NULL: refused */
} cases[] = {
	{ "web1", "@web1=web1:0" },
	{ "web1,db", "@web1=web1:0 @db=db:0" },
	{ "me@web1:2222", "me@web1:2222=web1:2222" },
	{ "a@corp@web1", "a@corp@web1=web1:0" },
	{ "[::1]:22", "@[::1]:22=::1:22" },
	{ "[fe80::1%eth0]", "@[fe80::1%eth0]=fe80::1%eth0:0" },
	{ "me@[::1]", "me@[::1]=::1:0" },
	{ "::1", "@::1=::1:0" },
	{ "fe80::2", "@fe80::2=fe80::2:0" },
	{ "w[08-10]", "@w08=w08:0 @w09=w09:0 @w10=w10:0" },
	{ "u@w[1,3]:23,x", "u@w1:23=w1:23 u@w3:23=w3:23 @x=x:0" },
	{ "", NULL },
	{ "a,", NULL },
	{ "-oProxyCommand=x", NULL },
	{ "a b", NULL },
	{ "a;b", NULL },
	{ "$(x)", NULL },
	{ "../x", NULL },
	{ ".", NULL },
	{ "me@..", NULL },
	{ "..:22", NULL },
	{ "me@", NULL },
	{ "-l@web", NULL },
	{ "web:", NULL },
	{ "web:0", NULL },
	{ "web:65536", NULL },
	{ "web:2x", NULL },
	{ "[::1]x", NULL },
	{ "[::1", NULL },
	{ "web[1-", NULL },
};

static void
each_word_is_a_host_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hosts hosts = { 0 };
		struct err err = { 0 };
		int rc = hosts_add(&hosts, cases[i].text, &err);
		if ((rc == 0) != (cases[i].wanted != NULL))
			print_error("%s: %s\n", cases[i].text, err.text);
		assert_int_equal(rc, cases[i].wanted ? 0 : -1);
		if (cases[i].wanted)
			assert_string_equal(shown(&hosts), cases[i].wanted);
		else
			assert_int_equal(err.kind, ERR_JOB);
		hosts_clear(&hosts);
	}
}

static void
a_file_has_comments_and_places(void **state)
{
	(void)state;
	struct hosts hosts = { 0 };
	struct err err;
	assert_int_equal(hosts_add_lines(&hosts, "f",
			     "# all\n  a # one\r\n\n\tb[1-2]\t\na\n", &err),
	    0);
	assert_string_equal(shown(&hosts), "@a=a:0 @b1=b1:0 @b2=b2:0 @a=a:0");
	hosts_unique(&hosts);
	assert_string_equal(shown(&hosts), "@a=a:0 @b1=b1:0 @b2=b2:0");
	assert_int_equal(hosts_add_lines(&hosts, "f", "c\n\nd e\n", &err), -1);
	assert_non_null(strstr(err.text, "f:3: \"d e\" is no host"));
	hosts_clear(&hosts);
}

static void
unique_knows_users_apart(void **state)
{
	(void)state;
	struct hosts hosts = { 0 };
	struct err err;
	hosts_add(&hosts, "b,a,b", &err);
	assert_null(hosts_clash(&hosts));
	hosts_add(&hosts, "x@b,a,b,x@b", &err);
	assert_string_equal(hosts_clash(&hosts)->name, "b");
	hosts_unique(&hosts);
	assert_string_equal(shown(&hosts), "@b=b:0 @a=a:0 x@b=b:0");
	hosts_clear(&hosts);
}

static const struct {
	const char *text, *wanted;
} fills[] = {
	{ "", "" },
	{ "echo", "echo" },
	{ "?HOST", "W" },
	{ "a?HOST?HOSTb", "aWWb" },
	{ "??HOST", "?HOST" },
	{ "???HOST", "??HOST" },
	{ "?HOST??HOST", "W?HOST" },
	{ "?HOS ?host ??", "?HOS ?host ??" },
};

static void
host_is_filled_in(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		struct buf out;
		buf_init(&out, 100);
		assert_true(hosts_fill(
		    &out, fills[i].text, strlen(fills[i].text), "W"));
		assert_string_equal(buf_str(&out), fills[i].wanted);
		buf_clear(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_is_a_host_or_refused),
		cmocka_unit_test(a_file_has_comments_and_places),
		cmocka_unit_test(unique_knows_users_apart),
		cmocka_unit_test(host_is_filled_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
