/*
 * The key `pull` of a profile, and the URLs that it is about. What a URL may
 * hold is decided by where it goes: a device's command line, and every place
 * that a job is kept in.
 */
#include "profile_parts.h"

#include "base/alloc.h"
#include "base/str.h"
#include "text/re.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SILENCE_MAX_MS (3600 * 1000)
#define URL_BYTES_MAX  500 /* command lines end somewhere */

struct pull_draft {
	struct profile_pull pull;
	const struct yaml_node *questions, *overwrite, *host_key;
};

#define FIELD(key, kind, member)                                               \
	{                                                                      \
		(key), YAML_FIELD_##kind, offsetof(struct pull_draft, member), \
		    false, 0, 0, NULL                                          \
	}
static const struct yaml_field fields[] = {
	FIELD("schemes", LINES, pull.schemes),
	FIELD("command", LINE, pull.command),
	FIELD("questions", LIST, questions),
	FIELD("overwrite", LIST, overwrite),
	FIELD("host_key", LIST, host_key),
	FIELD("copied", LINE, pull.copied.text),
	FIELD("denied", LINE, pull.denied.text),
	FIELD("failed", LINE, pull.failed.text),
	{ "silence", YAML_FIELD_DURATION,
	    offsetof(struct pull_draft, pull.silence_ms), false, 1000,
	    SILENCE_MAX_MS, NULL },
};
static const struct yaml_table table = YAML_TABLE("\"pull\"", fields);

static void
read_list(struct profile_question_list *list, const struct yaml_node *node,
    struct diags *diags)
{
	profile_questions_read(&list->items, &list->count, node, diags);
}

static void
read_pattern(struct profile_pattern *pattern, const struct yaml_node *map,
    const char *key, const char *group, struct diags *diags)
{
	const char *const any[2] = { group, NULL };
	if (pattern->text && yaml_get(map, key))
		profile_pattern_compile(
		    pattern, key, any, yaml_place(map, key), diags);
}

void
profile_pull_read(
    struct profile *profile, const struct yaml_node *map, struct diags *diags)
{
	struct pull_draft draft = { .pull = profile->pull };
	struct profile_pull *pull = &profile->pull;
	yaml_read(map, &table, &draft, diags);
	*pull = draft.pull;
	read_list(&pull->questions, draft.questions, diags);
	read_list(&pull->overwrite, draft.overwrite, diags);
	read_list(&pull->host_key, draft.host_key, diags);
	read_pattern(&pull->copied, map, "copied", NULL, diags);
	read_pattern(&pull->denied, map, "denied", "why", diags);
	read_pattern(&pull->failed, map, "failed", "why", diags);
	profile_check_template(yaml_get(map, "command"), diags);
	if (pull->command && !pull->schemes.count)
		diag_add(diags, yaml_place(map, "command"),
		    "\"command\" needs \"schemes\"");
}

static void
clear_list(struct profile_question_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		profile_question_clear(&list->items[i]);
	free(list->items);
}

static void
clear_pattern(struct profile_pattern *pattern)
{
	free(pattern->text);
	re_free(pattern->re);
}

void
profile_pull_clear(struct profile_pull *pull)
{
	strs_clear(&pull->schemes);
	free(pull->command);
	clear_list(&pull->questions);
	clear_list(&pull->overwrite);
	clear_list(&pull->host_key);
	clear_pattern(&pull->copied);
	clear_pattern(&pull->denied);
	clear_pattern(&pull->failed);
}

/* ---- URLs ---- */

void
profile_url_clear(struct profile_url *url)
{
	free(url->scheme);
	*url = (struct profile_url){ 0 };
}

/* Everything that no command line of a device takes for its own: blanks, help,
 * pipes, quotes, the ends of commands. */
static bool
is_plain(const char *text)
{
	for (const char *at = text; *at; at++)
		if (!isalnum((unsigned char)*at) &&
		    !strchr("-._~:/@%+,=[]", *at))
			return false;
	return true;
}

const char *
profile_url_read(const char *text, struct profile_url *url)
{
	*url = (struct profile_url){ 0 };
	size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyz");
	if (!scheme || !str_starts(text + scheme, "://"))
		return "must be a URL: SCHEME://[USER@]HOST[:PORT]/PATH";
	const char *authority = text + scheme + strlen("://");
	size_t len = strcspn(authority, "/");
	const char *at = memrchr(authority, '@', len);
	const char *host = at ? at + 1 : authority;
	/* Before all else, for what is wrong may be a password's letters. One
	 * with a "/" in it looks like a port and a path. */
	if ((at && memchr(authority, ':', (size_t)(at - authority))) ||
	    strchr(authority + len, '@'))
		return "must not hold a password: it is asked for, or stands "
		       "in NETPUSH_SERVER_PASSWORD";
	if (host == authority + len || *host == ':' || at == authority)
		return "must name a host, and a user only with a name";
	if (!authority[len] || !authority[len + strspn(authority + len, "/")])
		return "must name a file on the server";
	if (strlen(text) > URL_BYTES_MAX || !is_plain(text))
		return "must hold nothing but letters, digits and "
		       "-._~:/@%+,=[], 500 of them at most";
	url->scheme = xstrndup(text, scheme);
	url->has_user = at != NULL;
	return NULL;
}
