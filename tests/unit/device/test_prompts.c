/* Prompts: names from the field, and what must not be taken for a prompt. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/str.h"
#include "device/prompts.h"

static struct fixture fixture;

/* LEARNT from a text; WHOLE are prompts then, as mode=text; NOT are none. */
static const struct {
	const char *type, *learnt, *stem;
	const char *whole[8];
	const char *not_one[8];
} cases[] = {
	{ "cisco_ios", "R1#", "R1",
	    { "exec=R1#", "exec=R1# ", "user=R1>", "config=R1(config)#",
		"config-sub=R1(config-if)#", "config-sub=R1(config-ext-nacl)#",
		"config-sub=R1(config-sg-tacacs+)#" },
	    { "R2#", "R1", "#", "xR1#", "R1#x", "R1#  ", "R1(config#" } },
	{ "cisco_ios", "R1>", "R1", { "user=R1>", "exec=R1#" }, { "R1" } },
	/* IOS cuts the name in configuration mode, not in exec mode. */
	{ "cisco_ios", "BRANCH1_DISTRIBUTION_SWITCH_7#",
	    "BRANCH1_DISTRIBUTION_SWITCH_7",
	    { "exec=BRANCH1_DISTRIBUTION_SWITCH_7#",
		"config=BRANCH1_DISTRIBU(config)#",
		"config=BRANCH1_DISTRIBUTION(config)#",
		"config-sub=BRANCH1_DISTRIBU(config-if)#" },
	    { "BRANCH1_DISTRIBU#", "BRANCH1_DISTRIB(config)#",
		"BRANCH1_OTHER(config)#" } },
	/* Characters that mean something in a pattern. */
	{ "cisco_ios", "a.b*c[1]#", "a.b*c[1]",
	    { "exec=a.b*c[1]#", "config=a.b*c[1](config)#" },
	    { "axbbc1#", "a.b*c1#" } },
	{ "cisco_ios", "r#1#", "r#1", { "exec=r#1#", "user=r#1>" }, { "r#" } },
	{ "cisco_ios", "core(lab)#", "core(lab)",
	    { "exec=core(lab)#", "config=core(lab)(config)#" },
	    { "core(config)#", "core#" } },
	{ "cisco_ios", "\\Q{{stem}}\\E#", "\\Q{{stem}}\\E",
	    { "exec=\\Q{{stem}}\\E#" }, { "Q{{stem}}#" } },
	{ "cisco_nxos", "DC1-CORE1# ", "DC1-CORE1",
	    { "exec=DC1-CORE1# ", "config=DC1-CORE1(config)# ",
		"config-sub=DC1-CORE1(config-acl)# " },
	    { "DC1-CORE1(config-acl) ", "DC1-CORE1" } },
	{ "frr", "edge1# ", "edge1",
	    { "exec=edge1# ", "config=edge1(config)# " }, { "edge1$ " } },
};

static void
check(const struct prompts *prompts, const char *text, const char *mode)
{
	const struct profile_mode *found = prompts_find(
	    prompts, text, strlen(text));
	const char *name = found ? found->name : "none";
	if (strcmp(name, mode))
		fail_msg("\"%s\" (stem %s) is %s, not %s", text,
		    prompts_stem(prompts), name, mode);
	if (found)
		assert_int_equal(
		    prompts_prefix(prompts, text, strlen(text)), strlen(text));
}

static void
names_from_the_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct prompts *prompts = prompts_new(
		    profiles_find(&fixture.profiles, cases[i].type));
		size_t len = strlen(cases[i].learnt);
		assert_true(prompts_is_first(prompts, cases[i].learnt, len));
		assert_true(prompts_learn(prompts, cases[i].learnt, len));
		assert_string_equal(prompts_stem(prompts), cases[i].stem);
		for (size_t j = 0; j < 8 && cases[i].whole[j]; j++) {
			const char *text = strchr(cases[i].whole[j], '=') + 1;
			char *mode = xstrndup(cases[i].whole[j],
			    (size_t)(text - 1 - cases[i].whole[j]));
			check(prompts, text, mode);
			free(mode);
		}
		for (size_t j = 0; j < 8 && cases[i].not_one[j]; j++)
			check(prompts, cases[i].not_one[j], "none");
		prompts_free(prompts);
	}
}

