/*
 * The planner against random pairs of lists: every plan is executed line by
 * line on acl_engine.h, and after every line a third matcher, which knows only
 * the words that are used here, is asked about packets.
 */
#include "model/acl_edit.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include "acl_cases.h"
#include "acl_engine.h"
#include "acl_random.h"

#define LIST_MAX  48
#define FLOWS_MAX 3
#define PACKETS	  (4 * 2 * 3 * 2)

/* --- packets ----------------------------------------------------------- */

struct packet {
	unsigned source; /* last byte of its address */
	unsigned udp;
	unsigned port;
	bool ack;
};

static const unsigned sources[] = { 1, 2, 5, 200 };
static const unsigned ports[] = { 22, 80, 2000 };

static struct packet
packet_at(unsigned i)
{
	return (struct packet){ sources[i % 4], i / 4 % 2, ports[i / 8 % 3],
		i / 24 };
}

struct cursor {
	char copy[200];
	char *at;
	const char *word;
};

static void
next(struct cursor *cursor)
{
	cursor->word = strtok_r(NULL, " ", &cursor->at);
	if (!cursor->word)
		cursor->word = "";
}

static bool
is(const struct cursor *cursor, const char *word)
{
	return strcmp(cursor->word, word) == 0;
}

/* One address; whether it is that of a host whose last byte is LAST. */
static bool
match_address(struct cursor *cursor, unsigned last)
{
	bool matches = true;
	if (is(cursor, "host")) {
		next(cursor);
		const char *end = cursor->word + strlen(cursor->word);
		while (end[-1] != '.' && end[-1] != ':')
			end--;
		matches = strtoul(end, NULL, end[-1] == ':' ? 16 : 10) == last;
	} else if (is(cursor, "10.0.0.0")) {
		next(cursor);
		matches = is(cursor, "0.0.0.3") ? last <= 3 : true;
	} else if (strchr(cursor->word, '/')) {
		matches = strstr(cursor->word, "/126") ? last <= 3 : true;
	}
	next(cursor);
	return matches;
}

static bool
match_port(struct cursor *cursor, unsigned port)
{
	static const char *const kinds[] = { "eq", "neq", "gt", "lt", "range" };
	unsigned kind = 0, low, high = 0;
	while (kind < 5 && !is(cursor, kinds[kind]))
		kind++;
	if (kind == 5)
		return true;
	next(cursor);
	low = (unsigned)strtoul(cursor->word, NULL, 10);
	next(cursor);
	if (kind == 4) {
		high = (unsigned)strtoul(cursor->word, NULL, 10);
		next(cursor);
	}
	return kind == 0 ? port == low
	    : kind == 1	 ? port != low
	    : kind == 2	 ? port > low
	    : kind == 3	 ? port < low
			 : port >= low && port <= high;
}

/* 1: permits the packet, 0: denies it, -1: is not about it. */
static int
match_line(const char *text, const struct packet *packet, bool standard)
{
	struct cursor cursor;
	snprintf(cursor.copy, sizeof(cursor.copy), "%s", text);
	cursor.word = strtok_r(cursor.copy, " ", &cursor.at);
	bool permits = is(&cursor, "permit"), matches = true;
	if (is(&cursor, "remark"))
		return -1;
	next(&cursor);
	if (!standard) {
		if (is(&cursor, "tcp"))
			matches = !packet->udp;
		else if (is(&cursor, "udp"))
			matches = packet->udp;
		next(&cursor);
	}
	matches = match_address(&cursor, packet->source) && matches;
	if (!standard) {
		matches = match_address(&cursor, 9) && matches;
		matches = match_port(&cursor, packet->port) && matches;
	}
	if (is(&cursor, "established"))
		matches = packet->ack && matches;
	return matches ? permits : -1;
}

static bool
is_nxos(const struct engine *engine)
{
	return engine->platform == NXOS || engine->platform == NXOS_IPV6;
}

static bool
is_ipv6(enum engine_platform platform)
{
	return platform == IOS_IPV6 || platform == NXOS_IPV6;
}

static bool
permits(const struct engine *engine, const struct engine_list *list,
    const struct packet *packet)
{
	bool any = false, standard = engine->platform == IOS_STANDARD;
	for (size_t i = 0; list->present && i < list->count; i++) {
		any = any || !list->lines[i].remark;
		int says = match_line(list->lines[i].text, packet, standard);
		if (says >= 0)
			return says;
	}
	return !any && (!list->present || !is_nxos(engine));
}

