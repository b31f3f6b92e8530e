/* Reading YAML: trees with places, tables, and what is refused. */
#include "expect.h"
#include "base/str.h"
#include "model/yaml.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct yaml *
parse(const char *text, struct diags *diags)
{
	return yaml_parse("t.yml", text, strlen(text), diags);
}

/* Parses what must be right. */
static struct yaml *
parse_good(const char *text)
{
	struct diags diags = { 0 };
	struct yaml *yaml = parse(text, &diags);
	if (diags_any(&diags))
		diags_print(&diags);
	assert_non_null(yaml);
	assert_false(diags_any(&diags));
	return yaml;
}

/* Texts that are no YAML that we take, and the first words of the reason. */
static const struct {
	const char *text;
	unsigned line, column;
	const char *says;
} refused[] = {
	{ "", 1, 1, "the file is empty" },
	{ "~", 1, 1, "the file is empty" },
	{ "a: [", 2, 1, "a value is missing here" },
	{ "a: {b", 2, 1, "a map in braces is not closed" },
	{ "a: \"b", 1, 6, "the file ends inside" },
	{ "a: b\n\tc: d\n", 2, 1, "a tab is used for indentation" },
	{ "a:\n  - b\n \tc\n", 3, 2, "a tab is used for indentation" },
	{ "a: 1\nb: 2\na: 3\n", 3, 1, "the key \"a\" stands here" },
	{ "a: {b: 1, 'b': 2}\n", 1, 11, "the key \"b\" stands here" },
	{ "a: *b\n", 1, 4, "*b: no value above" },
	{ "a: &b [*b]\n", 1, 8, "*b: no value above" },
	{ "a: !x y\n", 1, 4, "the tag !x" },
	{ "a: !!binary aGk=\n...\n---\nb: 1\n", 3, 1, "a second document" },
	{ "[a]: b\n", 1, 1, "a key must be a text" },
	{ "<<: [1]\n", 1, 6, "<< takes a map" },
	{ "a: \"\\0\"\n", 1, 4, "a text must not hold a NUL" },
	{ "a: b: c\n", 1, 5, "a colon is not expected here" },
	{ "\xc3\xa9: b: c\n", 1, 5, "a colon is not expected here" },
	{ "\xef\xbb\xbf"
	  "a: b: c\n",
	    1, 5, "a colon is not expected here" },
	{ "a: \xff\n", 1, 4, "this is not UTF-8 (byte 0xff)" },
	{ "\xc3\xa9\xc3\xa9: \xed\xa0\x80\n", 1, 5, "this is not UTF-8" },
	{ "\xff\xfe"
	  "a\0",
	    1, 1, "this is not UTF-8" },
	{ "a: \x1b[31m\n", 1, 4, "this character is not allowed" },
	{ "a: b\r\nc: d: e\r\n", 2, 5, "a colon is not expected here" },
	{ "%TAG ! x\n", 2, 1, "this stands behind the end" },
};

static void
test_refused(void **state)
{
	(void)state;
	size_t wrong = 0;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct diags diags = { 0 };
		struct place place = { "t.yml", 0, 0 };
		struct yaml *yaml = parse(refused[i].text, &diags);
		if (!diags_any(&diags))
			diag_add(&diags, place, "nothing");
		const struct diag *d = &diags.items[0];
		if (yaml || diags.count != 1 || d->line != refused[i].line ||
		    d->column != refused[i].column ||
		    !str_starts(d->text, refused[i].says)) {
			print_error("case %zu: %u:%u: %s\n", i, d->line,
			    d->column, d->text);
			wrong++;
		}
		yaml_release(yaml);
		diags_clear(&diags);
	}
	assert_int_equal(wrong, 0);
}

static void
test_nul_bytes(void **state)
{
	(void)state;
	static const char text[] = "a: b\nc\0: d\n";
	struct diags diags = { 0 };
	assert_null(yaml_parse("t.yml", text, sizeof(text) - 1, &diags));
	assert_int_equal(diags.items[0].line, 2);
	assert_int_equal(diags.items[0].column, 2);
	diags_clear(&diags);
}

