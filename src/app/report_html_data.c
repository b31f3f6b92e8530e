/*
 * The data of the page, device by device: nothing of what a device showed is
 * kept in memory but the digests that tell whether it was written before.
 */
#include "report_html_parts.h"

#include "app/report_html.h"
#include "base/buf.h"
#include "base/err.h"
#include "device/crypto.h"
#include "run/replay.h"

#include <string.h>

/* Instead of a text's number: the page is full. */
#define TEXT_LEFT_OUT (-1)

struct data {
	FILE *file;
	const struct run_view *view;
	const struct html_times *times;
	json_t *known; /* digest -> number of the text */
	json_int_t texts; /* how many were written */
	size_t bytes; /* of them all */
};

/* JSON inside <script>: no byte of it may mean anything to HTML. They stand
 * only inside strings, so that they may be written as \uXXXX. */
static int
put_bytes(const char *data, size_t len, void *file)
{
	while (len) {
		size_t plain = 0;
		while (plain < len && data[plain] != '<' &&
		    data[plain] != '>' && data[plain] != '&')
			plain++;
		fwrite(data, 1, plain, file);
		if (plain < len) {
			fprintf(file, "\\u%04x", (unsigned)data[plain]);
			plain++;
		}
		data += plain;
		len -= plain;
	}
	return ferror(file) ? -1 : 0;
}

