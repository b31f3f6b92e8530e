/*
 * A device's side of access lists, for the tests of the planner: it takes
 * lines as the platforms do (shared/reference/platforms.md 2.1, 2.2 and
 * tests/frr/TRANSCRIPT.md) and shows the list. Written from these facts; it
 * shares no code with what it judges.
 */
#ifndef TESTS_MODEL_ACL_ENGINE_H
#define TESTS_MODEL_ACL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum engine_platform {
	IOS_EXTENDED,
	IOS_STANDARD,
	IOS_IPV6,
	NXOS,
	NXOS_IPV6,
	EOS,
	FRR
};

static const struct engine_rules {
	const char *dialect;
	const char *open, *resequence; /* in front of the list's name */
	const char *shown; /* header of the show */
	unsigned step;
	bool ignores_repetition;
	bool numbers_remarks;
	bool number_replaces;
} engine_rules[] = {
	[IOS_EXTENDED] = { "ios", "ip access-list extended ",
	    "ip access-list resequence ", "ip access-list extended ", 10, true,
	    false, false },
	[IOS_STANDARD] = { "ios", "ip access-list standard ",
	    "ip access-list resequence ", "ip access-list standard ", 10, true,
	    false, false },
	[IOS_IPV6] = { "ios", "ipv6 access-list ", NULL, "ipv6 access-list ",
	    10, true, true, false },
	[NXOS] = { "nxos", "ip access-list ", "resequence ip access-list ",
	    "ip access-list ", 10, false, true, false },
	[NXOS_IPV6] = { "nxos", "ipv6 access-list ",
	    "resequence ipv6 access-list ", "ipv6 access-list ", 10, false,
	    true, false },
	[EOS] = { "eos", "ip access-list ", NULL, "ip access-list ", 10, false,
	    true, false },
	[FRR] = { "frr", NULL, NULL, NULL, 5, true, false, true },
};

#define ENGINE_LINES 256

struct engine_line {
	unsigned long number;
	bool remark;
	int uid; /* which it was when the test began; 0: came later */
	unsigned long first_number;
	char text[160];
};

struct engine_list {
	char name[64];
	bool present;
	size_t count;
	struct engine_line lines[ENGINE_LINES];
};

struct engine {
	enum engine_platform platform;
	struct engine_list lists[2];
	char said[200]; /* why the last line was refused */
};

static inline bool
engine_refuse(struct engine *engine, const char *why, const char *line)
{
	snprintf(engine->said, sizeof(engine->said), "%s: %s", why, line);
	return false;
}

/* The list of that name; a free one takes it. */
static inline struct engine_list *
engine_list(struct engine *engine, const char *name)
{
	for (size_t i = 0; i < 2; i++)
		if (strcmp(engine->lists[i].name, name) == 0)
			return &engine->lists[i];
	for (size_t i = 0; i < 2; i++)
		if (!engine->lists[i].name[0]) {
			snprintf(engine->lists[i].name,
			    sizeof(engine->lists[i].name), "%s", name);
			return &engine->lists[i];
		}
	abort();
}

static inline void
engine_drop(struct engine_list *list, size_t at)
{
	list->count--;
	memmove(&list->lines[at], &list->lines[at + 1],
	    (list->count - at) * sizeof(list->lines[0]));
}

/* At the same number a remark stands before the entry, after other remarks. */
static inline void
engine_insert(struct engine_list *list, struct engine_line line)
{
	size_t at = 0;
	if (list->count == ENGINE_LINES)
		abort();
	while (at < list->count &&
	    (list->lines[at].number < line.number ||
		(list->lines[at].number == line.number &&
		    list->lines[at].remark)))
		at++;
	memmove(&list->lines[at + 1], &list->lines[at],
	    (list->count - at) * sizeof(line));
	list->lines[at] = line;
	list->count++;
	list->present = true;
}

