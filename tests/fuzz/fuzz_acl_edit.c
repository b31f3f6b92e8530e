/*
 * Plans between hostile lists. The first byte picks the dialect, the second
 * the type and the way, the rest is, up to a line "=", what the device shows,
 * up to another, the protected flows, and then what is wanted. Whatever it
 * is: a refusal leaves nothing, lines stand in blocks one after the other,
 * have their texts, and name entries that exist; a delta is not longer than
 * retyping, and numbers nothing twice (Junos has no numbers).
 */
#include "model/acl_edit.h"

#include "base/alloc.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define FLOWS_MAX 4

struct input {
	struct strs shown, wanted;
	struct acl_flow flows[FLOWS_MAX];
	size_t flows_count;
	unsigned char dialect, choice;
};

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
take_part(struct input *input, unsigned part, const char *line)
{
	struct acl_flow *flow = &input->flows[input->flows_count];
	if (part == 2)
		strs_add(&input->wanted, line);
	else if (part == 1 && input->flows_count < FLOWS_MAX)
		input->flows_count += acl_flow_parse(flow, line, NULL) == 0;
}

static void
input_init(struct input *input, const unsigned char *data, size_t size)
{
	struct strs lines = { 0 };
	memset(input, 0, sizeof(*input));
	if (size > 1) {
		input->dialect = data[0];
		input->choice = data[1];
		data += 2;
		size -= 2;
	}
	char *text = xstrndup((const char *)data, size);
	char *end = strncmp(text, "=\n", 2) == 0 ? text : strstr(text, "\n=\n");
	size_t len = end ? (size_t)(end - text) : strlen(text);
	strs_add_n(&input->shown, text, len);
	strs_add_lines(&lines, end ? text + len + (end != text) + 2 : "");
	unsigned part = 1;
	for (size_t i = 0; i < lines.count; i++) {
		if (strcmp(lines.items[i], "=") == 0 && part == 1)
			part++;
		else
			take_part(input, part, lines.items[i]);
	}
	strs_clear(&lines);
	free(text);
}

static void
input_clear(struct input *input)
{
	strs_clear(&input->shown);
	strs_clear(&input->wanted);
	for (size_t i = 0; i < input->flows_count; i++)
		acl_flow_clear(&input->flows[i]);
}

static int
compare_numbers(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Entries that are added under numbers of their own. */
static void
check_numbers(const struct acl_edit_ask *ask, const struct acl_edit_plan *plan)
{
	uint32_t *numbers = xcalloc(plan->count + 1, sizeof(*numbers));
	size_t count = 0;
	for (size_t i = 0; i < plan->count; i++) {
		const struct acl_edit_line *line = &plan->lines[i];
		if (line->kind != ACL_EDIT_ADD ||
		    ask->want->items[line->index].action == ACL_REMARK)
			continue;
		must(line->sequence > 0);
		numbers[count++] = line->sequence;
	}
	qsort(numbers, count, sizeof(*numbers), compare_numbers);
	for (size_t i = 1; i < count; i++)
		must(numbers[i] != numbers[i - 1]);
	free(numbers);
}

/* How many lines the entry is typed with. */
static size_t
lines_of(const struct acl_entry *entry)
{
	size_t statements = entry->statements.count;
	return statements ? statements : 1;
}

static void
check_plan(const struct acl_edit_ask *ask, const struct acl_edit_plan *plan)
{
	size_t line = 0, limit = ask->want->settings.count + ask->have->present;
	for (size_t i = 0; i < ask->want->count; i++)
		limit += lines_of(&ask->want->items[i]);
	must(plan->list != NULL);
	for (size_t i = 0; i < plan->blocks_count; i++) {
		must(plan->blocks[i].first == line);
		line += plan->blocks[i].count;
	}
	must(line == plan->count);
	for (size_t i = 0; i < plan->count; i++) {
		const struct acl_edit_line *one = &plan->lines[i];
		must(one->text && *one->text);
		must(
		    one->kind != ACL_EDIT_ADD || one->index < ask->want->count);
		must(one->kind != ACL_EDIT_REMOVE ||
		    one->index < ask->have->count);
	}
	must((plan->way == ACL_EDIT_NOTHING) <= (plan->count == 0));
	if (plan->way == ACL_EDIT_DELTA)
		must(plan->count <= limit + plan->renumbered);
	if (strcmp(acl_dialect_name(ask->dialect), "junos") != 0)
		check_numbers(ask, plan);
}

static void
plan(const struct acl_edit_ask *ask)
{
	struct acl_edit_plan plan;
	struct err err = { 0 };
	if (acl_edit_plan(&plan, ask, &err) == 0) {
		check_plan(ask, &plan);
	} else {
		must(plan.count == 0 && plan.blocks_count == 0 && !plan.list);
		must(err.kind == ERR_LOCKOUT_RISK || err.kind == ERR_JOB);
		must(err.kind == ERR_JOB || ask->protect_count > 0);
	}
	acl_edit_clear(&plan);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static const enum acl_type types[] = { ACL_EXTENDED, ACL_STANDARD,
		ACL_IPV6, ACL_ANY };
	struct input input;
	struct acl have, want;
	input_init(&input, data, size);
	struct acl_edit_ask ask = {
		.dialect = acl_dialect_find(acl_dialect_name_at(
		    input.dialect == 'J' ? 4 : input.dialect % 4)),
		.name = "L",
		.have = &have,
		.want = &want,
		.protect = input.flows,
		.protect_count = input.flows_count,
		.way = (enum acl_edit_way)(input.choice / 4 % 3),
		.unused = input.choice / 16 % 2,
	};
	int read = acl_read(&have, ask.dialect, "L", &input.shown, NULL);
	must(acl_wanted(&want, ask.dialect, types[input.choice % 4],
		 &input.wanted, NULL) == 0);
	if (read == 0)
		plan(&ask);
	acl_clear(&have);
	acl_clear(&want);
	input_clear(&input);
	return 0;
}
