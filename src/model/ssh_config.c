/*
 * ssh_config(5), read into a flat list of lines, each under the block that it
 * stands in. A block knows the one around it: what an Include brings in holds
 * only where the block that includes it does.
 */
#include "model/ssh_config.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"

#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define FILE_LIMIT_BYTES (1u << 20)
#define INCLUDE_DEPTH	 16
#define NO_BLOCK	 SIZE_MAX

/* Host or Match: the lines below it hold where all its conditions do. */
struct block {
	size_t around; /* NO_BLOCK: none */
	struct strs patterns; /* Host, Match host: one must match */
	struct strs originals; /* Match originalhost */
	bool never; /* a Match that only ssh itself can judge */
};

struct line {
	size_t block;
	char *keyword;
	struct strs words;
};

struct ssh_config {
	char *home;
	struct block *blocks;
	size_t block_count, block_cap;
	struct line *lines;
	size_t line_count, line_cap;
};

struct reader {
	struct ssh_config *config;
	size_t around; /* block of the Include */
	size_t block; /* at hand */
	int depth;
};

static int read_file(struct reader *reader, const char *path, struct err *err);

/* Splits into words: blanks divide, double quotes hold together, "#" at the
 * start of a word ends the line. The keyword may be followed by "=". */
static void
split(struct strs *words, const char *text)
{
	while (*text) {
		text += strspn(text, " \t\r\f");
		if (words->count == 1 && *text == '=')
			text += 1 + strspn(text + 1, " \t");
		if (!*text || *text == '#')
			return;
		bool quoted = *text == '"';
		text += quoted;
		const char *ends = quoted ? "\""
		    : words->count == 0	  ? " \t\r\f="
					  : " \t\r\f";
		size_t len = strcspn(text, ends);
		strs_add_n(words, text, len);
		text += len + (quoted && text[len] == '"');
	}
}

static size_t
add_block(struct reader *reader)
{
	struct ssh_config *config = reader->config;
	GROW(config->blocks, config->block_count, config->block_cap);
	config->blocks[config->block_count] = (struct block){
		.around = reader->around,
	};
	return config->block_count++;
}

static void
add_list(struct strs *patterns, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		strs_add_n(patterns, list, len);
		list += len + (list[len] == ',');
	}
}

static void
begin_match(struct reader *reader, const struct strs *words)
{
	size_t at = reader->block = add_block(reader);
	struct block *block = &reader->config->blocks[at];
	for (size_t i = 1; i < words->count; i++) {
		const char *word = words->items[i];
		bool has_value = i + 1 < words->count;
		if (strcasecmp(word, "all") == 0)
			continue;
		if (strcasecmp(word, "host") == 0 && has_value)
			add_list(&block->patterns, words->items[++i]);
		else if (strcasecmp(word, "originalhost") == 0 && has_value)
			add_list(&block->originals, words->items[++i]);
		else
			block->never = true;
	}
}

static void
begin_host(struct reader *reader, const struct strs *words)
{
	size_t at = reader->block = add_block(reader);
	for (size_t i = 1; i < words->count; i++)
		strs_add(
		    &reader->config->blocks[at].originals, words->items[i]);
}

/* "~/x" is HOME/x. The caller frees. */
static char *
at_home(const char *path, const char *home)
{
	if (path[0] == '~' && (path[1] == '/' || !path[1]))
		return xasprintf("%s%s", home, path + 1);
	return xstrdup(path);
}

static int
include(struct reader *reader, const char *pattern, struct err *err)
{
	glob_t found;
	int rc = 0;
	char *path = at_home(pattern, reader->config->home);
	if (path[0] != '/') {
		char *below = xasprintf(
		    "%s/.ssh/%s", reader->config->home, path);
		free(path);
		path = below;
	}
	int globbed = glob(path, 0, NULL, &found);
	for (size_t i = 0; globbed == 0 && rc == 0 && i < found.gl_pathc; i++) {
		struct reader inner = {
			.config = reader->config,
			.around = reader->block,
			.block = reader->block,
			.depth = reader->depth + 1,
		};
		rc = read_file(&inner, found.gl_pathv[i], err);
	}
	if (globbed == 0)
		globfree(&found);
	free(path);
	return rc;
}

