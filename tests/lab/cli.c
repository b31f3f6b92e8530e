/*
 * Finds the command that a line means and runs it. It must not know any
 * platform's words: those are rows of the platform's table.
 */
#include "cli.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/err.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OUTPUT_LIMIT (4u << 20)
#define ROWS_MAX     256

static const char *const mode_names[MODE__COUNT] = { [MODE_USER] = "user",
	[MODE_EXEC] = "exec",
	[MODE_CONFIG] = "config",
	[MODE_EXT_ACL] = "config-ext-nacl",
	[MODE_STD_ACL] = "config-std-nacl",
	[MODE_IPV6_ACL] = "config-ipv6-acl",
	[MODE_ACL] = "config-acl",
	[MODE_INTERFACE] = "config-if",
	[MODE_LINE] = "config-line",
	[MODE_ROUTER] = "config-router",
	[MODE_ARCHIVE] = "config-archive" };

const char *
cli_mode_name(enum mode mode)
{
	return mode_names[mode];
}

const struct platform *
platform_find(const char *device_type)
{
	static const struct platform *const all[] = { &platform_ios,
		&platform_xe, &platform_nxos, &platform_junos };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (str_eq(device_type, all[i]->device_type))
			return all[i];
	return NULL;
}

void
cli_init(struct cli *cli, struct device *device, struct buf *out)
{
	*cli = (struct cli){ .device = device,
		.config = &device->running,
		.monitor = true,
		.out = out,
		.apply = true,
		.mode = device->user_mode ? MODE_USER : MODE_EXEC,
		.length = 24,
		.width = 80 };
}

static void
stop_task(struct cli *cli)
{
	if (cli->task.free)
		cli->task.free(cli->task.data);
	cli->task = (struct task){ 0 };
}

void
cli_start(struct cli *cli, int64_t step_ms, bool (*step)(struct cli *cli),
    void *data, void (*free)(void *data))
{
	stop_task(cli);
	cli->task = (struct task){
		.step = step, .ms = step_ms, .data = data, .free = free
	};
}

static bool
reload_step(struct cli *cli)
{
	machine_reload(cli->device, cli->task.data);
	return false;
}

void
cli_reload(struct cli *cli, const char *why)
{
	cli_start(cli, 0, reload_step, (void *)(uintptr_t)why, NULL);
}

bool
cli_step(struct cli *cli)
{
	bool more = cli->task.step(cli);
	if (!more)
		stop_task(cli);
	return more;
}

void
cli_clear(struct cli *cli)
{
	if (cli->device->platform->leave)
		cli->device->platform->leave(cli);
	stop_task(cli);
	cli_talk(cli, NULL, NULL);
	free(cli->asked);
	free(cli->object);
	free(cli->what);
	free(cli->text);
	free(cli->late);
	cli->object = cli->what = cli->text = cli->late = NULL;
}

bool
cli_in_config(const struct cli *cli)
{
	return cli->mode >= MODE_CONFIG;
}

void
cli_enter(struct cli *cli, enum mode mode, const char *object)
{
	char *copy = xstrdup(object);
	free(cli->object);
	cli->object = copy;
	cli->mode = mode;
}

/* IOS cuts the name so that name and mode stay within 32 columns; seen by
 * users as 20 characters of the name. */
#define PROMPT_NAME_MAX 20

void
cli_prompt(const struct cli *cli, struct buf *out)
{
	const struct platform *platform = cli->device->platform;
	const char *name = cli->device->running.hostname;
	size_t len = strlen(name);
	if (platform->prompt) {
		platform->prompt(cli, out);
		return;
	}
	if (cli_in_config(cli) && cli->device->prompt_cut &&
	    len > PROMPT_NAME_MAX)
		len = PROMPT_NAME_MAX;
	buf_add(out, name, len);
	if (cli_in_config(cli))
		buf_addf(out, "(config%s%s)", cli->work ? "-s" : "",
		    platform->mode_names[cli->mode] + strlen("config"));
	buf_addf(out, "%s%s", cli->mode == MODE_USER ? ">" : "#",
	    platform->prompt_tail);
}

