/*
 * The files of `save_as`: from the name in the job to a path that cannot lead
 * anywhere else. What a variable holds may come from an inventory that
 * somebody else writes, so it can name a directory below, never one above.
 */
#include "model/plan.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Adds NAME piece by piece, without "." and doubled slashes; the sentence
 * that says what is wrong with it, or NULL. */
static const char *
add_pieces(struct buf *path, const char *name)
{
	const char *begin = name;
	size_t len = 0;
	for (;; name += len + 1) {
		len = strcspn(name, "/");
		if (len == 2 && memcmp(name, "..", 2) == 0)
			return "leads out of its directory";
		bool empty = len == 0 || (len == 1 && name[0] == '.');
		if (!name[len] && empty)
			return "has no file name at its end";
		if (!empty) {
			if (path->len || begin[0] == '/')
				buf_addc(path, '/');
			buf_add(path, name, len);
		}
		if (!name[len])
			return path->cut ? "is too long" : NULL;
	}
}

static const char *
judge(const struct job_step *step, const char *name, struct buf *path)
{
	for (const char *at = name; *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return "holds a control character";
	if (name[0] == '/' && step->save_as[0] != '/')
		return "begins with \"/\", which must stand in the job itself";
	return add_pieces(path, name);
}

char *
plan_save_path(const struct job *job, const struct job_device *device,
    const struct job_step *step, struct diags *diags)
{
	struct buf path;
	char *taken = NULL;
	char *name = plan_render_text(
	    job, device, step, step->save_template, diags);
	if (!name)
		return NULL;
	buf_init(&path, PATH_MAX - 1);
	const char *wrong = judge(step, name, &path);
	if (wrong)
		diag_add(diags, step->save_place, "\"%s\" %s: \"%.200s\"",
		    step->kind == STEP_DOWNLOAD ? "destination" : "save_as",
		    wrong, name);
	else
		taken = buf_take(&path);
	buf_clear(&path);
	free(name);
	return taken;
}
