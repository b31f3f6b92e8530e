/*
 * Printing a profile through a cyaml schema. Only the way out: why cyaml does
 * not read what users write is told in model/yaml.h.
 */
#include "model/profile_print.h"

#include "base/alloc.h"
#include "model/profile.h"

#include <cyaml/cyaml.h>
#include <stdlib.h>
#include <string.h>

struct texts {
	char **items;
	size_t count;
};

struct printed_save {
	struct strs commands;
	char *proof;
};

struct printed_commit {
	struct strs commands;
	char *proof;
	struct strs undo;
};

struct printed_timeouts {
	char *connect, *login, *silence, *step, *device;
};

struct printed_acl {
	char *dialect;
	struct strs read, otherwise;
	char *show;
	struct strs uses_read;
	struct acl_use_rule *uses;
	size_t uses_count;
	char *client_read, *client;
	int *ssh_port;
};

struct printed_guard {
	struct profile_guard guard;
	char *grace; /* owned */
};

struct printed_boot {
	char *show, *is, *next, *next_is, *next_skips, *stops_if, *lines;
};

struct printed_reload {
	char *command, *install;
	struct strs prepare;
	struct profile_question *questions;
	size_t question_count;
	char *goes, *auth_wait;
};

struct printed_pull {
	struct profile_pull pull;
	char *silence;
};

/* A profile in the shape of the file: all text is borrowed. */
struct printed {
	struct profile profile;
	struct texts new_password, above_prompt, refusals, notices, read_only,
	    alone, renames, log_lines, secrets, config_ignore, risky;
	struct printed_guard *guards;
	struct printed_save *save;
	struct printed_commit *commit;
	struct printed_acl *acl;
	struct profile_image *image;
	struct printed_boot *boot;
	struct printed_reload *reload;
	struct printed_pull *pull;
	struct printed_timeouts timeouts, *any_timeouts;
};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define TEXT(key, type, member)                                                \
	CYAML_FIELD_STRING_PTR(key, OPTIONAL, type, member, 0, CYAML_UNLIMITED)
#define TRUTH(key, type, member)                                               \
	CYAML_FIELD_BOOL(key, CYAML_FLAG_DEFAULT, type, member)
#define ARRAY(key, type, member, number, entry)                                \
	CYAML_FIELD_SEQUENCE_COUNT(                                            \
	    key, OPTIONAL, type, member, number, entry, 0, CYAML_UNLIMITED)

static const cyaml_schema_value_t text_schema = {
	CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t mode_fields[] = {
	TEXT("name", struct profile_mode, name),
	TEXT("prompt", struct profile_mode, prompt),
	TEXT("from", struct profile_mode, from),
	TEXT("enter", struct profile_mode, enter),
	TEXT("leave", struct profile_mode, leave),
	TRUTH("config", struct profile_mode, config),
	TRUTH("nested", struct profile_mode, nested),
	TRUTH("secret", struct profile_mode, secret),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t mode_schema = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct profile_mode, mode_fields),
};

static const cyaml_schema_field_t question_fields[] = {
	TEXT("pattern", struct profile_question, when.text),
	TEXT("answer", struct profile_question, answer),
	TRUTH("bare", struct profile_question, bare),
	TEXT("unless", struct profile_question, unless_text),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t question_schema = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct profile_question, question_fields),
};

static const cyaml_schema_field_t until_fields[] = {
	TEXT("pattern", struct profile_until, when.text),
	TEXT("opened", struct profile_until, opened_text),
	TEXT("mark", struct profile_until, mark),
	TRUTH("alone", struct profile_until, alone),
	TEXT("ends", struct profile_until, ends),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t until_schema = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct profile_until, until_fields),
};

static const cyaml_schema_field_t template_fields[] = {
	TEXT("name", struct profile_template, name),
	TEXT("text", struct profile_template, text),
	TEXT("proof", struct profile_template, proof),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t template_schema = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct profile_template, template_fields),
};

