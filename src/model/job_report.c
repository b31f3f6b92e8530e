/*
 * The key `report`: which reports are written where, the command that gets
 * the result, the mail. All that can be judged without touching anything.
 */
#include "job_parts.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_TIMEOUT_DEFAULT_MS (30 * 1000)
#define COMMAND_TIMEOUT_MAX_MS	   (3600 * 1000)
#define EMAIL_TIMEOUT_DEFAULT_MS   (120 * 1000)
#define EMAIL_TIMEOUT_MAX_MS	   (3600 * 1000)
#define ADDRESS_MAX_BYTES	   254 /* RFC 5321, 4.5.3.1.3 without <> */
#define HOST_MAX_BYTES		   253

static const char *const format_names[REPORT__COUNT] = {
	[REPORT_TEXT] = "text",
	[REPORT_JSON] = "json",
	[REPORT_JSONL] = "jsonl",
	[REPORT_JUNIT] = "junit",
	[REPORT_CSV] = "csv",
	[REPORT_PROMETHEUS] = "prometheus",
	[REPORT_HTML] = "html",
};

static const char *const starttls_names[EMAIL_STARTTLS__COUNT] = {
	[EMAIL_STARTTLS_REQUIRED] = "required",
	[EMAIL_STARTTLS_OFF] = "off",
};

static const char *const when_names[EMAIL_WHEN__COUNT] = {
	[EMAIL_ALWAYS] = "always",
	[EMAIL_ON_FAILURE] = "failure",
	[EMAIL_ON_CHANGE] = "change",
};

const char *
report_format_name(enum report_format format)
{
	return format_names[format];
}

bool
report_format_get(const char *name, enum report_format *format)
{
	int found = str_index(format_names, REPORT__COUNT, name);
	if (found >= 0)
		*format = (enum report_format)found;
	return found >= 0;
}

const char *
report_format_names(void)
{
	return "text, json, jsonl, junit, csv, prometheus or html";
}

/* As it stands in the file. */
struct draft {
	struct job_report report;
	const struct yaml_node *email_node;
	struct job_email email;
	char *starttls, *when;
};

#define LINE(key, member)                                                      \
	{                                                                      \
		(key), YAML_FIELD_LINE, offsetof(struct draft, member), false, \
		    0, 0, NULL                                                 \
	}
#define NEEDED(key, kind, member)                                              \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(struct draft, member),      \
		    true, 0, 0, NULL                                           \
	}
#define TIMEOUT(key, member, max)                                              \
	{                                                                      \
		(key), YAML_FIELD_DURATION, offsetof(struct draft, member),    \
		    false, 1000, (max), NULL                                   \
	}

static const struct yaml_field report_fields[] = {
	LINE("text", report.paths[REPORT_TEXT]),
	LINE("json", report.paths[REPORT_JSON]),
	LINE("jsonl", report.paths[REPORT_JSONL]),
	LINE("junit", report.paths[REPORT_JUNIT]),
	LINE("csv", report.paths[REPORT_CSV]),
	LINE("prometheus", report.paths[REPORT_PROMETHEUS]),
	LINE("html", report.paths[REPORT_HTML]),
	LINE("command", report.command),
	TIMEOUT("command_timeout", report.command_timeout_ms,
	    COMMAND_TIMEOUT_MAX_MS),
	{ "email", YAML_FIELD_MAP, offsetof(struct draft, email_node), false, 0,
	    0, NULL },
};
static const struct yaml_table report_table = YAML_TABLE(
    "\"report\"", report_fields);

static const struct yaml_field email_fields[] = {
	NEEDED("to", LINES, email.to),
	NEEDED("from", LINE, email.from),
	NEEDED("smtp", LINE, email.smtp),
	LINE("starttls", starttls),
	LINE("username", email.username),
	LINE("password_file", email.password_file),
	LINE("ca", email.ca),
	LINE("when", when),
	TIMEOUT("timeout", email.timeout_ms, EMAIL_TIMEOUT_MAX_MS),
};
static const struct yaml_table email_table = YAML_TABLE(
    "\"email\"", email_fields);

static void
email_clear(struct job_email *email)
{
	strs_clear(&email->to);
	free(email->from);
	free(email->smtp);
	free(email->username);
	free(email->password_file);
	free(email->ca);
}

static const struct job_email email_unset = {
	.timeout_ms = EMAIL_TIMEOUT_DEFAULT_MS,
};

struct job_email *
job_email_new(void)
{
	return xmemdup(&email_unset, sizeof(email_unset));
}

void
job_report_init(struct job_report *report)
{
	*report = (struct job_report){
		.command_timeout_ms = COMMAND_TIMEOUT_DEFAULT_MS,
	};
}

void
job_report_clear(struct job_report *report)
{
	for (size_t i = 0; i < REPORT__COUNT; i++)
		free(report->paths[i]);
	free(report->command);
	if (report->email)
		email_clear(report->email);
	free(report->email);
	*report = (struct job_report){ 0 };
}

const char *
job_email_address_wrong(const char *address)
{
	static const char
	    wrong[] = "must be an address like noc@example.net, without a name";
	const char *at = strrchr(address, '@');
	if (!at || at == address || !at[1] || strchr(address, '@') != at ||
	    strlen(address) > ADDRESS_MAX_BYTES)
		return wrong;
	for (const char *c = address; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("<>()[],;:\\\"", *c))
			return wrong;
	return NULL;
}

