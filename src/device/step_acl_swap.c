/*
 * Another list in the place of one that cannot be edited: built, proved, put
 * in each place where the old one is applied; then the list itself, which
 * nobody uses any more, is built again and takes its places back. In each
 * moment a whole list is applied everywhere. After each part the device is
 * asked what became of it.
 */
#include "step_acl_parts.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/str.h"

#include <stdlib.h>

void
acl_swap_clear(struct acl_swap *swap)
{
	for (size_t i = 0; i < ACL_SWAP__COUNT; i++)
		strs_clear(&swap->parts[i]);
}

bool
step_acl_is_half_swapped(const struct acl_change *change)
{
	return change->copy_uses.count > 0;
}

static bool
is_wanted(const struct acl_change *change, const struct acl *acl)
{
	return acl->present && acl_equal(&change->wanted, acl, NULL);
}

/* The lines that take the list NAME, which is HAVE, away. */
static int
add_removal(const struct acl_change *change, const char *name,
    const struct acl *have, struct strs *texts, struct err *err)
{
	const struct acl absent = { 0 };
	enum acl_edit_way way = ACL_EDIT_REPLACE;
	if (!have->present)
		return 0;
	return step_acl_lines(
	    change, name, have, &absent, &way, false, texts, err);
}

/* The lines that build the wanted list as NAME. What the old one has beside
 * its entries, it shall have, too. */
static int
add_building(const struct acl_change *change, const char *name,
    struct strs *texts, struct err *err)
{
	struct acl nothing = { .type = change->before.type };
	enum acl_edit_way way = ACL_EDIT_REPLACE;
	nothing.settings = change->before.settings; /* borrowed */
	return step_acl_lines(
	    change, name, &nothing, &change->wanted, &way, false, texts, err);
}

/* A copy that is applied is what an earlier swap left. It may only stay if it
 * is the wanted list; else the list itself must be, in all other places. */
static int
judge_half(
    const struct acl_change *change, const struct acl *copy, struct err *err)
{
	if (!change->copy_uses.count || !change->uses.count ||
	    is_wanted(change, copy) || is_wanted(change, &change->before))
		return 0;
	char *place = acl_use_text(&change->copy_uses.items[0]);
	err_set(err, ERR_VERIFY,
	    "left alone: list %s of an earlier swap is applied (%s) beside %s, "
	    "and neither is as asked: put one of them everywhere, by hand",
	    change->copy_name, place, change->name);
	free(place);
	return -1;
}

static int
judge_flows(
    const struct acl_change *change, const struct acl *have, struct err *err)
{
	struct strs ignored = { 0 };
	enum acl_edit_way way = ACL_EDIT_REPLACE;
	int rc = step_acl_lines(change, change->name, have, &change->wanted,
	    &way, true, &ignored, err);
	strs_clear(&ignored);
	return rc;
}

/* What is protected may lead through the copy, or both lists. */
static int
judge_copy(
    const struct acl_change *change, const struct acl *copy, struct err *err)
{
	if (!change->copy_uses.count || session_target(change->session)->force)
		return 0;
	if (judge_flows(change, copy, err))
		return -1;
	return change->uses.count ? judge_flows(change, &change->before, err)
				  : 0;
}

static int
fill_parts(struct acl_change *change, const struct acl *copy,
    struct acl_swap *swap, struct err *err)
{
	struct strs *parts = swap->parts;
	const char *name = change->name, *copy_name = change->copy_name;
	bool listed = is_wanted(change, &change->before);
	bool away = change->uses.count && !(change->copy_uses.count && listed);
	if (away && !is_wanted(change, copy) &&
	    (add_removal(change, copy_name, copy, &parts[ACL_SWAP_COPY], err) ||
		add_building(change, copy_name, &parts[ACL_SWAP_COPY], err)))
		return -1;
	if (away)
		acl_uses_move(&change->uses, copy_name, &parts[ACL_SWAP_AWAY]);
	if (!listed &&
	    (add_removal(
		 change, name, &change->before, &parts[ACL_SWAP_BUILD], err) ||
		add_building(change, name, &parts[ACL_SWAP_BUILD], err)))
		return -1;
	if (away)
		acl_uses_move(&change->uses, name, &parts[ACL_SWAP_BACK]);
	acl_uses_move(&change->copy_uses, name, &parts[ACL_SWAP_BACK]);
	return add_removal(change, copy_name, away ? &change->wanted : copy,
	    &parts[ACL_SWAP_REMOVE], err);
}

