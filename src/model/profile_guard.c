/*
 * The key `guards` of a profile: read, judged, given back. What is done with
 * them is device/guard's affair.
 */
#include "model/profile_guard.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"
#include "profile_parts.h"
#include "text/re.h"
#include "text/template.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define GRACE_DEFAULT_MS 30000
#define GRACE_MAX_MS	 (60 * 60000LL)
#define LINE_LIMIT_BYTES 4096

static const char *const scope_names[GUARD_FOR__COUNT] = {
	[GUARD_FOR_ALL] = "",
	[GUARD_FOR_ACL] = "acl",
	[GUARD_FOR_CONFIG] = "config",
};

struct draft {
	struct profile_guard guard;
	const struct yaml_node *probe, *arm, *commit, *confirm, *settled, *undo,
	    *questions;
};

#define FIELD(key, kind, type, member)                                         \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(type, member), false, 0, 0, \
		    NULL                                                       \
	}

static const struct yaml_field guard_fields[] = {
	{ "name", YAML_FIELD_LINE, offsetof(struct draft, guard.name), true, 0,
	    0, NULL },
	FIELD("for", LINE, struct draft, guard.scope_text),
	FIELD("reloads", BOOL, struct draft, guard.reloads),
	FIELD("timer", BOOL, struct draft, guard.timer),
	{ "grace", YAML_FIELD_DURATION, offsetof(struct draft, guard.grace_ms),
	    false, 1, GRACE_MAX_MS, NULL },
	FIELD("probe", LIST, struct draft, probe),
	FIELD("arm", LIST, struct draft, arm),
	FIELD("enter", LINE, struct draft, guard.enter),
	FIELD("mode", LINE, struct draft, guard.mode),
	FIELD("commit", LIST, struct draft, commit),
	{ "confirm", YAML_FIELD_LIST, offsetof(struct draft, confirm), true, 0,
	    0, NULL },
	FIELD("settled", LIST, struct draft, settled),
	FIELD("undo", LIST, struct draft, undo),
	FIELD("questions", LIST, struct draft, questions),
};
static const struct yaml_table guard_table = YAML_TABLE(
    "a guard", guard_fields);

static const struct yaml_field act_fields[] = {
	{ "line", YAML_FIELD_LINE, offsetof(struct profile_act, line), true, 0,
	    0, NULL },
	FIELD("mode", LINE, struct profile_act, mode),
	FIELD("proof", LINE, struct profile_act, proof_text),
	FIELD("shown", BOOL, struct profile_act, shown),
};
static const struct yaml_table act_table = YAML_TABLE(
    "a line of a guard", act_fields);

char *
profile_guard_text(const char *line, struct place place, const char *name,
    int minutes, struct diags *diags)
{
	struct template *template = template_parse(line, place, diags);
	json_t *vars = json_pack(
	    "{s:s, s:i}", "name", name, "minutes", minutes);
	const json_t *contexts[] = { vars };
	struct template_scope scope = { .contexts = contexts, .count = 1 };
	struct buf text;
	char *taken = NULL;
	buf_init(&text, LINE_LIMIT_BYTES);
	if (template &&
	    template_render(template, &scope, &text, NULL, diags) == 0)
		taken = buf_take(&text);
	buf_clear(&text);
	json_decref(vars);
	template_free(template);
	return taken;
}

static void
act_clear(struct profile_act *act)
{
	free(act->line);
	free(act->mode);
	free(act->proof_text);
	re_free(act->proof);
}

static void
acts_clear(struct profile_acts *acts)
{
	for (size_t i = 0; i < acts->count; i++)
		act_clear(&acts->items[i]);
	free(acts->items);
}

static void
guard_clear(struct profile_guard *guard)
{
	acts_clear(&guard->probe);
	acts_clear(&guard->arm);
	acts_clear(&guard->commit);
	acts_clear(&guard->confirm);
	acts_clear(&guard->settled);
	acts_clear(&guard->undo);
	for (size_t i = 0; i < guard->question_count; i++)
		profile_question_clear(&guard->questions[i]);
	free(guard->questions);
	free(guard->name);
	free(guard->scope_text);
	free(guard->enter);
	free(guard->mode);
}

void
profile_guards_clear(struct profile *profile)
{
	for (size_t i = 0; i < profile->guard_count; i++)
		guard_clear(&profile->guards[i]);
	free(profile->guards);
	profile->guards = NULL;
	profile->guard_count = 0;
}

/* A line is tried with stand-ins: what is undefined is said here. */
static void
check_line(const char *line, struct place place, struct diags *diags)
{
	if (line)
		free(profile_guard_text(line, place, "name", 1, diags));
}

