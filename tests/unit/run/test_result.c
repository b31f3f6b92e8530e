/* result.json: the order, the shape, and what a damaged journal leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/result.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "run/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct job_device devices[3] = {
	{ .hostname = (char *)"Z1",
	    .address = (char *)"10.0.0.1",
	    .device_type = (char *)"cisco_ios" },
	{ .hostname = (char *)"A2",
	    .address = (char *)"10.0.0.2",
	    .device_type = (char *)"cisco_nxos" },
	{ .hostname = (char *)"M3",
	    .address = (char *)"10.0.0.3",
	    .device_type = (char *)"frr" },
};
static const struct job job = { .devices = devices, .device_count = 3 };

struct book {
	struct ledger ledger;
	FILE *journal;
	long size;
};

static void
enter(struct book *book, size_t device, struct event *event)
{
	struct buf line;
	buf_init(&line, EVENT_LINE_LIMIT_BYTES);
	event->hostname = xstrdup(devices[device].hostname);
	event_put(event, &line);
	ledger_take(&book->ledger, device, event, book->size);
	if (book->journal) {
		assert_int_equal(
		    fwrite(line.data, 1, line.len, book->journal), line.len);
		fflush(book->journal);
	}
	book->size += (long)line.len;
	buf_clear(&line);
	event_clear(event);
}

static void
write_story(struct book *book)
{
	struct event event;
	event_init(&event, EVENT_DEVICE_STARTED);
	event.attempt = 2;
	enter(book, 0, &event);
	event_init(&event, EVENT_STEP);
	event.phase = xstrdup("push");
	event.name = xstrdup("template acl");
	event.status = xstrdup("changed");
	event.duration_ms = 1500;
	event.output = xstrdup("10 permit ip any any\n");
	event.output_cut = true;
	event.notes = xstrdup("line 1: careful\n");
	event.more = json_pack("{s:s}", "kind", "template");
	enter(book, 0, &event);
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.status = xstrdup("changed");
	event.stage = STAGE_CLOSE;
	event.duration_ms = 2500;
	enter(book, 0, &event);

	event_init(&event, EVENT_DEVICE_STARTED);
	event.attempt = 1;
	enter(book, 1, &event);
	event_init(&event, EVENT_DEVICE_FINISHED);
	event.status = xstrdup("failed");
	event.stage = STAGE_LOGIN;
	err_set(&event.error.err, ERR_AUTH, "the device said no");
	event.error.line = 3;
	event.error.sent = xstrdup("permit any");
	enter(book, 1, &event);

	event_init(&event, EVENT_DEVICE_FINISHED);
	event.status = xstrdup("skipped");
	err_set(&event.error.err, ERR_CANCELLED, "not started: stopped");
	enter(book, 2, &event);
}

static json_t *
draw(struct book *book, int journal_fd)
{
	static const struct result_run run = {
		.id = "20261122T020000Z-job-000000",
		.job = "job",
		.started_ms = 1795312800000,
		.finished_ms = 1795312802500,
		.threads = 8,
		.exit_status = 1,
	};
	char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);
	assert_int_equal(result_write(file,
			     &(struct run_view){ .about = run,
				 .ledger = &book->ledger,
				 .journal_fd = journal_fd }),
	    0);
	fclose(file);
	json_error_t why;
	json_t *json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json)
		fail_msg("%s: %s", why.text, text);
	free(text);
	return json;
}

/* Looks a value up by "a.1.b" and compares its JSON with WANTED. */
static void
expect(const json_t *json, const char *path, const char *wanted)
{
	char *copy = xstrdup(path), *rest = copy, *key;
	while (json && (key = strsep(&rest, ".")))
		json = json_is_array(json)
		    ? json_array_get(json, strtoul(key, NULL, 10))
		    : json_object_get(json, key);
	char *text = json
	    ? json_dumps(json, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))
	    : NULL;
	if (!text || strcmp(text, wanted))
		fail_msg("%s is %s, not %s", path, text ? text : "not there",
		    wanted);
	free(text);
	free(copy);
}

