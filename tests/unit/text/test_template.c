/*
 * Templates: the cases are data (template_cases.json), the bounds are code.
 * A case is {name, template, data | contexts, partials, expected | errors,
 * lines}; places count from 1:1 of a file "t", a partial is in the file of
 * its name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/template.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PARTIALS_LIMIT 16

struct partials {
	size_t count;
	struct partial {
		const char *name;
		struct template *template;
	} items[PARTIALS_LIMIT];
};

static const struct template *
find_partial(void *data, const char *name)
{
	const struct partials *partials = data;
	for (size_t i = 0; i < partials->count; i++)
		if (strcmp(partials->items[i].name, name) == 0)
			return partials->items[i].template;
	return NULL;
}

static void
parse_partials(struct partials *partials, json_t *texts, struct diags *diags)
{
	const char *name;
	json_t *text;
	json_object_foreach(texts, name, text)
	{
		struct place place = { name, 1, 1 };
		assert_true(partials->count < PARTIALS_LIMIT);
		struct template *t = template_parse(
		    json_string_value(text), place, diags);
		if (!t)
			continue;
		struct partial *p = &partials->items[partials->count++];
		p->name = name;
		p->template = t;
	}
}

static void
free_partials(struct partials *partials)
{
	for (size_t i = 0; i < partials->count; i++)
		template_free(partials->items[i].template);
}

/* Parses and renders; returns what template_render did, -1 if it did not
 * come to that. */
static int
render(json_t *test, struct buf *out, struct template_map *map,
    struct diags *diags)
{
	int rc = -1;
	const json_t *contexts[8];
	struct partials partials = { 0 };
	struct template_scope scope = { .contexts = contexts,
		.partial = find_partial,
		.partial_data = &partials };
	json_t *list = json_object_get(test, "contexts");
	if (list)
		for (; scope.count < json_array_size(list); scope.count++)
			contexts[scope.count] = json_array_get(
			    list, scope.count);
	else
		contexts[scope.count++] = json_object_get(test, "data");

	struct place place = { "t", 1, 1 };
	const char *text = json_string_value(json_object_get(test, "template"));
	assert_non_null(text);
	struct template *t = template_parse(text, place, diags);
	parse_partials(&partials, json_object_get(test, "partials"), diags);
	if (t)
		rc = template_render(t, &scope, out, map, diags);
	else
		assert_true(diags_any(diags));
	template_free(t);
	free_partials(&partials);
	return rc;
}

static void
add_errors(struct buf *said, const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->items[i];
		buf_addf(said, "%s:%u:%u: %s\n", d->file, d->line, d->column,
		    d->text);
	}
}

static bool
differs(
    const char *name, const char *what, const char *expected, const char *got)
{
	if (strcmp(expected, got) == 0)
		return false;
	print_error("%s: %s\n--- expected\n%s\n--- got\n%s\n---\n", name, what,
	    expected, got);
	return true;
}

static bool
lines_differ(const char *name, json_t *lines, const struct template_map *map)
{
	struct buf expected, got;
	bool differ = false;
	if (!lines)
		return false;
	buf_init(&expected, 4096);
	buf_init(&got, 4096);
	for (size_t i = 0; i < json_array_size(lines); i++)
		buf_addf(&expected, "%d ",
		    (int)json_integer_value(json_array_get(lines, i)));
	for (size_t i = 0; i < map->count; i++)
		buf_addf(&got, "%u ", map->lines[i]);
	differ = differs(
	    name, "map of lines", buf_str(&expected), buf_str(&got));
	buf_clear(&expected);
	buf_clear(&got);
	return differ;
}

/* Every output line has an entry in the map. */
static size_t
count_lines(const char *text)
{
	size_t lines = 0;
	for (; *text; text++)
		if (*text == '\n' || !text[1])
			lines++;
	return lines;
}

static bool
case_fails(json_t *test)
{
	const char *name = json_string_value(json_object_get(test, "name"));
	json_t *errors = json_object_get(test, "errors");
	json_t *expected = json_object_get(test, "expected");
	struct template_map map = { 0 };
	struct diags diags = { 0 };
	struct buf out, said, wanted;
	assert_true(!errors != !expected);
	buf_init(&out, 65536);
	buf_init(&said, 65536);
	buf_init(&wanted, 65536);

	int rc = render(test, &out, &map, &diags);
	diags_sort(&diags);
	add_errors(&said, &diags);
	for (size_t i = 0; i < json_array_size(errors); i++)
		buf_addf(&wanted, "%s\n",
		    json_string_value(json_array_get(errors, i)));
	bool fails = differs(name, "errors", buf_str(&wanted), buf_str(&said));
	if ((rc == 0) != (errors == NULL)) {
		print_error("%s: returned %d\n", name, rc);
		fails = true;
	}
	if (expected) {
		fails |= differs(
		    name, "text", json_string_value(expected), buf_str(&out));
		fails |= lines_differ(
		    name, json_object_get(test, "lines"), &map);
		assert_int_equal(map.count, count_lines(buf_str(&out)));
	}
	template_map_clear(&map);
	diags_clear(&diags);
	buf_clear(&out);
	buf_clear(&said);
	buf_clear(&wanted);
	return fails;
}