/* --- random lists ------------------------------------------------------ */

static const char *
random_address(enum engine_platform platform, bool source)
{
	static const char *const old[] = { "any", "host 10.0.0.1",
		"host 10.0.0.2", "10.0.0.0 0.0.0.3", "10.0.0.0 0.0.0.255" };
	static const char *const new[] = { "any", "host 2001:db8::1",
		"host 2001:db8::2", "2001:db8::/126", "2001:db8::/120" };
	if (!source)
		return pick(3)		? "any"
		    : is_ipv6(platform) ? "host 2001:db8::9"
					: "host 10.0.0.9";
	return is_ipv6(platform) ? new[pick(5)] : old[pick(5)];
}

static char *
random_entry(enum engine_platform platform)
{
	static const char *const places[] = { "", " eq 22", " eq 80",
		" range 20 25", " gt 1023", " neq 22", " lt 100" };
	const char *action = pick(5) < 3 ? "permit" : "deny";
	const char *source = random_address(platform, true);
	const char *other = random_address(platform, false);
	if (platform == IOS_STANDARD)
		return xasprintf("%s %s", action, source);
	if (platform == FRR)
		return xasprintf("%s ip %s %s", action, source, other);
	unsigned protocol = pick(3);
	if (protocol == 0)
		return xasprintf("%s %s %s %s", action,
		    is_ipv6(platform) ? "ipv6" : "ip", source, other);
	return xasprintf("%s %s %s %s%s%s%s", action,
	    protocol == 1 ? "tcp" : "udp", source, other, places[pick(7)],
	    protocol == 1 && pick(6) == 0 ? " established" : "",
	    pick(12) == 0 ? " log" : "");
}

static char *
random_line(enum engine_platform platform)
{
	if (pick(6) == 0)
		return xasprintf("remark %c", 'a' + (int)pick(4));
	return random_entry(platform);
}

static void
insert(struct strs *list, size_t at, char *text)
{
	strs_take(list, text);
	for (size_t i = list->count - 1; i > at; i--) {
		char *swap = list->items[i];
		list->items[i] = list->items[i - 1];
		list->items[i - 1] = swap;
	}
}

static void
drop(struct strs *list, size_t at)
{
	free(list->items[at]);
	list->count--;
	memmove(&list->items[at], &list->items[at + 1],
	    (list->count - at) * sizeof(*list->items));
}

static void
random_list(struct strs *list, enum engine_platform platform)
{
	unsigned count = pick(pick(8) ? 9 : LIST_MAX);
	while (count--)
		strs_take(list, random_line(platform));
}

/* WANT is HAVE after a few edits. */
static void
mutate(
    struct strs *want, const struct strs *have, enum engine_platform platform)
{
	for (size_t i = 0; i < have->count; i++)
		strs_add(want, have->items[i]);
	for (unsigned edits = pick(5); edits--;) {
		unsigned count = (unsigned)want->count;
		if (count && pick(3) == 0) {
			drop(want, pick(count));
		} else if (count && pick(2)) {
			unsigned from = pick(count);
			char *moved = xstrdup(want->items[from]);
			drop(want, from);
			insert(want, pick(count), moved);
		} else {
			insert(want, pick(count + 1), random_line(platform));
		}
	}
}

/* Puts lines into the device, numbered at random. */
static void
install(struct engine *engine, const struct strs *lines)
{
	struct engine_list *list = engine_list(engine, "L");
	unsigned long number = 0, stride = pick(3) ? 10 : 1 + pick(4);
	bool ragged = pick(3) == 0;
	list->present = engine->platform != FRR && pick(20) > 0;
	for (size_t i = 0; i < lines->count; i++) {
		bool remark = strncmp(lines->items[i], "remark", 6) == 0;
		number += ragged ? 1 + pick(7) : stride;
		char *line = xasprintf("access-list L %s", lines->items[i]);
		if (remark && engine->platform == FRR)
			engine_frr(engine, line);
		else
			engine_add(engine, list, number, lines->items[i]);
		free(line);
	}
	/* A remark has the number of the entry that follows, or would. */
	unsigned long shared = engine_next(engine, list);
	for (size_t i = list->count;
	     engine->platform <= IOS_STANDARD && i-- > 0;)
		if (list->lines[i].remark)
			list->lines[i].number = shared;
		else
			shared = list->lines[i].number;
	for (size_t i = 0; i < list->count; i++) {
		list->lines[i].uid = (int)i + 1;
		list->lines[i].first_number = list->lines[i].number;
	}
}