/* Every prefix of a text that uses everything: an answer, and no leak. */
static void
test_cut_anywhere(void **state)
{
	(void)state;
	static const char text
	    [] = "a: &x {b: [1, 'two', \"th\\x72ee\"], c: |\n  block\n  text\n"
		 "}\nd: {<<: *x, e: ~}\n? f\n: >\n folded\n text\n...\n";
	for (size_t len = 0; len < sizeof(text); len++) {
		struct diags diags = { 0 };
		struct yaml *yaml = yaml_parse("t.yml", text, len, &diags);
		assert_true(!yaml == diags_any(&diags));
		yaml_release(yaml);
		diags_clear(&diags);
	}
}

static void
test_depth(void **state)
{
	(void)state;
	for (unsigned depth = 60; depth < 70; depth++) {
		struct buf text;
		buf_init(&text, 4096);
		for (unsigned i = 0; i < depth; i++)
			buf_addc(&text, '[');
		for (unsigned i = 0; i < depth; i++)
			buf_addc(&text, ']');
		struct diags diags = { 0 };
		struct yaml *yaml = parse(buf_str(&text), &diags);
		assert_int_equal(yaml != NULL, depth <= YAML_DEPTH_MAX);
		yaml_release(yaml);
		diags_clear(&diags);
		buf_clear(&text);
	}
}

/* Nine levels of ten aliases are a billion values: refused, and at once. */
static void
test_alias_bomb(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 4096);
	buf_adds(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 10; i++)
		buf_addf(&text,
		    "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,"
		    "*a%d]\n",
		    i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
		    i - 1, i - 1, i - 1);
	struct diags diags = { 0 };
	assert_null(parse(buf_str(&text), &diags));
	assert_true(str_starts(diags.items[0].text, "the file holds more"));
	diags_clear(&diags);
	buf_clear(&text);
}

static void
test_merge_bomb(void **state)
{
	(void)state;
	struct buf text;
	buf_init(&text, 1 << 20);
	buf_adds(&text, "a: &a {");
	for (int i = 0; i <= YAML_MERGE_MAX; i++)
		buf_addf(&text, "k%d: 1, ", i);
	buf_adds(&text, "}\nb: {<<: *a}\n");
	struct diags diags = { 0 };
	assert_null(parse(buf_str(&text), &diags));
	assert_true(str_starts(diags.items[0].text, "<< brings more"));
	diags_clear(&diags);
	buf_clear(&text);
}

/* A file of 100 MB, without a byte on the disk. */
static void
test_large_file(void **state)
{
	(void)state;
	char path[] = "/tmp/netpush-yaml-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 100 << 20), 0);
	close(fd);
	struct diags diags = { 0 };
	assert_null(yaml_load(path, 16u << 20, &diags));
	assert_int_equal(diags.count, 1);
	assert_int_equal(diags.items[0].line, 0);
	assert_string_equal(diags.items[0].text,
	    "104857600 bytes are too many: a file like this may have "
	    "16777216");
	diags_clear(&diags);
	unlink(path);
}

static void
test_unreadable(void **state)
{
	(void)state;
	static const struct {
		const char *path, *says;
	} cases[] = {
		{ "/nowhere/at/all.yml",
		    "cannot be opened: No such file or directory" },
		{ "/tmp", "cannot be read: Is a directory" },
		{ "/dev/zero", "is larger than the limit of 4096 bytes" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct diags diags = { 0 };
		assert_null(yaml_load(cases[i].path, 4096, &diags));
		assert_int_equal(diags.count, 1);
		assert_string_equal(diags.items[0].text, cases[i].says);
		diags_clear(&diags);
	}
}

static void
test_places(void **state)
{
	(void)state;
	static const char text[] = "plain: one\n"
				   "quoted:   'two'\n"
				   "block: |\n"
				   "    first\n"
				   "     second\n"
				   "deep:\n"
				   "  - late: |2\n"
				   "\n"
				   "       indented\n"
				   "  - \xc3\xa9\xc3\xa9: 'x'\n"
				   "last: >-\n"
				   "\n"
				   "  folded\n"
				   "empty: |\n";
	static const struct {
		const char *key;
		unsigned line, column, text_line, text_column;
	} cases[] = {
		{ "plain", 1, 8, 1, 8 },
		{ "quoted", 2, 11, 2, 12 },
		{ "block", 3, 8, 4, 5 },
		{ "deep", 7, 3, 7, 3 },
		{ "last", 11, 7, 12, 3 },
		{ "empty", 14, 8, 15, 1 },
	};
	struct yaml *yaml = parse_good(text);
	const struct yaml_node *root = yaml_root(yaml);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct yaml_node *node = yaml_get(root, cases[i].key);
		assert_non_null(node);
		assert_string_equal(node->place.file, "t.yml");
		assert_int_equal(node->place.line, cases[i].line);
		assert_int_equal(node->place.column, cases[i].column);
		assert_int_equal(node->text_place.line, cases[i].text_line);
		assert_int_equal(node->text_place.column, cases[i].text_column);
	}
	assert_string_equal(yaml_get(root, "block")->text, "first\n second\n");
	const struct yaml_node *deep = yaml_get(root, "deep");
	const struct yaml_node *late = yaml_get(deep->items[0], "late");
	assert_string_equal(late->text, "\n indented\n");
	assert_int_equal(late->text_place.line, 8);
	assert_int_equal(late->text_place.column, 7);
	assert_int_equal(deep->items[1]->items[0]->place.column, 9);
	yaml_release(yaml);
}