void
cli_ask(struct cli *cli, const char *question, bool secret,
    void (*answer)(struct cli *cli, const char *line))
{
	cli->question = question;
	cli->secret = secret;
	cli->answer = answer;
}

void
cli_askf(struct cli *cli, void (*answer)(struct cli *cli, const char *),
    const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *question = xvasprintf(fmt, ap);
	va_end(ap);
	free(cli->asked);
	cli->asked = question;
	cli_ask(cli, question, false, answer);
}

void
cli_talk(struct cli *cli, void *talk, void (*talk_free)(void *talk))
{
	if (cli->talk_free)
		cli->talk_free(cli->talk);
	cli->talk = talk;
	cli->talk_free = talk_free;
}

void
cli_refuse(struct cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = xvasprintf(fmt, ap);
	va_end(ap);
	buf_adds(cli->out, text);
	free(text);
	cli->refused = true;
}

const struct fault *
cli_fault(struct cli *cli, enum fault_kind kind, const char *line)
{
	const struct fault *fault = faults_take(
	    &cli->device->faults, kind, WHEN_ANY, line, 0);
	if (fault)
		witness_add("fault", cli->device->name, cli->session,
		    json_pack("{s:s}", "kind", fault_kind_name(kind)));
	return fault;
}

const char *
cli_client(const struct cli *cli, char text[16])
{
	struct in_addr in = { .s_addr = htonl(cli->peer) };
	if (cli->device->client)
		return cli->device->client;
	return inet_ntop(AF_INET, &in, text, 16);
}

bool
cli_is_no(const struct words *words, size_t first)
{
	return first > 0 && str_eq(words->items[first - 1].text, "no");
}

/* Word INDEX of a pattern; *len = 0 past its end. */
static const char *
pattern_word(const char *pattern, size_t index, size_t *len)
{
	for (;; index--) {
		pattern += strspn(pattern, " ");
		*len = strcspn(pattern, " ");
		if (!*len || !index)
			return pattern;
		pattern += *len;
	}
}

static bool
is_value(const char *token)
{
	return *token == '<' || *token == '=' || *token == '.';
}

static bool
value_fits(const char *token, const char *word)
{
	struct in_addr in;
	if (token[0] == '.')
		return true;
	if (token[1] == '#')
		return word_is_number(word);
	if (token[1] == '@')
		return inet_pton(AF_INET, word, &in) == 1;
	return true;
}

enum match { MATCH_OK, MATCH_INVALID, MATCH_INCOMPLETE, MATCH_AMBIGUOUS };

struct search {
	const struct command *table;
	unsigned modes;
	bool no;
	const struct words *words;
	size_t first;
	bool alive[ROWS_MAX];
	size_t reached; /* column of the mistake */
	size_t word; /* and the word's index */
};

/* The pattern's word for word INDEX; a "..." goes on for ever. */
static const char *
token_at(const struct command *row, size_t index, size_t *len)
{
	const char *token = pattern_word(row->pattern, index, len);
	for (size_t i = index; !*len && i-- > 0;) {
		size_t before;
		const char *last = pattern_word(row->pattern, i, &before);
		if (before) {
			if (last[0] != '.')
				break;
			*len = before;
			return last;
		}
	}
	return token;
}

static bool
keyword_fits(const char *word, const char *token, size_t len, bool exact)
{
	size_t have = strlen(word);
	return (exact ? have == len : have <= len) &&
	    strncasecmp(word, token, have) == 0;
}

