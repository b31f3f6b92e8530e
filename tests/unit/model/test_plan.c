/* From jobs to lines: what each platform is sent, and where it came from. */
#include "expect.h"
#include "base/str.h"
#include "model/job.h"
#include "model/plan.h"
#include "model/profile.h"
#include "text/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct profiles profiles;

static struct job *
parse(const char *text)
{
	struct diags diags = { 0 };
	struct job *job = job_parse(
	    "job.yml", text, strlen(text), &profiles, &diags);
	diags_print(&diags);
	assert_non_null(job);
	return job;
}

static const struct job_step *
step_of(const struct job *job, size_t i)
{
	return &job->phases[0].steps[i];
}

/* The lines of one step for the first device, joined by '|'. */
static char *
rendered(const struct job *job, size_t step, size_t device)
{
	struct diags diags = { 0 };
	struct plan_lines lines;
	struct buf text;
	buf_init(&text, 1 << 20);
	int rc = plan_render(
	    job, &job->devices[device], step_of(job, step), &lines, &diags);
	diags_print(&diags);
	assert_int_equal(rc, 0);
	for (size_t i = 0; i < lines.count; i++)
		buf_addf(&text, "%s%s", i ? "|" : "", lines.items[i].text);
	plan_lines_clear(&lines);
	return buf_take(&text);
}

static const struct {
	const char *type, *switches, *lines;
} acls[] = {
	{ "cisco_ios", "",
	    "no ip access-list extended A|ip access-list extended A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "cisco_xe", "",
	    "no ip access-list extended A|ip access-list extended A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "cisco_ios", "extended: no\n",
	    "no ip access-list standard A|ip access-list standard A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "cisco_ios", "append: true\n",
	    "ip access-list extended A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "cisco_ios", "append: true\nextended: false\n",
	    "ip access-list standard A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "cisco_nxos", "",
	    "no ip access-list A|ip access-list A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "cisco_nxos", "append: yes\nextended: no\n",
	    "ip access-list A|"
	    " remark one two| 15 permit ip any any| deny ip any any" },
	{ "frr", "",
	    "no access-list A|access-list A remark one two|"
	    "access-list A seq 15 permit ip any any|"
	    "access-list A deny ip any any" },
	{ "frr", "append: true\n",
	    "access-list A remark one two|"
	    "access-list A seq 15 permit ip any any|"
	    "access-list A deny ip any any" },
};

static void
test_acls(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(acls) / sizeof(acls[0]); i++) {
		char *text = xasprintf("device_list:\n"
				       "  - {hostname: R1, device_type: %s}\n"
				       "%sacl_name: A\nacl_lines: |\n"
				       "  remark one two\n\n"
				       "  15 permit ip any any  \n"
				       "  deny ip any any\n",
		    acls[i].type, acls[i].switches);
		struct job *job = parse(text);
		char *lines = rendered(job, 0, 0);
		if (strcmp(lines, acls[i].lines))
			fail_msg(
			    "%s %s: %s", acls[i].type, acls[i].switches, lines);
		free(lines);
		job_free(job);
		free(text);
	}
}

/* Mustache must not touch what users write in their lines. */
static void
test_text_is_kept(void **state)
{
	(void)state;
	struct job *job = parse(
	    "device_list: [{hostname: R1, device_type: cisco_ios}]\n"
	    "acl_name: <A&B>\n"
	    "acl_lines: ['remark {{acl_name}} <\"&''>  two  blanks']\n");
	char *lines = rendered(job, 0, 0);
	assert_string_equal(lines,
	    "no ip access-list extended <A&B>|ip access-list extended <A&B>|"
	    " remark {{acl_name}} <\"&'>  two  blanks");
	free(lines);
	job_free(job);
}

static const char layers
    [] = "defaults: {device_type: cisco_ios, vars: {b: defaults, c: defaults,"
	 " d: defaults}}\n"
	 "device_list:\n"
	 "  - {hostname: R1, address: 10.0.0.1, vars: {c: device, d: device}}\n"
	 "vars: {a: job, b: job, c: job, d: job, append: true}\n"
	 "phases:\n"
	 "  - steps:\n"
	 "      - config: |\n"
	 "          ! not sent\n"
	 "          one {{a}} {{b}} {{c}} {{d}}\n"
	 "\n"
	 "             \n"
	 "            ! nor this\n"
	 "            two {{hostname}} {{address}} {{device_type}}\n"
	 "          {{#append}}three{{/append}}   \n"
	 "        vars: {d: step}\n"
	 "      - command: ['show {{a}}', show clock]\n"
	 "      - save: true\n";

