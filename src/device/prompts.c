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

/* One name and the mode prompts that it makes; profile->mode_count of them. */
struct named_prompts {
	char *stem;
	size_t lead; /* every prompt begins with that many bytes of the stem:
			other lines need no regular expression */
	struct mode_prompt {
		struct re *whole, *prefix;
	} * modes;
};

#define NAMES_MAX 3

struct prompts {
	const struct profile *profile;
	/* The newest first. More than one where the name of the exec prompt is
	 * not that of the configuration prompts, or was changed by the job. */
	struct named_prompts names[NAMES_MAX];
	size_t name_count;
};

struct prompts *
prompts_new(const struct profile *profile)
{
	struct prompts *prompts = xcalloc(1, sizeof(*prompts));
	prompts->profile = profile;
	return prompts;
}

static void
drop_name(struct prompts *prompts, size_t at)
{
	struct named_prompts *name = &prompts->names[at];
	for (size_t i = 0; i < prompts->profile->mode_count; i++) {
		re_free(name->modes[i].whole);
		re_free(name->modes[i].prefix);
	}
	free(name->modes);
	free(name->stem);
	prompts->name_count--;
	memmove(name, name + 1,
	    (prompts->name_count - at) * sizeof(*prompts->names));
}

void
prompts_free(struct prompts *prompts)
{
	if (!prompts)
		return;
	while (prompts->name_count)
		drop_name(prompts, 0);
	free(prompts);
}

bool
prompts_is_first(const struct prompts *prompts, const char *text, size_t len)
{
	return len && len <= PROMPT_LIMIT_BYTES &&
	    re_match(prompts->profile->first_prompt, text, len, NULL);
}