static inline unsigned long
engine_next(const struct engine *engine, const struct engine_list *list)
{
	const struct engine_rules *rules = &engine_rules[engine->platform];
	unsigned long last = 0;
	for (size_t i = 0; i < list->count; i++)
		if (!list->lines[i].remark || rules->numbers_remarks)
			last = list->lines[i].number > last
			    ? list->lines[i].number
			    : last;
	return last + rules->step;
}

static inline bool
engine_add(struct engine *engine, struct engine_list *list,
    unsigned long number, const char *text)
{
	const struct engine_rules *rules = &engine_rules[engine->platform];
	struct engine_line line = { .number = number };
	line.remark = strncmp(text, "remark ", 7) == 0;
	bool owns = !line.remark || rules->numbers_remarks;
	if (strlen(text) >= sizeof(line.text))
		abort();
	strcpy(line.text, text); /* fits: looked at above */
	for (size_t i = 0;
	     rules->ignores_repetition && !line.remark && i < list->count; i++)
		if (strcmp(list->lines[i].text, text) == 0)
			return true; /* not a word */
	for (size_t i = 0; number && owns && i < list->count; i++) {
		if (list->lines[i].number != number ||
		    (list->lines[i].remark && !rules->numbers_remarks))
			continue;
		if (!rules->number_replaces)
			return engine_refuse(
			    engine, "Duplicate sequence number", text);
		engine_drop(list, i);
		break;
	}
	if (!number)
		line.number = engine_next(engine, list);
	engine_insert(list, line);
	return true;
}

static inline bool
engine_remove(struct engine *engine, struct engine_list *list,
    unsigned long number, const char *text)
{
	const struct engine_rules *rules = &engine_rules[engine->platform];
	bool by_text = strncmp(text, "remark ", 7) == 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct engine_line *line = &list->lines[i];
		if (by_text ? strcmp(line->text, text) != 0
			    : line->number != number ||
			    (line->remark && !rules->numbers_remarks))
			continue;
		engine_drop(list, i);
		return true;
	}
	return engine_refuse(engine, "no such entry", text);
}

/* A line inside a list: [no] [sequence] [N] [words]. */
static inline bool
engine_inside(struct engine *engine, struct engine_list *list, const char *line)
{
	const char *p = line;
	bool no = strncmp(p, "no ", 3) == 0;
	unsigned long number = 0, step = 0;
	int used = 0;
	p += no ? 3 : 0;
	if (engine->platform == EOS &&
	    sscanf(p, "resequence %lu %lu", &number, &step) == 2) {
		for (size_t i = 0; i < list->count; i++)
			list->lines[i].number = number + i * step;
		return true;
	}
	if (engine->platform == IOS_IPV6 && strncmp(p, "sequence ", 9) == 0)
		p += 9;
	if (sscanf(p, "%lu%n", &number, &used) == 1)
		p += used + (p[used] == ' ');
	if (no)
		return engine_remove(engine, list, number, p);
	if (strncmp(p, "permit ", 7) != 0 && strncmp(p, "deny ", 5) != 0 &&
	    strncmp(p, "remark ", 7) != 0)
		return engine_refuse(engine, "Invalid input", line);
	return engine_add(engine, list, number, p);
}

/* One number for a remark and the entry behind it, where they share it. */
static inline void
engine_renumber(const struct engine *engine, struct engine_list *list,
    unsigned long start, unsigned long step)
{
	for (size_t i = 0; i < list->count; i++) {
		list->lines[i].number = start;
		if (!list->lines[i].remark ||
		    engine_rules[engine->platform].numbers_remarks)
			start += step;
	}
}