/* --- one case ---------------------------------------------------------- */

struct scene {
	struct engine *engine, *start; /* START: before the plan */
	const struct acl_dialect *dialect;
	struct acl have, want;
	struct acl_flow flows[FLOWS_MAX];
	struct packet packets[FLOWS_MAX][2]; /* of each flow */
	bool guarded[FLOWS_MAX]; /* both lists permit all of it */
	size_t flows_count;
	bool longer; /* a delta may be longer than retyping */
	struct engine *ideal; /* holds what is wanted */
	bool agreed[PACKETS]; /* both lists do the same with it */
};

static struct {
	unsigned nothing, delta, swap, replace, refused, renumbered, moves;
} seen;

static void
read_back(struct acl *acl, struct engine *engine, const char *name)
{
	struct strs outputs = { 0 };
	struct err err = { 0 };
	strs_take(&outputs, engine_show(engine, name));
	must(acl_read(acl,
		 acl_dialect_find(engine_rules[engine->platform].dialect), name,
		 &outputs, &err) == 0,
	    "cannot be read", err.text);
	strs_clear(&outputs);
}

static void
add_flow(struct scene *scene)
{
	size_t i = scene->flows_count++;
	struct packet packet = packet_at(pick(PACKETS));
	bool answers = pick(4) == 0 && !packet.udp;
	bool new = is_ipv6(scene->engine->platform);
	struct err err = { 0 };
	char text[160];
	snprintf(text, sizeof(text),
	    new ? "%s host 2001:db8::%x host "
		  "2001:db8::9 eq %u%s"
		: "%s host 10.0.0.%u host 10.0.0.9 "
		  "eq %u%s",
	    packet.udp ? "udp" : "tcp", packet.source, packet.port,
	    answers ? " established" : "");
	must(acl_flow_parse(&scene->flows[i], text, &err) == 0, "flow",
	    err.text);
	packet.ack = true;
	scene->packets[i][0] = packet;
	packet.ack = answers;
	scene->packets[i][1] = packet;
}

static bool
permits_flow(const struct scene *scene, const struct engine *engine,
    const struct engine_list *list, size_t flow)
{
	return permits(engine, list, &scene->packets[flow][0]) &&
	    permits(engine, list, &scene->packets[flow][1]);
}

static void
look(struct scene *scene)
{
	struct engine_list *old = engine_list(scene->start, "L");
	struct engine_list *new = engine_list(scene->ideal, "L");
	for (size_t i = 0; i < scene->flows_count; i++)
		scene->guarded[i] = permits_flow(scene, scene->start, old, i) &&
		    permits_flow(scene, scene->ideal, new, i);
	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet packet = packet_at(i);
		scene->agreed[i] = permits(scene->start, old, &packet) ==
		    permits(scene->ideal, new, &packet);
	}
}

static bool
has_entries(const struct engine_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!list->lines[i].remark)
			return true;
	return false;
}

/* What must hold after every line. */
static void
check_moment(struct scene *scene, const char *line)
{
	struct engine_list *now = engine_list(scene->engine, "L");
	struct engine_list *old = engine_list(scene->start, "L");
	for (size_t i = 0; i < scene->flows_count; i++)
		must(!scene->guarded[i] ||
			permits_flow(scene, scene->engine, now, i),
		    "a protected flow is cut", line);
	must(!has_entries(old) ||
		!has_entries(engine_list(scene->ideal, "L")) ||
		has_entries(now),
	    "the list is empty", line);
	if (!is_nxos(scene->engine) || !old->present)
		return;
	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet packet = packet_at(i);
		must(!scene->agreed[i] ||
			permits(scene->engine, now, &packet) ==
			    permits(scene->start, old, &packet),
		    "a packet that both lists agree on", line);
	}
}