/* Adds PATTERN to OUT with STEM and CUT put in for their places. */
static void
add_pattern(
    struct buf *out, const char *pattern, const char *stem, const char *cut)
{
	static const char stem_place[] = "{{stem}}", cut_place[] = "{{stem16}}";
	while (*pattern) {
		if (strncmp(pattern, stem_place, sizeof(stem_place) - 1) == 0) {
			buf_adds(out, stem);
			pattern += sizeof(stem_place) - 1;
		} else if (strncmp(pattern, cut_place, sizeof(cut_place) - 1) ==
		    0) {
			buf_adds(out, cut);
			pattern += sizeof(cut_place) - 1;
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
	struct buf pattern, quoted, cut;
	struct err ignored;
	size_t len = strlen(stem);
	buf_init(&pattern, 65536);
	buf_init(&quoted, 4 * PROMPT_LIMIT_BYTES);
	buf_init(&cut, 4 * STEM_SHORT_BYTES);
	re_quote(&quoted, stem, len);
	re_quote(&cut, stem, len < STEM_SHORT_BYTES ? len : STEM_SHORT_BYTES);
	for (size_t i = 0; i < profile->mode_count; i++) {
		buf_reset(&pattern);
		add_pattern(&pattern, profile->modes[i].prompt,
		    buf_str(&quoted), buf_str(&cut));
		/* The profile's check compiled them all; a name that breaks
		 * one is quoted away. A NULL here simply never matches. */
		modes[i].whole = re_compile(
		    buf_str(&pattern), RE_WHOLE, &ignored);
		modes[i].prefix = re_compile(
		    buf_str(&pattern), RE_ANCHORED, &ignored);
	}
	buf_clear(&pattern);
	buf_clear(&quoted);
	buf_clear(&cut);
	return modes;
}

static size_t
lead_of(const struct profile *profile, const char *stem)
{
	size_t len = strlen(stem);
	for (size_t i = 0; i < profile->mode_count; i++)
		if (strncmp(profile->modes[i].prompt, "{{stem", 6))
			return 0;
	return len < STEM_SHORT_BYTES ? len : STEM_SHORT_BYTES;
}

static bool
may_be_prompt(const struct named_prompts *name, const char *text, size_t len)
{
	return len >= name->lead && memcmp(text, name->stem, name->lead) == 0;
}

/* Takes STEM over. */
static void
add_name(struct prompts *prompts, char *stem)
{
	for (size_t i = 0; i < prompts->name_count; i++) {
		if (strcmp(prompts->names[i].stem, stem) == 0) {
			struct named_prompts known = prompts->names[i];
			memmove(prompts->names + 1, prompts->names,
			    i * sizeof(*prompts->names));
			prompts->names[0] = known;
			free(stem);
			return;
		}
	}
	if (prompts->name_count == NAMES_MAX)
		drop_name(prompts, NAMES_MAX - 1);
	memmove(prompts->names + 1, prompts->names,
	    prompts->name_count * sizeof(*prompts->names));
	prompts->names[0] = (struct named_prompts){
		.stem = stem,
		.lead = lead_of(prompts->profile, stem),
		.modes = compile_modes(prompts->profile, stem),
	};
	prompts->name_count++;
}

/* The group "stem" of RE in TEXT, or NULL. The caller frees it. */
static char *
match_stem(const struct re *re, const char *text, size_t len)
{
	struct re_span spans[8];
	int group = re_group(re, "stem");
	if (!len || len > PROMPT_LIMIT_BYTES || group < 0 || group >= 8 ||
	    !re_match_groups(re, text, len, spans, 8) ||
	    spans[group].start == (size_t)-1 ||
	    spans[group].start == spans[group].end)
		return NULL;
	return xstrndup(
	    text + spans[group].start, spans[group].end - spans[group].start);
}

bool
prompts_learn(struct prompts *prompts, const char *text, size_t len)
{
	char *stem = match_stem(prompts->profile->first_prompt, text, len);
	if (!stem)
		return false;
	add_name(prompts, stem);
	if (!prompts_find(prompts, text, len)) {
		/* Not ours after all; what was known stays. */
		drop_name(prompts, 0);
		return false;
	}
	while (prompts->name_count > 1)
		drop_name(prompts, prompts->name_count - 1);
	return true;
}

bool
prompts_guess(struct prompts *prompts, const char *text, size_t len)
{
	/* Without brackets: "R1(config)#" is no exec prompt of "R1(config)". */
	static const char any_name[] = "(?<stem>[^\\s()]+)";
	const struct profile *profile = prompts->profile;
	struct buf pattern;
	struct err ignored;
	char *stem = NULL;
	buf_init(&pattern, 65536);
	for (size_t i = 0; i < profile->mode_count && !stem; i++) {
		buf_reset(&pattern);
		add_pattern(
		    &pattern, profile->modes[i].prompt, any_name, any_name);
		/* A prompt with the name in it twice makes no guess. */
		struct re *re = re_compile(
		    buf_str(&pattern), RE_WHOLE, &ignored);
		if (re)
			stem = match_stem(re, text, len);
		re_free(re);
	}
	buf_clear(&pattern);
	if (!stem)
		return false;
	add_name(prompts, stem);
	return prompts_find(prompts, text, len) != NULL;
}

bool
prompts_learnt(const struct prompts *prompts)
{
	return prompts->name_count > 0;
}

const char *
prompts_stem(const struct prompts *prompts)
{
	return prompts->name_count ? prompts->names[0].stem : "";
}

const struct profile_mode *
prompts_find(const struct prompts *prompts, const char *text, size_t len)
{
	if (!len || len > PROMPT_LIMIT_BYTES)
		return NULL;
	for (size_t n = 0; n < prompts->name_count; n++) {
		const struct mode_prompt *modes = prompts->names[n].modes;
		if (!may_be_prompt(&prompts->names[n], text, len))
			continue;
		for (size_t i = 0; i < prompts->profile->mode_count; i++)
			if (modes[i].whole &&
			    re_match(modes[i].whole, text, len, NULL))
				return &prompts->profile->modes[i];
	}
	return NULL;
}

size_t
prompts_prefix(const struct prompts *prompts, const char *text, size_t len)
{
	struct re_span span;
	size_t longest = 0;
	if (len > PROMPT_LIMIT_BYTES)
		len = PROMPT_LIMIT_BYTES;
	for (size_t n = 0; len && n < prompts->name_count; n++) {
		const struct mode_prompt *modes = prompts->names[n].modes;
		if (!may_be_prompt(&prompts->names[n], text, len))
			continue;
		for (size_t i = 0; i < prompts->profile->mode_count; i++)
			if (modes[i].prefix &&
			    re_match(modes[i].prefix, text, len, &span) &&
			    span.end > longest)
				longest = span.end;
	}
	return longest;
}

size_t
prompts_suffix(const struct prompts *prompts, const char *text, size_t len)
{
	size_t end = len;
	while (end && text[end - 1] == ' ')
		end--;
	size_t first = end > PROMPT_LIMIT_BYTES ? end - PROMPT_LIMIT_BYTES : 0;
	/* From the end: what reads like the name may stand before it, too. */
	for (size_t at = end; at-- > first;)
		if (prompts_find(prompts, text + at, end - at))
			return len - at;
	return 0;
}
