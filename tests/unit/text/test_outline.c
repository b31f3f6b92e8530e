/* What a configuration shows of what was asked. */
#include "text/outline.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char config_text[] = "hostname R1\n"
				  "!\n"
				  "interface Gi0/1\n"
				  " description uplink\n"
				  " ip address 10.0.0.1 255.0.0.0\n"
				  "interface Gi0/2\n"
				  " shutdown\n"
				  "\n"
				  "router bgp 1\n"
				  " address-family ipv4\n"
				  "  network 10.0.0.0\n"
				  " exit-address-family\n"
				  "ntp server 10.1.1.1\n";

static bool
holds(const char *wanted_text)
{
	struct strs config = { 0 }, wanted = { 0 };
	strs_add_lines(&config, config_text);
	strs_add_lines(&wanted, wanted_text);
	bool result = outline_holds(&config, &wanted);
	strs_clear(&config);
	strs_clear(&wanted);
	return result;
}

static void
finds_lines_where_they_stand(void **state)
{
	(void)state;
	assert_true(holds("ntp server 10.1.1.1\n"));
	assert_true(holds("interface Gi0/1\n    description uplink  \n"));
	assert_true(holds("router bgp 1\n address-family ipv4\n"
			  "  network 10.0.0.0\n"));
	assert_true(holds(""));
}

static void
misses_lines_that_stand_elsewhere(void **state)
{
	(void)state;
	assert_false(holds("ntp server 10.1.1\n"));
	assert_false(holds("ntp server 10.1.1.12\n"));
	assert_false(holds("description uplink\n"));
	assert_false(holds("interface Gi0/1\n shutdown\n"));
	assert_false(
	    holds("interface Gi0/2\n shutdown\n description uplink\n"));
	assert_false(holds("router bgp 1\n network 10.0.0.0\n"));
}

static void
knows_what_must_not_be_there(void **state)
{
	(void)state;
	assert_true(holds("no ntp server 10.9.9.9\n"));
	assert_true(holds("no ntp server 10.1.1.12\n"));
	assert_false(holds("no ntp server 10.1.1.1\n"));
	assert_false(holds("no ntp server\n")); /* one of them is there */
	assert_true(holds("interface Gi0/1\n no shutdown\n"));
	assert_false(holds("interface Gi0/2\n no shutdown\n"));
}

static void
shows_what_is_to_be_done(void **state)
{
	(void)state;
	struct strs config = { 0 }, wanted = { 0 };
	struct buf out;
	buf_init(&out, 4096);
	strs_add_lines(&config, config_text);
	strs_add_lines(&wanted,
	    "interface Gi0/1\n description uplink\n no ip address\n"
	    " shutdown\nno ntp server 10.9.9.9\n");
	assert_true(outline_compare(&out, &config, &wanted));
	assert_string_equal(buf_str(&out),
	    " interface Gi0/1\n"
	    "  description uplink\n"
	    "- no ip address\n"
	    "+ shutdown\n"
	    " no ntp server 10.9.9.9\n");
	buf_clear(&out);
	strs_clear(&config);
	strs_clear(&wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_lines_where_they_stand),
		cmocka_unit_test(misses_lines_that_stand_elsewhere),
		cmocka_unit_test(knows_what_must_not_be_there),
		cmocka_unit_test(shows_what_is_to_be_done),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