/* HOST[:PORT], HOST perhaps in brackets, and nothing behind it. */
static bool
is_host_and_port(const char *text)
{
	int64_t port;
	size_t len = text[0] == '[' ? strcspn(text, "]") + 1
				    : strcspn(text, ":");
	if (len < 1 || len > HOST_MAX_BYTES || len > strlen(text))
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~' ||
		    strchr("/@?#%\\\"<>", text[i]))
			return false;
	if (!text[len])
		return true;
	return text[len] == ':' && str_to_number(text + len + 1, &port) &&
	    port >= 1 && port <= 65535;
}

const char *
job_email_smtp_wrong(const char *smtp)
{
	const char *rest = str_starts(smtp, "smtp://") ? smtp + 7
	    : str_starts(smtp, "smtps://")	       ? smtp + 8
						       : NULL;
	if (rest && strchr(rest, '@'))
		return "must hold neither a user nor a password: \"username\" "
		       "has a key of its own";
	if (!rest || !is_host_and_port(rest))
		return "must be smtp://HOST[:PORT] or smtps://HOST[:PORT]";
	return NULL;
}

/* One of NAMES, or its place and all of them. */
static int
read_name(const struct yaml_node *map, const char *key, const char *text,
    const char *const *names, size_t count, struct diags *diags)
{
	int found = text ? str_index(names, count, text) : 0;
	if (found >= 0)
		return found;
	char *all = xstrdup(names[0]);
	for (size_t i = 1; i < count; i++) {
		char *more = xasprintf(
		    "%s%s%s", all, i + 1 == count ? " or " : ", ", names[i]);
		free(all);
		all = more;
	}
	diag_add(diags, yaml_place(map, key),
	    "\"%s\" must be %s, not \"%.40s\"", key, all, text);
	free(all);
	return 0;
}

static void
judge_to(const struct job_email *email, const struct yaml_node *node,
    struct diags *diags)
{
	if (node->kind == YAML_LIST && !node->count)
		diag_add(diags, node->place, "\"to\" must name a recipient");
	for (size_t i = 0; i < email->to.count; i++) {
		const char *wrong = job_email_address_wrong(email->to.items[i]);
		if (wrong)
			diag_add(diags,
			    node->kind == YAML_LIST ? node->items[i]->place
						    : node->place,
			    "\"to\" %s", wrong);
	}
}

static void
judge_email(const struct job_email *email, const struct yaml_node *node,
    struct diags *diags)
{
	const char *wrong;
	bool is_smtps = email->smtp && str_starts(email->smtp, "smtps://");
	if (yaml_get(node, "to"))
		judge_to(email, yaml_get(node, "to"), diags);
	if (email->from && (wrong = job_email_address_wrong(email->from)))
		diag_add(diags, yaml_place(node, "from"), "\"from\" %s", wrong);
	if (email->smtp && (wrong = job_email_smtp_wrong(email->smtp)))
		diag_add(diags, yaml_place(node, "smtp"), "\"smtp\" %s", wrong);
	if (is_smtps && yaml_get(node, "starttls"))
		diag_add(diags, yaml_place(node, "starttls"),
		    "\"starttls\" is for smtp://: smtps:// is encrypted from "
		    "the start");
	if (!is_smtps && email->username &&
	    email->starttls == EMAIL_STARTTLS_OFF)
		diag_add(diags, yaml_place(node, "username"),
		    "\"username\" needs encryption: with \"starttls: off\" the "
		    "password would be sent in the clear");
	if (email->password_file && !yaml_get(node, "username"))
		diag_add(diags, yaml_place(node, "password_file"),
		    "\"password_file\" needs a \"username\"");
}

static void
read_email(struct draft *draft, struct diags *diags)
{
	const struct yaml_node *node = draft->email_node;
	draft->email = email_unset;
	yaml_read(node, &email_table, draft, diags);
	draft->email.starttls = (enum email_starttls)read_name(node, "starttls",
	    draft->starttls, starttls_names, EMAIL_STARTTLS__COUNT, diags);
	draft->email.when = (enum email_when)read_name(
	    node, "when", draft->when, when_names, EMAIL_WHEN__COUNT, diags);
	judge_email(&draft->email, node, diags);
	draft->report.email = xmemdup(&draft->email, sizeof(draft->email));
	free(draft->starttls);
	free(draft->when);
}

/* What is written last would take the place of the other. */
static void
judge_paths(const struct job_report *report, const struct yaml_node *node,
    struct diags *diags)
{
	for (size_t i = 0; i < REPORT__COUNT; i++)
		for (size_t j = 0; report->paths[i] && j < i; j++)
			if (str_eq(report->paths[i], report->paths[j]))
				diag_add(diags,
				    yaml_place(node, format_names[i]),
				    "\"%s\" and \"%s\" would be the same file",
				    format_names[j], format_names[i]);
}

void
job_report_read(struct job_report *report, const struct yaml_node *node,
    struct diags *diags)
{
	struct draft draft = { .report = *report };
	if (!node)
		return;
	yaml_read(node, &report_table, &draft, diags);
	judge_paths(&draft.report, node, diags);
	if (draft.email_node)
		read_email(&draft, diags);
	*report = draft.report;
}

int
job_report_load(
    struct job_report *report, const char *path, struct diags *diags)
{
	size_t before = diags->count + diags->left_out;
	job_report_init(report);
	struct yaml *yaml = yaml_load(path, JOB_FILE_LIMIT_BYTES, diags);
	if (yaml)
		job_report_read(
		    report, yaml_get(yaml_root(yaml), "report"), diags);
	yaml_release(yaml);
	return diags->count + diags->left_out > before ? -1 : 0;
}
