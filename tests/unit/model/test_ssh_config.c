/* ssh_config(5): which lines hold for a host, and what they come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/ssh_config.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[] = "/tmp/netpush-ssh-config-XXXXXX";

static char *
path_of(const char *name)
{
	return xasprintf("%s/.ssh/%s", home, name);
}

static void
write_file(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

static struct ssh_config *
load(const char *text, struct err *err)
{
	write_file("config", text);
	char *path = path_of("config");
	struct ssh_config *config = ssh_config_load(path, home, err);
	free(path);
	return config;
}

static const char *
text_or(const char *text)
{
	return text ? text : "-";
}

/* "address user port jump keys identities known_hosts", "-" for nothing. */
static char *
found(const struct ssh_config *config, const char *host)
{
	struct ssh_settings s;
	char line[1024] = "";
	ssh_config_find(config, host, NULL, 0, "me", &s);
	int n = snprintf(line, sizeof(line), "%s %s %d %s %s", s.address,
	    text_or(s.user), s.port, text_or(s.proxy_jump),
	    text_or(s.host_keys));
	for (size_t i = 0; i < s.identities.count; i++)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " i=%s",
		    s.identities.items[i]);
	for (size_t i = 0; i < s.known_hosts.count; i++)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " k=%s",
		    s.known_hosts.items[i]);
	if (s.identities_only)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " only");
	if (s.connect_ms)
		snprintf(line + n, sizeof(line) - (size_t)n, " %d ms",
		    (int)s.connect_ms);
	ssh_settings_clear(&s);
	return xstrdup(line);
}

static const struct {
	const char *text, *host, *wanted;
} cases[] = {
	{ "", "web1", "web1 - 0 - -" },
	{ "User neteng\nPort 2222\n", "web1", "web1 neteng 2222 - -" },
	/* The first value counts, also when a better pattern comes later. */
	{ "Host *\n User a\nHost web1\n User b\n Port 7\n", "web1",
	    "web1 a 7 - -" },
	{ "Host web1\n User b\nHost *\n User a\n", "db", "db a 0 - -" },
	{ "Host web* !web9\n User w\n", "web1", "web1 w 0 - -" },
	{ "Host web* !web9\n User w\n", "web9", "web9 - 0 - -" },
	{ "Host !web9\n User w\n", "web1", "web1 - 0 - -" },
	{ "Host web?\n User w\n", "web10", "web10 - 0 - -" },
	{ "Host WEB1\n User w\n", "web1", "web1 w 0 - -" },
	{ "Host a b\n User w\n", "b", "b w 0 - -" },
	{ "HOST=web1\nhostname = 10.0.0.1\nUSER=x\n", "web1",
	    "10.0.0.1 x 0 - -" },
	{ "Host web1\n HostName %h.example.net\n", "web1",
	    "web1.example.net - 0 - -" },
	{ "# a comment\n\n  # another\nUser \"a b\" # behind it\n", "h",
	    "h a b 0 - -" },
	{ "StrictHostKeyChecking Accept-New\n", "h", "h - 0 - accept-new" },
	{ "ProxyJump j1,j2:22\n", "h", "h - 0 j1,j2:22 -" },
	{ "Host h\n ProxyJump none\nHost *\n ProxyJump j\n", "h", "h - 0 - -" },
	{ "Host h\n ProxyJump none\nHost *\n ProxyJump j\n", "g", "g - 0 j -" },
	{ "User u\nIdentityFile /k/%r@%h:%p-%n-%u-%%\nIdentityFile /b\n"
	  "IdentitiesOnly yes\nHostName x\nPort 7\n",
	    "h", "x u 7 - - i=/k/u@x:7-h-me-% i=/b only" },
	{ "UserKnownHostsFile /a /b\nUserKnownHostsFile /c\n", "h",
	    "h - 0 - - k=/a k=/b" },
	{ "Port 99999\nPort x\nPort 23\n", "h", "h - 23 - -" },
	{ "ConnectTimeout 3\n", "h", "h - 0 - - 3000 ms" },
	{ "Match all\n User m\n", "h", "h m 0 - -" },
	{ "Match host x,h\n User m\n", "h", "h m 0 - -" },
	{ "HostName x\nMatch host h\n User m\n", "h", "x - 0 - -" },
	{ "HostName x\nMatch originalhost h\n User m\n", "h", "x m 0 - -" },
	{ "Match exec true\n User m\nHost h\n Port 2\n", "h", "h - 2 - -" },
	{ "GSSAPIAuthentication yes\nUser u\n", "h", "h u 0 - -" },
};

static void
the_first_value_that_holds_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err;
		struct ssh_config *config = load(cases[i].text, &err);
		assert_non_null(config);
		char *got = found(config, cases[i].host);
		if (strcmp(got, cases[i].wanted))
			print_error("%s", cases[i].text);
		assert_string_equal(got, cases[i].wanted);
		free(got);
		ssh_config_free(config);
	}
}

static void
home_is_what_a_tilde_says(void **state)
{
	(void)state;
	struct err err;
	struct ssh_config *config = load(
	    "IdentityFile ~/.ssh/id\nIdentityFile %d/x\n", &err);
	char *wanted = xasprintf("h - 0 - - i=%s/.ssh/id i=%s/x", home, home);
	char *got = found(config, "h");
	assert_string_equal(got, wanted);
	free(got);
	free(wanted);
	ssh_config_free(config);
}

static void
an_include_holds_where_its_block_does(void **state)
{
	(void)state;
	struct err err;
	write_file("10.inc", "User inner\nHost b*\n Port 5\n");
	write_file("20.inc", "Host *\n ProxyJump j\n");
	struct ssh_config *config = load(
	    "Host *1\n Include ~/.ssh/*.inc\n User outer\nPort 9\n", &err);
	assert_non_null(config);
	static const char *const wanted[][2] = {
		{ "a1", "a1 inner 9 j -" },
		{ "b1", "b1 inner 5 j -" },
		{ "b2", "b2 - 0 - -" },
	};
	for (size_t i = 0; i < 3; i++) {
		char *got = found(config, wanted[i][0]);
		assert_string_equal(got, wanted[i][1]);
		free(got);
	}
	ssh_config_free(config);
}

static void
what_is_wrong_is_said_with_its_place(void **state)
{
	(void)state;
	struct err err;
	assert_null(load("User a\nPort\n", &err));
	assert_non_null(strstr(err.text, "/config:2: Port has no value"));
	write_file("loop", "Include loop\n");
	assert_null(load("Include loop\n", &err));
	assert_non_null(strstr(err.text, "deeper than 16"));
	char *none = path_of("none");
	struct ssh_config *config = ssh_config_load(none, home, &err);
	assert_non_null(config);
	ssh_config_free(config);
	free(none);
}

static int
make_home(void **state)
{
	(void)state;
	char *dir = mkdtemp(home) ? xasprintf("%s/.ssh", home) : NULL;
	int rc = dir ? mkdir(dir, 0700) : -1;
	free(dir);
	return rc;
}

static int
remove_home(void **state)
{
	(void)state;
	static const char *const names[] = { "config", "10.inc", "20.inc",
		"loop", "" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = path_of(names[i]);
		remove(path);
		free(path);
	}
	return rmdir(home);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_value_that_holds_counts),
		cmocka_unit_test(home_is_what_a_tilde_says),
		cmocka_unit_test(an_include_holds_where_its_block_does),
		cmocka_unit_test(what_is_wrong_is_said_with_its_place),
	};
	return cmocka_run_group_tests(tests, make_home, remove_home);
}
