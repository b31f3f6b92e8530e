/*
 * What a person sees of the parallel shell: for each host its description,
 * what it said, its code; in the order of the hosts, or line by line as it
 * comes (--stream).
 */
#include "shell_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/log.h"
#include "text/shown.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPEN_LINE_LIMIT_BYTES 65536

#define BLUE   "34"
#define GREEN  "32"
#define RED    "31"
#define YELLOW "33"

void
shell_view_init(struct shell_view *view)
{
	const char *no_color = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	view->is_terminal = isatty(STDOUT_FILENO);
	view->color = view->is_terminal && !view->options->shared.no_color &&
	    !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
	view->started_ms = clock_wall_ms();
	if (view->options->outdir)
		view->before = shell_repetitions(view->hosts);
	if (!view->options->stream)
		return;
	view->open_lines = xcalloc(
	    2 * view->hosts->count, sizeof(*view->open_lines));
	for (size_t i = 0; i < 2 * view->hosts->count; i++)
		buf_init(&view->open_lines[i], OPEN_LINE_LIMIT_BYTES);
}

void
shell_view_clear(struct shell_view *view)
{
	for (size_t i = 0; view->open_lines && i < 2 * view->hosts->count; i++)
		buf_clear(&view->open_lines[i]);
	free(view->open_lines);
	free(view->before);
}

static void
begin_color(const struct shell_view *view, const char *color)
{
	if (view->color)
		printf("\033[%sm", color);
}

static void
end_color(const struct shell_view *view)
{
	if (view->color)
		fputs("\033[0m", stdout);
}

/* On a terminal without what it would obey; else byte for byte. */
static void
put(const struct shell_view *view, FILE *file, const char *bytes, size_t len)
{
	struct buf valid, clean;
	if (!isatty(fileno(file))) {
		fwrite(bytes, 1, len, file);
		return;
	}
	(void)view;
	buf_init(&valid, 3 * len + 1);
	buf_init(&clean, 9 * len + 1);
	str_add_utf8(&valid, bytes, len);
	shown_add(&clean, buf_str(&valid), valid.len);
	fwrite(buf_str(&clean), 1, clean.len, file);
	buf_clear(&valid);
	buf_clear(&clean);
}

size_t
shell_open_end(const char *text, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)text[len - back];
		if ((c & 0xc0) == 0x80)
			continue;
		size_t wants = c >= 0xf0 ? 4
		    : c >= 0xe0		 ? 3
		    : c >= 0xc0		 ? 2
					 : 1;
		return wants > back ? back : 0;
	}
	return 0;
}

/* A terminal sees whole characters, also where two pieces meet. */
static int
take(void *data, const char *bytes, size_t len)
{
	struct shell_view *view = data;
	struct buf all;
	if (!view->is_terminal) {
		put(view, stdout, bytes, len);
		return 0;
	}
	buf_init(&all, len + sizeof(view->rest));
	buf_add(&all, view->rest, view->rest_len);
	buf_add(&all, bytes, len);
	view->rest_len = shell_open_end(buf_str(&all), all.len);
	size_t whole = all.len - view->rest_len;
	put(view, stdout, buf_str(&all), whole);
	memcpy(view->rest, buf_str(&all) + whole, view->rest_len);
	buf_clear(&all);
	return 0;
}

static void
print_output(struct shell_view *view, const char *label,
    const struct capture *capture, const char *message, const char *color)
{
	struct err err;
	uint64_t size = capture->place ? capture_text_size(capture) : 0;
	if (!size && !message)
		return;
	puts(label);
	begin_color(view, color);
	if (size && capture_each(capture, size, take, view, &err)) {
		log_error("%s", err.text);
		view->incomplete = true;
	}
	put(view, stdout, view->rest, view->rest_len);
	view->rest_len = 0;
	if (size && message)
		putchar('\n');
	if (message)
		put(view, stdout, message, strlen(message));
	end_color(view);
	putchar('\n');
}

static void
print_number(const struct shell_view *view, const char *label, int number,
    const char *color)
{
	fputs(label, stdout);
	begin_color(view, color);
	printf("%d", number);
	end_color(view);
	putchar('\n');
}

void
shell_print_result(
    struct shell_view *view, const char *description, size_t host)
{
	const struct shell_result *result = &view->results[host];
	bool failed = !shell_result_is_good(result);
	const char *color = failed ? RED : YELLOW;
	begin_color(view, BLUE);
	put(view, stdout, description, strlen(description));
	end_color(view);
	putchar('\n');
	print_output(view, "stdout:", &result->out, NULL, GREEN);
	print_output(view, "stderr:", &result->err, result->message, color);
	if (failed)
		print_number(view, "return code: ", result->code, color);
	if (failed || result->attempts != 1)
		print_number(view, "attempts:    ", result->attempts, color);
}

/* [user@]name: how a login names the host. */
static char *
spec_of(const struct shell_view *view, const struct host *host)
{
	const char *user = host->user ? host->user
				      : view->options->shared.username;
	return user ? xasprintf("%s@%s", user, host->name)
		    : xstrdup(host->name);
}

static char *
filled(const char *text, const struct host *host)
{
	struct buf out;
	buf_init(&out, 1u << 20);
	hosts_fill(&out, text, strlen(text), host->name);
	return buf_take(&out);
}

static char *
joined(const struct strs *words, char between, const struct host *host)
{
	struct buf out;
	buf_init(&out, 1u << 24);
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];
		if (i)
			buf_addc(&out, between);
		hosts_fill(&out, word, strlen(word), host->name);
	}
	return buf_take(&out);
}

