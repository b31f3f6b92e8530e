/*
 * One profile's map into the struct. Reading is additive so that inheritance
 * is reading the ancestors first: a key replaces what was there, except modes,
 * questions and texts until a mark (replaced by pattern), templates (replaced
 * by name), and the lists of refusals, notices, lines to send alone, lines that
 * rename, log lines, lines above the prompt, risky lines and questions for a
 * new password (added to).
 */
#include "profile_parts.h"

#include "base/alloc.h"
#include "base/err.h"
#include "text/re.h"
#include "text/template.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* A profile and those of its parts that need more than a table. */
struct draft {
	struct profile profile;
	const struct yaml_node *modes, *questions, *untils, *templates, *vars;
	const struct yaml_node *refusals, *notices, *read_only, *alone,
	    *renames, *log_lines, *config_ignore, *new_password, *above_prompt,
	    *secrets;
	const struct yaml_node *save, *commit, *acl, *guards, *risky;
	struct profile_image_nodes image;
	const struct yaml_node *pull;
};

#define FIELD(key, kind, type, member)                                         \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(type, member), false, 0, 0, \
		    NULL                                                       \
	}
#define NEEDED(key, kind, type, member)                                        \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(type, member), true, 0, 0,  \
		    NULL                                                       \
	}

static const struct yaml_field profile_fields[] = {
	FIELD("device_type", LINE, struct draft, profile.device_type),
	FIELD("description", LINE, struct draft, profile.description),
	FIELD("inherits", LINE, struct draft, profile.inherits),
	FIELD("first_prompt", LINE, struct draft, profile.first_prompt_text),
	FIELD("exec_mode", LINE, struct draft, profile.exec_mode),
	FIELD("config_mode", LINE, struct draft, profile.config_mode),
	FIELD("setup", LINES, struct draft, profile.setup),
	FIELD("close", LINE, struct draft, profile.close),
	FIELD("abort_line", TEXT, struct draft, profile.abort_line),
	FIELD("literal_next", TEXT, struct draft, profile.literal_next),
	FIELD("running_config", LINE, struct draft, profile.running_config),
	{ "pipeline", YAML_FIELD_INT, offsetof(struct draft, profile.pipeline),
	    false, 1, 64, NULL },
	{ "timeouts", YAML_FIELD_TABLE,
	    offsetof(struct draft, profile.timeouts), false, 0, 0,
	    &timeouts_table },
	FIELD("typeahead_echo", BOOL, struct draft, profile.typeahead_echo),
	FIELD("modes", LIST, struct draft, modes),
	FIELD("questions", LIST, struct draft, questions),
	FIELD("until", LIST, struct draft, untils),
	FIELD("templates", LIST, struct draft, templates),
	FIELD("vars", MAP, struct draft, vars),
	FIELD("refusals", LIST, struct draft, refusals),
	FIELD("notices", LIST, struct draft, notices),
	FIELD("read_only", LIST, struct draft, read_only),
	FIELD("alone", LIST, struct draft, alone),
	FIELD("renames", LIST, struct draft, renames),
	FIELD("log_lines", LIST, struct draft, log_lines),
	FIELD("secrets", LIST, struct draft, secrets),
	FIELD("config_ignore", LIST, struct draft, config_ignore),
	FIELD("new_password", LIST, struct draft, new_password),
	FIELD("above_prompt", LIST, struct draft, above_prompt),
	FIELD("save", MAP, struct draft, save),
	FIELD("commit", MAP, struct draft, commit),
	FIELD("acl", MAP, struct draft, acl),
	FIELD("image", MAP, struct draft, image.image),
	FIELD("boot", MAP, struct draft, image.boot),
	FIELD("reload", MAP, struct draft, image.reload),
	FIELD("pull", MAP, struct draft, pull),
	FIELD("guards", LIST, struct draft, guards),
	FIELD("risky", LIST, struct draft, risky),
};
static const struct yaml_table profile_table = YAML_TABLE(
    "a profile", profile_fields);

static const struct yaml_field mode_fields[] = {
	NEEDED("name", LINE, struct profile_mode, name),
	NEEDED("prompt", LINE, struct profile_mode, prompt),
	FIELD("from", LINE, struct profile_mode, from),
	FIELD("enter", LINE, struct profile_mode, enter),
	FIELD("leave", LINE, struct profile_mode, leave),
	FIELD("config", BOOL, struct profile_mode, config),
	FIELD("nested", BOOL, struct profile_mode, nested),
	FIELD("secret", BOOL, struct profile_mode, secret),
};
static const struct yaml_table mode_table = YAML_TABLE("a mode", mode_fields);

static const struct yaml_field question_fields[] = {
	NEEDED("pattern", LINE, struct profile_question, when.text),
	FIELD("answer", TEXT, struct profile_question, answer),
	FIELD("bare", BOOL, struct profile_question, bare),
	FIELD("unless", LINE, struct profile_question, unless_text),
};
static const struct yaml_table question_table = YAML_TABLE(
    "a question", question_fields);

