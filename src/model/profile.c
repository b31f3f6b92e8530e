/*
 * Profiles in memory: finding one, giving them back. How they are read is in
 * profile_read.c and profile_load.c.
 */
#include "model/profile.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "profile_parts.h"
#include "text/re.h"
#include "text/redact_forms.h"
#include "text/template.h"

#include <stdlib.h>
#include <string.h>

#define PIPELINE_DEFAULT 32

struct profile *
profile_new(const char *file)
{
	struct profile *profile = xcalloc(1, sizeof(*profile));
	profile->file = xstrdup(file);
	profile->pipeline = PIPELINE_DEFAULT;
	profile->image.auth_wait_ms = PROFILE_AUTH_WAIT_DEFAULT_MS;
	profile->timeouts = timeouts_unset();
	profile->vars = json_object();
	profile->names = json_object();
	return profile;
}

void
profile_rules_clear(struct profile_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		re_free(rules->items[i].pattern);
		free(rules->items[i].text);
	}
	free(rules->items);
	re_free(rules->any);
	*rules = (struct profile_rules){ 0 };
}

void
profile_mode_clear(struct profile_mode *mode)
{
	free(mode->name);
	free(mode->prompt);
	free(mode->from);
	free(mode->enter);
	free(mode->leave);
}

void
profile_question_clear(struct profile_question *question)
{
	re_free(question->when.pattern);
	free(question->when.text);
	free(question->answer);
	re_free(question->unless);
	free(question->unless_text);
}

void
profile_until_clear(struct profile_until *until)
{
	re_free(until->when.pattern);
	re_free(until->opened);
	free(until->when.text);
	free(until->opened_text);
	free(until->mark);
	free(until->ends);
}

void
profile_template_clear(struct profile_template *template)
{
	free(template->name);
	free(template->text);
	free(template->proof);
	template_free(template->parsed);
}

void
profile_uses_clear(struct profile *profile)
{
	for (size_t i = 0; i < profile->acl_uses_count; i++)
		acl_use_rule_clear(&profile->acl_uses[i]);
	free(profile->acl_uses);
	profile->acl_uses = NULL;
	profile->acl_uses_count = 0;
}

static void
free_arrays(struct profile *profile)
{
	for (size_t i = 0; i < profile->mode_count; i++)
		profile_mode_clear(&profile->modes[i]);
	free(profile->modes);
	for (size_t i = 0; i < profile->question_count; i++)
		profile_question_clear(&profile->questions[i]);
	free(profile->questions);
	for (size_t i = 0; i < profile->until_count; i++)
		profile_until_clear(&profile->untils[i]);
	free(profile->untils);
	for (size_t i = 0; i < profile->template_count; i++)
		profile_template_clear(&profile->templates[i]);
	free(profile->templates);
}

void
profile_free(struct profile *profile)
{
	if (!profile)
		return;
	free_arrays(profile);
	profile_rules_clear(&profile->refusals);
	profile_rules_clear(&profile->notices);
	profile_rules_clear(&profile->alone);
	profile_rules_clear(&profile->read_only);
	profile_rules_clear(&profile->renames);
	profile_rules_clear(&profile->log_lines);
	profile_rules_clear(&profile->secrets);
	profile_rules_clear(&profile->config_ignore);
	profile_rules_clear(&profile->new_password);
	profile_rules_clear(&profile->above_prompt);
	profile_rules_clear(&profile->risky);
	profile_guards_clear(profile);
	strs_clear(&profile->setup);
	strs_clear(&profile->save);
	strs_clear(&profile->commit);
	strs_clear(&profile->undo);
	strs_clear(&profile->acl_read);
	strs_clear(&profile->acl_otherwise);
	strs_clear(&profile->acl_uses_read);
	profile_uses_clear(profile);
	re_free(profile->acl_client);
	re_free(profile->first_prompt);
	re_free(profile->save_proof);
	re_free(profile->commit_proof);
	json_decref(profile->vars);
	json_decref(profile->names);
	free(profile->device_type);
	free(profile->description);
	free(profile->inherits);
	free(profile->file);
	free(profile->first_prompt_text);
	free(profile->exec_mode);
	free(profile->config_mode);
	free(profile->close);
	free(profile->abort_line);
	free(profile->literal_next);
	free(profile->save_proof_text);
	free(profile->commit_proof_text);
	free(profile->running_config);
	profile_image_clear(&profile->image);
	profile_pull_clear(&profile->pull);
	free(profile->acl_dialect);
	free(profile->acl_show);
	free(profile->acl_client_read);
	free(profile->acl_client_text);
	free(profile);
}