/* While a swap is built the list that is applied stays as it was. */
static void
check_swap(struct scene *scene, const struct acl_edit_plan *plan,
    const struct acl_edit_block *block, const char *line)
{
	struct engine_list *now = engine_list(scene->engine, "L");
	struct engine_list *old = engine_list(scene->start, "L");
	if (plan->way == ACL_EDIT_SWAP && !block->after_move)
		must(now->present == old->present && now->count == old->count &&
			memcmp(now->lines, old->lines,
			    old->count * sizeof(old->lines[0])) == 0,
		    "a swap touches the list that is applied", line);
}

static void
run_plan(struct scene *scene, const struct acl_edit_plan *plan, bool watch)
{
	size_t line = 0;
	for (size_t i = 0; i < plan->blocks_count; i++) {
		const struct acl_edit_block *block = &plan->blocks[i];
		must(block->first == line, "blocks", NULL);
		if (block->header) {
			must(engine_take(scene->engine, block->header, NULL),
			    "refused", scene->engine->said);
			if (watch && scene->engine->platform != EOS)
				check_moment(scene, block->header);
		}
		for (; line < block->first + block->count; line++) {
			const char *text = plan->lines[line].text;
			must(engine_take(scene->engine, block->header, text),
			    "refused", scene->engine->said);
			check_swap(scene, plan, block, text);
			if (watch && scene->engine->platform != EOS)
				check_moment(scene, text);
		}
		seen.moves += block->one_write;
	}
	must(line == plan->count, "lines outside blocks", NULL);
}

static void
check_end(struct scene *scene, const char *name)
{
	struct acl now;
	struct buf diff;
	buf_init(&diff, 1 << 16);
	read_back(&now, scene->engine, name);
	bool equal = acl_equal(&scene->want, &now, &diff);
	must(equal, "not what was wanted", buf_str(&diff));
	buf_clear(&diff);
	acl_clear(&now);
}

/* What was kept has its number, and there is as much of it as was said. */
static void
check_kept(struct scene *scene, const struct acl_edit_plan *plan)
{
	const struct engine_list *now = engine_list(scene->engine, "L");
	const struct engine_rules
	    *rules = &engine_rules[now ? scene->engine->platform : 0];
	size_t kept = 0;
	for (size_t i = 0; i < now->count; i++) {
		const struct engine_line *line = &now->lines[i];
		if (!line->uid || (line->remark && !rules->numbers_remarks))
			continue;
		kept++;
		must(plan->renumbered || line->number == line->first_number,
		    "a kept entry has another number", line->text);
	}
	must(kept == plan->kept, "entries kept", NULL);
}

/* Refused rightly: some packet of a flow passes now and would not then. */
static void
check_refusal(struct scene *scene, const struct err *err)
{
	struct engine_list *old = engine_list(scene->start, "L");
	struct engine_list *new = engine_list(scene->ideal, "L");
	/* What a list without entries does is known of some only. */
	bool vague = scene->engine->platform == FRR ||
	    scene->engine->platform == EOS;
	bool found = vague && !has_entries(new) && scene->flows_count;
	must(err->kind == ERR_LOCKOUT_RISK, "refused", err->text);
	for (size_t i = 0; i < scene->flows_count && !found; i++) {
		const struct packet *both = scene->packets[i];
		bool before = permits(scene->start, old, &both[0]) ||
		    permits(scene->start, old, &both[1]);
		before = before || (vague && !has_entries(old));
		found = before && !permits_flow(scene, scene->ideal, new, i);
	}
	must(found, "refused without need", err->text);
	seen.refused++;
}

static void
check_risk(struct scene *scene)
{
	struct engine_list *old = engine_list(scene->start, "L");
	struct engine_list *new = engine_list(scene->ideal, "L");
	for (size_t i = 0; i < scene->flows_count; i++)
		must(!permits_flow(scene, scene->start, old, i) ||
			permits_flow(scene, scene->ideal, new, i),
		    "a risk was not seen", scene->flows[i].text);
}

