/*
 * The planner against random pairs of Junos filters: every plan is executed
 * on the lab's statements, and a matcher that knows only the words that are
 * used here is asked about packets, before and at the end: what is between
 * them is one commit.
 */
#include "model/acl_edit.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <string.h>

#include "acl_random.h"
#include "junos_engine.h"

#define PATH	  "firewall family inet filter L"
#define NAMES	  14
#define FLOWS_MAX 3

/* --- packets: what a filter does, from the statements of the device ----- */

struct packet {
	unsigned source; /* last byte of its address */
	unsigned udp, port;
};

static const unsigned sources[] = { 1, 2, 5, 200 };
static const unsigned ports[] = { 22, 80, 2000 };

#define PACKETS (4 * 2 * 3)

static struct packet
packet_at(unsigned i)
{
	return (struct packet){ sources[i % 4], i / 4 % 2, ports[i / 8 % 3] };
}

static bool
fits(const char *key, const char *value, const struct packet *packet)
{
	unsigned low = (unsigned)strtoul(value, NULL, 10), high = low;
	const char *dash = strchr(value, '-');
	if (str_eq(key, "source-address")) {
		const char *slash = strchr(value, '/');
		unsigned bits = (unsigned)strtoul(slash + 1, NULL, 10);
		unsigned last = (unsigned)strtoul(
		    value + strlen("10.0.0."), NULL, 10);
		return (packet->source ^ last) >> (32 - bits) == 0;
	}
	if (str_eq(key, "protocol"))
		return packet->udp == (str_eq(value, "udp"));
	if (dash)
		high = (unsigned)strtoul(dash + 1, NULL, 10);
	return packet->port >= low && packet->port <= high;
}

/* One term: 1 permits, 0 denies, -1 passes. TERM is "... term NAME ". */
static int
term_does(
    const struct strs *lines, const char *term, const struct packet *packet)
{
	static const char *const keys[] = { "source-address", "protocol",
		"destination-port" };
	bool asked[3] = { false }, fit[3] = { false };
	int does = 1;
	for (size_t i = 0; i < lines->count; i++) {
		char key[32], value[32];
		const char *rest = lines->items[i] + strlen(term);
		if (!str_starts(lines->items[i], term))
			continue;
		if (str_eq(rest, "then discard"))
			does = 0;
		else if (str_eq(rest, "then next term"))
			does = -1;
		if (sscanf(rest, "from %31s %31s", key, value) != 2)
			continue;
		for (size_t k = 0; k < 3; k++)
			if (str_eq(key, keys[k])) {
				asked[k] = true;
				fit[k] |= fits(key, value, packet);
			}
	}
	for (size_t k = 0; k < 3; k++)
		if (asked[k] && !fit[k])
			return -1;
	return does;
}

static bool
permits(const struct strs *lines, const struct packet *packet)
{
	char last[128] = "";
	for (size_t i = 0; i < lines->count; i++) {
		char name[32], term[128];
		if (sscanf(lines->items[i], PATH " term %31s", name) != 1)
			continue;
		snprintf(term, sizeof(term), PATH " term %s ", name);
		if (str_eq(term, last))
			continue;
		snprintf(last, sizeof(last), "%s", term);
		int does = term_does(lines, term, packet);
		if (does >= 0)
			return does;
	}
	return false;
}

/* --- random filters ----------------------------------------------------- */

struct term {
	char name[8];
	struct strs statements;
};

struct filter {
	size_t count;
	struct term terms[NAMES];
};

/* Each spelling with the one that a device shows. */
static const char *const conditions[][2] = {
	{ "from source-address 10.0.0.1", "from source-address 10.0.0.1/32" },
	{ "from source-address 10.0.0.2/32",
	    "from source-address 10.0.0.2/32" },
	{ "from source-address 10.0.0.3/30",
	    "from source-address 10.0.0.0/30" },
	{ "from source-address 10.0.0.0/24",
	    "from source-address 10.0.0.0/24" },
	{ "from protocol 6", "from protocol tcp" },
	{ "from protocol tcp", "from protocol tcp" },
	{ "from protocol udp", "from protocol udp" },
	{ "from destination-port ssh", "from destination-port 22" },
	{ "from destination-port 80", "from destination-port 80" },
	{ "from destination-port 20-25", "from destination-port 20-25" },
};

