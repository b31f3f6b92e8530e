/*
 * The page: what was built in, with the data in its place. Whoever has no
 * script (the preview of a mail, say) sees the counts and what went wrong.
 */
#include "app/report_html.h"

#include "report_html_parts.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/die.h"
#include "device/crypto.h"

#include <stdlib.h>
#include <string.h>

/* Devices that are told of without a script. */
#define PLAIN_DEVICES 200

struct page {
	FILE *file;
	const struct run_view *view;
};

/* TEXT where markup stands: between tags, or in a quoted attribute. */
static void
put_escaped(FILE *file, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '&':
			fputs("&amp;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		case '\'':
			fputs("&#39;", file);
			break;
		default:
			fputc(*text, file);
		}
	}
}

static int
put_title(struct page *page)
{
	const struct run_view *view = page->view;
	put_escaped(page->file, view->about.job);
	fputs(" · ", page->file);
	put_escaped(page->file, view->about.id);
	return 0;
}

/* The SHA-256 of FILE as a content security policy names it. */
static int
put_hash(struct page *page, const struct html_file *file)
{
	char text[CRYPTO_SHA256_TEXT_BYTES];
	unsigned char bytes[(CRYPTO_SHA256_TEXT_BYTES - 1) / 2];
	if (!crypto_sha256_text(file->text, file->len, text))
		return -1;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		char digits[3] = { text[2 * i], text[2 * i + 1], '\0' };
		bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	char *base64 = base64_put(bytes, sizeof(bytes));
	fprintf(page->file, "'sha256-%s'", base64);
	free(base64);
	return 0;
}

static int
put_style_hash(struct page *page)
{
	return put_hash(page, &html_style);
}

static int
put_script_hash(struct page *page)
{
	return put_hash(page, &html_script);
}

static int
put_style(struct page *page)
{
	fwrite(html_style.text, 1, html_style.len, page->file);
	return 0;
}

static int
put_script(struct page *page)
{
	fwrite(html_script.text, 1, html_script.len, page->file);
	return 0;
}

static int
put_data(struct page *page)
{
	struct html_times times;
	html_times_read(&times, page->view);
	int rc = html_data_write(page->file, page->view, &times);
	html_times_clear(&times);
	return rc;
}

static void
put_plain_counts(struct page *page)
{
	const struct run_view *view = page->view;
	const struct result_run *about = &view->about;
	char started[CLOCK_TEXT_BYTES], took[CLOCK_TEXT_BYTES];
	clock_format(about->started_ms, started);
	duration_format(about->finished_ms - about->started_ms, took);
	fputs("<h1>", page->file);
	put_escaped(page->file, about->job);
	fprintf(page->file, "</h1>\n<p>%s, %s, %zu device%s:", started, took,
	    view->ledger->count, view->ledger->count == 1 ? "" : "s");
	for (unsigned i = 0; i < DEVICE_STATUS__COUNT; i++)
		if (view->ledger->totals[i])
			fprintf(page->file, " %s %zu",
			    device_status_name((enum device_status)i),
			    view->ledger->totals[i]);
	fputs("</p>\n", page->file);
	if (!view->stopped)
		return;
	fputs("<p>stopped early: ", page->file);
	put_escaped(page->file, view->stopped);
	fputs("</p>\n", page->file);
}

static int
put_plain(struct page *page)
{
	const struct ledger *ledger = page->view->ledger;
	size_t told = 0, left = 0;
	put_plain_counts(page);
	fputs("<ul>\n", page->file);
	for (size_t i = 0; i < ledger->count; i++) {
		const struct ledger_device *device = &ledger->devices[i];
		if (device_status_is_success(device->status))
			continue;
		if (told == PLAIN_DEVICES) {
			left++;
			continue;
		}
		told++;
		fputs("<li><b>", page->file);
		put_escaped(page->file, device->hostname);
		fprintf(page->file, "</b>: %s ",
		    device_status_name(device->status));
		put_escaped(page->file, ledger_preface(device));
		put_escaped(page->file, device->message ? device->message : "");
		fputs("</li>\n", page->file);
	}
	if (left)
		fprintf(page->file, "<li>and %zu more</li>\n", left);
	fputs("</ul>\n<p>The whole report needs a browser with "
	      "JavaScript.</p>\n",
	    page->file);
	return 0;
}

/* What page.html has between two "@". */
static const struct {
	const char *name;
	int (*put)(struct page *page);
} places[] = {
	{ "title", put_title },
	{ "style-hash", put_style_hash },
	{ "script-hash", put_script_hash },
	{ "style", put_style },
	{ "plain", put_plain },
	{ "data", put_data },
	{ "script", put_script },
};

static int
put_place(struct page *page, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strlen(places[i].name) == len &&
		    memcmp(places[i].name, name, len) == 0)
			return places[i].put(page);
	BUG("page.html names a place that is not there");
}

int
report_html(FILE *file, const struct run_view *view)
{
	struct page page = { .file = file, .view = view };
	const char *at = html_page.text;
	for (;;) {
		size_t len = strcspn(at, "@");
		fwrite(at, 1, len, file);
		at += len;
		if (!*at)
			break;
		len = strcspn(++at, "@");
		BUG_IF(!at[len]);
		if (put_place(&page, at, len))
			return -1;
		at += len + 1;
	}
	return fflush(file) || ferror(file) ? -1 : 0;
}
