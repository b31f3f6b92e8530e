/*
 * Texts that go on until a mark: banners, certificates, macros. Where one opens
 * and ends is told from the lines alone, before anything is sent.
 */
#include "model/profile.h"

#include "base/str.h"
#include "text/re.h"

#include <string.h>

#define GROUPS_MAX 8

static bool
find_mark(const struct profile_until *until, const char *line, size_t len,
    struct until_end *end)
{
	struct re_span spans[GROUPS_MAX];
	int group = re_group(until->when.pattern, "mark");
	*end = (struct until_end){ .until = until };
	if (!re_match_groups(until->when.pattern, line, len, spans, GROUPS_MAX))
		return false;
	if (until->mark) {
		end->mark = until->mark;
		end->mark_len = strlen(until->mark);
		return true;
	}
	if (until->ends)
		return true;
	if (group < 0 || group >= GROUPS_MAX ||
	    spans[group].start == (size_t)-1)
		return false;
	size_t start = spans[group].start, stop = spans[group].end;
	end->mark = line + start;
	end->mark_len = stop - start;
	/* "banner motd ^hello^" */
	return end->mark_len &&
	    !memmem(line + stop, len - stop, end->mark, end->mark_len);
}

bool
profile_until_opens(const struct profile *profile, const char *line, size_t len,
    struct until_end *end)
{
	for (size_t i = 0; i < profile->until_count; i++)
		if (find_mark(&profile->untils[i], line, len, end))
			return true;
	return false;
}

bool
profile_until_ends(const struct until_end *end, const char *line, size_t len)
{
	if (end->until->ends)
		return false;
	if (!end->until->alone)
		return memmem(line, len, end->mark, end->mark_len);
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	while (len && (*line == ' ' || *line == '\t')) {
		line++;
		len--;
	}
	return len == end->mark_len && memcmp(line, end->mark, len) == 0;
}