#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

static const char *const actions[] = { "then accept", "then accept",
	"then discard", "then discard", "then next term", "" };

static void
random_term(struct term *term, bool device)
{
	for (unsigned i = pick(5); i--;) {
		const char *text = conditions[pick(CONDITIONS)][device];
		if (!strs_has(&term->statements, text))
			strs_add(&term->statements, text);
	}
	if (pick(5) == 0)
		strs_add(&term->statements, "then count c");
	const char *action = actions[pick(6)];
	if (*action || !term->statements.count)
		strs_add(&term->statements, *action ? action : "then accept");
}

static bool
is_taken(const struct filter *filter, const char *name)
{
	for (size_t i = 0; i < filter->count; i++)
		if (str_eq(filter->terms[i].name, name))
			return true;
	return false;
}

static void
open_gap(struct filter *filter, size_t at)
{
	memmove(&filter->terms[at + 1], &filter->terms[at],
	    (filter->count - at) * sizeof(filter->terms[0]));
	memset(&filter->terms[at], 0, sizeof(filter->terms[0]));
	filter->count++;
}

static void
add_term(struct filter *filter, size_t at, bool device)
{
	char name[8];
	if (filter->count == NAMES)
		return;
	do
		snprintf(name, sizeof(name), "t%u", pick(NAMES));
	while (is_taken(filter, name));
	open_gap(filter, at);
	snprintf(filter->terms[at].name, sizeof(name), "%s", name);
	random_term(&filter->terms[at], device);
}

static struct term
take_term(struct filter *filter, size_t at)
{
	struct term term = filter->terms[at];
	filter->count--;
	memmove(&filter->terms[at], &filter->terms[at + 1],
	    (filter->count - at) * sizeof(filter->terms[0]));
	return term;
}

static void
random_filter(struct filter *filter, bool device)
{
	for (unsigned count = pick(NAMES); count--;)
		add_term(filter, filter->count, device);
}

/* WANT is HAVE after a few edits: terms come, go, move, say something else. */
static void
mutate(struct filter *want, const struct filter *have)
{
	for (size_t i = 0; i < have->count; i++) {
		want->terms[i] = have->terms[i];
		want->terms[i].statements = (struct strs){ 0 };
		for (size_t k = 0; k < have->terms[i].statements.count; k++)
			strs_add(&want->terms[i].statements,
			    have->terms[i].statements.items[k]);
	}
	want->count = have->count;
	for (unsigned edits = pick(5); edits--;) {
		unsigned count = (unsigned)want->count, way = pick(5);
		if (way == 0 || !count) {
			add_term(want, pick(count + 1), false);
		} else if (way == 1) {
			struct term term = take_term(want, pick(count));
			strs_clear(&term.statements);
		} else if (way == 2) {
			struct term term = take_term(want, pick(count));
			size_t to = pick(count);
			open_gap(want, to);
			want->terms[to] = term;
		} else if (way == 3) {
			struct term *term = &want->terms[pick(count)];
			strs_clear(&term->statements);
			random_term(term, false);
		} else {
			struct strs *list = &want->terms[pick(count)]
						 .statements;
			strs_add(list, conditions[pick(CONDITIONS)][0]);
		}
	}
}

static void
filter_clear(struct filter *filter)
{
	for (size_t i = 0; i < filter->count; i++)
		strs_clear(&filter->terms[i].statements);
	memset(filter, 0, sizeof(*filter));
}

/* The filter's lines; statements of a term in any order. */
static void
put_lines(struct strs *lines, const struct filter *filter)
{
	for (size_t i = 0; i < filter->count; i++) {
		const struct term *term = &filter->terms[i];
		size_t count = term->statements.count, from = pick(7);
		for (size_t k = 0; k < count; k++)
			strs_take(lines,
			    xasprintf("term %s %s", term->name,
				term->statements.items[(k + from) % count]));
	}
}

/* A line, in the spelling that the device has for it. */
static const char *
take(struct strs *device, const char *line)
{
	char *spelled = xstrdup(line);
	for (size_t i = 0; i < CONDITIONS; i++)
		if (str_ends(line, conditions[i][0])) {
			free(spelled);
			spelled = xasprintf("%.*s%s",
			    (int)(strlen(line) - strlen(conditions[i][0])),
			    line, conditions[i][1]);
		}
	const char *said = junos_engine_take(device, spelled);
	free(spelled);
	return said;
}

