/*
 * What the device shows of an access list: its entries, where it is applied,
 * and from where we came in. Which commands show it stands in the profile; it
 * must not know what is to become of the list.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "text/template.h"

#include <stdlib.h>
#include <string.h>

/* Renders one of the profile's commands for this step. */
static char *
render_command(const struct acl_change *change, const char *text)
{
	const struct target *target = session_target(change->session);
	const struct profile *profile = session_profile(change->session);
	struct diags diags = { 0 };
	struct place place = { .file = profile->file };
	struct template *template = template_parse(text, place, &diags);
	char *command = template ? plan_render_text(target->job, target->device,
				       change->step, template, &diags)
				 : NULL;
	if (!command)
		err_set(&change->result->fault.err, ERR_JOB,
		    "the profile's command \"%s\" cannot be rendered: %s", text,
		    diags.count ? diags.items[0].text : "");
	template_free(template);
	diags_clear(&diags);
	return command;
}

static int
add_commands(const struct acl_change *change, const struct strs *texts,
    struct strs *commands)
{
	for (size_t i = 0; i < texts->count; i++) {
		char *command = render_command(change, texts->items[i]);
		if (!command)
			return -1;
		strs_take(commands, command);
	}
	return 0;
}

static int
run_commands(struct acl_change *change, const struct strs *commands,
    struct strs *outputs)
{
	size_t refused;
	return commands->count ? session_commands(change->session, commands,
				     change->step->timeout_ms, outputs,
				     &refused, &change->result->fault)
			       : 0;
}

/* Runs the profile's commands TEXTS (templates); adds what they show. */
static int
ask(struct acl_change *change, const struct strs *texts, struct strs *outputs)
{
	struct strs commands = { 0 };
	int rc = add_commands(change, texts, &commands);
	if (rc == 0)
		rc = run_commands(change, &commands, outputs);
	strs_clear(&commands);
	return rc;
}

static bool
any_refused(const struct strs *outputs, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (!outputs->items[i])
			return true;
	return false;
}

/* What is kept of the outputs for people: that of the profile's `show`, or,
 * where the device refused it, the first that shows anything. */
static void
keep_output(struct acl_change *change, const struct strs *outputs)
{
	const struct profile *profile = session_profile(change->session);
	const char *kept = "";
	for (size_t i = 0; i < outputs->count; i++) {
		bool is_show = i < profile->acl_read.count &&
		    str_eq(profile->acl_read.items[i], profile->acl_show);
		const char *text = outputs->items[i];
		if (text && text[0] && (!kept[0] || is_show))
			kept = text;
	}
	buf_reset(&change->result->output);
	buf_adds(&change->result->output, kept);
}

/* OUTPUTS are those of the profile's `read`: makes a list of them, with those
 * of `otherwise` where one was refused. */
static int
take_list(struct acl_change *change, struct strs *outputs, struct strs *heard,
    struct acl *acl)
{
	const struct profile *profile = session_profile(change->session);
	struct fault *fault = &change->result->fault;
	if (any_refused(outputs, 0, outputs->count) &&
	    ask(change, &profile->acl_otherwise, outputs))
		return -1;
	for (size_t i = 0; i < outputs->count; i++)
		if (outputs->items[i])
			strs_add(heard, outputs->items[i]);
	if (!heard->count)
		return err_set(&fault->err, ERR_REFUSED,
		    "the device refused every command that shows the access "
		    "list: %s",
		    profile->acl_show);
	return acl_read(acl, change->dialect, change->name, heard, &fault->err);
}

int
step_acl_read(
    struct acl_change *change, struct acl *acl, struct acl_backup *backup)
{
	const struct profile *profile = session_profile(change->session);
	struct strs outputs = { 0 }, heard = { 0 };
	int rc = -1;
	if (ask(change, &profile->acl_read, &outputs) ||
	    take_list(change, &outputs, &heard, acl))
		goto out;
	keep_output(change, &outputs);
	if (backup)
		acl_backup_take(
		    backup, change->dialect, change->name, &heard, acl);
	rc = 0;
out:
	strs_clear(&heard);
	strs_clear(&outputs);
	return rc;
}

int
step_acl_read_copy(struct acl_change *change, struct acl *acl)
{
	const struct profile *profile = session_profile(change->session);
	struct strs outputs = { 0 }, heard = { 0 };
	struct job_step step = *change->step;
	struct acl_change copy = *change;
	step.vars = json_pack("{s:s}", "acl_name", change->copy_name);
	if (change->step->vars)
		json_object_update_missing(step.vars, change->step->vars);
	copy.step = &step;
	copy.name = change->copy_name;
	int rc = ask(&copy, &profile->acl_read, &outputs);
	if (rc == 0)
		rc = take_list(&copy, &outputs, &heard, acl);
	json_decref(step.vars);
	strs_clear(&heard);
	strs_clear(&outputs);
	return rc;
}