/* How many rows still fit word INDEX when keywords must fit like that. */
static size_t
narrow(struct search *search, size_t index, int how, bool keep[ROWS_MAX],
    bool *several)
{
	const char *word = search->words->items[search->first + index].text;
	const char *seen = NULL;
	size_t seen_len = 0, fits = 0;
	*several = false;
	for (size_t r = 0; search->table[r].pattern; r++) {
		size_t len;
		keep[r] = false;
		if (!search->alive[r])
			continue;
		const char *token = token_at(&search->table[r], index, &len);
		if (!len)
			continue;
		if (is_value(token)) {
			keep[r] = how == 2 && value_fits(token, word);
			fits += keep[r];
			continue;
		}
		keep[r] = how < 2 && keyword_fits(word, token, len, how == 0);
		if (!keep[r])
			continue;
		fits++;
		if (seen && (seen_len != len || strncmp(seen, token, len)))
			*several = true;
		seen = token;
		seen_len = len;
	}
	return fits;
}

/* The column where the word stops looking like any keyword. */
static size_t
mistake_column(const struct search *search, size_t index)
{
	const struct word *word = &search->words->items[search->first + index];
	size_t most = 0;
	for (size_t r = 0; search->table[r].pattern; r++) {
		size_t len;
		if (!search->alive[r])
			continue;
		const char *token = token_at(&search->table[r], index, &len);
		if (!len || is_value(token))
			continue;
		size_t same = word_common(word->text, token, len);
		most = same > most ? same : most;
	}
	/* A word that is a keyword and more: the mistake is what is more. */
	return word->offset + most;
}

static const struct command *
search_end(const struct search *search, size_t index)
{
	for (size_t r = 0; search->table[r].pattern; r++) {
		size_t len;
		if (!search->alive[r])
			continue;
		const char *token = pattern_word(
		    search->table[r].pattern, index, &len);
		if (!len || (search->no && strchr("=.", *token)))
			return &search->table[r];
	}
	return NULL;
}

static enum match
search_run(struct search *search, const struct command **found)
{
	size_t index = 0;
	for (size_t r = 0; search->table[r].pattern && r < ROWS_MAX; r++)
		search->alive[r] = (search->table[r].modes & search->modes) &&
		    (!search->no || search->table[r].negatable);
	for (; search->first + index < search->words->count; index++) {
		bool keep[ROWS_MAX], several = false;
		size_t fits = 0;
		/* Exact keywords, then abbreviations, then values. */
		for (int how = 0; how < 3 && !fits; how++)
			fits = narrow(search, index, how, keep, &several);
		search->word = search->first + index;
		search->reached = search->words->items[search->word].offset;
		if (several)
			return MATCH_AMBIGUOUS;
		if (!fits) {
			search->reached = mistake_column(search, index);
			return MATCH_INVALID;
		}
		memcpy(search->alive, keep, sizeof(keep));
	}
	search->reached = strlen(search->words->line);
	*found = search_end(search, index);
	return *found ? MATCH_OK : MATCH_INCOMPLETE;
}

char *
cli_canonical(
    const struct command *command, const struct words *words, size_t first)
{
	struct buf out;
	buf_init(&out, 4096);
	for (size_t i = first; i < words->count; i++) {
		size_t len;
		const char *token = pattern_word(
		    command->pattern, i - first, &len);
		if (out.len)
			buf_addc(&out, ' ');
		if (len && token[0] == '.') {
			buf_adds(&out, words_rest(words, i));
			break;
		}
		if (is_value(token))
			buf_adds(&out, words->items[i].text);
		else
			buf_add(&out, token, len);
	}
	return buf_take(&out);
}

static void
acl_entry_line(struct cli *cli, const char *line)
{
	const struct platform *platform = cli->device->platform;
	size_t offset;
	struct acl *acl = config_acl_make(
	    cli->config, cli->object, platform->acl_kinds[cli->mode]);
	enum acl_answer answer = acl_line(acl, line, cli->apply, &offset);
	if (answer != ACL_OK)
		platform->complain_acl(cli, answer, offset, line + offset);
}