/* WORDS is taken over where it is kept. */
static int
take_line(struct reader *reader, struct strs *words, struct err *err)
{
	struct ssh_config *config = reader->config;
	const char *keyword = words->items[0];
	int rc = 0;
	if (words->count < 2)
		return err_set(err, ERR_JOB, "%s has no value", keyword);
	if (strcasecmp(keyword, "Host") == 0) {
		begin_host(reader, words);
	} else if (strcasecmp(keyword, "Match") == 0) {
		begin_match(reader, words);
	} else if (strcasecmp(keyword, "Include") == 0) {
		for (size_t i = 1; rc == 0 && i < words->count; i++)
			rc = include(reader, words->items[i], err);
	} else {
		GROW(config->lines, config->line_count, config->line_cap);
		config->lines[config->line_count++] = (struct line){
			.block = reader->block,
			.keyword = xstrdup(keyword),
			.words = *words,
		};
		*words = (struct strs){ 0 };
	}
	return rc;
}

static int
read_file(struct reader *reader, const char *path, struct err *err)
{
	struct buf text;
	struct strs lines = { 0 };
	int rc = -1;
	buf_init(&text, FILE_LIMIT_BYTES);
	if (reader->depth > INCLUDE_DEPTH) {
		err_set(err, ERR_JOB, "%s: Include goes deeper than %d files",
		    path, INCLUDE_DEPTH);
		goto out;
	}
	if (file_read(path, &text, err))
		goto out;
	strs_add_lines(&lines, buf_str(&text));
	rc = 0;
	for (size_t i = 0; rc == 0 && i < lines.count; i++) {
		struct strs words = { 0 };
		split(&words, lines.items[i]);
		if (words.count && take_line(reader, &words, err)) {
			if (!strchr(err->text, '/'))
				err_prefix(err, "%s:%zu: ", path, i + 1);
			rc = -1;
		}
		strs_clear(&words);
	}
out:
	strs_clear(&lines);
	buf_clear(&text);
	return rc;
}

struct ssh_config *
ssh_config_load(const char *path, const char *home, struct err *err)
{
	struct ssh_config *config = xcalloc(1, sizeof(*config));
	struct reader reader = {
		.config = config,
		.around = NO_BLOCK,
		.block = NO_BLOCK,
	};
	config->home = xstrdup(home);
	if (access(path, F_OK) && (errno == ENOENT || errno == ENOTDIR))
		return config;
	if (read_file(&reader, path, err)) {
		ssh_config_free(config);
		return NULL;
	}
	return config;
}

void
ssh_config_free(struct ssh_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->block_count; i++) {
		strs_clear(&config->blocks[i].patterns);
		strs_clear(&config->blocks[i].originals);
	}
	for (size_t i = 0; i < config->line_count; i++) {
		free(config->lines[i].keyword);
		strs_clear(&config->lines[i].words);
	}
	free(config->blocks);
	free(config->lines);
	free(config->home);
	free(config);
}

/* Does NAME match one of PATTERNS, and none that is negated? */
static bool
matches(const struct strs *patterns, const char *name)
{
	bool found = false;
	for (size_t i = 0; i < patterns->count; i++) {
		const char *pattern = patterns->items[i];
		bool negated = *pattern == '!';
		if (fnmatch(pattern + negated, name, FNM_CASEFOLD))
			continue;
		if (negated)
			return false;
		found = true;
	}
	return found;
}

/* NAME: the host as it is called so far (HostName, once it is known). */
static bool
holds(const struct ssh_config *config, size_t at, const char *host,
    const char *name)
{
	for (; at != NO_BLOCK; at = config->blocks[at].around) {
		const struct block *block = &config->blocks[at];
		if (block->never ||
		    (block->originals.count &&
			!matches(&block->originals, host)) ||
		    (block->patterns.count && !matches(&block->patterns, name)))
			return false;
	}
	return true;
}

static void
first_text(char **value, const struct strs *words)
{
	if (!*value)
		*value = xstrdup(words->items[1]);
}

/* Takes one line that holds; what makes no sense is as if it were not there,
 * the first value that does counts. */