static void
check_plan(struct scene *scene, const struct acl_edit_plan *plan)
{
	size_t limit = scene->want.count + scene->have.present;
	if (scene->longer && plan->way == ACL_EDIT_DELTA)
		/* A remark under each number may go and come again. */
		limit += 2 * (scene->have.count + scene->want.count);
	must(plan->count <= limit + plan->renumbered, "too many lines", NULL);
	check_risk(scene);
	switch (plan->way) {
	case ACL_EDIT_NOTHING:
		seen.nothing++;
		must(plan->count == 0, "something for nothing", NULL);
		check_end(scene, "L");
		break;
	case ACL_EDIT_DELTA:
		seen.delta++;
		seen.renumbered += plan->renumbered;
		run_plan(scene, plan, true);
		check_moment(scene, "the end");
		check_end(scene, "L");
		check_kept(scene, plan);
		break;
	case ACL_EDIT_SWAP:
		seen.swap++;
		run_plan(scene, plan, false);
		must(strcmp(plan->list, "L__np") == 0, "name", plan->list);
		check_end(scene, "L__np");
		must(!engine_list(scene->engine, "L")->present, "left", NULL);
		break;
	case ACL_EDIT_REPLACE:
		seen.replace++;
		run_plan(scene, plan, false);
		check_end(scene, "L");
		break;
	}
}

/* For whoever looks into a failure. */
static void
tell(struct scene *scene, const struct acl_edit_plan *plan)
{
	char *old = engine_show(scene->start, "L");
	char *new = engine_show(scene->ideal, "L");
	fprintf(stderr, "--- is\n%s--- wanted\n%s--- plan %d %s\n", old, new,
	    (int)plan->way, plan->why);
	for (size_t i = 0; i < plan->count; i++)
		fprintf(stderr, "%s\n", plan->lines[i].text);
	for (size_t i = 0; i < scene->flows_count; i++)
		fprintf(stderr, "protect %s\n", scene->flows[i].text);
	free(old);
	free(new);
}

/* The list as a configuration in which remarks have their numbers, too. */
static char *
numbered(struct engine *engine)
{
	const struct engine_list *list = engine_list(engine, "L");
	struct buf text;
	buf_init(&text, 1 << 16);
	if (list->present)
		buf_addf(&text, "%sL\n", engine_rules[engine->platform].shown);
	for (size_t i = 0; list->present && i < list->count; i++)
		buf_addf(&text, " %s%lu %s\n",
		    engine->platform == IOS_IPV6 ? "sequence " : "",
		    list->lines[i].number, list->lines[i].text);
	return buf_take(&text);
}

/* For tests/lab/plans: what the simulated devices take. */
static void
hand_over(struct scene *scene, const struct acl_edit_plan *plan)
{
	enum engine_platform platform = scene->engine->platform;
	/* The lab knows these. */
	bool known = platform <= IOS_IPV6 || platform == NXOS;
	FILE *file = known ? cases_file() : NULL;
	if (!file)
		return;
	char *is = numbered(scene->start);
	json_t *flows = json_array();
	for (size_t i = 0; i < scene->flows_count; i++) {
		const struct packet *packet = &scene->packets[i][1];
		if (scene->guarded[i] && !packet->udp && !is_ipv6(platform))
			json_array_append_new(flows,
			    json_pack("[i, i, b]", (int)packet->source,
				(int)packet->port, packet->ack));
	}
	json_t *whole = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:b}",
	    "seed", (int)seed, "type",
	    platform == NXOS ? "cisco_nxos" : "cisco_ios", "is", is, "list",
	    plan->list, "plan", cases_lines(plan), "want",
	    cases_words(&scene->want), "flows", flows, "in_place",
	    plan->way == ACL_EDIT_DELTA || plan->way == ACL_EDIT_NOTHING);
	json_dumpf(whole, file, JSON_COMPACT);
	fputc('\n', file);
	fflush(file);
	json_decref(whole);
	free(is);
}

static void
run_scene(struct scene *scene)
{
	struct acl_edit_ask ask = {
		.dialect = scene->dialect,
		.name = "L",
		.have = &scene->have,
		.want = &scene->want,
		.protect = scene->flows,
		.protect_count = scene->flows_count,
		.unused = scene->flows_count == 0 && pick(4) == 0,
	};
	scene->longer = ask.longer = !ask.unused && pick(3) == 0;
	struct acl_edit_plan plan;
	struct err err = { 0 };
	look(scene);
	int rc = acl_edit_plan(&plan, &ask, &err);
	if (getenv("NETPUSH_TELL"))
		tell(scene, &plan);
	if (rc == 0)
		hand_over(scene, &plan);
	if (rc < 0)
		check_refusal(scene, &err);
	else
		check_plan(scene, &plan);
	acl_edit_clear(&plan);
}