static inline bool
engine_frr(struct engine *engine, const char *line)
{
	char name[64];
	int used = 0;
	unsigned long number = 0;
	const char *p = line;
	bool no = strncmp(p, "no ", 3) == 0;
	p += no ? 3 : 0;
	if (sscanf(p, "access-list %63s%n", name, &used) != 1)
		return engine_refuse(engine, "Unknown command", line);
	p += used + (p[used] == ' ');
	struct engine_list *list = engine_list(engine, name);
	bool remark = strncmp(p, "remark", 6) == 0;
	if (no && !*p) {
		list->count = 0;
	} else if (remark) {
		for (size_t i = list->count; i-- > 0;)
			if (list->lines[i].remark)
				engine_drop(list, i);
		if (!no) {
			struct engine_line new = { .remark = true };
			snprintf(new.text, sizeof(new.text), "%.150s", p);
			engine_insert(list, new);
		}
	} else if (sscanf(p, "seq %lu %n", &number, &used) == 1 && used) {
		p += used;
		if (!*p)
			return engine_refuse(engine, "incomplete", line);
		if (no && !engine_remove(engine, list, number, ""))
			return false;
		if (!no && !engine_add(engine, list, number, p))
			return false;
	} else if (no || !engine_add(engine, list, 0, p)) {
		return engine_refuse(engine, "Unknown command", line);
	}
	list->present = list->count > 0;
	return true;
}

/* True if TEXT is WORDS and one word more, which goes to NAME. */
static inline bool
engine_named(const char *text, const char *words, char name[64])
{
	size_t len = words ? strlen(words) : 0;
	return words && strncmp(text, words, len) == 0 &&
	    sscanf(text + len, "%63s", name) == 1 && !strchr(text + len, ' ');
}

/* HEADER may be NULL; LINE too: only the header is entered. False, with
 * `said`, if the device would complain. */
static inline bool
engine_take(struct engine *engine, const char *header, const char *line)
{
	const struct engine_rules *rules = &engine_rules[engine->platform];
	char name[64];
	unsigned long start, step;
	if (header) {
		if (!engine_named(header, rules->open, name))
			return engine_refuse(engine, "header", header);
		struct engine_list *list = engine_list(engine, name);
		list->present = true;
		return !line || engine_inside(engine, list, line);
	}
	if (!rules->open)
		return engine_frr(engine, line);
	if (strncmp(line, "no ", 3) == 0 &&
	    engine_named(line + 3, rules->open, name)) {
		struct engine_list *list = engine_list(engine, name);
		if (!list->present)
			return engine_refuse(engine, "no such list", line);
		list->present = false;
		list->count = 0;
		return true;
	}
	size_t len = rules->resequence ? strlen(rules->resequence) : 0;
	if (len && strncmp(line, rules->resequence, len) == 0 &&
	    sscanf(line + len, "%63s %lu %lu", name, &start, &step) == 3) {
		engine_renumber(engine, engine_list(engine, name), start, step);
		return true;
	}
	return engine_refuse(engine, "Invalid input", line);
}

/* The list as the device shows it; the caller frees it. */
static inline char *
engine_show(struct engine *engine, const char *name)
{
	const struct engine_rules *rules = &engine_rules[engine->platform];
	const struct engine_list *list = engine_list(engine, name);
	size_t cap = 256 + list->count * 300, len = 0;
	char *text = malloc(cap);
	text[0] = '\0';
	if (list->present && rules->shown)
		len += (size_t)snprintf(
		    text, cap, "%s%s\n", rules->shown, name);
	for (size_t i = 0; list->present && i < list->count; i++) {
		const struct engine_line *line = &list->lines[i];
		const char *lead = engine->platform == IOS_IPV6 ? " sequence "
		    : engine->platform == FRR			? "seq "
								: " ";
		if (engine->platform == FRR)
			len += (size_t)snprintf(
			    text + len, cap - len, "access-list %s ", name);
		if (!line->remark || rules->numbers_remarks)
			len += (size_t)snprintf(text + len, cap - len, "%s%lu ",
			    lead, line->number);
		else if (engine->platform != FRR)
			len += (size_t)snprintf(text + len, cap - len, " ");
		len += (size_t)snprintf(
		    text + len, cap - len, "%s\n", line->text);
	}
	return text;
}

#endif