static void
type(struct strs *device, const struct strs *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		char *line = xasprintf("set " PATH " %s", lines->items[i]);
		must(!take(device, line), "typed", line);
		free(line);
	}
}

/* --- one case ----------------------------------------------------------- */

struct scene {
	struct strs device; /* what the plan is executed on */
	struct strs start, ideal; /* before, and as it was asked for */
	struct acl have, want;
	struct acl_flow flows[FLOWS_MAX];
	struct packet packets[FLOWS_MAX];
	size_t flows_count;
};

static struct {
	unsigned nothing, delta, retyped, refused, moves, edited;
} seen;

static void
read_back(struct acl *acl, const struct strs *device)
{
	struct strs outputs = { 0 };
	struct err err = { 0 };
	strs_take(&outputs, junos_engine_show(device, PATH));
	must(acl_read(acl, acl_dialect_find("junos"), "L", &outputs, &err) == 0,
	    "cannot be read", err.text);
	strs_clear(&outputs);
}

static void
add_flow(struct scene *scene)
{
	size_t i = scene->flows_count++;
	struct packet packet = packet_at(pick(PACKETS));
	struct err err = { 0 };
	char text[120];
	snprintf(text, sizeof(text), "%s host 10.0.0.%u host 10.0.0.9 eq %u",
	    packet.udp ? "udp" : "tcp", packet.source, packet.port);
	must(acl_flow_parse(&scene->flows[i], text, &err) == 0, "flow",
	    err.text);
	scene->packets[i] = packet;
}

/* The terms that no line is about. */
static size_t
untouched(const struct scene *scene, const struct acl_edit_plan *plan)
{
	size_t count = 0;
	for (size_t i = 0; i < scene->want.count; i++) {
		bool touched = false;
		char *name = xasprintf(
		    PATH " term %s", scene->want.items[i].term);
		for (size_t k = 0; k < plan->count && !touched; k++) {
			const char *at = strchr(plan->lines[k].text, ' ') + 1;
			size_t len = strlen(name);
			touched = strncmp(at, name, len) == 0 &&
			    (at[len] == ' ' || !at[len]);
		}
		count += !touched;
		free(name);
	}
	return count;
}

static void
execute(struct scene *scene, const struct acl_edit_plan *plan)
{
	size_t line = 0;
	for (size_t i = 0; i < plan->blocks_count; i++) {
		must(plan->blocks[i].first == line && !plan->blocks[i].header,
		    "blocks", NULL);
		line += plan->blocks[i].count;
	}
	must(line == plan->count, "lines outside blocks", NULL);
	for (size_t i = 0; i < plan->count; i++) {
		const char *said = take(&scene->device, plan->lines[i].text);
		if (said)
			fprintf(stderr, "%s\n", said);
		must(!said, "refused", plan->lines[i].text);
		seen.moves += plan->lines[i].kind == ACL_EDIT_MOVE;
		seen.edited += plan->lines[i].kind == ACL_EDIT_REMOVE &&
		    strstr(plan->lines[i].text, " from ");
	}
}

static void
check_end(struct scene *scene)
{
	struct acl now;
	struct buf diff;
	buf_init(&diff, 1 << 16);
	read_back(&now, &scene->device);
	must(acl_equal(&scene->want, &now, &diff), "not what was wanted",
	    buf_str(&diff));
	for (unsigned i = 0; i < PACKETS; i++) {
		struct packet packet = packet_at(i);
		must(permits(&scene->device, &packet) ==
			permits(&scene->ideal, &packet),
		    "a packet is treated otherwise", NULL);
	}
	buf_clear(&diff);
	acl_clear(&now);
}

/* A flow that the filter permits is not cut by what it becomes; and nothing
 * is refused for another reason. An absent filter may be anything. */
static bool
is_risky(const struct scene *scene)
{
	for (size_t i = 0; i < scene->flows_count; i++)
		if ((!scene->have.present ||
			permits(&scene->start, &scene->packets[i])) &&
		    !permits(&scene->ideal, &scene->packets[i]))
			return true;
	return false;
}