static enum acl_type
type_on(enum engine_platform platform)
{
	return platform == IOS_EXTENDED ? ACL_EXTENDED
	    : platform == IOS_STANDARD	? ACL_STANDARD
	    : is_ipv6(platform)		? ACL_IPV6
					: ACL_ANY;
}

/* The wanted list on a device of its own, as it was asked for. */
static void
install_wanted(struct scene *scene)
{
	struct engine_list *list = engine_list(scene->ideal, "L");
	list->present = true;
	for (size_t i = 0; i < scene->want.count; i++) {
		struct engine_line line = { .number = i };
		const struct acl_entry *entry = &scene->want.items[i];
		line.remark = entry->action == ACL_REMARK;
		snprintf(line.text, sizeof(line.text), "%s", entry->words);
		engine_insert(list, line);
	}
}

static void
one_case(struct scene *scene, enum engine_platform platform)
{
	struct strs old = { 0 }, new = { 0 };
	struct err err = { 0 };
	scene->dialect = acl_dialect_find(engine_rules[platform].dialect);
	scene->flows_count = 0;
	for (size_t i = 0; i < 2; i++) {
		scene->engine->lists[i].name[0] = '\0';
		scene->engine->lists[i].count = 0;
		scene->engine->lists[i].present = false;
		scene->ideal->lists[i] = scene->engine->lists[i];
	}
	scene->engine->platform = scene->ideal->platform = platform;
	random_list(&old, platform);
	if (pick(4))
		mutate(&new, &old, platform);
	else
		random_list(&new, platform);
	if (new.count == 0)
		strs_take(&new, random_entry(platform));
	install(scene->engine, &old);
	memcpy(scene->start, scene->engine, sizeof(*scene->start));
	read_back(&scene->have, scene->engine, "L");
	must(acl_wanted(&scene->want, scene->dialect, type_on(platform), &new,
		 &err) == 0,
	    "wanted", err.text);
	install_wanted(scene);
	for (unsigned i = pick(FLOWS_MAX + 1); i--;)
		add_flow(scene);
	run_scene(scene);
	for (size_t i = 0; i < scene->flows_count; i++)
		acl_flow_clear(&scene->flows[i]);
	acl_clear(&scene->have);
	acl_clear(&scene->want);
	strs_clear(&old);
	strs_clear(&new);
}

static void
every_plan_keeps_its_promises(enum engine_platform platform)
{
	struct scene *scene = xcalloc(1, sizeof(*scene));
	unsigned long first = random_first(), rounds = random_rounds();
	scene->engine = xcalloc(1, sizeof(*scene->engine));
	scene->start = xcalloc(1, sizeof(*scene->start));
	scene->ideal = xcalloc(1, sizeof(*scene->ideal));
	memset(&seen, 0, sizeof(seen));
	for (seed = first; seed < first + rounds; seed++) {
		random_start();
		one_case(scene, platform);
	}
	fprintf(stderr,
	    "nothing %u, delta %u (renumbered %u, moves %u), swap %u, "
	    "replace %u, refused %u\n",
	    seen.nothing, seen.delta, seen.renumbered, seen.moves, seen.swap,
	    seen.replace, seen.refused);
	/* A planner that only swaps would pass everything above. */
	if (rounds == ROUNDS)
		assert_true(seen.delta > ROUNDS / 3);
	free(scene->engine);
	free(scene->start);
	free(scene->ideal);
	free(scene);
}

#define PLATFORM(name, value)                                                  \
	static void name(void **unused)                                        \
	{                                                                      \
		(void)unused;                                                  \
		every_plan_keeps_its_promises(value);                          \
	}

PLATFORM(ios_extended, IOS_EXTENDED)
PLATFORM(ios_standard, IOS_STANDARD)
PLATFORM(ios_ipv6, IOS_IPV6)
PLATFORM(nxos, NXOS)
PLATFORM(nxos_ipv6, NXOS_IPV6)
PLATFORM(eos, EOS)
PLATFORM(frr, FRR)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ios_extended),
		cmocka_unit_test(ios_standard),
		cmocka_unit_test(ios_ipv6),
		cmocka_unit_test(nxos),
		cmocka_unit_test(nxos_ipv6),
		cmocka_unit_test(eos),
		cmocka_unit_test(frr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