static const struct yaml_field until_fields[] = {
	NEEDED("pattern", LINE, struct profile_until, when.text),
	NEEDED("opened", LINE, struct profile_until, opened_text),
	FIELD("mark", LINE, struct profile_until, mark),
	FIELD("alone", BOOL, struct profile_until, alone),
	FIELD("ends", TEXT, struct profile_until, ends),
};
static const struct yaml_table until_table = YAML_TABLE(
    "a text until a mark", until_fields);

static const struct yaml_field template_fields[] = {
	NEEDED("name", LINE, struct profile_template, name),
	NEEDED("text", TEXT, struct profile_template, text),
	FIELD("proof", LINE, struct profile_template, proof),
};
static const struct yaml_table template_table = YAML_TABLE(
    "a template", template_fields);

static const struct yaml_field save_fields[] = {
	NEEDED("commands", LINES, struct profile, save),
	FIELD("proof", LINE, struct profile, save_proof_text),
};
static const struct yaml_table save_table = YAML_TABLE("\"save\"", save_fields);

static const struct yaml_field commit_fields[] = {
	NEEDED("commands", LINES, struct profile, commit),
	FIELD("proof", LINE, struct profile, commit_proof_text),
	FIELD("undo", LINES, struct profile, undo),
};
static const struct yaml_table commit_table = YAML_TABLE(
    "\"commit\"", commit_fields);

struct re *
profile_compile(const char *pattern, unsigned flags, struct place place,
    struct diags *diags)
{
	struct err err = { 0 };
	struct re *re = re_compile(pattern, flags, &err);
	if (!re)
		diag_add(diags, place, "bad regular expression: %s", err.text);
	return re;
}

static void
read_rules(struct profile_rules *rules, const struct yaml_node *list,
    const char *what, struct diags *diags)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const struct yaml_node *item = list->items[i];
		const char *text = yaml_line(item, what, diags);
		if (!text)
			continue;
		struct re *re = profile_compile(text, 0, item->place, diags);
		if (!re)
			continue;
		GROW(rules->items, rules->count, rules->cap);
		rules->items[rules->count++] = (struct profile_rule){
			.pattern = re,
			.text = xstrdup(text),
			.place = item->place,
		};
	}
	profile_rules_join(rules);
}

static void
read_modes(
    struct profile *profile, const struct yaml_node *list, struct diags *diags)
{
	for (size_t i = 0; list && i < list->count; i++) {
		struct profile_mode mode = { 0 };
		if (yaml_read(list->items[i], &mode_table, &mode, diags)) {
			profile_mode_clear(&mode);
			continue;
		}
		size_t at = 0;
		while (at < profile->mode_count &&
		    strcmp(profile->modes[at].name, mode.name))
			at++;
		if (at < profile->mode_count) {
			profile_mode_clear(&profile->modes[at]);
		} else {
			profile->modes = xrealloc(
			    profile->modes, at + 1, sizeof(*profile->modes));
			profile->mode_count++;
		}
		profile->modes[at] = mode;
	}
}

void
profile_questions_read(struct profile_question **questions, size_t *count,
    const struct yaml_node *list, struct diags *diags)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct profile_question question = { 0 };
		bool bad = yaml_read(node, &question_table, &question, diags);
		question.when.place = yaml_place(node, "pattern");
		if (!bad)
			question.when.pattern = profile_compile(
			    question.when.text, 0, question.when.place, diags);
		if (!bad && question.unless_text)
			question.unless = profile_compile(question.unless_text,
			    0, yaml_place(node, "unless"), diags);
		if (!question.when.pattern) {
			profile_question_clear(&question);
			continue;
		}
		size_t at = 0;
		while (at < *count &&
		    strcmp((*questions)[at].when.text, question.when.text))
			at++;
		if (at < *count) {
			profile_question_clear(&(*questions)[at]);
		} else {
			*questions = xrealloc(
			    *questions, at + 1, sizeof(**questions));
			(*count)++;
		}
		(*questions)[at] = question;
	}
}

/* Exactly one thing must say where the text ends. */
static bool
has_one_end(const struct profile_until *until)
{
	int ways = (re_group(until->when.pattern, "mark") >= 0) +
	    (until->mark != NULL) + (until->ends != NULL);
	return ways == 1 && (!until->ends || *until->ends);
}

static void
read_untils(
    struct profile *profile, const struct yaml_node *list, struct diags *diags)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct profile_until until = { 0 };
		bool bad = yaml_read(node, &until_table, &until, diags);
		until.when.place = yaml_place(node, "pattern");
		if (!bad) {
			until.when.pattern = profile_compile(
			    until.when.text, 0, until.when.place, diags);
			until.opened = profile_compile(until.opened_text, 0,
			    yaml_place(node, "opened"), diags);
		}
		if (!until.when.pattern || !until.opened) {
			profile_until_clear(&until);
			continue;
		}
		if (!has_one_end(&until)) {
			diag_add(diags, until.when.place,
			    "exactly one of \"mark\", \"ends\" and the "
			    "pattern's group (?<mark>...) must say where the "
			    "text ends");
			profile_until_clear(&until);
			continue;
		}
		size_t at = 0;
		while (at < profile->until_count &&
		    strcmp(profile->untils[at].when.text, until.when.text))
			at++;
		if (at < profile->until_count) {
			profile_until_clear(&profile->untils[at]);
		} else {
			profile->untils = xrealloc(
			    profile->untils, at + 1, sizeof(*profile->untils));
			profile->until_count++;
		}
		profile->untils[at] = until;
	}
}

