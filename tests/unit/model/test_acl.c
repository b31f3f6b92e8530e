/*
 * Access lists, case by case: acl_cases.json holds what is wanted, what the
 * device shows and the verdict. Further below: what is no table.
 */
#include "model/acl.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define CASES SOURCE_DIR "/tests/unit/model/acl_cases.json"

static const char *
get(const json_t *item, const char *key)
{
	const char *text = json_string_value(json_object_get(item, key));
	return text ? text : "";
}

static enum acl_type
get_type(const json_t *item)
{
	const char *name = get(item, "type");
	return strcmp(name, "standard") == 0 ? ACL_STANDARD
	    : strcmp(name, "extended") == 0  ? ACL_EXTENDED
	    : strcmp(name, "ipv6") == 0	     ? ACL_IPV6
					     : ACL_ANY;
}

static void
get_strs(struct strs *list, const json_t *value)
{
	size_t i;
	json_t *item;
	if (json_is_string(value))
		strs_add(list, json_string_value(value));
	json_array_foreach(value, i, item)
	    strs_add(list, json_string_value(item));
}

/* Lines of a list, dressed as the platform shows them. */
static void
dress(struct strs *outputs, const json_t *item, const json_t *body)
{
	struct buf text;
	size_t i;
	json_t *line;
	enum acl_type type = get_type(item);
	const char *dialect = get(item, "dialect"), *lead = "    ";
	buf_init(&text, 1 << 20);
	if (strcmp(dialect, "frr") == 0)
		lead = "access-list L ";
	else if (strcmp(dialect, "junos") == 0)
		lead = "set firewall family inet filter L ";
	else if (type == ACL_IPV6)
		buf_adds(&text, "IPv6 access list L\n");
	else if (strcmp(dialect, "nxos") == 0)
		buf_adds(&text, "IP access list L\n");
	else
		buf_addf(&text, "%s IP access list L\n",
		    type == ACL_STANDARD ? "Standard" : "Extended");
	json_array_foreach(body, i, line)
	    buf_addf(&text, "%s%s\n", lead, json_string_value(line));
	strs_take(outputs, buf_take(&text));
}

/* Reads the list that ITEM shows under KEY or, dressed, under BODY_KEY. */
static int
read_shown(struct acl *acl, const struct acl_dialect *dialect,
    const json_t *item, const char *key, const char *body_key, struct err *err)
{
	struct strs outputs = { 0 };
	const json_t *body = json_object_get(item, body_key);
	const char *name = *get(item, "list") ? get(item, "list") : "L";
	get_strs(&outputs, json_object_get(item, key));
	if (body)
		dress(&outputs, item, body);
	int rc = acl_read(acl, dialect, name, &outputs, err);
	strs_clear(&outputs);
	return rc;
}