static void
test_merge(void **state)
{
	(void)state;
	struct yaml *yaml = parse_good("a: &a {x: 1, y: 2}\n"
				       "b: &b {y: 3, z: 4}\n"
				       "one: {<<: *a, x: own}\n"
				       "two: {<<: [*a, *b]}\n"
				       "three: {'<<': text}\n");
	static const struct {
		const char *map, *key, *text;
	} cases[] = {
		{ "one", "x", "own" },
		{ "one", "y", "2" },
		{ "two", "x", "1" },
		{ "two", "y", "2" },
		{ "two", "z", "4" },
		{ "three", "<<", "text" },
	};
	const struct yaml_node *root = yaml_root(yaml);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct yaml_node *map = yaml_get(root, cases[i].map);
		const struct yaml_node *node = yaml_get(map, cases[i].key);
		assert_non_null(node);
		assert_string_equal(node->text, cases[i].text);
	}
	assert_int_equal(yaml_get(root, "one")->count, 2);
	yaml_release(yaml);
}

/* What templates get to see is what was written. */
static void
test_json(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{ "1", "1" },
		{ "-5", "-5" },
		{ "0", "0" },
		{ "-0", "\"-0\"" },
		{ "007", "\"007\"" },
		{ "1.10", "\"1.10\"" },
		{ "1e3", "\"1e3\"" },
		{ "0x10", "\"0x10\"" },
		{ "10.0.0.1", "\"10.0.0.1\"" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "9223372036854775808", "\"9223372036854775808\"" },
		{ "+1", "\"+1\"" },
		{ "1_000", "\"1_000\"" },
		{ "12:30:45", "\"12:30:45\"" },
		{ "2026-11-22", "\"2026-11-22\"" },
		{ "'1'", "\"1\"" },
		{ "!!str 1", "\"1\"" },
		{ "true", "true" },
		{ "False", "false" },
		{ "yes", "true" },
		{ "off", "false" },
		{ "NO", "\"NO\"" },
		{ "'no'", "\"no\"" },
		{ "null", "null" },
		{ "~", "null" },
		{ "", "null" },
		{ "''", "\"\"" },
		{ "\"a\\nb\"", "\"a\\nb\"" },
		{ "[]", "[]" },
		{ "{}", "{}" },
		{ "[1, {a: b}]", "[1, {\"a\": \"b\"}]" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf("v: %s\n", cases[i].yaml);
		struct yaml *yaml = parse_good(text);
		json_t *json = yaml_json(yaml_get(yaml_root(yaml), "v"));
		char *dumped = json_dumps(json, JSON_ENCODE_ANY);
		assert_string_equal(dumped, cases[i].json);
		free(dumped);
		json_decref(json);
		yaml_release(yaml);
		free(text);
	}
}

struct sample {
	char *line;
	char *text;
	struct strs lines;
	int number;
	bool truth;
	int64_t duration_ms;
	const struct yaml_node *list, *map, *any;
	struct sample_inner {
		int inner;
	} table;
};

static const struct yaml_field inner_fields[] = {
	{ "inner", YAML_FIELD_INT, offsetof(struct sample_inner, inner), true,
	    -3, 3, NULL },
};
static const struct yaml_table inner_table = YAML_TABLE(
    "an inner", inner_fields);

#define FIELD(key, kind, member)                                               \
	{                                                                      \
		(key), (kind), offsetof(struct sample, member), false, 1, 10,  \
		    NULL                                                       \
	}