static void
the_shape_is_as_documented(void **state)
{
	(void)state;
	static const char *const wanted[][2] = {
		{ "schema", "1" },
		{ "run.id", "\"20261122T020000Z-job-000000\"" },
		{ "run.started", "\"2026-11-22T02:00:00.000Z\"" },
		{ "run.duration", "2.5" },
		{ "run.threads", "8" },
		{ "run.exit_status", "1" },
		{ "run.totals.devices", "3" },
		{ "run.totals.changed", "1" },
		{ "run.totals.unchanged", "0" },
		{ "run.totals.failed", "1" },
		{ "run.totals.rolled_back", "0" },
		{ "run.totals.unknown", "0" },
		{ "run.totals.skipped", "1" },
		/* In the order of the device list. */
		{ "results.0.hostname", "\"Z1\"" },
		{ "results.1.hostname", "\"A2\"" },
		{ "results.2.hostname", "\"M3\"" },
		{ "results.0.address", "\"10.0.0.1\"" },
		{ "results.0.device_type", "\"cisco_ios\"" },
		{ "results.0.status", "\"changed\"" },
		{ "results.0.attempts", "2" },
		{ "results.0.duration", "2.5" },
		{ "results.0.output", "\"10 permit ip any any\\n\"" },
		{ "results.0.stage", "\"close\"" },
		{ "results.0.error", "null" },
		{ "results.0.steps.0.phase", "\"push\"" },
		{ "results.0.steps.0.name", "\"template acl\"" },
		{ "results.0.steps.0.status", "\"changed\"" },
		{ "results.0.steps.0.duration", "1.5" },
		{ "results.0.steps.0.output_cut", "true" },
		{ "results.0.steps.0.notes", "\"line 1: careful\\n\"" },
		{ "results.0.steps.0.error", "null" },
		{ "results.1.status", "\"failed\"" },
		{ "results.1.stage", "\"login\"" },
		{ "results.1.steps", "[]" },
		{ "results.1.output", "\"\"" },
		{ "results.1.error.kind", "\"auth\"" },
		{ "results.1.error.message", "\"the device said no\"" },
		{ "results.1.error.line", "3" },
		{ "results.1.error.sent", "\"permit any\"" },
		{ "results.1.error.device_text", "null" },
		{ "results.2.status", "\"skipped\"" },
		{ "results.2.started", "null" },
		{ "results.2.stage", "null" },
		{ "results.2.attempts", "0" },
		{ "results.2.duration", "0.0" },
		{ "results.2.error.kind", "\"cancelled\"" },
	};
	struct book book = { .journal = tmpfile() };
	ledger_init(&book.ledger, &job);
	write_story(&book);
	json_t *json = draw(&book, fileno(book.journal));
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++)
		expect(json, wanted[i][0], wanted[i][1]);
	assert_int_equal(json_array_size(json_object_get(json, "results")), 3);
	json_decref(json);
	fclose(book.journal);
	ledger_clear(&book.ledger);
}

/* A full disk may have taken the journal: the verdicts are still told. */
static void
a_lost_journal_leaves_the_verdicts(void **state)
{
	(void)state;
	struct book book = { 0 };
	FILE *empty = tmpfile();
	ledger_init(&book.ledger, &job);
	write_story(&book);
	json_t *json = draw(&book, fileno(empty));
	expect(json, "results.0.status", "\"changed\"");
	expect(json, "results.0.steps", "[]");
	expect(json, "results.1.status", "\"failed\"");
	expect(json, "results.1.error.kind", "\"auth\"");
	expect(json, "results.1.error.message", "\"the device said no\"");
	json_decref(json);
	fclose(empty);
	ledger_clear(&book.ledger);
}

static void
a_full_disk_is_told(void **state)
{
	(void)state;
	static const struct result_run run = { .id = "x", .job = "y" };
	struct book book = { 0 };
	FILE *full = fopen("/dev/full", "w");
	assert_non_null(full);
	ledger_init(&book.ledger, &job);
	assert_int_equal(
	    result_write(full,
		&(struct run_view){
		    .about = run, .ledger = &book.ledger, .journal_fd = -1 }),
	    -1);
	fclose(full);
	ledger_clear(&book.ledger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_is_told),
		cmocka_unit_test(a_lost_journal_leaves_the_verdicts),
		cmocka_unit_test(the_shape_is_as_documented),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