static const cyaml_schema_field_t save_fields[] = {
	ARRAY("commands", struct printed_save, commands.items, commands.count,
	    &text_schema),
	TEXT("proof", struct printed_save, proof),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t commit_fields[] = {
	ARRAY("commands", struct printed_commit, commands.items, commands.count,
	    &text_schema),
	TEXT("proof", struct printed_commit, proof),
	ARRAY("undo", struct printed_commit, undo.items, undo.count,
	    &text_schema),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t timeout_fields[] = {
	TEXT("connect", struct printed_timeouts, connect),
	TEXT("login", struct printed_timeouts, login),
	TEXT("silence", struct printed_timeouts, silence),
	TEXT("step", struct printed_timeouts, step),
	TEXT("device", struct printed_timeouts, device),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t use_fields[] = {
	TEXT("pattern", struct acl_use_rule, pattern_text),
	TEXT("under", struct acl_use_rule, under_text),
	TEXT("way", struct acl_use_rule, way_text),
	TRUTH("moves", struct acl_use_rule, moves),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t use_schema = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct acl_use_rule, use_fields),
};

static const cyaml_schema_field_t acl_fields[] = {
	TEXT("dialect", struct printed_acl, dialect),
	ARRAY("read", struct printed_acl, read.items, read.count, &text_schema),
	ARRAY("otherwise", struct printed_acl, otherwise.items, otherwise.count,
	    &text_schema),
	TEXT("show", struct printed_acl, show),
	ARRAY("uses_read", struct printed_acl, uses_read.items, uses_read.count,
	    &text_schema),
	ARRAY("uses", struct printed_acl, uses, uses_count, &use_schema),
	TEXT("client_read", struct printed_acl, client_read),
	TEXT("client", struct printed_acl, client),
	CYAML_FIELD_INT_PTR("ssh_port", OPTIONAL, struct printed_acl, ssh_port),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t image_fields[] = {
	TEXT("version", struct profile_image, version),
	TEXT("version_is", struct profile_image, version_is.text),
	TEXT("runs", struct profile_image, runs.text),
	TEXT("boots_if", struct profile_image, boots_if.text),
	TEXT("uptime", struct profile_image, uptime),
	TEXT("uptime_is", struct profile_image, uptime_is.text),
	TEXT("filesystem", struct profile_image, filesystem),
	TEXT("list", struct profile_image, list),
	TEXT("file_is", struct profile_image, file_is.text),
	TEXT("free_is", struct profile_image, free_is.text),
	TEXT("members", struct profile_image, members),
	TEXT("member_is", struct profile_image, member_is.text),
	TEXT("member_filesystem", struct profile_image, member_filesystem),
	TEXT("md5", struct profile_image, md5),
	TEXT("md5_is", struct profile_image, md5_is.text),
	TEXT("remove", struct profile_image, remove),
	TEXT("copy", struct profile_image, copy),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t boot_fields[] = {
	TEXT("show", struct printed_boot, show),
	TEXT("is", struct printed_boot, is),
	TEXT("next", struct printed_boot, next),
	TEXT("next_is", struct printed_boot, next_is),
	TEXT("next_skips", struct printed_boot, next_skips),
	TEXT("stops_if", struct printed_boot, stops_if),
	TEXT("lines", struct printed_boot, lines),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t reload_fields[] = {
	TEXT("command", struct printed_reload, command),
	TEXT("install", struct printed_reload, install),
	ARRAY("prepare", struct printed_reload, prepare.items, prepare.count,
	    &text_schema),
	ARRAY("questions", struct printed_reload, questions, question_count,
	    &question_schema),
	TEXT("goes", struct printed_reload, goes),
	TEXT("auth_wait", struct printed_reload, auth_wait),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t pull_fields[] = {
	ARRAY("schemes", struct printed_pull, pull.schemes.items,
	    pull.schemes.count, &text_schema),
	TEXT("command", struct printed_pull, pull.command),
	ARRAY("questions", struct printed_pull, pull.questions.items,
	    pull.questions.count, &question_schema),
	ARRAY("overwrite", struct printed_pull, pull.overwrite.items,
	    pull.overwrite.count, &question_schema),
	ARRAY("host_key", struct printed_pull, pull.host_key.items,
	    pull.host_key.count, &question_schema),
	TEXT("copied", struct printed_pull, pull.copied.text),
	TEXT("denied", struct printed_pull, pull.denied.text),
	TEXT("failed", struct printed_pull, pull.failed.text),
	TEXT("silence", struct printed_pull, silence),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t act_fields[] = {
	TEXT("line", struct profile_act, line),
	TEXT("mode", struct profile_act, mode),
	TEXT("proof", struct profile_act, proof_text),
	TRUTH("shown", struct profile_act, shown),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t act_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct profile_act, act_fields),
};

#define ACTS(key, member)                                                      \
	ARRAY(key, struct printed_guard, guard.member.items,                   \
	    guard.member.count, &act_schema)

static const cyaml_schema_field_t guard_fields[] = {
	TEXT("name", struct printed_guard, guard.name),
	TEXT("for", struct printed_guard, guard.scope_text),
	TRUTH("reloads", struct printed_guard, guard.reloads),
	TRUTH("timer", struct printed_guard, guard.timer),
	TEXT("grace", struct printed_guard, grace),
	ACTS("probe", probe),
	ACTS("arm", arm),
	TEXT("enter", struct printed_guard, guard.enter),
	TEXT("entered", struct printed_guard, guard.entered_text),
	TEXT("mode", struct printed_guard, guard.mode),
	ACTS("commit", commit),
	ACTS("confirm", confirm),
	ACTS("settled", settled),
	ACTS("undo", undo),
	ARRAY("questions", struct printed_guard, guard.questions,
	    guard.question_count, &question_schema),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t guard_schema = {
	CYAML_VALUE_MAPPING(
	    CYAML_FLAG_DEFAULT, struct printed_guard, guard_fields),
};

static const cyaml_schema_field_t profile_fields[] = {
	TEXT("device_type", struct printed, profile.device_type),
	TEXT("description", struct printed, profile.description),
	TEXT("first_prompt", struct printed, profile.first_prompt_text),
	ARRAY("modes", struct printed, profile.modes, profile.mode_count,
	    &mode_schema),
	TEXT("exec_mode", struct printed, profile.exec_mode),
	TEXT("config_mode", struct printed, profile.config_mode),
	ARRAY("new_password", struct printed, new_password.items,
	    new_password.count, &text_schema),
	ARRAY("setup", struct printed, profile.setup.items, profile.setup.count,
	    &text_schema),
	TEXT("close", struct printed, profile.close),
	TEXT("abort_line", struct printed, profile.abort_line),
	TEXT("literal_next", struct printed, profile.literal_next),
	ARRAY("above_prompt", struct printed, above_prompt.items,
	    above_prompt.count, &text_schema),
	ARRAY("refusals", struct printed, refusals.items, refusals.count,
	    &text_schema),
	ARRAY("notices", struct printed, notices.items, notices.count,
	    &text_schema),
	ARRAY("read_only", struct printed, read_only.items, read_only.count,
	    &text_schema),
	ARRAY("alone", struct printed, alone.items, alone.count, &text_schema),
	ARRAY("renames", struct printed, renames.items, renames.count,
	    &text_schema),
	ARRAY("log_lines", struct printed, log_lines.items, log_lines.count,
	    &text_schema),
	ARRAY("secrets", struct printed, secrets.items, secrets.count,
	    &text_schema),
	ARRAY("questions", struct printed, profile.questions,
	    profile.question_count, &question_schema),
	ARRAY("until", struct printed, profile.untils, profile.until_count,
	    &until_schema),
	CYAML_FIELD_MAPPING_PTR(
	    "save", OPTIONAL, struct printed, save, save_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "commit", OPTIONAL, struct printed, commit, commit_fields),
	ARRAY("risky", struct printed, risky.items, risky.count, &text_schema),
	ARRAY("guards", struct printed, guards, profile.guard_count,
	    &guard_schema),
	TEXT("running_config", struct printed, profile.running_config),
	ARRAY("config_ignore", struct printed, config_ignore.items,
	    config_ignore.count, &text_schema),
	CYAML_FIELD_MAPPING_PTR(
	    "acl", OPTIONAL, struct printed, acl, acl_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "image", OPTIONAL, struct printed, image, image_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "boot", OPTIONAL, struct printed, boot, boot_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "reload", OPTIONAL, struct printed, reload, reload_fields),
	CYAML_FIELD_MAPPING_PTR(
	    "pull", OPTIONAL, struct printed, pull, pull_fields),
	ARRAY("templates", struct printed, profile.templates,
	    profile.template_count, &template_schema),
	CYAML_FIELD_MAPPING_PTR(
	    "timeouts", OPTIONAL, struct printed, any_timeouts, timeout_fields),
	CYAML_FIELD_INT(
	    "pipeline", CYAML_FLAG_DEFAULT, struct printed, profile.pipeline),
	TRUTH("typeahead_echo", struct printed, profile.typeahead_echo),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t profile_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct printed, profile_fields),
};

static const cyaml_config_t config = {
	.log_level = CYAML_LOG_ERROR,
	.mem_fn = cyaml_mem,
	.flags = CYAML_CFG_STYLE_BLOCK,
};

static struct texts
texts_of(const struct profile_rules *rules)
{
	struct texts texts = { NULL, rules->count };
	if (rules->count)
		texts.items = xcalloc(rules->count, sizeof(char *));
	for (size_t i = 0; i < rules->count; i++)
		texts.items[i] = rules->items[i].text;
	return texts;
}

static char *
duration(struct printed *printed, int64_t ms)
{
	if (ms == TIMEOUT_UNSET)
		return NULL;
	printed->any_timeouts = &printed->timeouts;
	return xasprintf("%lldms", (long long)ms);
}

static void
set_timeouts(struct printed *printed, const struct timeouts *timeouts)
{
	printed->timeouts = (struct printed_timeouts){
		.connect = duration(printed, timeouts->connect_ms),
		.login = duration(printed, timeouts->login_ms),
		.silence = duration(printed, timeouts->silence_ms),
		.step = duration(printed, timeouts->step_ms),
		.device = duration(printed, timeouts->device_ms),
	};
}

static struct printed_guard *
guards_of(const struct profile *profile)
{
	struct printed_guard *guards = xcalloc(
	    profile->guard_count + 1, sizeof(*guards));
	for (size_t i = 0; i < profile->guard_count; i++) {
		guards[i].guard = profile->guards[i];
		guards[i].grace = xasprintf(
		    "%lldms", (long long)profile->guards[i].grace_ms);
	}
	return guards;
}

static void
guards_free(struct printed_guard *guards, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(guards[i].grace);
	free(guards);
}

/* Variables have no schema, but JSON is YAML, and reads back with the same
 * types: numbers and words bare, texts in quotes. */
static int
print_vars(const json_t *vars, FILE *out)
{
	int rc = -1;
	if (!json_object_size(vars))
		return 0;
	char *text = json_dumps(vars, JSON_SORT_KEYS);
	if (text && fprintf(out, "vars: %s\n", text) >= 0)
		rc = 0;
	free(text);
	return rc;
}

int
profile_print(const struct profile *profile, FILE *out)
{
	int rc = -1;
	char *text = NULL;
	size_t len = 0;
	struct printed_save save = { profile->save, profile->save_proof_text };
	struct printed_commit commit = { profile->commit,
		profile->commit_proof_text, profile->undo };
	int ssh_port = profile->acl_ssh_port;
	struct printed_acl acl = { profile->acl_dialect, profile->acl_read,
		profile->acl_otherwise, profile->acl_show,
		profile->acl_uses_read, profile->acl_uses,
		profile->acl_uses_count, profile->acl_client_read,
		profile->acl_client_text, ssh_port ? &ssh_port : NULL };
	struct profile_image image = profile->image;
	struct printed_boot boot = { image.boot_show, image.boot_is.text,
		image.boot_next, image.boot_next_is.text, image.next_skips.text,
		image.stops_if.text, image.boot_lines };
	struct printed_reload reload = { image.reload, image.install,
		image.reload_prepare, image.questions, image.question_count,
		image.goes.text,
		xasprintf("%lldms", (long long)image.auth_wait_ms) };
	struct printed_pull pull = { profile->pull, NULL };
	if (pull.pull.silence_ms)
		pull.silence = xasprintf(
		    "%lldms", (long long)pull.pull.silence_ms);
	struct printed printed = {
		.profile = *profile,
		.new_password = texts_of(&profile->new_password),
		.above_prompt = texts_of(&profile->above_prompt),
		.refusals = texts_of(&profile->refusals),
		.notices = texts_of(&profile->notices),
		.read_only = texts_of(&profile->read_only),
		.alone = texts_of(&profile->alone),
		.renames = texts_of(&profile->renames),
		.log_lines = texts_of(&profile->log_lines),
		.secrets = texts_of(&profile->secrets),
		.config_ignore = texts_of(&profile->config_ignore),
		.risky = texts_of(&profile->risky),
		.guards = profile->guard_count ? guards_of(profile) : NULL,
		.save = profile->save.count ? &save : NULL,
		.commit = profile->commit.count ? &commit : NULL,
		.acl = profile->acl_dialect ? &acl : NULL,
		.image = image.version ? &image : NULL,
		.boot = image.boot_show ? &boot : NULL,
		.reload = image.reload || image.install ? &reload : NULL,
		.pull = pull.pull.command ? &pull : NULL,
	};
	set_timeouts(&printed, &profile->timeouts);
	if (cyaml_save_data(&text, &len, &config, &profile_schema, &printed, 0))
		goto out;
	if (fwrite(text, 1, len, out) != len)
		goto out;
	rc = print_vars(profile->vars, out);
out:
	if (text)
		cyaml_mem(NULL, text, 0);
	free(reload.auth_wait);
	free(pull.silence);
	free(printed.timeouts.connect);
	free(printed.timeouts.login);
	free(printed.timeouts.silence);
	free(printed.timeouts.step);
	free(printed.timeouts.device);
	free(printed.new_password.items);
	free(printed.above_prompt.items);
	free(printed.refusals.items);
	free(printed.notices.items);
	free(printed.read_only.items);
	free(printed.alone.items);
	free(printed.renames.items);
	free(printed.log_lines.items);
	free(printed.secrets.items);
	free(printed.config_ignore.items);
	free(printed.risky.items);
	guards_free(printed.guards, printed.guards ? profile->guard_count : 0);
	return rc;
}

const char *
profile_print_library_version(void)
{
	return cyaml_version_str;
}