static void
test_layers(void **state)
{
	(void)state;
	static const char *const expected[] = {
		"one job defaults device step|  two R1 10.0.0.1 cisco_ios|"
		"three",
		"show job|show clock",
		"write memory",
	};
	struct job *job = parse(layers);
	for (size_t i = 0; i < 3; i++) {
		char *lines = rendered(job, i, 0);
		assert_string_equal(lines, expected[i]);
		free(lines);
	}
	job_free(job);
}

static void
test_origins(void **state)
{
	(void)state;
	static const unsigned origins[] = { 9, 13, 14 };
	struct job *job = parse(layers);
	struct diags diags = { 0 };
	struct plan_lines lines;
	assert_int_equal(
	    plan_render(job, &job->devices[0], step_of(job, 0), &lines, &diags),
	    0);
	assert_string_equal(lines.file, "job.yml");
	assert_int_equal(lines.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(lines.items[i].origin, origins[i]);
	plan_lines_clear(&lines);
	assert_int_equal(
	    plan_render(job, &job->devices[0], step_of(job, 1), &lines, &diags),
	    0);
	assert_int_equal(lines.items[0].origin, 16);
	plan_lines_clear(&lines);
	job_free(job);
}

/* Texts until a mark stand as they are written: "t" for their lines, "o" for
 * the one that opens them. */
static const struct {
	const char *type, *text, *lines;
} texts[] = {
	{ "cisco_ios",
	    "a\nbanner motd ^\n  deep\n\n! no comment\nend  \n^\n!\n b\n",
	    "-a o-banner motd ^ t-  deep t- t-! no comment t-end   t-^ - b" },
	{ "cisco_ios", "banner motd ^hi^\n\n! comment\nb\n",
	    "-banner motd ^hi^ -b" },
	{ "cisco_ios", "macro name m\n  ! x\n\n y \n @\nb\n",
	    "o-macro name m t-! x t-y t-@ -b" },
	{ "cisco_ios",
	    "crypto x\n certificate ca 01\n  30\n  \tquit\n certificate ca 02\n"
	    "\tFF\n\tquit\n",
	    "-crypto x o- certificate ca 01 t-30 t-quit o- certificate ca 02 "
	    "t-FF t-quit" },
	{ "cisco_ios", "\tb\n", "-\tb" },
	{ "frr", "banner motd ^\n! c\nb\n", "-banner motd ^ -b" },
};

static char *
config_job(const char *type, const char *text)
{
	struct buf job;
	buf_init(&job, 1 << 20);
	buf_addf(&job,
	    "device_list: [{hostname: R1, device_type: %s}]\n"
	    "phases:\n- name: p\n  steps:\n  - config: \"",
	    type);
	for (; *text; text++)
		if (*text == '\n' || *text == '\t')
			buf_adds(&job, *text == '\n' ? "\\n" : "\\t");
		else
			buf_addc(&job, *text);
	buf_adds(&job, "\"\n");
	return buf_take(&job);
}

static void
test_texts_until_a_mark(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct diags diags = { 0 };
		struct plan_lines lines;
		char *source = config_job(texts[i].type, texts[i].text);
		struct job *job = parse(source);
		struct buf seen;
		buf_init(&seen, 4096);
		assert_int_equal(plan_render(job, &job->devices[0],
				     step_of(job, 0), &lines, &diags),
		    0);
		for (size_t j = 0; j < lines.count; j++)
			buf_addf(&seen, "%s%s%s-%s", j ? " " : "",
			    lines.items[j].until ? "o" : "",
			    lines.items[j].in_text ? "t" : "",
			    lines.items[j].text);
		assert_string_equal(buf_str(&seen), texts[i].lines);
		buf_clear(&seen);
		plan_lines_clear(&lines);
		job_free(job);
		free(source);
	}
}