static int
put_line(struct data *data, json_t *json)
{
	int rc = json_dump_callback(json, put_bytes, data->file,
	    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
	fputc('\n', data->file);
	json_decref(json);
	return rc;
}

/* How much of TEXT is written, cut between characters. */
static size_t
shown_len(const char *text, size_t len)
{
	if (len <= HTML_TEXT_LIMIT_BYTES)
		return len;
	len = HTML_TEXT_LIMIT_BYTES;
	while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

/* The number of the text; written now if it is new. */
static json_int_t
text_number(struct data *data, const char *text)
{
	char digest[CRYPTO_SHA256_TEXT_BYTES];
	size_t len = strlen(text), shown = shown_len(text, len);
	if (!crypto_sha256_text(text, len, digest))
		return TEXT_LEFT_OUT;
	const json_t *known = json_object_get(data->known, digest);
	if (known)
		return json_integer_value(known);
	if (data->bytes + shown > HTML_TEXTS_LIMIT_BYTES)
		return TEXT_LEFT_OUT;
	data->bytes += shown;
	json_object_set_new(data->known, digest, json_integer(data->texts));
	json_t *string = json_stringn(text, shown);
	put_line(data,
	    shown == len ? string
			 : json_pack("[o, I]", string, (json_int_t)len));
	return data->texts++;
}

static void
set_text(struct data *data, json_t *to, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(
		    to, key, json_integer(text_number(data, text)));
}

static void
set_string(json_t *to, const char *key, const char *text)
{
	if (text)
		json_object_set_new(to, key, json_string(text));
}

static void
set_integer(json_t *to, const char *key, int64_t value)
{
	if (value)
		json_object_set_new(to, key, json_integer(value));
}

static json_t *
error_json(struct data *data, const struct fault *fault)
{
	json_t *json = json_object();
	set_string(json, "kind", err_kind_name(fault->err.kind));
	set_text(data, json, "message", fault->err.text);
	set_integer(json, "line", fault->line);
	set_string(json, "sent", fault->sent);
	set_text(data, json, "said", fault->device_text);
	return json;
}

static json_t *
step_json(struct data *data, const struct event *step)
{
	json_t *json = json_object();
	set_string(json, "phase", step->phase);
	set_string(json, "name", step->name);
	set_string(json, "status", step->status);
	set_integer(json, "ms", step->duration_ms > 0 ? step->duration_ms : 0);
	set_text(data, json, "output", step->output);
	if (step->output_cut)
		json_object_set_new(json, "cut", json_true());
	set_text(data, json, "notes", step->notes);
	set_text(data, json, "diff",
	    json_string_value(json_object_get(step->more, "diff")));
	if (step->error.err.kind != ERR_NONE)
		json_object_set_new(
		    json, "error", error_json(data, &step->error));
	return json;
}

static void
set_steps(struct data *data, json_t *json, const struct ledger_device *device)
{
	json_t *steps = json_array();
	for (size_t i = 0; i < device->step_count; i++) {
		struct event step;
		if (result_read_event(
			data->view->journal_fd, device->steps[i], &step))
			continue;
		if (device->steps[i] == device->output_at)
			set_text(data, json, "output", step.output);
		json_array_append_new(steps, step_json(data, &step));
		event_clear(&step);
	}
	if (json_array_size(steps))
		json_object_set(json, "steps", steps);
	json_decref(steps);
}

static void
set_error(struct data *data, json_t *json, const struct ledger_device *device)
{
	struct event end = { 0 };
	struct fault known = { 0 };
	if (device->error == ERR_NONE)
		return;
	/* What the journal has lost, the ledger still knows in short. */
	bool is_there = device->finished_at >= 0 &&
	    result_read_event(
		data->view->journal_fd, device->finished_at, &end) == 0;
	err_set(&known.err, device->error, "%s",
	    device->message ? device->message : "");
	struct fault *fault = is_there ? &end.error : &known;
	err_prefix(&fault->err, "%s", ledger_preface(device));
	json_object_set_new(json, "error", error_json(data, fault));
	if (is_there)
		event_clear(&end);
}

/* Flat: letter, milliseconds since the run began, what the letter needs. */
static void
set_marks(struct data *data, json_t *json, const struct html_marks *marks)
{
	json_t *list = json_array();
	for (size_t i = 0; i < marks->count; i++) {
		const struct html_mark *mark = &marks->items[i];
		json_array_append_new(list, json_stringn(&mark->kind, 1));
		json_array_append_new(list,
		    json_integer(mark->time_ms - data->view->about.started_ms));
		json_array_append_new(list, json_integer(mark->arg));
	}
	if (marks->count)
		json_object_set(json, "marks", list);
	json_decref(list);
}

static int
put_device(struct data *data, size_t i)
{
	const struct ledger_device *device = &data->view->ledger->devices[i];
	json_t *json = json_object();
	json_object_set_new(json, "n", json_integer((json_int_t)i));
	set_string(json, "host", device->hostname);
	set_string(json, "address", device->address);
	set_string(json, "type", device->device_type);
	json_object_set_new(json, "status", json_integer(device->status));
	set_integer(json, "attempts", device->attempts);
	set_integer(json, "ms", device->duration_ms);
	if (device->started_ms)
		json_object_set_new(json, "at",
		    json_integer(
			device->started_ms - data->view->about.started_ms));
	if (device->would_change)
		json_object_set_new(json, "would", json_true());
	set_string(json, "phase", device->phase);
	if (device->stage != STAGE_NONE)
		set_string(json, "stage", stage_name(device->stage));
	set_error(data, json, device);
	set_steps(data, json, device);
	set_marks(data, json, &data->times->devices[i]);
	return put_line(data, json);
}

/* The plan's phases: what was to be done. */
static json_t *
phases_json(const char *dir)
{
	struct err ignored;
	json_t *plan = dir ? replay_read_json(dir, "plan.json", &ignored)
			   : NULL;
	json_t *phases = json_incref(json_object_get(plan, "phases"));
	json_decref(plan);
	return phases ? phases : json_array();
}

static json_t *
names_json(const struct strs *names)
{
	json_t *json = json_array();
	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(json, json_string(names->items[i]));
	return json;
}

static int
put_run(struct data *data)
{
	const struct run_view *view = data->view;
	const struct html_times *times = data->times;
	json_t *statuses = json_array();
	for (unsigned i = 0; i < DEVICE_STATUS__COUNT; i++)
		json_array_append_new(statuses,
		    json_string(device_status_name((enum device_status)i)));
	json_t *json = json_pack(
	    "{s:s, s:s, s:I, s:I, s:i, s:i, s:b, s:s, s:o, s:o, s:O, s:O, s:O, "
	    "s:o, s:I, s:I}",
	    "id", view->about.id, "job", view->about.job, "started",
	    (json_int_t)view->about.started_ms, "finished",
	    (json_int_t)view->about.finished_ms, "threads", view->about.threads,
	    "exit_status", view->about.exit_status, "ended", view->finished,
	    "version", NETPUSH_VERSION, "statuses", statuses, "phases",
	    phases_json(view->dir), "parts", times->parts, "batches",
	    times->batches, "logins", times->logins, "phase_names",
	    names_json(&times->phases), "host_keys",
	    (json_int_t)times->new_host_keys, "devices",
	    (json_int_t)view->ledger->count);
	set_string(json, "stopped", view->stopped);
	return put_line(data, json);
}

int
html_data_write(
    FILE *file, const struct run_view *view, const struct html_times *times)
{
	struct data data = {
		.file = file,
		.view = view,
		.times = times,
		.known = json_object(),
	};
	int rc = put_run(&data);
	/* If the page gets full, then with what went well. */
	for (int good = 0; good <= 1; good++)
		for (size_t i = 0; rc == 0 && i < view->ledger->count; i++)
			if (device_status_is_success(
				view->ledger->devices[i].status) == good)
				rc = put_device(&data, i);
	json_decref(data.known);
	return rc;
}
