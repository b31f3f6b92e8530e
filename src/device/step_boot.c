/*
 * `boot`: which image the device boots next. What the device shows of its boot
 * list before and after is the proof; the image that runs stays behind the
 * new one where the platform has room for it.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_LIMIT_BYTES (1u << 20)

/* One change of the boot list. */
struct change {
	struct session *session;
	const struct job_step *step;
	const char *path; /* that is to be booted */
	char *old; /* that is to stay behind it, or NULL */
	struct step_result *result;
};

static int
ask_list(const struct change *change, struct strs *paths, struct buf *shown)
{
	const struct profile_image *image = &session_profile(change->session)
						 ->image;
	buf_reset(shown);
	if (session_command(change->session, image->boot_show,
		change->step->timeout_ms, shown, &change->result->fault))
		return -1;
	strs_clear(paths);
	profile_boot_list(&image->boot_is, buf_str(shown), paths);
	return 0;
}

static bool
is_first(const struct strs *paths, const char *path)
{
	return paths->count && profile_path_is_same(paths->items[0], path);
}

/* Is the list as it was to become? Where the profile keeps the old image, that
 * stands second. */
static bool
is_as_asked(const struct change *change, const struct strs *paths)
{
	const char *lines = session_profile(change->session)->image.boot_lines;
	bool keeps = change->old && strstr(lines, "{{old}}");
	return is_first(paths, change->path) &&
	    (!keeps ||
		(paths->count > 1 &&
		    profile_path_is_same(paths->items[1], change->old)));
}

static int
render(const struct change *change, struct plan_lines *lines)
{
	struct session *session = change->session;
	const struct profile *profile = session_profile(session);
	struct strs filesystems = { 0 }, texts = { 0 };
	struct fault *fault = &change->result->fault;
	*lines = (struct plan_lines){ 0 };
	if (step_filesystems(session, change->step, &filesystems, fault))
		return -1;
	json_t *names = json_pack(
	    "{s:b, s:s*}", "stack", filesystems.count > 1, "old", change->old);
	if (!change->old)
		json_object_set_new(names, "old", json_false());
	strs_clear(&filesystems);
	char *text = step_profile_text(session, change->step,
	    profile->image.boot_lines, change->path, names, fault);
	json_decref(names);
	if (!text)
		return -1;
	strs_add_lines(&texts, text);
	free(text);
	plan_lines_from(lines, &texts);
	plan_lines_commit(lines, profile);
	strs_clear(&texts);
	return 0;
}

/* After the lines: what the device shows decides. */
static void
judge(const struct change *change, const struct strs *before, int pushed,
    struct buf *shown)
{
	struct step_result *result = change->result;
	struct fault pushing = result->fault;
	struct strs after = { 0 };
	result->fault = (struct fault){ 0 };
	result->status = STEP_UNKNOWN;
	if (session_is_usable(change->session) &&
	    step_stage(change->session, STAGE_VERIFY, &result->fault) == 0 &&
	    ask_list(change, &after, shown) == 0) {
		buf_reset(&result->output);
		buf_add(&result->output, buf_str(shown), shown->len);
		bool same = before->count == after.count;
		for (size_t i = 0; same && i < after.count; i++)
			same = str_eq(before->items[i], after.items[i]);
		if (pushed == 0 && is_as_asked(change, &after))
			result->status = STEP_CHANGED;
		else if (same)
			result->status = STEP_FAILED;
		if (pushed == 0 && result->status != STEP_CHANGED) {
			fault_at(&result->fault, 0, NULL, buf_str(shown));
			err_set(&result->fault.err, ERR_VERIFY,
			    "the lines were accepted, but %s is not what the "
			    "device shows as the first to boot%s%s",
			    change->path, change->old ? " before " : "",
			    change->old ? change->old : "");
		}
	}
	/* What went wrong first is the cause. */
	if (pushing.err.kind != ERR_NONE) {
		fault_clear(&result->fault);
		result->fault = pushing;
	} else {
		fault_clear(&pushing);
	}
	strs_clear(&after);
}

static void
change_list(
    const struct change *change, const struct strs *before, struct buf *shown)
{
	struct session *session = change->session;
	struct step_result *result = change->result;
	struct plan_lines lines;
	bool touched = false;
	if (render(change, &lines))
		return;
	if (step_is_check(session)) {
		step_tell(result, &lines);
		goto out;
	}
	/* Whatever an earlier visit left of the list, these lines make it anew:
	 * no state of it is in doubt. */
	int rc = step_push(session, change->step, &lines, result, &touched);
	if (!rc || touched)
		judge(change, before, rc, shown);
out:
	plan_lines_clear(&lines);
}

static void
run(struct change *change, const struct step_software *software)
{
	struct step_result *result = change->result;
	struct strs before = { 0 };
	struct buf shown;
	buf_init(&shown, SHOWN_LIMIT_BYTES);
	if (!software->boots) {
		err_set(&result->fault.err, ERR_VERIFY,
		    "its configuration register keeps it from booting what it "
		    "is told to: the profile wants a line like %s",
		    session_profile(change->session)->image.boots_if.text);
		goto out;
	}
	if (ask_list(change, &before, &shown))
		goto out;
	if (software->image &&
	    !profile_path_is_same(software->image, change->path))
		change->old = xstrdup(software->image);
	/* Who put it first may have left the old one out. Not we, unless we
	 * were interrupted. */
	if (is_first(&before, change->path) &&
	    (!step_is_doubtful(change->session, change->step) ||
		is_as_asked(change, &before))) {
		buf_add(&result->output, buf_str(&shown), shown.len);
		result->status = STEP_UNCHANGED;
		goto out;
	}
	change_list(change, &before, &shown);
out:
	strs_clear(&before);
	buf_clear(&shown);
}

void
step_run_boot(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct plan_image texts;
	struct step_software software;
	if (step_image_texts(session, step, &texts, &result->fault))
		return;
	struct change change = { session, step, texts.path, NULL, result };
	if (step_ask_software(session, step, &software, &result->fault))
		goto out;
	if (texts.unless_version &&
	    step_software_is(&software, texts.unless_version)) {
		buf_addf(&result->output, "it runs %s already\n",
		    texts.unless_version);
		result->status = STEP_UNCHANGED;
	} else {
		run(&change, &software);
	}
	step_software_clear(&software);
out:
	free(change.old);
	plan_image_clear(&texts);
}
