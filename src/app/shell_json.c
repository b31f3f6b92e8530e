/*
 * --json. The document is written piece by piece: an output that
 * is kept in a file never stands in memory as a whole.
 */
#include "shell_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A string that is being written. */
struct json_text {
	FILE *file;
	char rest[4]; /* the beginning of a character that is not all there */
	size_t rest_len;
	bool replaced; /* some bytes were no UTF-8 */
};

static void
put_escaped(FILE *file, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			fprintf(file, "\\%c", c);
		else if (c == '\n')
			fputs("\\n", file);
		else if (c < ' ' || c == 0x7f)
			fprintf(file, "\\u%04x", c);
		else if (c == 0xc2 && i + 1 < len &&
		    (unsigned char)text[i + 1] < 0xa0)
			/* U+0080 to U+009F: some terminals obey them. */
			fprintf(file, "\\u%04x", (unsigned char)text[++i]);
		else
			fputc(c, file);
	}
}

static void
put_valid(struct json_text *out, const char *text, size_t len)
{
	struct buf valid;
	bool good = str_is_utf8(text, len, NULL) && !memchr(text, '\0', len);
	buf_init(&valid, 3 * len + 1);
	if (!good)
		str_add_utf8(&valid, text, len);
	put_escaped(
	    out->file, good ? text : buf_str(&valid), good ? len : valid.len);
	out->replaced |= !good;
	buf_clear(&valid);
}

static int
take_text(void *data, const char *bytes, size_t len)
{
	struct json_text *out = data;
	struct buf all;
	buf_init(&all, len + sizeof(out->rest));
	buf_add(&all, out->rest, out->rest_len);
	buf_add(&all, bytes, len);
	out->rest_len = shell_open_end(buf_str(&all), all.len);
	put_valid(out, buf_str(&all), all.len - out->rest_len);
	memcpy(
	    out->rest, buf_str(&all) + all.len - out->rest_len, out->rest_len);
	buf_clear(&all);
	return 0;
}

/* True: not every byte could be written. */
static bool
put_capture(FILE *file, const char *name, const struct capture *capture)
{
	struct json_text out = { .file = file };
	struct err err;
	fprintf(file, "      \"%s\": \"", name);
	if (capture->place &&
	    capture_each(capture, capture->size, take_text, &out, &err))
		log_error("%s", err.text);
	put_valid(&out, out.rest, out.rest_len);
	fputs("\",\n", file);
	return out.replaced;
}

static void
put_text(FILE *file, const char *before, const char *text, const char *after)
{
	struct json_text out = { .file = file };
	fprintf(file, "%s%s", before, text ? "\"" : "null");
	if (text)
		put_valid(&out, text, strlen(text));
	fprintf(file, "%s%s", text ? "\"" : "", after);
}

static void
put_time(FILE *file, const char *name, int64_t time_ms)
{
	char text[CLOCK_TEXT_BYTES] = "";
	if (time_ms)
		clock_format(time_ms, text);
	fprintf(file, "      \"%s\": ", name);
	put_text(file, "", time_ms ? text : NULL, ",\n");
}

static void
put_result(FILE *file, const struct shell_view *view, size_t host)
{
	const struct shell_result *result = &view->results[host];
	bool not_run = result->state == SHELL_NOT_RUN;
	const char *status = not_run	   ? "not_run"
	    : shell_result_is_good(result) ? "success"
					   : "failed";
	bool binary = false;
	put_text(file,
	    "    {\n      \"router_name\": ", view->hosts->items[host].name,
	    ",\n");
	put_text(file, "      \"status\": ", status, ",\n");
	binary |= put_capture(file, "output", &result->out);
	binary |= put_capture(file, "errors", &result->err);
	fprintf(file, "      \"binary\": %s,\n", binary ? "true" : "false");
	if (not_run)
		fputs("      \"return_code\": null,\n", file);
	else
		fprintf(file, "      \"return_code\": %d,\n", result->code);
	fprintf(file, "      \"attempts\": %d,\n", result->attempts);
	fprintf(file, "      \"execution_duration\": %.3f,\n",
	    (double)(result->finished_ms - result->started_ms) / 1000);
	put_time(file, "start_time", result->started_ms);
	put_time(file, "end_time", result->finished_ms);
	if (result->kind == ERR_NONE) {
		fputs("      \"error\": null\n    }", file);
		return;
	}
	put_text(file,
	    "      \"error\": {\"kind\": ", err_kind_name(result->kind),
	    ", \"message\": ");
	put_text(file, "", result->message, "}\n    }");
}

static int
write_document(void *data, FILE *file)
{
	const struct shell_view *view = data;
	const struct strs *words = view->call->words;
	struct buf command;
	size_t count = view->hosts->count, good = 0, not_run = 0;
	buf_init(&command, 1u << 24);
	for (size_t i = 0; i < words->count; i++)
		buf_addf(&command, "%s%s", i ? " " : "", words->items[i]);
	for (size_t i = 0; i < count; i++) {
		good += shell_result_is_good(&view->results[i]);
		not_run += view->results[i].state == SHELL_NOT_RUN;
	}
	put_text(file,
	    "{\n  \"summary\": {\n    \"command\": ", buf_str(&command), ",\n");
	buf_clear(&command);
	fprintf(file,
	    "    \"total_routers\": %zu,\n    \"successful\": %zu,\n"
	    "    \"failed\": %zu,\n    \"not_run\": %zu,\n"
	    "    \"total_duration\": %.3f\n  },\n  \"results\": [\n",
	    count, good, count - good - not_run, not_run,
	    (double)(view->finished_ms - view->started_ms) / 1000);
	for (size_t i = 0; i < count; i++) {
		put_result(file, view, i);
		fputs(i + 1 < count ? ",\n" : "\n", file);
	}
	fputs("  ]\n}\n", file);
	return ferror(file) ? -1 : 0;
}

int
shell_write_json(const struct shell_view *view)
{
	struct err err;
	if (view->options->json_path) {
		if (file_replace(view->options->json_path, 0600, write_document,
			(void *)view, &err) == 0)
			return 0;
		log_error("%s", err.text);
		return -1;
	}
	if (write_document((void *)view, stdout) == 0 && fflush(stdout) == 0)
		return 0;
	log_error("standard output: %s", strerror(errno));
	return -1;
}