static void
test_texts_that_never_end(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "a\nbanner motd ^C\nhi\nend\n",
		    "the text that this line opens is not ended by \"^\"" },
		{ "banner motd ^", "is not ended by \"^\"" },
		{ "certificate ca 01\n30\nquit now\n", "ended by \"quit\"" },
		{ "banner motd ^\na\tb\n^\n", "the control character 0x09" },
		{ "banner motd ^\n\tb\n^\n", "the control character 0x09" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct diags diags = { 0 };
		struct plan_lines lines;
		char *source = config_job("cisco_ios", cases[i].text);
		struct job *job = parse(source);
		assert_int_equal(plan_render(job, &job->devices[0],
				     step_of(job, 0), &lines, &diags),
		    -1);
		assert_int_equal(diags.count, 1);
		assert_non_null(strstr(diags.items[0].text, cases[i].says));
		assert_true(diags.items[0].line > 0);
		diags_clear(&diags);
		job_free(job);
		free(source);
	}
}

static void
test_variables(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t step;
		const char *value;
	} cases[] = {
		{ "a", 0, "job" },
		{ "b", 0, "defaults" },
		{ "c", 0, "device" },
		{ "d", 0, "step" },
		{ "d", 1, "device" },
		{ "e", 0, NULL },
	};
	struct job *job = parse(layers);
	const struct job_device *device = &job->devices[0];
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const json_t *value = plan_var(
		    job, device, step_of(job, cases[i].step), cases[i].name);
		assert_true(str_eq(json_string_value(value), cases[i].value));
	}
	/* the profile's defaults, and the job's word over them */
	assert_true(json_is_true(plan_var(job, device, NULL, "extended")));
	assert_true(json_is_true(plan_var(job, device, NULL, "append")));
	job_free(job);
}

static void
test_render_text(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct place place = { "t", 1, 1 };
	struct job *job = parse(layers);
	const struct job_device *device = &job->devices[0];
	struct template *good = template_parse(
	    "show {{hostname}} {{d}}", place, &diags);
	struct template *bad = template_parse("show {{e}}", place, &diags);
	char *text = plan_render_text(
	    job, device, step_of(job, 0), good, &diags);
	assert_string_equal(text, "show R1 step");
	free(text);
	assert_false(diags_any(&diags));
	assert_null(
	    plan_render_text(job, device, step_of(job, 0), bad, &diags));
	assert_int_equal(diags.count, 1);
	diags_clear(&diags);
	template_free(good);
	template_free(bad);
	job_free(job);
}

/* Platforms as names: the device's own, and those that its profile inherits
 * from. Who sets such a name himself has it. */
static void
test_platform_names(void **state)
{
	(void)state;
	static const struct {
		const char *device, *lines;
	} cases[] = {
		{ "device_type: cisco_ios", "ios|show running-config" },
		{ "device_type: cisco_xe", "ios|xe|show running-config" },
		{ "device_type: cisco_nxos", "nxos|show running-config" },
		{ "device_type: frr", "other|show running-config" },
		{ "device_type: cisco_ios, vars: {cisco_ios: false}",
		    "show running-config" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf(
		    "device_list: [{hostname: R1, %s}]\n"
		    "phases: [{steps: [{config: \"{{#cisco_ios}}ios\\n"
		    "{{/cisco_ios}}{{#cisco_xe}}xe\\n{{/cisco_xe}}"
		    "{{#cisco_nxos}}nxos\\n{{/cisco_nxos}}"
		    "{{#frr}}other\\n{{/frr}}{{running_config}}\"}]}]\n",
		    cases[i].device);
		struct job *job = parse(text);
		char *lines = rendered(job, 0, 0);
		assert_string_equal(lines, cases[i].lines);
		free(lines);
		job_free(job);
		free(text);
	}
}

/* A platform that has none: a mistake in the job, at its place. */
static void
test_no_running_config(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct job *job = parse(
	    "device_list: [{hostname: R1, device_type: linux}]\n"
	    "phases: [{steps: [{command: '{{running_config}}'}]}]\n");
	assert_int_equal(plan_check(job, NULL, &diags), -1);
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.items[0].line, 2);
	assert_string_equal(
	    diags.items[0].text, "'running_config' is not defined (R1)");
	diags_clear(&diags);
	job_free(job);
}

