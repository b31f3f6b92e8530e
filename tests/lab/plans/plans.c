/*
 * Random plans on the simulated devices: reads cases as JSON from standard
 * input (tests/unit/model/acl_cases.h), has a device take each plan line by
 * line, as it would from a terminal, and looks at its access list after every
 * line. Shares no code with the planner, nor with the engine of its tests.
 */
#include "acl_match.h"
#include "cli.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLOWS_MAX 8

struct trial {
	struct device *device;
	struct cli cli;
	struct buf out;
	const json_t *given;
	struct flow flows[FLOWS_MAX];
	size_t flow_count;
	bool in_place, was_there, had_entries, wants_entries;
	const char *line; /* the last one */
};

static struct {
	size_t cases, lines, guarded;
} seen;

static void
fail_trial(const struct trial *trial, const char *what)
{
	char *text = json_dumps(trial->given, JSON_INDENT(1));
	fprintf(stderr, "%s, after \"%s\"\n%s\n%s\n", what,
	    trial->line ? trial->line : "", text, buf_str(&trial->out));
	exit(1);
}

static const char *
text_of(const struct trial *trial, const char *key)
{
	return json_string_value(json_object_get(trial->given, key));
}

static const struct acl *
list(const struct trial *trial, const char *name)
{
	return config_acl(&trial->device->running, name);
}

static bool
has_entries(const struct acl *acl)
{
	for (size_t i = 0; acl && i < acl->count; i++)
		if (!acl->entries[i].remark)
			return true;
	return false;
}

static void
take(struct trial *trial, const char *line)
{
	buf_reset(&trial->out);
	trial->line = line;
	cli_line(&trial->cli, line);
	if (trial->cli.refused)
		fail_trial(trial, "refused");
}

/* What must hold at every moment of an edit in place. */
static void
look(struct trial *trial)
{
	const struct acl *acl = list(trial, "L");
	size_t entry;
	if (!trial->in_place)
		return;
	if (trial->was_there && !acl)
		fail_trial(trial, "the list is absent");
	if (trial->had_entries && trial->wants_entries && !has_entries(acl))
		fail_trial(trial, "the list is empty");
	for (size_t i = 0; acl && i < trial->flow_count; i++)
		if (!acl_permits(acl, &trial->flows[i],
			trial->device->empty_permits, &entry))
			fail_trial(trial, "a protected flow is denied");
}

static void
run_plan(struct trial *trial)
{
	size_t i;
	json_t *pair;
	const char *inside = NULL;
	json_array_foreach(json_object_get(trial->given, "plan"), i, pair)
	{
		const char *header = json_string_value(json_array_get(pair, 0));
		if (header && (!inside || strcmp(header, inside) != 0)) {
			take(trial, header);
			look(trial);
		}
		if (!header && inside)
			take(trial, "exit");
		inside = header;
		take(trial, json_string_value(json_array_get(pair, 1)));
		look(trial);
		seen.lines++;
	}
	if (inside)
		take(trial, "exit");
}

/* The wanted list, typed in on its own, is the same but for the numbers. */
static void
check_end(struct trial *trial, const char *header)
{
	const char *name = text_of(trial, "list");
	const json_t *want = json_object_get(trial->given, "want");
	char *open = xasprintf(
	    "%.*s WANTED", (int)(strrchr(header, ' ') - header), header);
	size_t i;
	json_t *line;
	take(trial, open);
	json_array_foreach(want, i, line) take(trial, json_string_value(line));
	take(trial, "exit");
	free(open);
	const struct acl *now = list(trial, name);
	const struct acl *wanted = list(trial, "WANTED");
	bool same = now && wanted && now->count == wanted->count;
	for (i = 0; same && i < now->count; i++)
		same = strcmp(now->entries[i].text, wanted->entries[i].text) ==
		    0;
	if (!same)
		fail_trial(trial, "not the list that was wanted");
}

static void
read_flows(struct trial *trial)
{
	size_t i;
	json_t *flow;
	json_array_foreach(json_object_get(trial->given, "flows"), i, flow)
	{
		int source, port, established;
		if (i == FLOWS_MAX ||
		    json_unpack(
			flow, "[i, i, b]", &source, &port, &established))
			fail_trial(trial, "flows");
		trial->flows[trial->flow_count++] = (struct flow){
			.source = 0x0a000000u + (unsigned)source,
			.destination = 0x0a000009u,
			.source_port = 40000,
			.port = port,
			.established = established,
		};
		seen.guarded++;
	}
}

/* `ip access-list extended L`, also where nothing is there. */
static char *
header_of(const struct trial *trial)
{
	const char *is = text_of(trial, "is");
	size_t i;
	json_t *pair;
	if (*is)
		return xstrndup(is, strcspn(is, "\n"));
	json_array_foreach(json_object_get(trial->given, "plan"), i, pair)
	{
		const char *header = json_string_value(json_array_get(pair, 0));
		if (header)
			return xstrdup(header);
	}
	return NULL;
}

static void
judge(const json_t *given)
{
	struct trial trial = { .given = given };
	struct err err = { 0 };
	json_t *object = json_pack("{s:s, s:s, s:s}", "hostname", "D", "type",
	    text_of(&trial, "type"), "startup", text_of(&trial, "is"));
	buf_init(&trial.out, 1u << 20);
	trial.device = device_new(object, NULL, "127.10.0.1", &err);
	if (!trial.device)
		fail_trial(&trial, err.text);
	cli_init(&trial.cli, trial.device, &trial.out);
	cli_enter(&trial.cli, MODE_CONFIG, NULL);
	trial.in_place = json_is_true(json_object_get(given, "in_place"));
	trial.was_there = list(&trial, "L") != NULL;
	trial.had_entries = has_entries(list(&trial, "L"));
	size_t i;
	json_t *line;
	json_array_foreach(json_object_get(given, "want"), i, line)
	    trial.wants_entries |= strncmp(json_string_value(line), "remark",
				       6) != 0;
	read_flows(&trial);
	run_plan(&trial);
	char *header = header_of(&trial);
	if (header)
		check_end(&trial, header);
	free(header);
	cli_clear(&trial.cli);
	device_free(trial.device);
	buf_clear(&trial.out);
	json_decref(object);
	seen.cases++;
}

int
main(void)
{
	json_error_t error;
	json_t *given;
	while ((given = json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error))) {
		judge(given);
		json_decref(given);
	}
	if (!feof(stdin)) {
		fprintf(stderr, "%s\n", error.text);
		return 1;
	}
	printf("%zu cases, %zu lines, %zu protected flows\n", seen.cases,
	    seen.lines, seen.guarded);
	return seen.guarded > 1000 ? 0 : 1;
}