static void
find_uses(const struct acl_change *change, const char *name,
    const struct strs *outputs, size_t first, size_t count,
    struct acl_uses *uses)
{
	const struct profile *profile = session_profile(change->session);
	acl_uses_clear(uses);
	for (size_t i = first; i < first + count; i++)
		if (outputs->items[i])
			acl_uses_read(uses, profile->acl_uses,
			    profile->acl_uses_count, outputs->items[i], name);
}

/* What COUNT of OUTPUTS, from FIRST on, say of where both lists are applied;
 * where one was refused, all of the configuration is asked. */
static int
take_uses(struct acl_change *change, const struct strs *outputs, size_t first,
    size_t count, struct acl_uses *uses, struct acl_uses *copy)
{
	const struct profile *profile = session_profile(change->session);
	struct strs whole = { 0 }, commands = { 0 };
	change->uses_known = ACL_USES_READ;
	if (!any_refused(outputs, first, count)) {
		find_uses(change, change->name, outputs, first, count, uses);
		find_uses(
		    change, change->copy_name, outputs, first, count, copy);
		return 0;
	}
	if (profile->running_config)
		strs_add(&commands, profile->running_config);
	int rc = run_commands(change, &commands, &whole);
	if (rc == 0 && (!whole.count || !whole.items[0]))
		change->uses_known = ACL_USES_REFUSED;
	if (rc == 0) {
		find_uses(change, change->name, &whole, 0, whole.count, uses);
		find_uses(
		    change, change->copy_name, &whole, 0, whole.count, copy);
	}
	strs_clear(&commands);
	strs_clear(&whole);
	return rc;
}

/* The commands that show uses; where the profile names none, those that show
 * the list do. */
static const struct strs *
uses_commands(const struct profile *profile)
{
	return profile->acl_uses_read.count ? &profile->acl_uses_read
					    : &profile->acl_read;
}

int
step_acl_read_uses(
    struct acl_change *change, struct acl_uses *uses, struct acl_uses *copy)
{
	const struct profile *profile = session_profile(change->session);
	struct strs outputs = { 0 };
	int rc = ask(change, uses_commands(profile), &outputs);
	if (rc == 0)
		rc = take_uses(change, &outputs, 0, outputs.count, uses, copy);
	strs_clear(&outputs);
	if (rc == 0 && change->uses_known == ACL_USES_REFUSED)
		rc = err_set(&change->result->fault.err, ERR_REFUSED,
		    "the device does not show any more where access list %s "
		    "is applied",
		    change->name);
	return rc;
}

static bool
asks_client(const struct profile *profile)
{
	return profile->acl_client_read && profile->acl_client;
}

/* Those that show the list, then those that show uses, then who is in. */
static int
add_survey(const struct acl_change *change, struct strs *commands)
{
	const struct profile *profile = session_profile(change->session);
	struct strs client = { 0 };
	if (asks_client(profile))
		strs_add(&client, profile->acl_client_read);
	int rc = add_commands(change, &profile->acl_read, commands);
	if (rc == 0)
		rc = add_commands(change, &profile->acl_uses_read, commands);
	if (rc == 0)
		rc = add_commands(change, &client, commands);
	strs_clear(&client);
	return rc;
}

/* OUTPUTS begin with those of the profile's `read`. */
static int
survey_list(struct acl_change *change, const struct strs *outputs)
{
	const struct profile *profile = session_profile(change->session);
	struct strs lists = { 0 }, heard = { 0 };
	for (size_t i = 0; i < profile->acl_read.count; i++)
		strs_take(&lists, xstrdup(outputs->items[i]));
	int rc = take_list(change, &lists, &heard, &change->before);
	if (rc == 0) {
		keep_output(change, &lists);
		acl_backup_take(&change->backup, change->dialect, change->name,
		    &heard, &change->before);
	}
	strs_clear(&heard);
	strs_clear(&lists);
	return rc;
}

static int
survey_uses(struct acl_change *change, const struct strs *outputs)
{
	const struct profile *profile = session_profile(change->session);
	size_t reads = profile->acl_read.count;
	size_t own = profile->acl_uses_read.count;
	if (!profile->acl_uses_count)
		return 0;
	return take_uses(change, outputs, own ? reads : 0, own ? own : reads,
	    &change->uses, &change->copy_uses);
}

int
step_acl_survey(struct acl_change *change)
{
	const struct profile *profile = session_profile(change->session);
	struct strs commands = { 0 }, outputs = { 0 };
	int rc = add_survey(change, &commands);
	if (rc == 0)
		rc = run_commands(change, &commands, &outputs);
	if (rc == 0)
		rc = survey_list(change, &outputs);
	if (rc == 0)
		rc = survey_uses(change, &outputs);
	const char *last = rc ? NULL : outputs.items[outputs.count - 1];
	if (last && asks_client(profile))
		change->client = acl_client_address(profile->acl_client, last);
	strs_clear(&commands);
	strs_clear(&outputs);
	return rc;
}