void
profiles_clear(struct profiles *profiles)
{
	for (size_t i = 0; i < profiles->count; i++)
		profile_free(profiles->items[i]);
	free(profiles->items);
	*profiles = (struct profiles){ 0 };
}

const struct profile *
profiles_find(const struct profiles *profiles, const char *device_type)
{
	size_t low = 0, high = profiles->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(
		    device_type, profiles->items[middle]->device_type);
		if (order == 0)
			return profiles->items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

const char *
profiles_nearest(const struct profiles *profiles, const char *device_type)
{
	const char **names = xcalloc(profiles->count + 1, sizeof(*names));
	for (size_t i = 0; i < profiles->count; i++)
		names[i] = profiles->items[i]->device_type;
	const char *near = str_nearest(device_type, names, profiles->count);
	free(names);
	return near;
}

const struct profile_mode *
profile_mode_find(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->mode_count; i++)
		if (strcmp(profile->modes[i].name, name) == 0)
			return &profile->modes[i];
	return NULL;
}

const struct profile_template *
profile_template_find(const struct profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->template_count; i++)
		if (strcmp(profile->templates[i].name, name) == 0)
			return &profile->templates[i];
	return NULL;
}

void
profile_rules_join(struct profile_rules *rules)
{
	struct buf pattern;
	struct err ignored;
	re_free(rules->any);
	rules->any = NULL;
	if (rules->count < 2)
		return;
	buf_init(&pattern, 1u << 20);
	for (size_t i = 0; i < rules->count; i++)
		buf_addf(
		    &pattern, "%s(?:%s)", i ? "|" : "", rules->items[i].text);
	/* One that only works on its own leaves it at one by one. */
	if (!pattern.cut)
		rules->any = re_compile(buf_str(&pattern), 0, &ignored);
	buf_clear(&pattern);
}

bool
profile_rules_match(
    const struct profile_rules *rules, const char *line, size_t len)
{
	if (rules->any)
		return re_match(rules->any, line, len, NULL);
	for (size_t i = 0; i < rules->count; i++)
		if (re_match(rules->items[i].pattern, line, len, NULL))
			return true;
	return false;
}

#define SECRET_GROUPS 8

/* What one match says is secret: its groups, or all of it. */
static void
add_secrets(
    const struct re_span *groups, size_t base, struct redact_spans *spans)
{
	bool any = false;
	for (size_t g = 1; g < SECRET_GROUPS; g++) {
		if (groups[g].start == (size_t)-1)
			continue;
		any = true;
		redact_spans_add(
		    spans, base + groups[g].start, base + groups[g].end);
	}
	if (!any)
		redact_spans_add(
		    spans, base + groups[0].start, base + groups[0].end);
}

void
profile_find_secrets(const void *data, const char *line, size_t len,
    size_t base, struct redact_spans *spans)
{
	const struct profile *profile = data;
	struct re_span groups[SECRET_GROUPS];
	for (size_t i = 0; i < profile->secrets.count; i++) {
		const struct re *re = profile->secrets.items[i].pattern;
		size_t from = 0;
		while (from < len &&
		    re_match_groups(
			re, line + from, len - from, groups, SECRET_GROUPS)) {
			add_secrets(groups, base + from, spans);
			/* What is left of the line has no start. */
			if (re_pattern(re)[0] == '^')
				break;
			from += groups[0].end ? groups[0].end : 1;
		}
	}
}