static const struct yaml_field sample_fields[] = {
	FIELD("line", YAML_FIELD_LINE, line),
	FIELD("text", YAML_FIELD_TEXT, text),
	FIELD("lines", YAML_FIELD_LINES, lines),
	FIELD("number", YAML_FIELD_INT, number),
	FIELD("truth", YAML_FIELD_BOOL, truth),
	FIELD("duration", YAML_FIELD_DURATION, duration_ms),
	FIELD("list", YAML_FIELD_LIST, list),
	FIELD("map", YAML_FIELD_MAP, map),
	FIELD("any", YAML_FIELD_ANY, any),
	{ "table", YAML_FIELD_TABLE, offsetof(struct sample, table), false, 0,
	    0, &inner_table },
	{ "later", YAML_FIELD_LATER, 0, false, 0, 0, NULL },
};
static const struct yaml_table sample_table = YAML_TABLE(
    "a sample", sample_fields);

static void
sample_clear(struct sample *sample)
{
	free(sample->line);
	free(sample->text);
	strs_clear(&sample->lines);
}

static void
test_table_good(void **state)
{
	(void)state;
	struct yaml *yaml = parse_good(
	    "line: a line\ntext: ''\nlines: [a, b]\nnumber: 10\n"
	    "truth: on\nduration: 10ms\nlist: []\nmap: {}\n"
	    "any: x\ntable: {inner: -3}\n");
	struct sample sample = { 0 };
	struct diags diags = { 0 };
	strs_add(&sample.lines, "replaced");
	sample.line = xstrdup("replaced");
	assert_int_equal(
	    yaml_read(yaml_root(yaml), &sample_table, &sample, &diags), 0);
	assert_false(diags_any(&diags));
	assert_string_equal(sample.line, "a line");
	assert_string_equal(sample.text, "");
	assert_int_equal(sample.lines.count, 2);
	assert_string_equal(sample.lines.items[1], "b");
	assert_int_equal(sample.number, 10);
	assert_true(sample.truth);
	assert_int_equal(sample.duration_ms, 10);
	assert_int_equal(sample.list->count, 0);
	assert_int_equal(sample.map->kind, YAML_MAP);
	assert_string_equal(sample.any->text, "x");
	assert_int_equal(sample.table.inner, -3);
	sample_clear(&sample);
	yaml_release(yaml);
}

/* All that is wrong is said, and nothing wrong is stored. */
static void
test_table_bad(void **state)
{
	(void)state;
	struct diags diags = { 0 };
	struct yaml *yaml = parse_good(
	    "line: \"a\\nb\"\ntext: [a]\nlines: [a, '']\nnumber: 11\n"
	    "truth: 'true'\nduration: 20ms\nlist: {}\nmap: []\n"
	    "table: {}\nlater: 1\nlime: x\nqqqqqqqq: 1\n");
	struct sample sample = { .number = 7, .duration_ms = 5 };
	assert_int_equal(
	    yaml_read(yaml_root(yaml), &sample_table, &sample, &diags), -1);
	char *said = messages_text(&diags);
	assert_string_equal(said,
	    "t.yml:1:7: \"line\" must be one line without control "
	    "characters\n"
	    "t.yml:2:7: \"text\" must be a text, this is a list\n"
	    "t.yml:3:12: \"lines\" must not be empty\n"
	    "t.yml:4:9: \"number\" must be from 1 to 10, not 11\n"
	    "t.yml:5:8: \"truth\" must be true or false\n"
	    "t.yml:6:11: \"duration\" must be from 1 ms to 0 s\n"
	    "t.yml:7:7: \"list\" must be a list, not a map\n"
	    "t.yml:8:6: \"map\" must be a map, not a list\n"
	    "t.yml:9:8: an inner lacks the key \"inner\"\n"
	    "t.yml:10:8: \"later\" is not supported yet by this version of "
	    "netpush\n"
	    "t.yml:11:1: a sample has no key \"lime\": did you mean "
	    "\"line\"?\n"
	    "t.yml:12:1: a sample has no key \"qqqqqqqq\"\n");
	assert_null(sample.line);
	assert_int_equal(sample.lines.count, 0);
	assert_int_equal(sample.number, 7);
	assert_int_equal(sample.duration_ms, 5);
	free(said);
	sample_clear(&sample);
	diags_clear(&diags);
	yaml_release(yaml);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_nul_bytes),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_alias_bomb),
		cmocka_unit_test(test_merge_bomb),
		cmocka_unit_test(test_large_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_table_good),
		cmocka_unit_test(test_table_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