static void
check_plan(struct scene *scene, const struct acl_edit_plan *plan, size_t typed)
{
	must(
	    plan->count <= typed + scene->have.present, "too many lines", NULL);
	must(!is_risky(scene), "a risk was not seen", NULL);
	seen.nothing += plan->way == ACL_EDIT_NOTHING;
	seen.delta += plan->way == ACL_EDIT_DELTA && !plan->why[0];
	seen.retyped += plan->why[0] != '\0';
	must(plan->way == ACL_EDIT_NOTHING || plan->way == ACL_EDIT_DELTA,
	    "way", plan->why);
	must(str_eq(plan->list, "L"), "name", plan->list);
	must(plan->way != ACL_EDIT_NOTHING || !plan->count,
	    "something for nothing", NULL);
	if (plan->way == ACL_EDIT_DELTA)
		must(plan->kept == untouched(scene, plan), "terms kept", NULL);
	execute(scene, plan);
	check_end(scene);
}

static void
run_scene(struct scene *scene, size_t typed)
{
	struct acl_edit_ask ask = {
		.dialect = acl_dialect_find("junos"),
		.name = "L",
		.have = &scene->have,
		.want = &scene->want,
		.protect = scene->flows,
		.protect_count = scene->flows_count,
		.way = pick(20) ? ACL_EDIT_DELTA : ACL_EDIT_SWAP,
	};
	struct acl_edit_plan plan;
	struct err err = { 0 };
	int rc = acl_edit_plan(&plan, &ask, &err);
	if (getenv("NETPUSH_TELL")) {
		char *old = junos_engine_show(&scene->start, "");
		char *new = junos_engine_show(&scene->ideal, "");
		fprintf(stderr, "--- is\n%s--- wanted\n%s--- plan %d %s\n", old,
		    new, (int)plan.way, plan.why);
		for (size_t i = 0; i < plan.count; i++)
			fprintf(stderr, "%s\n", plan.lines[i].text);
		free(old);
		free(new);
	}
	if (rc < 0) {
		must(err.kind == ERR_LOCKOUT_RISK && is_risky(scene),
		    "refused without need", err.text);
		seen.refused++;
	} else {
		check_plan(scene, &plan, typed);
	}
	acl_edit_clear(&plan);
}

static void
one_case(void)
{
	struct scene scene = { 0 };
	struct filter old = { 0 }, new = { 0 };
	struct strs shown = { 0 }, lines = { 0 };
	struct err err = { 0 };
	random_filter(&old, true);
	if (pick(4))
		mutate(&new, &old);
	else
		random_filter(&new, false);
	if (!new.count)
		add_term(&new, 0, false);
	put_lines(&shown, &old);
	put_lines(&lines, &new);
	type(&scene.device, &shown);
	type(&scene.start, &shown);
	read_back(&scene.have, &scene.device);
	must(acl_wanted(&scene.want, acl_dialect_find("junos"), ACL_ANY, &lines,
		 &err) == 0,
	    "wanted", err.text);
	type(&scene.ideal, &lines);
	for (unsigned i = pick(FLOWS_MAX + 1); i--;)
		add_flow(&scene);
	run_scene(&scene, lines.count);
	for (size_t i = 0; i < scene.flows_count; i++)
		acl_flow_clear(&scene.flows[i]);
	strs_clear(&shown);
	strs_clear(&lines);
	strs_clear(&scene.device);
	strs_clear(&scene.start);
	strs_clear(&scene.ideal);
	acl_clear(&scene.have);
	acl_clear(&scene.want);
	filter_clear(&old);
	filter_clear(&new);
}

static void
every_plan_keeps_its_promises(void **unused)
{
	unsigned long first = random_first(), rounds = random_rounds();
	(void)unused;
	for (seed = first; seed < first + rounds; seed++) {
		random_start();
		one_case();
	}
	fprintf(stderr,
	    "nothing %u, delta %u (moves %u, statements deleted %u), "
	    "retyped %u, refused %u\n",
	    seen.nothing, seen.delta, seen.moves, seen.edited, seen.retyped,
	    seen.refused);
	/* A planner that only retypes would pass everything above. */
	if (rounds == ROUNDS) {
		assert_true(seen.delta > ROUNDS / 3);
		assert_true(seen.moves > ROUNDS / 10);
		assert_true(seen.edited > ROUNDS / 20);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_plan_keeps_its_promises),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