/* The path without what is not needed in it. */
static void
test_save_path(void **state)
{
	(void)state;
	static const struct {
		const char *save_as, *path;
	} cases[] = {
		{ "R1.cfg", "R1.cfg" },
		{ "./a//./{{hostname}}.cfg", "a/R1.cfg" },
		{ "//srv/./{{dir}}/{{hostname}}", "/srv/deep/er/R1" },
		{ "{{dir}}/..{{hostname}}..", "deep/er/..R1.." },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diags diags = { 0 };
		char *text = xasprintf(
		    "vars: {dir: ./deep/er}\n"
		    "device_list: [{hostname: R1, device_type: cisco_ios}]\n"
		    "phases: [{steps: [{command: x, save_as: '%s'}]}]\n",
		    cases[i].save_as);
		struct job *job = parse(text);
		char *path = plan_save_path(
		    job, &job->devices[0], step_of(job, 0), &diags);
		assert_string_equal(path, cases[i].path);
		free(path);
		job_free(job);
		free(text);
	}
}

/* One sentence for all devices; the place is that of the template. */
static void
test_undefined_in_profile(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct job *job = parse("device_list:\n"
				"  - {hostname: R1, device_type: cisco_nxos}\n"
				"  - {hostname: R2, device_type: cisco_nxos}\n"
				"  - {hostname: R3, device_type: cisco_nxos}\n"
				"phases: [{steps: [{template: acl}]}]\n");
	assert_int_equal(plan_check(job, NULL, &diags), -1);
	assert_int_equal(diags.count, 2); /* after `no`, and in the header */
	for (size_t i = 0; i < 2; i++) {
		assert_true(str_ends(diags.items[i].file, "/cisco_nxos.yml"));
		assert_true(strstr(diags.items[i].text, "acl_name") != NULL);
		assert_true(str_ends(diags.items[i].text, "(R1 and 2 more)"));
	}
	diags_clear(&diags);
	job_free(job);
}

static void
test_nothing_after_a_mistake(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct plan_lines lines;
	struct job *job = parse(
	    "device_list: [{hostname: R1, device_type: cisco_ios}]\n"
	    "phases: [{steps: [{config: \"fine\\n{{x}}\"}]}]\n");
	assert_int_equal(
	    plan_render(job, &job->devices[0], step_of(job, 0), &lines, &diags),
	    -1);
	assert_int_equal(lines.count, 0);
	assert_null(lines.items);
	diags_clear(&diags);
	job_free(job);
}

static void
test_json(void **state)
{
	(void)state;
	struct job *job = parse(
	    "name: N\nthreads: 2\n"
	    "device_list: [{hostname: R1, address: 10.0.0.1, port: 2022,"
	    " device_type: cisco_ios, username: u, vars: {key: hidden}}]\n"
	    "credentials: {username: neteng, identity: /key}\n"
	    "phases:\n  - name: p\n    threads: 3\n    steps:\n"
	    "      - {template: acl, timeout: 2s, on_failure: continue}\n"
	    "      - save: true\n");
	json_t *plan = plan_json(job);
	char *text = json_dumps(plan, JSON_SORT_KEYS);
	assert_string_equal(text,
	    "{\"devices\": [{\"address\": \"10.0.0.1\", \"device_type\": "
	    "\"cisco_ios\", \"hostname\": \"R1\", \"port\": 2022}], "
	    "\"job\": \"N\", \"lines\": \"0000000000000000\", \"phases\": "
	    "[{\"name\": \"p\", \"steps\": ["
	    "{\"kind\": \"template\", \"name\": \"template acl\", "
	    "\"on_failure\": \"continue\", \"template\": \"acl\", "
	    "\"timeout_ms\": 2000}, {\"kind\": \"save\", \"name\": "
	    "\"save\", \"on_failure\": \"skip\"}], \"threads\": 3}], "
	    "\"schema\": 1, \"threads\": 2}");
	free(text);
	json_decref(plan);
	job_free(job);
}

static int
set_up(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct strs directories = { 0 };
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	int rc = profiles_load(&profiles, &directories, &diags);
	diags_print(&diags);
	strs_clear(&directories);
	diags_clear(&diags);
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
		cmocka_unit_test(test_acls),
		cmocka_unit_test(test_text_is_kept),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_texts_until_a_mark),
		cmocka_unit_test(test_texts_that_never_end),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_render_text),
		cmocka_unit_test(test_platform_names),
		cmocka_unit_test(test_no_running_config),
		cmocka_unit_test(test_save_path),
		cmocka_unit_test(test_undefined_in_profile),
		cmocka_unit_test(test_nothing_after_a_mistake),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