int
step_acl_swap_plan(struct acl_change *change, struct acl_swap *swap)
{
	struct err *err = &change->result->fault.err;
	struct acl copy = { 0 };
	*swap = (struct acl_swap){ 0 };
	int rc = step_acl_read_copy(change, &copy);
	if (rc == 0)
		rc = judge_half(change, &copy, err);
	if (rc == 0)
		rc = judge_copy(change, &copy, err);
	if (rc == 0)
		rc = fill_parts(change, &copy, swap, err);
	acl_clear(&copy);
	return rc;
}

static int
check_list(struct acl_change *change, bool is_copy)
{
	struct acl now = { 0 };
	struct buf difference;
	buf_init(&difference, 64u << 10);
	int rc = is_copy ? step_acl_read_copy(change, &now)
			 : step_acl_read(change, &now, NULL);
	if (rc == 0 &&
	    (!now.present || !acl_equal(&change->wanted, &now, &difference))) {
		fault_at(&change->result->fault, 0, NULL, buf_str(&difference));
		rc = err_set(&change->result->fault.err, ERR_VERIFY,
		    "access list %s was accepted line by line, but read back "
		    "it is not what was asked for",
		    is_copy ? change->copy_name : change->name);
	}
	acl_clear(&now);
	buf_clear(&difference);
	return rc;
}

/* All references are where they were sent, none where they were. */
static int
check_uses(struct acl_change *change, bool is_back)
{
	struct acl_uses uses = { 0 }, copy = { 0 };
	size_t all = change->uses.count + change->copy_uses.count;
	int rc = step_acl_read_uses(change, &uses, &copy);
	size_t left = is_back ? copy.count : uses.count;
	size_t there = is_back ? uses.count : copy.count;
	if (rc == 0 && (left || there != all))
		rc = err_set(&change->result->fault.err, ERR_VERIFY,
		    "%zu of %zu references to access list %s were moved to %s",
		    there, all, is_back ? change->copy_name : change->name,
		    is_back ? change->name : change->copy_name);
	acl_uses_clear(&uses);
	acl_uses_clear(&copy);
	return rc;
}

static int
check_part(struct acl_change *change, enum acl_swap_part part)
{
	switch (part) {
	case ACL_SWAP_COPY:
		return check_list(change, true);
	case ACL_SWAP_AWAY:
		return check_uses(change, false);
	case ACL_SWAP_BUILD:
		return check_list(change, false);
	case ACL_SWAP_BACK:
		return check_uses(change, true);
	default: /* the caller reads everything back */
		return 0;
	}
}

int
step_acl_swap(
    struct acl_change *change, const struct acl_swap *swap, bool *touched)
{
	unsigned before = 0; /* lines of the parts that are done */
	int rc = 0;
	for (int i = 0; i < ACL_SWAP__COUNT && rc == 0; i++) {
		struct plan_lines lines;
		bool sent = false;
		if (!swap->parts[i].count)
			continue;
		plan_lines_from(&lines, &swap->parts[i]);
		rc = step_push_guarded(
		    &change->guard, &lines, change->result, &sent);
		*touched |= sent;
		change->swapped |= sent;
		if (rc && change->result->fault.line)
			change->result->fault.line += before;
		before += (unsigned)lines.count;
		plan_lines_clear(&lines);
		if (rc == 0)
			rc = check_part(change, (enum acl_swap_part)i);
	}
	return rc;
}

/* ---- the way back ---- */

/* What is on the device now. */
struct scene {
	struct acl list, copy;
	struct acl_uses uses, copy_uses;
};

static void
scene_clear(struct scene *scene)
{
	acl_clear(&scene->list);
	acl_clear(&scene->copy);
	acl_uses_clear(&scene->uses);
	acl_uses_clear(&scene->copy_uses);
}