static void
test_cases(void **state)
{
	(void)state;
	json_error_t why;
	json_t *cases = json_load_file(SOURCE_DIR
	    "/tests/unit/text/template_cases.json",
	    JSON_REJECT_DUPLICATES, &why);
	if (!cases)
		fail_msg("line %d: %s", why.line, why.text);
	size_t failed = 0, count = json_array_size(cases);
	assert_true(count >= 120);
	for (size_t i = 0; i < count; i++)
		failed += case_fails(json_array_get(cases, i));
	json_decref(cases);
	if (failed)
		fail_msg("%zu of %zu cases fail", failed, count);
}

/* Renders TEXT, which may use itself as the partial "me", and returns the
 * first message (free it), or NULL if there was none. */
static char *
first_error(const char *text, const char *data, size_t limit_bytes)
{
	struct diags diags = { 0 };
	struct buf out;
	buf_init(&out, limit_bytes);
	json_t *context = json_loads(data, 0, NULL);
	assert_non_null(context);
	struct template *t = template_parse(
	    text, (struct place){ "t", 1, 1 }, &diags);
	assert_non_null(t);
	struct partials partials = { 1, { { "me", t } } };
	const json_t *contexts[] = { context };
	struct template_scope scope = { contexts, 1, find_partial, &partials };
	int rc = template_render(t, &scope, &out, NULL, &diags);
	assert_int_equal(rc, diags_any(&diags) ? -1 : 0);
	assert_true(diags.count <= 1);
	char *said = diags.count ? xstrdup(diags.items[0].text) : NULL;
	template_free(t);
	json_decref(context);
	buf_clear(&out);
	diags_clear(&diags);
	return said;
}

static void
assert_says(char *said, const char *part)
{
	assert_non_null(said);
	if (!strstr(said, part))
		fail_msg("'%s' does not say '%s'", said, part);
	free(said);
}

static void
test_endless_recursion(void **state)
{
	(void)state;
	assert_says(first_error("{{>me}}", "{}", 100), "call itself for ever");
	assert_says(first_error("{{#a}}{{>me}}{{/a}}", "{\"a\": [1, 2]}", 100),
	    "call itself for ever");
}

/* 2^100 calls, each within the depth and without a byte of output. */
static void
test_endless_work(void **state)
{
	(void)state;
	const char *text = "{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}"
			   "{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}";
	assert_says(first_error(text, "{\"l\": [1,2,3,4,5,6,7,8,9,10]}", 100),
	    "too much to do");
}

static void
test_output_limit(void **state)
{
	(void)state;
	assert_null(first_error("12345", "{}", 5));
	assert_says(first_error("123456", "{}", 5), "limit of 5 bytes");
	assert_says(first_error("{{#l}}{{.}}{{/l}}",
			"{\"l\": [\"abc\", \"abc\", \"abc\"]}", 8),
	    "limit of 8 bytes");
}

static void
test_no_partials(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct template_scope scope = { 0 };
	struct buf out;
	buf_init(&out, 100);
	struct template *t = template_parse(
	    "{{>p}}", (struct place){ "t", 1, 1 }, &diags);
	assert_int_equal(template_render(t, &scope, &out, NULL, &diags), -1);
	assert_string_equal(diags.items[0].text, "there is no partial 'p'");
	template_free(t);
	diags_clear(&diags);
	buf_clear(&out);
}

/* The text stands in a YAML block: line 10, indented by 4. */
static void
test_place_of_text(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct place place = { "job.yml", 10, 5 };
	assert_null(template_parse("ok\n\xc3\xa9 {{#a}}", place, &diags));
	assert_int_equal(diags.count, 1);
	assert_string_equal(diags.items[0].file, "job.yml");
	assert_int_equal(diags.items[0].line, 11);
	assert_int_equal(diags.items[0].column, 7);
	diags_clear(&diags);
}

/* Two renders into one buffer: the map goes on, a line begun stays one. */
static void
test_appends(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct template_map map = { 0 };
	struct template_scope scope = { 0 };
	struct buf out;
	buf_init(&out, 100);
	struct template *t = template_parse(
	    "a\nb", (struct place){ "t", 1, 1 }, &diags);
	assert_int_equal(template_render(t, &scope, &out, &map, &diags), 0);
	assert_int_equal(template_render(t, &scope, &out, &map, &diags), 0);
	assert_string_equal(buf_str(&out), "a\nba\nb");
	assert_int_equal(map.count, 3);
	assert_int_equal(map.lines[0], 1);
	assert_int_equal(map.lines[1], 2);
	assert_int_equal(map.lines[2], 2);
	template_free(t);
	template_map_clear(&map);
	assert_int_equal(map.count, 0);
	buf_clear(&out);
}

/* The same mistake in every round of a loop is said once, and leaves room
 * for the others. */
static void
test_mistake_in_loop(void **state)
{
	(void)state;
	char *data = xstrdup("{\"l\": [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}");
	struct diags diags = { 0 };
	struct buf out;
	buf_init(&out, 100);
	json_t *context = json_loads(data, 0, NULL);
	const json_t *contexts[] = { context };
	struct template_scope scope = { contexts, 1, NULL, NULL };
	struct template *t = template_parse(
	    "{{#l}}{{x}}{{y}}{{/l}}{{z}}", (struct place){ "t", 1, 1 }, &diags);
	assert_int_equal(template_render(t, &scope, &out, NULL, &diags), -1);
	assert_int_equal(diags.count, 3);
	template_free(t);
	template_free(NULL);
	json_decref(context);
	diags_clear(&diags);
	buf_clear(&out);
	free(data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endless_recursion),
		cmocka_unit_test(test_endless_work),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_no_partials),
		cmocka_unit_test(test_mistake_in_loop),
		cmocka_unit_test(test_place_of_text),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_cases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