static bool
same_strs(const struct strs *a, const struct strs *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

/* The wanted list of ITEM; false if an append would send the wrong lines. */
static bool
make_wanted(
    struct acl *acl, const struct acl_dialect *dialect, const json_t *item)
{
	struct strs lines = { 0 }, send = { 0 }, expected = { 0 };
	struct acl existing = { 0 };
	struct err err = { 0 };
	const json_t *append = json_object_get(item, "append");
	bool good = true;
	get_strs(&lines, append ? append : json_object_get(item, "wanted"));
	if (!append) {
		assert_int_equal(
		    acl_wanted(acl, dialect, get_type(item), &lines, &err), 0);
	} else {
		assert_int_equal(
		    read_shown(&existing, dialect, item, "", "existing", &err),
		    0);
		assert_int_equal(acl_append(acl, &send, dialect, get_type(item),
				     &existing, &lines, &err),
		    0);
		get_strs(&expected, json_object_get(item, "send"));
		good = same_strs(&send, &expected);
		for (size_t i = 0; !good && i < send.count; i++)
			print_error("sends: %s\n", send.items[i]);
	}
	acl_clear(&existing);
	strs_clear(&lines);
	strs_clear(&send);
	strs_clear(&expected);
	return good;
}

/* NULL if the case holds, else what does not. */
static const char *
judge(const json_t *item, struct buf *diff, struct err *err)
{
	const struct acl_dialect *dialect = acl_dialect_find(
	    get(item, "dialect"));
	struct acl wanted = { 0 }, device = { 0 };
	const char *bad = NULL;
	assert_non_null(dialect);
	bool sent = make_wanted(&wanted, dialect, item);
	int rc = read_shown(&device, dialect, item, "shown", "body", err);
	const json_t *present = json_object_get(item, "present");
	bool equal = rc == 0 && acl_equal(&wanted, &device, diff);
	if (!sent)
		bad = "sends the wrong lines";
	else if ((rc < 0) != (*get(item, "error") != '\0') ||
	    !strstr(err->text, get(item, "error")))
		bad = "wrong or missing error";
	else if (rc == 0 &&
	    equal != json_is_true(json_object_get(item, "equal")))
		bad = "wrong verdict";
	else if (rc == 0 && equal != (diff->len == 0))
		bad = "verdict and difference do not fit";
	else if (!strstr(buf_str(diff), get(item, "diff")))
		bad = "wrong difference";
	else if (present && json_is_true(present) != device.present)
		bad = "wrong presence";
	acl_clear(&wanted);
	acl_clear(&device);
	return bad;
}

static void
test_cases(void **state)
{
	json_error_t error;
	json_t *cases = json_load_file(CASES, JSON_REJECT_DUPLICATES, &error);
	json_t *item;
	size_t i, failed = 0;
	(void)state;
	if (!cases)
		fail_msg("%s:%d: %s", CASES, error.line, error.text);
	assert_true(json_array_size(cases) >= 100);
	json_array_foreach(cases, i, item)
	{
		struct buf diff;
		struct err err = { 0 };
		buf_init(&diff, 1 << 20);
		const char *bad = judge(item, &diff, &err);
		if (bad) {
			print_error("%s: %s\n%s%s\n", get(item, "name"), bad,
			    buf_str(&diff), err.text);
			failed++;
		}
		buf_clear(&diff);
	}
	json_decref(cases);
	assert_int_equal(failed, 0);
}

static void
test_line_split(void **state)
{
	static const struct {
		const char *line;
		uint32_t sequence;
		const char *rest;
		bool is_remark;
	} table[] = {
		{ "permit ip any any", 0, "permit ip any any", false },
		{ " 15  permit ip any any", 15, "permit ip any any", false },
		{ "seq 5 permit any", 5, "permit any", false },
		{ "SEQUENCE 7 deny any", 7, "deny any", false },
		{ "sequence deny any", 0, "sequence deny any", false },
		{ "remark 10 permit", 0, "remark 10 permit", true },
		{ "20 Remark x", 20, "Remark x", true },
		{ "remarkable", 0, "remarkable", false },
		{ "15", 0, "15", false },
		{ "15 ", 0, "15 ", false },
		{ "0 permit any", 0, "0 permit any", false },
		{ "10.0.0.1 x", 0, "10.0.0.1 x", false },
		{ "4294967295 x", UINT32_MAX, "x", false },
		{ "4294967296 x", 0, "4294967296 x", false },
		{ "99999999999999999999 x", 0, "99999999999999999999 x",
		    false },
		{ "", 0, "", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct acl_line split = acl_line_split(table[i].line);
		assert_int_equal(split.sequence, table[i].sequence);
		assert_string_equal(split.rest, table[i].rest);
		assert_int_equal(split.is_remark, table[i].is_remark);
	}
}

static void
test_fields(void **state)
{
	struct acl_entry entry;
	(void)state;
	acl_entry_parse(&entry, acl_dialect_find("ios"), ACL_EXTENDED,
	    "15 permit tcp 10.0.0.0 0.0.0.255 gt 1023 host 192.0.2.1 "
	    "range ftp-data ftp log",
	    3);
	assert_int_equal(entry.sequence, 15);
	assert_int_equal(entry.line, 3);
	assert_int_equal(entry.action, ACL_PERMIT);
	assert_int_equal(entry.protocol, 6);
	assert_int_equal(entry.source.kind, ACL_ADDRESS_IPV4);
	assert_int_equal(entry.source.wildcard[3], 255);
	assert_int_equal(entry.source_ports.kind, ACL_PORTS_GT);
	assert_int_equal(entry.source_ports.values[0], 1023);
	assert_int_equal(entry.destination.bytes[0], 192);
	assert_int_equal(entry.destination_ports.count, 2);
	assert_int_equal(entry.destination_ports.values[1], 21);
	assert_int_equal(entry.flags.count, 1);
	assert_null(entry.text);
	assert_string_equal(entry.normal,
	    "permit tcp 10.0.0.0/24 gt 1023 host 192.0.2.1 range 20 21 log");
	acl_entry_clear(&entry);

	acl_entry_parse(&entry, acl_dialect_find("ios"), ACL_EXTENDED,
	    "dynamic  X permit ip any any", 9);
	assert_int_equal(entry.action, ACL_OPAQUE);
	assert_int_equal(entry.line, 9);
	assert_string_equal(entry.text, "dynamic X permit ip any any");
	acl_entry_clear(&entry);

	acl_entry_parse(&entry, acl_dialect_find("nxos"), ACL_STANDARD,
	    "permit ip any any", 1);
	assert_null(entry.text);
	assert_int_equal(entry.protocol, ACL_PROTOCOL_IP);
	acl_entry_clear(&entry);

	acl_entry_parse(&entry, acl_dialect_find("ios"), ACL_STANDARD,
	    "permit ip any any", 1);
	assert_string_equal(entry.text, "ip any any");
	acl_entry_clear(&entry);
}

/* Numbers come from the show, remarks from the configuration. */
static void
test_combined(void **state)
{
	struct strs outputs = { 0 };
	struct acl acl;
	struct err err = { 0 };
	(void)state;
	strs_add(&outputs,
	    "Extended IP access list L\n"
	    "    15 permit tcp any any eq www\n"
	    "    30 deny ip any any\n");
	strs_add(&outputs,
	    "ip access-list extended L\n remark A\n"
	    " permit tcp any any eq www\n deny ip any any\n");
	assert_int_equal(
	    acl_read(&acl, acl_dialect_find("ios"), "L", &outputs, &err), 0);
	assert_true(acl.present);
	assert_int_equal(acl.type, ACL_EXTENDED);
	assert_int_equal(acl.count, 3);
	assert_int_equal(acl.items[0].action, ACL_REMARK);
	assert_int_equal(acl.items[1].sequence, 15);
	assert_int_equal(acl.items[2].sequence, 30);
	acl_clear(&acl);
	strs_clear(&outputs);
}

/* Where a new entry goes is told by the device's numbers. */
static void
test_append_to_combined(void **state)
{
	struct strs outputs = { 0 }, lines = { 0 }, send = { 0 };
	struct acl existing, wanted;
	struct err err = { 0 };
	const struct acl_dialect *ios = acl_dialect_find("ios");
	(void)state;
	strs_add(&outputs,
	    "Extended IP access list L\n"
	    "    15 permit tcp any any eq www\n"
	    "    30 deny ip any any\n");
	strs_add(&outputs,
	    "ip access-list extended L\n remark A\n"
	    " permit tcp any any eq www\n remark B\n"
	    " deny ip any any\n");
	strs_add(&lines, "20 permit tcp any any eq 22");
	assert_int_equal(acl_read(&existing, ios, "L", &outputs, &err), 0);
	assert_int_equal(
	    acl_append(&wanted, &send, ios, ACL_ANY, &existing, &lines, &err),
	    0);
	assert_int_equal(send.count, 1);
	assert_int_equal(wanted.count, 5);
	assert_string_equal(wanted.items[0].normal, "remark A");
	assert_string_equal(wanted.items[2].normal, "permit tcp any any eq 22");
	assert_string_equal(wanted.items[3].normal, "remark B");
	assert_int_equal(existing.count, 4);
	acl_clear(&wanted);
	acl_clear(&existing);
	strs_clear(&outputs);
	strs_clear(&lines);
	strs_clear(&send);
}

static char *
many_lines(size_t count, const char *head)
{
	struct buf text;
	buf_init(&text, 64 << 20);
	buf_adds(&text, head);
	for (size_t i = 1; i <= count; i++)
		buf_addf(&text, " permit ip host 10.%zu.%zu.%zu any\n",
		    i >> 16 & 255, i >> 8 & 255, i & 255);
	assert_false(text.cut);
	return buf_take(&text);
}

static void
test_too_many_shown(void **state)
{
	struct strs outputs = { 0 };
	struct acl acl;
	struct err err = { 0 };
	(void)state;
	strs_take(&outputs,
	    many_lines(ACL_ENTRIES_MAX + 1, "ip access-list extended L\n"));
	assert_int_equal(
	    acl_read(&acl, acl_dialect_find("ios"), "L", &outputs, &err), -1);
	assert_int_equal(err.kind, ERR_VERIFY);
	assert_false(acl.present);
	assert_int_equal(acl.count, 0);
	acl_clear(&acl);
	strs_clear(&outputs);
}

static void
test_too_many_places(void **state)
{
	struct strs outputs = { 0 };
	struct acl acl;
	struct err err = { 0 };
	struct buf text;
	(void)state;
	buf_init(&text, 1 << 20);
	for (int i = 0; i < 1000; i++)
		buf_adds(&text, "IP access list L\n");
	strs_take(&outputs, buf_take(&text));
	assert_int_equal(
	    acl_read(&acl, acl_dialect_find("nxos"), "L", &outputs, &err), -1);
	assert_int_equal(err.kind, ERR_VERIFY);
	acl_clear(&acl);
	strs_clear(&outputs);
}

static void
test_too_many_lines(void **state)
{
	struct strs lines = { 0 }, send = { 0 };
	struct acl acl, existing = { 0 };
	struct err err = { 0 };
	char *text = many_lines(ACL_ENTRIES_MAX + 1, "");
	(void)state;
	strs_add_lines(&lines, text);
	assert_int_equal(
	    acl_wanted(&acl, acl_dialect_find("ios"), ACL_ANY, &lines, &err),
	    -1);
	assert_int_equal(err.kind, ERR_JOB);
	assert_int_equal(acl_append(&acl, &send, acl_dialect_find("ios"),
			     ACL_ANY, &existing, &lines, &err),
	    -1);
	assert_int_equal(send.count, 0);
	strs_clear(&lines);
	free(text);
}

/* Seconds of processor time for wanting, reading and comparing COUNT. */
static double
time_of(size_t count)
{
	struct strs lines = { 0 }, outputs = { 0 }, send = { 0 };
	struct acl wanted, device, more;
	struct err err = { 0 };
	const struct acl_dialect *ios = acl_dialect_find("ios");
	clock_t start = clock();
	char *text = many_lines(count, "");
	strs_add_lines(&lines, text);
	strs_take(&outputs, many_lines(count, "ip access-list extended L\n"));
	assert_int_equal(acl_wanted(&wanted, ios, ACL_ANY, &lines, &err), 0);
	assert_int_equal(acl_read(&device, ios, "L", &outputs, &err), 0);
	assert_int_equal(device.count, count);
	assert_true(acl_equal(&wanted, &device, NULL));
	free(text);
	if (count * 2 <= ACL_ENTRIES_MAX) {
		assert_int_equal(acl_append(&more, &send, ios, ACL_ANY, &device,
				     &lines, &err),
		    0);
		assert_int_equal(send.count, 0);
		assert_true(acl_equal(&more, &device, NULL));
		acl_clear(&more);
	}
	acl_clear(&wanted);
	acl_clear(&device);
	strs_clear(&lines);
	strs_clear(&outputs);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* The whole list in bounded time; something quadratic would take minutes. */
static void
test_full_list(void **state)
{
	(void)state;
	assert_true(time_of(ACL_ENTRIES_MAX / 2) < 20);
	assert_true(time_of(ACL_ENTRIES_MAX) < 20);
}

static void
test_dialects(void **state)
{
	size_t i;
	(void)state;
	assert_null(acl_dialect_find("asa"));
	assert_null(acl_dialect_find(""));
	for (i = 0; acl_dialect_name_at(i); i++)
		assert_string_equal(
		    acl_dialect_name(acl_dialect_find(acl_dialect_name_at(i))),
		    acl_dialect_name_at(i));
	assert_int_equal(i, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_too_many_shown),
		cmocka_unit_test(test_too_many_places),
		cmocka_unit_test(test_too_many_lines),
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_line_split),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_combined),
		cmocka_unit_test(test_append_to_combined),
		cmocka_unit_test(test_full_list),
		cmocka_unit_test(test_dialects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
