/* Echoes: whole, in parts, scrolled, damaged, or something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "device/echo.h"
#include "device/prompts.h"

#include "fixture.h"

#include <string.h>

static struct fixture fixture;

static void
echoes_are_told_apart(void **state)
{
	(void)state;
	static const struct {
		const char *line, *sent;
		bool bare;
		enum echo echo;
		size_t part, prompt;
	} cases[] = {
		{ "R1#show clock", "show clock", false, ECHO_WHOLE, 0, 3 },
		{ "R1# show clock", "show clock", false, ECHO_WHOLE, 0, 4 },
		{ "R1(config)#permit a", "permit a", false, ECHO_WHOLE, 0, 11 },
		{ "R1#", "", false, ECHO_WHOLE, 0, 3 },
		{ "show clock", "show clock", false, ECHO_NONE, 0, 0 },
		{ "show clock", "show clock", true, ECHO_WHOLE, 0, 0 },
		{ "R2#show clock", "show clock", false, ECHO_NONE, 0, 0 },
		{ "R1#show clck", "show clock", false, ECHO_DAMAGED, 0, 3 },
		{ "R1#how clock", "show clock", false, ECHO_DAMAGED, 0, 3 },
		{ "R1#show clockk", "show clock", false, ECHO_DAMAGED, 0, 3 },
		{ "R1#show cl", "show clock", false, ECHO_PART, 7, 3 },
		{ "R1#", "show clock", false, ECHO_NONE, 0, 3 },
		{ "", "show clock", false, ECHO_NONE, 0, 0 },
		{ "R1#$ 192.168.1.100 host 10.0.0.1",
		    "permit ip host 192.168.1.100 host 10.0.0.1", false,
		    ECHO_WHOLE, 0, 3 },
		{ "R1#$ 192.168.1.101 host 10.0.0.1",
		    "permit ip host 192.168.1.100 host 10.0.0.1", false,
		    ECHO_DAMAGED, 0, 3 },
		/* Too little of the end to tell. */
		{ "R1#$.0.0.1", "permit ip host 10.0.0.1", false, ECHO_DAMAGED,
		    0, 3 },
	};
	fixture_reset(&fixture, "cisco_ios");
	struct prompts *prompts = prompts_new(fixture.device.profile);
	assert_true(prompts_learn(prompts, "R1#", 3));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t part = 0, prompt = 0;
		enum echo echo = echo_compare(prompts, cases[i].line,
		    strlen(cases[i].line), cases[i].sent, strlen(cases[i].sent),
		    cases[i].bare, &part, &prompt);
		if (echo != cases[i].echo || part != cases[i].part ||
		    prompt != cases[i].prompt)
			fail_msg("%s: echo %d, part %zu, prompt %zu",
			    cases[i].line, (int)echo, part, prompt);
	}
	prompts_free(prompts);
}

static void
parts_are_put_together(void **state)
{
	(void)state;
	static const char sent[] = "permit ip any any";
	fixture_reset(&fixture, "cisco_ios");
	struct prompts *prompts = prompts_new(fixture.device.profile);
	assert_true(prompts_learn(prompts, "R1#", 3));
	size_t part = 0, prompt = 0, len = sizeof(sent) - 1;
#define COMPARE(line)                                                          \
	echo_compare(                                                          \
	    prompts, line, strlen(line), sent, len, false, &part, &prompt)
	assert_int_equal(COMPARE("R1(config)#permit "), ECHO_PART);
	assert_int_equal(COMPARE("ip "), ECHO_PART);
	assert_int_equal(COMPARE("any any"), ECHO_WHOLE);
	part = 0;
	assert_int_equal(COMPARE("R1(config)#permit "), ECHO_PART);
	assert_int_equal(COMPARE("tcp any any"), ECHO_DAMAGED);
	part = 0;
	assert_int_equal(COMPARE("R1(config)#permit "), ECHO_PART);
	assert_int_equal(COMPARE("ip any any log"), ECHO_DAMAGED);
#undef COMPARE
	prompts_free(prompts);
}

static int
load(void **state)
{
	(void)state;
	return fixture_init(&fixture, SOURCE_DIR "/device-profiles") ? 0 : -1;
}

static int
unload(void **state)
{
	(void)state;
	fixture_clear(&fixture);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echoes_are_told_apart),
		cmocka_unit_test(parts_are_put_together),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