static void
apply(struct ssh_settings *settings, const char *keyword,
    const struct strs *words)
{
	static const struct {
		const char *keyword;
		size_t offset;
	} texts[] = {
		{ "HostName", offsetof(struct ssh_settings, address) },
		{ "User", offsetof(struct ssh_settings, user) },
		{ "ProxyJump", offsetof(struct ssh_settings, proxy_jump) },
		{ "ProxyCommand",
		    offsetof(struct ssh_settings, proxy_command) },
		{ "StrictHostKeyChecking",
		    offsetof(struct ssh_settings, host_keys) },
	};
	const char *value = words->items[1];
	int64_t number;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcasecmp(keyword, texts[i].keyword) == 0)
			first_text(
			    (char **)((char *)settings + texts[i].offset),
			    words);
	if (strcasecmp(keyword, "Port") == 0) {
		if (!settings->port && str_to_number(value, &number) &&
		    number >= 1 && number <= 65535)
			settings->port = (int)number;
	} else if (strcasecmp(keyword, "IdentityFile") == 0) {
		strs_add(&settings->identities, value);
	} else if (strcasecmp(keyword, "IdentitiesOnly") == 0) {
		settings->identities_only |= strcasecmp(value, "yes") == 0;
	} else if (strcasecmp(keyword, "UserKnownHostsFile") == 0) {
		for (size_t i = 1; !settings->known_hosts.count ||
		     (i > 1 && i < words->count);
		     i++)
			strs_add(&settings->known_hosts, words->items[i]);
	} else if (strcasecmp(keyword, "ConnectTimeout") == 0) {
		if (!settings->connect_ms &&
		    str_to_duration_ms(value, &number) && number > 0)
			settings->connect_ms = number;
	}
}

/* What the tokens of ssh_config(5) stand for; NULL: not known. */
struct tokens {
	const char *home, *host, *name, *user, *local_user;
	char port[16];
};

static const char *
token(const struct tokens *tokens, char letter)
{
	switch (letter) {
	case '%':
		return "%";
	case 'd':
		return tokens->home;
	case 'h':
		return tokens->name;
	case 'n':
		return tokens->host;
	case 'p':
		return tokens->port;
	case 'r':
		return tokens->user;
	case 'u':
		return tokens->local_user;
	default:
		return NULL;
	}
}

/* Replaces *TEXT by itself with its tokens, and its "~", filled in. */
static void
fill(char **text, const struct tokens *tokens)
{
	struct buf out;
	if (!*text)
		return;
	buf_init(&out, 1u << 16);
	char *from = at_home(*text, tokens->home);
	for (const char *at = from; *at; at++) {
		const char *value = *at == '%' && at[1] ? token(tokens, at[1])
							: NULL;
		if (value) {
			buf_adds(&out, value);
			at++;
		} else {
			buf_addc(&out, *at);
		}
	}
	free(from);
	free(*text);
	*text = xstrdup(buf_str(&out));
	buf_clear(&out);
}

static void
fill_list(struct strs *list, const struct tokens *tokens)
{
	for (size_t i = 0; i < list->count; i++)
		fill(&list->items[i], tokens);
}

static void
drop_none(char **text)
{
	if (*text && strcasecmp(*text, "none") == 0) {
		free(*text);
		*text = NULL;
	}
}

void
ssh_config_find(const struct ssh_config *config, const char *host,
    const char *user, int port, const char *local_user,
    struct ssh_settings *settings)
{
	*settings = (struct ssh_settings){ 0 };
	for (size_t i = 0; i < config->line_count; i++) {
		const struct line *line = &config->lines[i];
		const char *name = settings->address ? settings->address : host;
		if (holds(config, line->block, host, name))
			apply(settings, line->keyword, &line->words);
	}
	struct tokens tokens = {
		.home = config->home,
		.host = host,
		.name = host,
		.local_user = local_user,
	};
	if (!settings->address)
		settings->address = xstrdup(host);
	fill(&settings->address, &tokens);
	tokens.name = settings->address;
	tokens.user = user   ? user
	    : settings->user ? settings->user
			     : local_user;
	snprintf(tokens.port, sizeof(tokens.port), "%d",
	    port		 ? port
		: settings->port ? settings->port
				 : 22);
	fill_list(&settings->identities, &tokens);
	fill_list(&settings->known_hosts, &tokens);
	fill(&settings->proxy_jump, &tokens);
	drop_none(&settings->proxy_jump);
	drop_none(&settings->proxy_command);
	for (char *at = settings->host_keys; at && *at; at++)
		*at |= *at >= 'A' && *at <= 'Z' ? 0x20 : 0;
}

void
ssh_settings_clear(struct ssh_settings *settings)
{
	free(settings->address);
	free(settings->user);
	free(settings->proxy_jump);
	free(settings->proxy_command);
	free(settings->host_keys);
	strs_clear(&settings->identities);
	strs_clear(&settings->known_hosts);
	*settings = (struct ssh_settings){ 0 };
}