static void
read_acts(struct profile_acts *acts, const struct yaml_node *list,
    struct diags *diags)
{
	if (!list)
		return;
	acts->items = xcalloc(list->count + 1, sizeof(*acts->items));
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct profile_act act = { 0 };
		if (yaml_read(node, &act_table, &act, diags)) {
			act_clear(&act);
			continue;
		}
		check_line(act.line, yaml_place(node, "line"), diags);
		if (act.proof_text)
			act.proof = profile_compile(act.proof_text,
			    RE_MULTILINE, yaml_place(node, "proof"), diags);
		acts->items[acts->count++] = act;
	}
}

static void
read_scope(struct profile_guard *guard, const struct yaml_node *node,
    struct diags *diags)
{
	int found = guard->scope_text
	    ? str_index(scope_names, GUARD_FOR__COUNT, guard->scope_text)
	    : GUARD_FOR_ALL;
	if (found < 0)
		diag_add(diags, yaml_place(node, "for"),
		    "\"for\" must be acl or config");
	else
		guard->scope = (enum guard_scope)found;
}

void
profile_guards_read(
    struct profile *profile, const struct yaml_node *list, struct diags *diags)
{
	if (!list)
		return;
	profile_guards_clear(profile);
	profile->guards = xcalloc(list->count + 1, sizeof(*profile->guards));
	for (size_t i = 0; i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct draft draft = { .guard.grace_ms = GRACE_DEFAULT_MS };
		struct profile_guard *guard = &draft.guard;
		yaml_read(node, &guard_table, &draft, diags);
		guard->place = node->place;
		read_scope(guard, node, diags);
		check_line(guard->enter, yaml_place(node, "enter"), diags);
		read_acts(&guard->probe, draft.probe, diags);
		read_acts(&guard->arm, draft.arm, diags);
		read_acts(&guard->commit, draft.commit, diags);
		read_acts(&guard->confirm, draft.confirm, diags);
		read_acts(&guard->settled, draft.settled, diags);
		read_acts(&guard->undo, draft.undo, diags);
		profile_questions_read(&guard->questions,
		    &guard->question_count, draft.questions, diags);
		profile->guards[profile->guard_count++] = *guard;
	}
}

static void
judge_mode(const struct profile *profile, const char *mode, const char *what,
    struct place place, struct diags *diags)
{
	if (mode && !profile_mode_find(profile, mode))
		diag_add(diags, place,
		    "%s is given in the mode \"%s\", which is no mode", what,
		    mode);
}

static void
judge_acts(const struct profile *profile, const struct profile_guard *guard,
    const struct profile_acts *acts, struct diags *diags)
{
	for (size_t i = 0; i < acts->count; i++)
		judge_mode(profile, acts->items[i].mode, acts->items[i].line,
		    guard->place, diags);
}

void
profile_guards_judge(const struct profile *profile, struct diags *diags)
{
	for (size_t i = 0; i < profile->guard_count; i++) {
		const struct profile_guard *guard = &profile->guards[i];
		const char *name = guard->name ? guard->name : "";
		judge_mode(
		    profile, guard->mode, "a change", guard->place, diags);
		judge_acts(profile, guard, &guard->probe, diags);
		judge_acts(profile, guard, &guard->arm, diags);
		judge_acts(profile, guard, &guard->confirm, diags);
		judge_acts(profile, guard, &guard->settled, diags);
		judge_acts(profile, guard, &guard->undo, diags);
		if (!guard->arm.count && !guard->enter && !guard->commit.count)
			diag_add(diags, guard->place,
			    "the guard \"%s\" lacks what arms it: \"arm\", "
			    "\"enter\" or \"commit\"",
			    name);
		if (guard->timer && !guard->settled.count)
			diag_add(diags, guard->place,
			    "the guard \"%s\" has a timer but lacks "
			    "\"settled\", which shows that it is off",
			    name);
		if (!guard->undo.count && !guard->timer)
			diag_add(diags, guard->place,
			    "the guard \"%s\" takes nothing back: it has "
			    "neither \"undo\" nor \"timer: true\"",
			    name);
		if (guard->mode && !guard->enter)
			diag_add(diags, guard->place,
			    "the guard \"%s\" has \"mode\" but no \"enter\"",
			    name);
		if (guard->reloads && !guard->timer)
			diag_add(diags, guard->place,
			    "the guard \"%s\" has \"reloads\" but no \"timer: "
			    "true\"",
			    name);
	}
}