static bool
in_acl(const struct cli *cli)
{
	return cli->mode >= MODE_EXT_ACL && cli->mode <= MODE_ACL;
}

/* Runs LINE, whose first OFFSET columns (`do `) are not for the search. */
static void
run_command(struct cli *cli, const char *line, size_t skip, unsigned modes)
{
	const struct platform *platform = cli->device->platform;
	struct words words;
	const struct command *found = NULL;
	words_init(&words, line);
	struct search search = { .table = platform->commands,
		.modes = modes,
		.words = &words,
		.first = skip };
	if (skip < words.count && str_eq(words.items[skip].text, "no")) {
		search.no = true;
		search.first++;
	}
	enum match match = search_run(&search, &found);
	const char *word = words_rest(&words, search.word);
	switch (match) {
	case MATCH_OK:
		if (cli->apply || !(found->modes & IN_CONFIG))
			found->run(cli, found, &words, search.first);
		break;
	case MATCH_INVALID:
		platform->complain(cli,
		    search.word == skip && skip == 0 && words.count == 1 &&
			    !cli_in_config(cli)
			? COMPLAIN_UNKNOWN
			: COMPLAIN_INVALID,
		    search.reached, word);
		break;
	case MATCH_INCOMPLETE:
		platform->complain(
		    cli, COMPLAIN_INCOMPLETE, search.reached, line);
		break;
	case MATCH_AMBIGUOUS:
		platform->complain(
		    cli, COMPLAIN_AMBIGUOUS, search.reached, line);
		break;
	}
	words_clear(&words);
}

static bool
is_do(const char *line)
{
	line += strspn(line, " ");
	return strncmp(line, "do ", 3) == 0;
}

static void
run_line(struct cli *cli, const char *line)
{
	const struct platform *platform = cli->device->platform;
	if (cli->question) {
		void (*answer)(struct cli *, const char *) = cli->answer;
		cli->question = NULL;
		cli->secret = false;
		answer(cli, line);
		return;
	}
	size_t blank = strspn(line, " \t");
	if (!line[blank] || line[blank] == '!')
		return;
	if (in_acl(cli) && acl_takes(platform->acl_kinds[cli->mode], line)) {
		acl_entry_line(cli, line);
		return;
	}
	unsigned modes = IN(cli->mode);
	if (cli_in_config(cli)) {
		if (is_do(line)) {
			run_command(cli, line, 1, IN(MODE_EXEC));
			return;
		}
		modes |= IN(MODE_CONFIG);
		if (platform->exec_in_config)
			modes |= IN(MODE_EXEC);
	}
	run_command(cli, line, 0, modes);
}

void
cli_line(struct cli *cli, const char *line)
{
	const struct platform *platform = cli->device->platform;
	enum mode mode = cli->mode;
	cli->refused = cli->saved = cli->changed = cli->unkept = false;
	if (!platform->after_line) {
		run_line(cli, line);
		return;
	}
	char *object = xstrdup(cli->object);
	run_line(cli, line);
	platform->after_line(cli, mode, object, line);
	free(object);
}

int
cli_load(struct device *device, const char *text, struct err *err)
{
	struct strs lines = { 0 };
	struct buf out;
	struct cli cli;
	int rc = -1;
	buf_init(&out, OUTPUT_LIMIT);
	cli_init(&cli, device, &out);
	cli_enter(&cli, MODE_CONFIG, NULL);
	strs_add_lines(&lines, text);
	for (size_t i = 0; i < lines.count; i++) {
		if (str_eq(lines.items[i], "end"))
			break;
		cli_line(&cli, lines.items[i]);
		if (cli.refused) {
			err_set(err, ERR_JOB,
			    "%s: startup line %zu refused: %s", device->name,
			    i + 1, lines.items[i]);
			goto out;
		}
	}
	rc = 0;
out:
	strs_clear(&lines);
	buf_clear(&out);
	cli_clear(&cli);
	return rc;
}
