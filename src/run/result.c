/* Results as JSON: one line for each device, in the order of the list. */
#include "run/result.h"

#include "base/buf.h"
#include "base/deadline.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

int
result_read_event(int fd, int64_t offset, struct event *event)
{
	struct buf line;
	struct err ignored;
	int rc = -1;
	buf_init(&line, EVENT_LINE_LIMIT_BYTES);
	for (;;) {
		char chunk[CHUNK_BYTES];
		ssize_t n = pread(fd, chunk, sizeof(chunk), (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		const char *end = memchr(chunk, '\n', (size_t)n);
		size_t len = end ? (size_t)(end - chunk) : (size_t)n;
		if (!buf_add(&line, chunk, len))
			break;
		if (end) {
			rc = event_get(
			    event, buf_str(&line), line.len, &ignored);
			break;
		}
		offset += n;
	}
	buf_clear(&line);
	return rc;
}

int
result_read_end(int fd, const struct ledger_device *device, struct event *event)
{
	*event = (struct event){ 0 };
	if (device->finished_at < 0 ||
	    result_read_event(fd, device->finished_at, event))
		return -1;
	if (event->error.err.kind != ERR_NONE)
		err_prefix(&event->error.err, "%s", ledger_preface(device));
	return 0;
}

static json_t *
text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static json_t *
seconds(int64_t duration_ms)
{
	return json_real(duration_ms > 0 ? (double)duration_ms / 1000 : 0);
}

static json_t *
time_text(int64_t time_ms)
{
	char text[CLOCK_TEXT_BYTES];
	if (!time_ms)
		return json_null();
	clock_format(time_ms, text);
	return json_string(text);
}

static json_t *
step_json(const struct event *step)
{
	json_t *json = json_object();
	json_object_set_new(json, "phase", text_or_null(step->phase));
	json_object_set_new(json, "name", text_or_null(step->name));
	json_object_set_new(json, "status", text_or_null(step->status));
	json_object_set_new(json, "duration", seconds(step->duration_ms));
	json_object_set_new(
	    json, "output", json_string(step->output ? step->output : ""));
	if (step->output_cut)
		json_object_set_new(json, "output_cut", json_true());
	if (step->notes)
		json_object_set_new(json, "notes", json_string(step->notes));
	static const char *const more[] = { "diff", "would_change" };
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++) {
		json_t *value = json_object_get(step->more, more[i]);
		if (value)
			json_object_set(json, more[i], value);
	}
	json_object_set_new(json, "error", event_error_json(&step->error));
	return json;
}

static json_t *
error_json(const struct ledger_device *device, int fd)
{
	struct event event;
	json_t *error;
	if (device->error == ERR_NONE)
		return json_null();
	if (result_read_end(fd, device, &event) == 0) {
		error = event_error_json(&event.error);
		event_clear(&event);
		return error;
	}
	/* The journal has lost it; what the ledger kept is better than null. */
	struct fault known = { 0 };
	err_set(&known.err, device->error, "%s",
	    device->message ? device->message : "");
	return event_error_json(&known);
}

static json_t *
device_json(const struct ledger_device *device, int fd)
{
	json_t *output = NULL; /* the step's own: texts may be long */
	json_t *json = json_object();
	json_t *steps = json_array();
	for (size_t i = 0; i < device->step_count; i++) {
		struct event step;
		if (result_read_event(fd, device->steps[i], &step))
			continue;
		json_array_append_new(steps, step_json(&step));
		if (device->steps[i] == device->output_at)
			output = json_object_get(
			    json_array_get(steps, json_array_size(steps) - 1),
			    "output");
		event_clear(&step);
	}
	json_object_set_new(json, "hostname", json_string(device->hostname));
	json_object_set_new(json, "address", json_string(device->address));
	json_object_set_new(
	    json, "device_type", json_string(device->device_type));
	json_object_set_new(
	    json, "status", json_string(device_status_name(device->status)));
	json_object_set_new(json, "attempts", json_integer(device->attempts));
	json_object_set_new(json, "started", time_text(device->started_ms));
	json_object_set_new(json, "duration", seconds(device->duration_ms));
	json_object_set_new(
	    json, "output", output ? json_incref(output) : json_string(""));
	json_object_set_new(json, "phase", text_or_null(device->phase));
	json_object_set_new(json, "stage",
	    device->stage == STAGE_NONE
		? json_null()
		: json_string(stage_name(device->stage)));
	json_object_set_new(json, "steps", steps);
	json_object_set_new(json, "error", error_json(device, fd));
	return json;
}

static json_t *
run_json(const struct result_run *run, const struct ledger *ledger)
{
	json_t *totals = json_object();
	json_object_set_new(
	    totals, "devices", json_integer((json_int_t)ledger->count));
	for (unsigned i = DEVICE_CHANGED; i < DEVICE_STATUS__COUNT; i++)
		json_object_set_new(totals,
		    device_status_name((enum device_status)i),
		    json_integer((json_int_t)ledger->totals[i]));
	json_t *json = json_object();
	json_object_set_new(json, "id", json_string(run->id));
	json_object_set_new(json, "job", json_string(run->job));
	json_object_set_new(json, "started", time_text(run->started_ms));
	json_object_set_new(json, "finished", time_text(run->finished_ms));
	json_object_set_new(
	    json, "duration", seconds(run->finished_ms - run->started_ms));
	json_object_set_new(json, "threads", json_integer(run->threads));
	json_object_set_new(
	    json, "exit_status", json_integer(run->exit_status));
	json_object_set_new(json, "totals", totals);
	return json;
}

static int
dump(FILE *file, json_t *json)
{
	int rc = json_dumpf(json, file,
	    JSON_COMPACT | JSON_REAL_PRECISION(12) | JSON_ENCODE_ANY);
	json_decref(json);
	return rc;
}

int
result_write(FILE *file, const struct run_view *view)
{
	const struct ledger *ledger = view->ledger;
	fprintf(file, "{\"schema\":%d,\n\"run\":", RESULT_SCHEMA);
	if (dump(file, run_json(&view->about, ledger)))
		return -1;
	fputs(",\n\"results\":[", file);
	for (size_t i = 0; i < ledger->count; i++) {
		fputs(i ? ",\n" : "\n", file);
		if (dump(file,
			device_json(&ledger->devices[i], view->journal_fd)))
			return -1;
	}
	fputs("\n]}\n", file);
	return fflush(file) || ferror(file) ? -1 : 0;
}
