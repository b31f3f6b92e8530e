/*
 * Learning a device's name and knowing its prompts by it. Patterns come from
 * the profile; what they are matched against comes from a hostile world.
 */
#include "device/prompts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "text/re.h"

#include <stdlib.h>
#include <string.h>

#define PROMPT_LIMIT_BYTES 512 /* no device's prompt is that long */
#define STEM_SHORT_BYTES   16

struct prompts {
	const struct profile *profile;
	char *stem;
	struct mode_prompt {
		struct re *whole, *prefix;
	} * modes; /* profile->mode_count of them, once learnt */
};

struct prompts *
prompts_new(const struct profile *profile)
{
	struct prompts *prompts = xcalloc(1, sizeof(*prompts));
	prompts->profile = profile;
	return prompts;
}

static void
forget(struct prompts *prompts)
{
	for (size_t i = 0; prompts->modes && i < prompts->profile->mode_count;
	     i++) {
		re_free(prompts->modes[i].whole);
		re_free(prompts->modes[i].prefix);
	}
	free(prompts->modes);
	free(prompts->stem);
	prompts->modes = NULL;
	prompts->stem = NULL;
}

void
prompts_free(struct prompts *prompts)
{
	if (!prompts)
		return;
	forget(prompts);
	free(prompts);
}

bool
prompts_is_first(const struct prompts *prompts, const char *text, size_t len)
{
	return len && len <= PROMPT_LIMIT_BYTES &&
	    re_match(prompts->profile->first_prompt, text, len, NULL);
}

/* Adds PATTERN to OUT with {{stem}} and {{stem16}} put in, quoted. */
static void
add_pattern(struct buf *out, const char *pattern, const char *stem)
{
	static const char whole[] = "{{stem}}", cut[] = "{{stem16}}";
	size_t len = strlen(stem);
	while (*pattern) {
		if (strncmp(pattern, whole, sizeof(whole) - 1) == 0) {
			re_quote(out, stem, len);
			pattern += sizeof(whole) - 1;
		} else if (strncmp(pattern, cut, sizeof(cut) - 1) == 0) {
			re_quote(out, stem,
			    len < STEM_SHORT_BYTES ? len : STEM_SHORT_BYTES);
			pattern += sizeof(cut) - 1;
		} else {
			buf_addc(out, *pattern++);
		}
	}
}

static struct mode_prompt *
compile_modes(const struct profile *profile, const char *stem)
{
	struct mode_prompt *modes = xcalloc(
	    profile->mode_count, sizeof(*modes));
	struct buf pattern;
	struct err ignored;
	buf_init(&pattern, 65536);
	for (size_t i = 0; i < profile->mode_count; i++) {
		buf_reset(&pattern);
		add_pattern(&pattern, profile->modes[i].prompt, stem);
		/* The profile's check compiled them all; a name that breaks
		 * one is quoted away. A NULL here simply never matches. */
		modes[i].whole = re_compile(
		    buf_str(&pattern), RE_WHOLE, &ignored);
		modes[i].prefix = re_compile(
		    buf_str(&pattern), RE_ANCHORED, &ignored);
	}
	buf_clear(&pattern);
	return modes;
}

bool
prompts_learn(struct prompts *prompts, const char *text, size_t len)
{
	struct re_span spans[8];
	const struct re *first = prompts->profile->first_prompt;
	int group = re_group(first, "stem");
	if (!len || len > PROMPT_LIMIT_BYTES || group < 0 || group >= 8)
		return false;
	if (!re_match_groups(first, text, len, spans, 8) ||
	    spans[group].start == (size_t)-1)
		return false;
	size_t stem_len = spans[group].end - spans[group].start;
	char *stem = xstrndup(text + spans[group].start, stem_len);
	forget(prompts);
	prompts->stem = stem;
	prompts->modes = compile_modes(prompts->profile, stem);
	if (prompts_find(prompts, text, len))
		return true;
	forget(prompts);
	return false;
}

bool
prompts_learnt(const struct prompts *prompts)
{
	return prompts->stem != NULL;
}

const char *
prompts_stem(const struct prompts *prompts)
{
	return prompts->stem ? prompts->stem : "";
}

const struct profile_mode *
prompts_find(const struct prompts *prompts, const char *text, size_t len)
{
	if (!prompts->modes || !len || len > PROMPT_LIMIT_BYTES)
		return NULL;
	for (size_t i = 0; i < prompts->profile->mode_count; i++) {
		const struct re *whole = prompts->modes[i].whole;
		if (whole && re_match(whole, text, len, NULL))
			return &prompts->profile->modes[i];
	}
	return NULL;
}

size_t
prompts_prefix(const struct prompts *prompts, const char *text, size_t len)
{
	struct re_span span;
	size_t longest = 0;
	if (!prompts->modes || !len)
		return 0;
	if (len > PROMPT_LIMIT_BYTES)
		len = PROMPT_LIMIT_BYTES;
	for (size_t i = 0; i < prompts->profile->mode_count; i++) {
		const struct re *prefix = prompts->modes[i].prefix;
		if (prefix && re_match(prefix, text, len, &span) &&
		    span.end > longest)
			longest = span.end;
	}
	return longest;
}