static int
look(struct acl_change *change, struct scene *scene)
{
	*scene = (struct scene){ 0 };
	if (step_acl_read(change, &scene->list, NULL) == 0 &&
	    step_acl_read_copy(change, &scene->copy) == 0 &&
	    step_acl_read_uses(change, &scene->uses, &scene->copy_uses) == 0)
		return 0;
	scene_clear(scene);
	return -1;
}

/* As it was before, in all: list, references, no copy that was not there. */
static bool
is_as_before(const struct acl_change *change, const struct scene *scene)
{
	return step_acl_same(&change->before, &scene->list) &&
	    scene->uses.count == change->uses.count &&
	    scene->copy_uses.count == change->copy_uses.count;
}

static bool
is_as_asked(const struct acl_change *change, const struct scene *scene)
{
	return is_wanted(change, &scene->list) && !scene->copy_uses.count &&
	    scene->uses.count == change->uses.count + change->copy_uses.count;
}

static int
remove_copy(struct acl_change *change, const struct scene *scene,
    int64_t deadline, struct fault *fault)
{
	struct strs texts = { 0 };
	int rc = add_removal(
	    change, change->copy_name, &scene->copy, &texts, &fault->err);
	if (rc == 0 && texts.count)
		rc = step_acl_put(change, &texts, deadline, fault);
	strs_clear(&texts);
	return rc;
}

/* The old list is built where nobody uses it; first it is made so. */
static int
restore_list(struct acl_change *change, const struct scene *scene,
    int64_t deadline, struct fault *fault)
{
	struct strs texts = { 0 };
	int rc = 0;
	if (step_acl_same(&change->before, &scene->list))
		return 0;
	if (!change->backup.known ||
	    (scene->uses.count && !is_wanted(change, &scene->copy)))
		return err_set(
		    &fault->err, ERR_VERIFY, "there is no safe way back");
	acl_uses_move(&scene->uses, change->copy_name, &texts);
	if (texts.count)
		rc = step_acl_put(change, &texts, deadline, fault);
	strs_clear(&texts);
	if (rc)
		return rc;
	acl_backup_restore(&change->backup, change->dialect, change->name,
	    &scene->list, &texts);
	rc = step_acl_put(change, &texts, deadline, fault);
	strs_clear(&texts);
	return rc;
}

/* References first, so that the copy is free to go. What an earlier swap had
 * left in its place stays there. */
static int
go_back(struct acl_change *change, const struct scene *scene, int64_t deadline,
    struct fault *fault)
{
	struct strs texts = { 0 };
	struct scene now;
	int rc = restore_list(change, scene, deadline, fault);
	if (rc || change->copy_uses.count)
		return rc;
	acl_uses_move(&change->uses, change->name, &texts);
	rc = step_acl_put(change, &texts, deadline, fault);
	strs_clear(&texts);
	if (rc || look(change, &now))
		return -1;
	if (now.copy_uses.count == 0)
		rc = remove_copy(change, &now, deadline, fault);
	scene_clear(&now);
	return rc;
}

/* A copy that nobody uses is what the swap left behind. */
static bool
has_leftover(const struct scene *scene)
{
	return scene->copy.present && !scene->copy_uses.count;
}

enum guard_seen
step_acl_swap_look(struct acl_change *change)
{
	struct scene scene;
	enum guard_seen seen = GUARD_OTHER;
	if (look(change, &scene))
		return GUARD_UNSEEN;
	if (is_as_asked(change, &scene) && !has_leftover(&scene))
		seen = GUARD_AS_WANTED;
	else if (is_as_before(change, &scene) && !has_leftover(&scene))
		seen = GUARD_AS_BEFORE;
	scene_clear(&scene);
	return seen;
}

void
step_acl_swap_back(
    struct acl_change *change, int64_t deadline, struct fault *fault)
{
	struct scene scene;
	if (look(change, &scene))
		return;
	if (has_leftover(&scene) &&
	    (is_as_asked(change, &scene) || is_as_before(change, &scene)))
		remove_copy(change, &scene, deadline, fault);
	else
		go_back(change, &scene, deadline, fault);
	scene_clear(&scene);
}
