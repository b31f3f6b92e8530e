/*
 * `remember` and `same_as`: what a command showed, kept for a later step, and
 * compared with what it shows then. `pick` says what of it counts: counters
 * and clocks are never the same twice.
 */
#include "step_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "text/diff.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define MEMORY_LIMIT_BYTES (256u << 10)
#define PICK_GROUPS	   9

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What PICK finds in a line: its groups, or all that it matches. */
static void
pick_line(const struct re *pick, const char *line, struct strs *picked)
{
	struct re_span spans[PICK_GROUPS];
	struct buf text;
	if (!re_match_groups(pick, line, strlen(line), spans, PICK_GROUPS))
		return;
	buf_init(&text, MEMORY_LIMIT_BYTES);
	for (size_t i = 1; i < PICK_GROUPS; i++) {
		if (spans[i].start == (size_t)-1)
			continue;
		if (text.len)
			buf_addc(&text, ' ');
		buf_add(&text, line + spans[i].start,
		    spans[i].end - spans[i].start);
	}
	if (!text.len)
		buf_add(&text, line + spans[0].start,
		    spans[0].end - spans[0].start);
	strs_add(picked, buf_str(&text));
	buf_clear(&text);
}

/* The lines that count, as they may be written down. What was picked has no
 * order: neighbours do not come back in the same one. */
static int
take_lines(const struct session *session, const struct job_step *step,
    const struct step_result *result, struct strs *lines, struct err *err)
{
	struct strs all = { 0 };
	struct buf clean;
	buf_init(&clean, STEP_OUTPUT_LIMIT_BYTES);
	session_clean(session, buf_str(&result->output), &clean);
	strs_add_lines(step->pick ? &all : lines, buf_str(&clean));
	for (size_t i = 0; i < all.count; i++)
		pick_line(step->pick, all.items[i], lines);
	if (step->pick && lines->count)
		qsort(
		    lines->items, lines->count, sizeof(char *), compare_lines);
	size_t bytes = result->output.cut ? MEMORY_LIMIT_BYTES + 1 : 0;
	for (size_t i = 0; i < lines->count; i++)
		bytes += strlen(lines->items[i]) + 1;
	strs_clear(&all);
	buf_clear(&clean);
	return bytes <= MEMORY_LIMIT_BYTES
	    ? 0
	    : err_set(err, ERR_VERIFY,
		  "the output is larger than %u bytes: \"pick\" must say what "
		  "of it counts",
		  MEMORY_LIMIT_BYTES);
}

static void
keep(const struct job_step *step, const struct strs *lines,
    struct step_result *result)
{
	struct buf text;
	buf_init(&text, MEMORY_LIMIT_BYTES);
	for (size_t i = 0; i < lines->count; i++)
		buf_addf(&text, "%s\n", lines->items[i]);
	if (!result->memory)
		result->memory = json_object();
	json_object_set_new(
	    result->memory, step->remember, json_string(buf_str(&text)));
	if (!lines->count)
		buf_adds(&result->notes, "nothing was found to remember\n");
	buf_clear(&text);
}

/* How many lines of DIFF begin with SIGN, its heading left out. */
static size_t
count_lines(const char *diff, char sign)
{
	size_t count = 0;
	const char heading[] = { sign, sign, sign, '\0' };
	for (; *diff; diff += strcspn(diff, "\n"), diff += *diff == '\n')
		count += *diff == sign && !str_starts(diff, heading);
	return count;
}

static int
compare(const struct session *session, const struct job_step *step,
    const struct strs *lines, struct step_result *result)
{
	struct strs before = { 0 };
	struct buf diff;
	int rc = 0;
	const char *text = json_string_value(
	    json_object_get(session_target(session)->memory, step->same_as));
	if (!text && step_is_check(session)) {
		buf_addf(&result->notes,
		    "nothing is remembered as %s: not compared by --check\n",
		    step->same_as);
		return 0;
	}
	if (!text)
		return err_set(&result->fault.err, ERR_VERIFY,
		    "nothing is remembered of this device as %s",
		    step->same_as);
	strs_add_lines(&before, text);
	buf_init(&diff, STEP_SHOWN_LIMIT_BYTES);
	if (diff_lines(&diff, &before, lines)) {
		fault_at(&result->fault, 0, NULL, buf_str(&diff));
		rc = err_set(&result->fault.err, ERR_VERIFY,
		    "it is not as %s was: %zu gone, %zu new", step->same_as,
		    count_lines(buf_str(&diff), '-'),
		    count_lines(buf_str(&diff), '+'));
	}
	buf_clear(&diff);
	strs_clear(&before);
	return rc;
}

int
step_compare_memory(struct session *session, const struct job_step *step,
    struct step_result *result)
{
	struct strs lines = { 0 };
	if (!step->remember && !step->same_as)
		return 0;
	int rc = take_lines(session, step, result, &lines, &result->fault.err);
	if (rc == 0 && step->same_as)
		rc = compare(session, step, &lines, result);
	if (rc == 0 && step->remember)
		keep(step, &lines, result);
	strs_clear(&lines);
	return rc;
}
