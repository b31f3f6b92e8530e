/*
 * The mail about a run, put together. Every part is made in a file of its own
 * first: the text has to say what is left out behind it, and memory must not
 * grow with what the devices showed.
 */
#include "app/message.h"

#include "app/report.h"
#include "base/buf.h"
#include "base/die.h"
#include "base/err.h"
#include "base/str.h"
#include "message_parts.h"
#include "model/job.h"
#include "text/mime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TEXT_MAX_BYTES	  (256 * 1024) /* of the report in the mail */
#define RANDOM_BYTES	  12
#define RANDOM_TEXT_BYTES (2 * RANDOM_BYTES + 1)

bool
message_is_good_news(const struct run_view *view)
{
	return view->finished && view->about.exit_status == 0 &&
	    ledger_is_success(view->ledger);
}

/* How many of those that did not succeed are worse or better off than
 * "failed": that word alone would mislead. */
static void
add_details(struct buf *out, const struct ledger *ledger)
{
	static const struct {
		enum device_status status;
		const char *word;
	} rows[] = {
		{ DEVICE_UNKNOWN, "unknown" },
		{ DEVICE_ROLLED_BACK, "rolled back" },
		{ DEVICE_SKIPPED, "skipped" },
		{ DEVICE_PENDING, "not begun" },
	};
	const char *separator = " (";
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!ledger->totals[rows[i].status])
			continue;
		buf_addf(out, "%s%zu %s", separator,
		    ledger->totals[rows[i].status], rows[i].word);
		separator = ", ";
	}
	if (separator[0] == ',')
		buf_addc(out, ')');
}

void
message_subject(struct buf *out, const struct run_view *view)
{
	const struct ledger *ledger = view->ledger;
	size_t good = ledger->totals[DEVICE_CHANGED] +
	    ledger->totals[DEVICE_UNCHANGED];
	if (good == ledger->count)
		buf_addf(out, "[netpush] %s %zu/%zu",
		    message_is_good_news(view) ? "OK" : "STOPPED", good,
		    ledger->count);
	else
		buf_addf(out, "[netpush] FAILED %zu/%zu", ledger->count - good,
		    ledger->count);
	buf_addf(out, " %s", view->about.job);
	add_details(out, ledger);
}

