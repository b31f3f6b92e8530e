/* Events: hostile lines are refused, and what goes out comes back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/event.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define T   "\"time\":\"2026-11-22T02:00:00.000Z\""
#define LOG "{\"event\":\"log\"," T

static void
hostile_lines_are_refused(void **state)
{
	(void)state;
	static const char *const lines[] = {
		"",
		" ",
		"null",
		"[]",
		"1",
		"\"log\"",
		"{",
		"{}",
		"nonsense",
		LOG,
		LOG "}}",
		LOG "} x",
		LOG ",}",
		"{\"event\":\"log\"}", /* no time */
		"{" T "}", /* no kind */
		"{\"event\":\"explode\"," T "}",
		"{\"event\":3," T "}",
		"{\"event\":null," T "}",
		"{\"event\":\"log\",\"time\":0}",
		"{\"event\":\"log\",\"time\":\"2026-11-22\"}",
		"{\"event\":\"log\",\"time\":\"2026-13-22T02:00:00.000Z\"}",
		"{\"event\":\"log\",\"time\":\"2026-11-22T02:00:00.000+1\"}",
		LOG ",\"event\":\"stage\"}", /* twice */
		LOG ",\"hostname\":1}",
		LOG ",\"hostname\":null}",
		LOG ",\"output\":[\"x\"]}",
		LOG ",\"text\":\"a\\u0000b\"}", /* NUL */
		LOG ",\"text\":\"\\ud800\"}", /* half a pair */
		LOG ",\"text\":\"\xff\"}",
		LOG ",\"text\":\"\xc3\"}",
		LOG ",\"text\":\"\xed\xa0\x80\"}",
		LOG ",\"text\":\"a\nb\"}", /* a bare line end */
		LOG ",\"attempt\":0}",
		LOG ",\"attempt\":-1}",
		LOG ",\"attempt\":1000}",
		LOG ",\"attempt\":1.5}",
		LOG ",\"attempt\":\"1\"}",
		LOG ",\"attempt\":99999999999999999999999}",
		LOG ",\"stage\":\"launch\"}",
		LOG ",\"stage\":4}",
		LOG ",\"duration\":-1}",
		LOG ",\"duration\":\"1\"}",
		LOG ",\"duration\":1e300}",
		LOG ",\"duration\":1e999}",
		LOG ",\"duration\":NaN}",
		LOG ",\"output_cut\":1}",
		LOG ",\"error\":null}",
		LOG ",\"error\":\"auth\"}",
		LOG ",\"error\":{}}",
		LOG ",\"error\":{\"kind\":\"auth\"}}",
		LOG ",\"error\":{\"kind\":\"none\",\"message\":\"\"}}",
		LOG ",\"error\":{\"kind\":\"evil\",\"message\":\"\"}}",
		LOG ",\"error\":{\"kind\":\"auth\",\"message\":1}}",
		LOG ",\"error\":{\"kind\":\"auth\",\"message\":\"\","
		    "\"line\":-1}}",
		LOG ",\"error\":{\"kind\":\"auth\",\"message\":\"\","
		    "\"line\":4294967296}}",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct event event;
		struct err err = { 0 };
		if (event_get(&event, lines[i], strlen(lines[i]), &err) == 0)
			fail_msg("taken: %s", lines[i]);
		assert_int_equal(err.kind, ERR_INTERNAL);
		assert_null(event.hostname); /* empty, nothing to clear */
		assert_null(event.more);
	}
}

static void
too_deep_and_too_long_is_refused(void **state)
{
	(void)state;
	struct event event;
	struct err err;
	size_t len = EVENT_LINE_LIMIT_BYTES + 100;
	char *text = xmalloc(len + 1);
	memset(text, '[', len);
	text[len] = '\0';
	assert_int_equal(event_get(&event, text, 1 << 20, &err), -1);
	const char *head = LOG ",\"text\":\"";
	memset(text, 'x', len);
	memcpy(text, head, strlen(head));
	text[len - 2] = '"';
	text[len - 1] = '}';
	assert_int_equal(event_get(&event, text, len, &err), -1);
	free(text);
}

/* A NUL ends the C string, not the line. */
static void
a_nul_in_a_line_is_refused(void **state)
{
	(void)state;
	static const char line[] = LOG "}\0{}";
	struct event event;
	struct err err;
	assert_int_equal(event_get(&event, line, sizeof(line) - 1, &err), -1);
	assert_int_equal(event_get(&event, line, strlen(line), &err), 0);
	event_clear(&event);
}

static void
fill(struct event *event)
{
	event->time_ms = 1795312800123;
	event->hostname = xstrdup("BRANCH1");
	event->phase = xstrdup("push");
	event->attempt = 3;
	event->stage = STAGE_VERIFY;
	event->name = xstrdup("template acl");
	event->status = xstrdup("changed");
	event->duration_ms = 99999999999;
	event->output = xstrdup("tab\there\nquote \" backslash \\ \x01 \x7f "
				"caf\xc3\xa9 \xf0\x9f\x98\x80 \xef\xbf\xbd");
	event->output_cut = true;
	event->notes = xstrdup("line 1:\nwords");
	event->text = xstrdup("");
	err_set(&event->error.err, ERR_REFUSED, "line 3 was refused");
	event->error.line = UINT32_MAX;
	event->error.sent = xstrdup("permit any");
	event->error.device_text = xstrdup("% no");
	event->more = json_pack(
	    "{s:s, s:{s:i}, s:n}", "run", "id", "totals", "changed", 3, "x");
}