char *
shell_description(const struct shell_view *view, size_t host)
{
	const struct host *at = &view->hosts->items[host];
	const struct shell_call *call = view->call;
	const char *tool = view->options->tool->name;
	char *spec = spec_of(view, at);
	char *words = shell_command_text(call, at);
	char *destination = call->destination ? filled(call->destination, at)
					      : NULL;
	char *text = NULL;
	switch (call->kind) {
	case SHELL_LOCAL:
		text = xasprintf("%s [%s]: %s", tool, at->name, words);
		break;
	case SHELL_SCRIPT:
		text = xasprintf("%s [%s]: running %s", tool, spec, words);
		break;
	case SHELL_PUSH:
		text = xasprintf("%s [%s]: %s => %s:%s", tool, spec, words,
		    spec, destination);
		break;
	case SHELL_PULL:
		free(words);
		words = joined(call->words, ',', at);
		text = xasprintf(call->words->count > 1
			? "%s [%s]: %s:{%s} => %s"
			: "%s [%s]: %s:%s => %s",
		    tool, spec, spec, words, destination);
		break;
	default:
		text = xasprintf("%s [%s]: %s", tool, spec, words);
		break;
	}
	free(destination);
	free(words);
	free(spec);
	return text;
}

/* "web1: LINE" in one piece: to standard output or errors. */
static void
print_line(const struct shell_view *view, size_t host, bool is_error,
    const char *line, size_t len)
{
	FILE *file = is_error ? stderr : stdout;
	fprintf(file, "%s: ", view->hosts->items[host].name);
	put(view, file, line, len);
	fputc('\n', file);
}

void
shell_show_said(struct shell_view *view, size_t host, bool is_error,
    const char *bytes, size_t len)
{
	struct buf *open = &view->open_lines[2 * host + is_error];
	while (len) {
		const char *end = memchr(bytes, '\n', len);
		size_t part = end ? (size_t)(end - bytes) : len;
		/* A line without end is shown in pieces. */
		if (open->len + part > OPEN_LINE_LIMIT_BYTES) {
			print_line(
			    view, host, is_error, buf_str(open), open->len);
			buf_reset(open);
		}
		buf_add(open, bytes, part);
		if (end) {
			print_line(
			    view, host, is_error, buf_str(open), open->len);
			buf_reset(open);
			part++;
		}
		bytes += part;
		len -= part;
	}
	fflush(stdout);
}

/* The rest of its lines, and how it failed. */
static void
end_stream(struct shell_view *view, size_t host)
{
	const struct shell_result *result = &view->results[host];
	const char *name = view->hosts->items[host].name;
	for (size_t i = 0; i < 2; i++) {
		struct buf *open = &view->open_lines[2 * host + i];
		if (open->len)
			print_line(
			    view, host, i == 1, buf_str(open), open->len);
		buf_clear(open);
		buf_init(open, OPEN_LINE_LIMIT_BYTES);
	}
	if (result->state != SHELL_DONE || shell_result_is_good(result))
		return;
	if (result->message)
		print_line(
		    view, host, true, result->message, strlen(result->message));
	fprintf(stderr, "%s: return code: %d\n", name, result->code);
}

static bool
is_settled(const struct shell_result *result)
{
	return result->state == SHELL_DONE || result->state == SHELL_NOT_RUN;
}

static void
show_next(struct shell_view *view)
{
	struct shell_result *result = &view->results[view->shown];
	const struct shell_options *options = view->options;
	bool quiet = options->shared.quiet && shell_result_is_good(result);
	if (result->state != SHELL_DONE || quiet || options->stream)
		return;
	char *description = shell_description(view, view->shown);
	shell_print_result(view, description, view->shown);
	free(description);
}

void
shell_show_done(struct shell_view *view, size_t host)
{
	const struct shell_options *options = view->options;
	if (options->stream)
		end_stream(view, host);
	if (options->outdir && view->results[host].state == SHELL_DONE)
		view->incomplete |= shell_write_outputs(view, host) != 0;
	if (options->json || options->gather)
		return;
	while (view->shown < view->hosts->count &&
	    is_settled(&view->results[view->shown])) {
		show_next(view);
		if (!options->json_path) {
			/* Its message may still be asked for: it is short. */
			capture_clear(&view->results[view->shown].out);
			capture_clear(&view->results[view->shown].err);
		}
		view->shown++;
	}
	fflush(stdout);
}

/* Those of which IS says so, one a line. */
static void
list_hosts(const struct shell_view *view, const char *head, const char *color,
    bool not_run)
{
	puts(head);
	for (size_t i = 0; i < view->hosts->count; i++) {
		const struct shell_result *result = &view->results[i];
		bool listed = not_run ? result->state == SHELL_NOT_RUN
				      : result->state == SHELL_DONE &&
			!shell_result_is_good(result);
		if (!listed)
			continue;
		begin_color(view, color);
		fputs(view->hosts->items[i].name, stdout);
		end_color(view);
		putchar('\n');
	}
}

static void
print_footer(const struct shell_view *view)
{
	size_t good = 0, failed = 0, count = view->hosts->count;
	for (size_t i = 0; i < count; i++) {
		const struct shell_result *result = &view->results[i];
		good += shell_result_is_good(result);
		failed += result->state == SHELL_DONE &&
		    !shell_result_is_good(result);
	}
	size_t not_run = count - good - failed;
	printf("%zu succeeded, %zu failed, %zu total", good, failed, count);
	if (not_run)
		printf(", %zu not run", not_run);
	fputs("\n\n", stdout);
	if (failed)
		list_hosts(view, "Failed hosts:", RED, false);
	if (not_run)
		list_hosts(view, "Not run:", YELLOW, true);
}

void
shell_show_end(struct shell_view *view)
{
	if (view->options->json)
		return;
	if (view->options->gather)
		shell_print_gathered(view);
	print_footer(view);
}