static void
random_text(char text[RANDOM_TEXT_BYTES])
{
	unsigned char bytes[RANDOM_BYTES];
	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		fatal("no random numbers: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* RFC 5322, 3.3. No locale was set, so the names are the English ones. */
static void
put_date(FILE *out)
{
	char text[64];
	struct tm tm;
	time_t now = time(NULL);
	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S %z", &tm);
	fprintf(out, "Date: %s\r\n", text);
}

static void
put_header(FILE *out, const struct job_email *email,
    const struct run_view *view, const char *boundary)
{
	char unique[RANDOM_TEXT_BYTES];
	struct buf subject;
	buf_init(&subject, 2 * MIME_FIELD_LIMIT_BYTES);
	message_subject(&subject, view);
	random_text(unique);
	put_date(out);
	fprintf(out, "From: %s\r\n", email->from);
	mime_put_addresses(out, "To", &email->to);
	mime_put_field(out, "Subject", buf_str(&subject));
	/* One for all attempts: who gets two copies can tell. */
	fprintf(
	    out, "Message-ID: <%s%s>\r\n", unique, strrchr(email->from, '@'));
	fputs("MIME-Version: 1.0\r\n", out);
	fprintf(out, "Content-Type: multipart/mixed;\r\n\tboundary=\"%s\"\r\n",
	    boundary);
	/* RFC 3834: nobody's "out of the office" should answer. */
	fputs("Auto-Submitted: auto-generated\r\n", out);
	mime_put_field(out, "X-Netpush-Run", view->about.id);
	fputs("\r\n", out);
	buf_clear(&subject);
}

/* Copies whole lines up to TEXT_MAX_BYTES; what a terminal would obey is made
 * harmless. */
static void
copy_report(FILE *out, FILE *in)
{
	char *line = NULL;
	size_t size = 0, taken = 0;
	ssize_t n;
	while ((n = getline(&line, &size, in)) > 0) {
		taken += (size_t)n;
		if (taken > TEXT_MAX_BYTES) {
			fputs("\n... cut here: this report is longer than a "
			      "mail should be\n",
			    out);
			break;
		}
		for (ssize_t i = 0; i < n; i++) {
			unsigned char byte = (unsigned char)line[i];
			if ((byte < ' ' && byte != '\n' && byte != '\t') ||
			    byte == 0x7f)
				line[i] = '?';
		}
		fwrite(line, 1, (size_t)n, out);
	}
	free(line);
}

static int
put_part(FILE *out, const char *boundary, const char *type, FILE *text,
    struct err *err)
{
	if (fflush(text) || ferror(text) || fseeko(text, 0, SEEK_SET))
		return err_sys(err, ERR_INTERNAL, errno, "a temporary file");
	fprintf(out,
	    "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
	    boundary, type);
	mime_put_text(out, text);
	fputs("\r\n", out);
	return 0;
}

static int
put_text(FILE *out, const struct run_view *view, const char *notes,
    const char *boundary, struct err *err)
{
	int rc = -1;
	FILE *report = message_scratch(view, err), *text = NULL;
	if (!report)
		return -1;
	text = message_scratch(view, err);
	if (!text)
		goto out;
	report_text(report, view, 0);
	if (fflush(report) || fseeko(report, 0, SEEK_SET)) {
		err_sys(err, ERR_INTERNAL, errno, "a temporary file");
		goto out;
	}
	copy_report(text, report);
	if (*notes)
		fprintf(text, "\n%s", notes);
	rc = put_part(out, boundary, "text/plain", text, err);
out:
	fclose(report);
	if (text)
		fclose(text);
	return rc;
}

static int
put_html(FILE *out, const struct run_view *view, const char *boundary,
    struct err *err)
{
	FILE *page = message_scratch(view, err);
	if (!page)
		return -1;
	message_html(page, view);
	int rc = put_part(out, boundary, "text/html", page, err);
	fclose(page);
	return rc;
}

static void
put_attachment(
    FILE *out, const struct attachment *attachment, const char *boundary)
{
	fprintf(out,
	    "--%s\r\nContent-Type: %s\r\n"
	    "Content-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment",
	    boundary, attachment->type);
	mime_put_parameter(out, "filename", attachment->name);
	fputs("\r\n", out);
	mime_put_base64(out, attachment->file);
	fputs("\r\n", out);
}

int
message_write(FILE *out, const struct job_email *email,
    const struct run_view *view, struct err *err)
{
	struct attachments attachments;
	/* "=_" stands in neither encoding (RFC 2045, 6.7 (5)). */
	char outer[RANDOM_TEXT_BYTES + 3] = "=_m", inner[sizeof(outer)] = "=_a";
	int rc = -1;
	random_text(outer + 3);
	random_text(inner + 3);
	if (attachments_collect(&attachments, view, err))
		goto out;
	put_header(out, email, view, outer);
	fprintf(out,
	    "--%s\r\nContent-Type: multipart/alternative;\r\n"
	    "\tboundary=\"%s\"\r\n\r\n",
	    outer, inner);
	if (put_text(out, view, buf_str(&attachments.notes), inner, err) ||
	    put_html(out, view, inner, err))
		goto out;
	fprintf(out, "--%s--\r\n\r\n", inner);
	for (size_t i = 0; i < attachments.count; i++)
		put_attachment(out, &attachments.items[i], outer);
	fprintf(out, "--%s--\r\n", outer);
	if (fflush(out) || ferror(out)) {
		err_sys(err, ERR_INTERNAL, errno, "the mail");
		goto out;
	}
	rc = 0;
out:
	attachments_clear(&attachments);
	return rc;
}