static void
same_text(const char *a, const char *b)
{
	assert_true(str_eq(a, b));
}

static void
same_events(const struct event *a, const struct event *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->time_ms, b->time_ms);
	same_text(a->hostname, b->hostname);
	same_text(a->phase, b->phase);
	assert_int_equal(a->attempt, b->attempt);
	assert_int_equal(a->stage, b->stage);
	same_text(a->name, b->name);
	same_text(a->status, b->status);
	assert_int_equal(a->duration_ms, b->duration_ms);
	same_text(a->output, b->output);
	assert_int_equal(a->output_cut, b->output_cut);
	same_text(a->notes, b->notes);
	same_text(a->text, b->text);
	assert_int_equal(a->error.err.kind, b->error.err.kind);
	same_text(a->error.err.text, b->error.err.text);
	assert_int_equal(a->error.line, b->error.line);
	same_text(a->error.sent, b->error.sent);
	same_text(a->error.device_text, b->error.device_text);
	assert_true(a->more == b->more || json_equal(a->more, b->more));
}

static void
round_trip(const struct event *event)
{
	struct buf line;
	struct event again;
	struct err err;
	buf_init(&line, EVENT_LINE_LIMIT_BYTES);
	event_put(event, &line);
	assert_true(line.len > 0);
	/* One line: a single line end, at the end. */
	assert_ptr_equal(
	    memchr(line.data, '\n', line.len), line.data + line.len - 1);
	assert_int_equal(event_get(&again, line.data, line.len - 1, &err), 0);
	same_events(event, &again);
	event_clear(&again);
	buf_clear(&line);
}

static void
every_kind_comes_back(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < EVENT__COUNT; kind++) {
		struct event event;
		event_init(&event, (enum event_kind)kind);
		assert_int_equal(event.duration_ms, -1);
		round_trip(&event); /* with nothing in it */
		fill(&event);
		round_trip(&event);
		event_clear(&event);
	}
	for (unsigned stage = 0; stage < STAGE__COUNT; stage++) {
		struct event event;
		event_init(&event, EVENT_STAGE);
		event.stage = (enum stage)stage;
		round_trip(&event);
		event_clear(&event);
	}
	for (unsigned kind = 1; kind < ERR__COUNT; kind++) {
		struct event event;
		event_init(&event, EVENT_STEP);
		err_set(&event.error.err, (enum err_kind)kind, "why");
		round_trip(&event);
		event_clear(&event);
	}
}

static void
durations_keep_their_milliseconds(void **state)
{
	(void)state;
	static const int64_t times[] = { 0, 1, 9, 10, 999, 1000, 1001, 59999,
		3600001, 86399999, 99999999999, 100000000000 };
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		struct event event;
		event_init(&event, EVENT_STEP);
		event.duration_ms = times[i];
		round_trip(&event);
		event_clear(&event);
	}
}

static void
a_long_message_is_cut_between_characters(void **state)
{
	(void)state;
	struct buf line;
	struct event event;
	struct err err;
	buf_init(&line, 1 << 16);
	buf_adds(&line, LOG ",\"error\":{\"kind\":\"auth\",\"message\":\"x");
	for (int i = 0; i < 1000; i++)
		buf_adds(&line, "\xc3\xa9");
	buf_adds(&line, "\"}}");
	assert_int_equal(event_get(&event, line.data, line.len, &err), 0);
	assert_true(str_is_utf8(
	    event.error.err.text, strlen(event.error.err.text), NULL));
	round_trip(&event);
	event_clear(&event);
	buf_clear(&line);
}

static void
what_a_kind_has_beyond_goes_to_more(void **state)
{
	(void)state;
	static const char line[] = LOG ",\"future\":{\"a\":[1,2]}}";
	struct event event;
	struct err err;
	assert_int_equal(event_get(&event, line, strlen(line), &err), 0);
	assert_int_equal(json_object_size(event.more), 1);
	assert_non_null(json_object_get(event.more, "future"));
	round_trip(&event);
	event_clear(&event);
}

/* Half a line must never stand in the journal. */
static void
what_does_not_fit_leaves_nothing(void **state)
{
	(void)state;
	struct event event;
	struct buf whole;
	event_init(&event, EVENT_STEP);
	fill(&event);
	buf_init(&whole, 1 << 20);
	event_put(&event, &whole);
	for (size_t limit = 0; limit < whole.len; limit++) {
		struct buf out;
		buf_init(&out, limit + 2);
		buf_adds(&out, "ab");
		event_put(&event, &out);
		assert_string_equal(buf_str(&out), "ab");
		buf_clear(&out);
	}
	buf_clear(&whole);
	event_clear(&event);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_lines_are_refused),
		cmocka_unit_test(too_deep_and_too_long_is_refused),
		cmocka_unit_test(a_nul_in_a_line_is_refused),
		cmocka_unit_test(every_kind_comes_back),
		cmocka_unit_test(durations_keep_their_milliseconds),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(what_a_kind_has_beyond_goes_to_more),
		cmocka_unit_test(what_does_not_fit_leaves_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