static void
what_cannot_be_learnt(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "#", "Welcome", "R1(config",
		"R1# show", "R1#\r", " ", "R1#\n" };
	struct prompts *prompts = prompts_new(
	    profiles_find(&fixture.profiles, "cisco_ios"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (prompts_learn(prompts, texts[i], strlen(texts[i])))
			fail_msg("\"%s\" was learnt", texts[i]);
		assert_false(prompts_learnt(prompts));
		assert_string_equal(prompts_stem(prompts), "");
	}
	/* Nothing is a prompt before one is learnt. */
	assert_null(prompts_find(prompts, "R1#", 3));
	assert_int_equal(prompts_prefix(prompts, "R1#", 3), 0);
	prompts_free(prompts);
	prompts_free(NULL);
}

static void
a_failed_lesson_keeps_the_old_one(void **state)
{
	(void)state;
	struct prompts *prompts = prompts_new(
	    profiles_find(&fixture.profiles, "cisco_ios"));
	assert_true(prompts_learn(prompts, "R1#", 3));
	assert_false(prompts_learn(prompts, "nothing", 7));
	assert_string_equal(prompts_stem(prompts), "R1");
	assert_true(prompts_learn(prompts, "R2>", 3));
	assert_string_equal(prompts_stem(prompts), "R2");
	assert_null(prompts_find(prompts, "R1#", 3));
	prompts_free(prompts);
}

static void
endless_lines_are_no_prompts(void **state)
{
	(void)state;
	struct prompts *prompts = prompts_new(
	    profiles_find(&fixture.profiles, "cisco_ios"));
	size_t len = 100000;
	char *text = xmalloc(len);
	memset(text, 'x', len);
	text[len - 1] = '#';
	assert_false(prompts_is_first(prompts, text, len));
	assert_false(prompts_learn(prompts, text, len));
	assert_true(prompts_learn(prompts, text + len - 500, 500));
	assert_non_null(prompts_find(prompts, text + len - 500, 500));
	assert_null(prompts_find(prompts, text, len));
	free(text);
	prompts_free(prompts);
}

static void
the_prompt_in_front_of_something(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t prompt;
	} texts[] = {
		{ "R1#show clock", 3 },
		{ "R1(config)#*Mar  1 00:00:00.000: %SYS-5-CONFIG_I: x", 11 },
		{ "R1(config-if)# no shut", 15 }, /* a blank belongs to it */
		{ "xR1#show", 0 },
		{ "R1 #show", 0 },
		{ "", 0 },
	};
	struct prompts *prompts = prompts_new(
	    profiles_find(&fixture.profiles, "cisco_ios"));
	assert_true(prompts_learn(prompts, "R1#", 3));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_int_equal(prompts_prefix(prompts, texts[i].text,
				     strlen(texts[i].text)),
		    texts[i].prompt);
	prompts_free(prompts);
}

static void
the_prompt_behind_something(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t prompt;
	} texts[] = {
		{ "nobody on vty0 (127.0.0.1)R1#", 3 },
		{ "R1R1(config-if)# ", 15 },
		{ "R1 said R1 is R1>", 3 },
		{ "R1#", 3 },
		{ "R1#x", 0 },
		{ "1#", 0 },
		{ "   ", 0 },
		{ "", 0 },
	};
	struct prompts *prompts = prompts_new(
	    profiles_find(&fixture.profiles, "cisco_ios"));
	assert_int_equal(prompts_suffix(prompts, "R1#", 3), 0);
	assert_true(prompts_learn(prompts, "R1#", 3));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (prompts_suffix(prompts, texts[i].text,
			strlen(texts[i].text)) != texts[i].prompt)
			fail_msg("%s: %zu", texts[i].text,
			    prompts_suffix(
				prompts, texts[i].text, strlen(texts[i].text)));
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
		cmocka_unit_test(what_cannot_be_learnt),
		cmocka_unit_test(names_from_the_field),
		cmocka_unit_test(a_failed_lesson_keeps_the_old_one),
		cmocka_unit_test(endless_lines_are_no_prompts),
		cmocka_unit_test(the_prompt_in_front_of_something),
		cmocka_unit_test(the_prompt_behind_something),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