static void
read_templates(
    struct profile *profile, const struct yaml_node *list, struct diags *diags)
{
	for (size_t i = 0; list && i < list->count; i++) {
		const struct yaml_node *node = list->items[i];
		struct profile_template template = { 0 };
		if (yaml_read(node, &template_table, &template, diags) == 0) {
			template.place = yaml_get(node, "text")->text_place;
			template.parsed = template_parse(
			    template.text, template.place, diags);
		}
		if (!template.parsed) {
			profile_template_clear(&template);
			continue;
		}
		size_t at = 0;
		while (at < profile->template_count &&
		    strcmp(profile->templates[at].name, template.name))
			at++;
		if (at < profile->template_count) {
			profile_template_clear(&profile->templates[at]);
		} else {
			profile->templates = xrealloc(profile->templates,
			    at + 1, sizeof(*profile->templates));
			profile->template_count++;
		}
		profile->templates[at] = template;
	}
}

/* The `proof` of the map NODE, whose text was read into *TEXT. A map without
 * one takes the ancestor's away. */
static void
read_proof(struct re **proof, char **text, const struct yaml_node *node,
    struct diags *diags)
{
	re_free(*proof);
	*proof = NULL;
	if (yaml_get(node, "proof")) {
		*proof = profile_compile(
		    *text, RE_MULTILINE, yaml_place(node, "proof"), diags);
	} else {
		free(*text);
		*text = NULL;
	}
}

static void
read_save(
    struct profile *profile, const struct yaml_node *node, struct diags *diags)
{
	if (node && yaml_read(node, &save_table, profile, diags) == 0)
		read_proof(&profile->save_proof, &profile->save_proof_text,
		    node, diags);
}

static void
read_commit(
    struct profile *profile, const struct yaml_node *node, struct diags *diags)
{
	if (!node || yaml_read(node, &commit_table, profile, diags))
		return;
	read_proof(
	    &profile->commit_proof, &profile->commit_proof_text, node, diags);
	if (!yaml_get(node, "undo"))
		strs_clear(&profile->undo);
}

static void
read_first_prompt(
    struct profile *profile, const struct yaml_node *root, struct diags *diags)
{
	const struct yaml_node *node = yaml_get(root, "first_prompt");
	if (!node || node->kind != YAML_SCALAR || !profile->first_prompt_text)
		return;
	re_free(profile->first_prompt);
	profile->first_prompt = profile_compile(
	    profile->first_prompt_text, 0, node->place, diags);
	if (profile->first_prompt &&
	    re_group(profile->first_prompt, "stem") < 0)
		diag_add(diags, node->place,
		    "\"first_prompt\" lacks the group (?<stem>...) that holds "
		    "the device's name");
}

void
profile_read(
    struct profile *profile, const struct yaml_node *root, struct diags *diags)
{
	struct draft draft = { .profile = *profile };
	if (root->kind != YAML_MAP)
		return;
	yaml_read(root, &profile_table, &draft, diags);
	*profile = draft.profile;
	read_first_prompt(profile, root, diags);
	read_modes(profile, draft.modes, diags);
	profile_questions_read(&profile->questions, &profile->question_count,
	    draft.questions, diags);
	read_untils(profile, draft.untils, diags);
	read_templates(profile, draft.templates, diags);
	read_rules(&profile->refusals, draft.refusals, "a refusal", diags);
	read_rules(&profile->notices, draft.notices, "a notice", diags);
	read_rules(&profile->read_only, draft.read_only, "a command", diags);
	read_rules(&profile->alone, draft.alone, "a line", diags);
	read_rules(&profile->renames, draft.renames, "a line", diags);
	read_rules(&profile->log_lines, draft.log_lines, "a log line", diags);
	read_rules(&profile->secrets, draft.secrets, "a secret", diags);
	read_rules(
	    &profile->new_password, draft.new_password, "a question", diags);
	if (draft.config_ignore)
		profile_rules_clear(&profile->config_ignore);
	read_rules(&profile->config_ignore, draft.config_ignore,
	    "a line to ignore", diags);
	read_rules(&profile->above_prompt, draft.above_prompt, "a line", diags);
	read_rules(&profile->risky, draft.risky, "a line", diags);
	profile_guards_read(profile, draft.guards, diags);
	read_save(profile, draft.save, diags);
	read_commit(profile, draft.commit, diags);
	profile_read_acl(profile, draft.acl, diags);
	profile_image_read(profile, root, &draft.image, diags);
	if (draft.pull)
		profile_pull_read(profile, draft.pull, diags);
	if (draft.vars) {
		json_decref(profile->vars);
		profile->vars = yaml_json(draft.vars);
	}
}
