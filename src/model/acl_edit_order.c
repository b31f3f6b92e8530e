/*
 * The order of the changes, found by simulation: after each single line every
 * protected flow is asked for again. A flow only knows the entries that cover
 * something of it, and only a change of one of these is looked at.
 */
#include "acl_edit_parts.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Entries passed in all walks together; past it the lists are not worth the
 * search and the plan is a swap. */
#define WALK_MAX 100000000

/* An entry of either list, in the order of numbers. */
struct node {
	const struct acl_entry *entry;
	uint64_t hash;
	size_t key; /* equal where the platform takes two for one */
	bool live;
};

/* A change in one line or several: old entries (a chain) that must go before
 * the new one may come. */
struct change {
	size_t add; /* position in want, NOWHERE */
	size_t remove; /* first position in have, NOWHERE */
	bool replaces; /* the first is replaced by the new one in one line */
	bool done;
};

struct view {
	const struct acl_flow *flow;
	size_t *nodes; /* that cover something of it, ascending */
	unsigned char *overlaps;
	size_t count;
	struct acl_verdict before;
};

struct simulation {
	struct draft *draft;
	struct node *nodes;
	size_t *have_nodes, *want_nodes; /* position -> node */
	size_t live; /* entries, remarks not counted */
	bool may_be_empty; /* meanwhile: it is so in the end, or nobody sees */
	size_t *key_live; /* how many of a key live */
	struct view *views;
	size_t views_count;
	struct change *changes;
	size_t changes_count;
	size_t *next; /* chains of removals, by position in have */
	size_t walked;
};

static void
add_node(
    struct simulation *sim, size_t at, const struct acl_entry *entry, bool live)
{
	sim->nodes[at] = (struct node){
		.entry = entry,
		.hash = str_hash(STR_HASH_START, entry->normal),
		.live = live,
	};
	sim->live += live && entry->action != ACL_REMARK;
}

/* Merges both lists; what stays is one node. */
static size_t
merge(struct simulation *sim)
{
	const struct side *have = &sim->draft->have, *want = &sim->draft->want;
	size_t i = 0, k = 0, at = 0;
	while (i < have->count || k < want->count) {
		if (k < want->count && want->pair[k] != NOWHERE &&
		    i == want->pair[k]) {
			sim->have_nodes[i] = sim->want_nodes[k++] = at;
			add_node(sim, at++, side_entry(have, i++), true);
		} else if (i < have->count &&
		    (k == want->count ||
			have->numbers[i] <= want->numbers[k])) {
			sim->have_nodes[i] = at;
			add_node(sim, at++, side_entry(have, i++), true);
		} else {
			sim->want_nodes[k] = at;
			add_node(sim, at++, side_entry(want, k++), false);
		}
	}
	return at;
}

struct key {
	char *text;
	size_t node;
};

static int
compare_keys(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	return strcmp(x->text, y->text);
}

/* The normal form without logging (see acl_edit.h). */
static char *
key_of(const struct acl_entry *entry)
{
	static const char *const flags[] = { " log-input", " log" };
	char *key = xstrdup(entry->normal);
	for (size_t i = 0; !entry->text && i < 2; i++) {
		size_t len = strlen(flags[i]);
		char *found = strstr(key, flags[i]);
		if (found && (found[len] == ' ' || found[len] == '\0'))
			memmove(found, found + len, strlen(found + len) + 1);
	}
	return key;
}

static void
give_keys(struct simulation *sim, size_t nodes)
{
	struct key *keys = xcalloc(nodes + 1, sizeof(*keys));
	size_t key = 0;
	for (size_t i = 0; i < nodes; i++)
		keys[i] = (struct key){ key_of(sim->nodes[i].entry), i };
	qsort(keys, nodes, sizeof(*keys), compare_keys);
	for (size_t i = 0; i < nodes; i++) {
		struct node *node = &sim->nodes[keys[i].node];
		if (i && strcmp(keys[i].text, keys[i - 1].text) != 0)
			key++;
		node->key = key;
		sim->key_live[key] += node->live;
	}
	for (size_t i = 0; i < nodes; i++)
		free(keys[i].text);
	free(keys);
}

static struct acl_verdict
ask(struct simulation *sim, const struct view *view)
{
	struct acl_walk walk;
	if (sim->live == 0)
		return acl_walk_none(sim->draft->ask->dialect, true);
	acl_walk_start(&walk);
	for (size_t i = 0; i < view->count; i++) {
		const struct node *node = &sim->nodes[view->nodes[i]];
		sim->walked++;
		if (node->live &&
		    acl_walk_pass(&walk, view->nodes[i], node->entry->action,
			(enum acl_overlap)view->overlaps[i], node->hash))
			break;
	}
	return acl_walk_end(&walk);
}

static bool
lives(const struct acl_verdict *now, const struct acl_verdict *before)
{
	return now->answer == ACL_ANSWER_PERMIT ||
	    (now->answer == ACL_ANSWER_UNKNOWN &&
		before->answer == ACL_ANSWER_UNKNOWN &&
		now->path == before->path);
}

static bool
covers(const struct view *view, size_t node)
{
	size_t low = 0, high = view->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (view->nodes[middle] < node)
			low = middle + 1;
		else
			high = middle;
	}
	return low < view->count && view->nodes[low] == node;
}

/* After a change at the nodes A and B (may be NOWHERE), WAS entries before.
 * Nor may the list be without entries for a moment: where it is applied that
 * lets everybody through, or nobody. */
static bool
all_live(struct simulation *sim, size_t a, size_t b, size_t was)
{
	if (was && !sim->live && !sim->may_be_empty)
		return false;
	for (size_t i = 0; i < sim->views_count; i++) {
		const struct view *view = &sim->views[i];
		if (was && sim->live && !covers(view, a) && !covers(view, b))
			continue;
		struct acl_verdict now = ask(sim, view);
		if (!lives(&now, &view->before))
			return false;
	}
	return true;
}

static void
set(struct simulation *sim, size_t node, bool live)
{
	if (node == NOWHERE || sim->nodes[node].live == live)
		return;
	sim->nodes[node].live = live;
	sim->key_live[sim->nodes[node].key] += live ? 1 : (size_t)-1;
	if (sim->nodes[node].entry->action != ACL_REMARK)
		sim->live += live ? 1 : (size_t)-1;
}

/* The old entry that has NUMBER, or NOWHERE. */
static size_t
holder_of(const struct side *have, uint32_t number)
{
	size_t low = 0, high = have->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (have->numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < have->count && have->numbers[low] == number ? low
								 : NOWHERE;
}

/* True if the device would take the line as it is meant: not for a
 * repetition, nor for one that replaces another entry. */
static bool
is_taken(const struct simulation *sim, size_t add)
{
	const struct draft *draft = sim->draft;
	size_t node = sim->want_nodes[add];
	if (draft->ask->dialect->drops_duplicates &&
	    sim->key_live[sim->nodes[node].key])
		return false;
	size_t holder = holder_of(&draft->have, draft->want.numbers[add]);
	return holder == NOWHERE || !sim->nodes[sim->have_nodes[holder]].live;
}

/* One line: REMOVE goes, ADD comes (positions). */
static bool
line(struct simulation *sim, size_t remove, size_t add)
{
	size_t was = sim->live;
	size_t a = remove == NOWHERE ? NOWHERE : sim->have_nodes[remove];
	size_t b = add == NOWHERE ? NOWHERE : sim->want_nodes[add];
	set(sim, a, false);
	if (add != NOWHERE && !is_taken(sim, add))
		return false;
	set(sim, b, true);
	return all_live(sim, a, b, was);
}

static bool
lines_of(struct simulation *sim, const struct change *change)
{
	size_t i = change->remove;
	if (change->replaces) {
		/* The others of the chain first: the new one may not be
		 * ignored for their sake. */
		for (size_t k = sim->next[i]; k != NOWHERE; k = sim->next[k])
			if (!line(sim, k, NOWHERE))
				return false;
		return line(sim, i, change->add);
	}
	for (; i != NOWHERE; i = sim->next[i])
		if (!line(sim, i, NOWHERE))
			return false;
	return change->add == NOWHERE || line(sim, NOWHERE, change->add);
}

static void
take_back(struct simulation *sim, const struct change *change)
{
	for (size_t i = change->remove; i != NOWHERE; i = sim->next[i])
		set(sim, sim->have_nodes[i], true);
	if (change->add != NOWHERE)
		set(sim, sim->want_nodes[change->add], false);
}

static void
add_step(struct draft *draft, struct step step, bool *joined)
{
	step.joined = *joined;
	*joined = true;
	GROW(draft->steps, draft->steps_count, draft->steps_cap);
	draft->steps[draft->steps_count++] = step;
}

static void
write_steps(struct simulation *sim, const struct change *change)
{
	bool joined = false;
	size_t i = change->remove;
	if (change->replaces)
		i = sim->next[i];
	for (; i != NOWHERE; i = sim->next[i])
		add_step(sim->draft, (struct step){ NOWHERE, i, false, false },
		    &joined);
	if (change->replaces)
		add_step(sim->draft,
		    (struct step){ change->add, change->remove, true, false },
		    &joined);
	else if (change->add != NOWHERE)
		add_step(sim->draft,
		    (struct step){ change->add, NOWHERE, false, false },
		    &joined);
}

static bool
try_change(struct simulation *sim, struct change *change)
{
	if (sim->walked > WALK_MAX)
		return false;
	if (!lines_of(sim, change)) {
		take_back(sim, change);
		return false;
	}
	write_steps(sim, change);
	change->done = true;
	return true;
}

/* Everything that can be done now, in order; those that must wait are asked
 * again when others are done. */
static bool
run(struct simulation *sim)
{
	size_t left = sim->changes_count, before = 0;
	while (left && left != before) {
		before = left;
		for (size_t i = 0; i < sim->changes_count; i++)
			if (!sim->changes[i].done)
				left -= try_change(sim, &sim->changes[i]);
	}
	return left == 0;
}

/* Chains the old entries that are in the way of the new one at NODE and that
 * nobody has chained yet. */
static size_t
chain(struct simulation *sim, const size_t *heads, size_t *links, size_t node,
    bool *taken)
{
	size_t first = NOWHERE;
	for (size_t i = heads[sim->nodes[node].key]; i != NOWHERE;
	     i = links[i]) {
		if (taken[i])
			continue;
		taken[i] = true;
		sim->next[i] = first;
		first = i;
	}
	return first;
}

/* Puts the old entry HOLDER at the head of CHANGE's chain. */
static void
replace(
    struct simulation *sim, struct change *change, size_t holder, bool *taken)
{
	size_t *at = &change->remove;
	while (*at != NOWHERE && *at != holder)
		at = &sim->next[*at];
	if (*at == holder)
		*at = sim->next[holder];
	else if (taken[holder])
		return; /* it goes with another change: this one waits */
	taken[holder] = true;
	sim->next[holder] = change->remove;
	change->remove = holder;
	change->replaces = true;
}

/* The old entries that go, listed by key. */
static void
list_by_key(const struct simulation *sim, size_t *heads, size_t *links)
{
	const struct side *have = &sim->draft->have;
	for (size_t i = 0; i < have->count; i++) {
		size_t key = sim->nodes[sim->have_nodes[i]].key;
		if (have->pair[i] != NOWHERE)
			continue;
		links[i] = heads[key];
		heads[key] = i;
	}
}

static void
list_additions(
    struct simulation *sim, const size_t *heads, size_t *links, bool *taken)
{
	const struct draft *draft = sim->draft;
	const struct side *have = &draft->have, *want = &draft->want;
	for (size_t i = 0; i < want->count; i++) {
		if (want->pair[i] != NOWHERE)
			continue;
		struct change *change = &sim->changes[sim->changes_count++];
		*change = (struct change){ i, NOWHERE, false, false };
		if (draft->ask->dialect->drops_duplicates)
			change->remove = chain(
			    sim, heads, links, sim->want_nodes[i], taken);
		size_t holder = draft->reuse ? holder_of(have, want->numbers[i])
					     : NOWHERE;
		if (holder != NOWHERE)
			replace(sim, change, holder, taken);
	}
}

/* From the top down what comes, from the bottom up what goes. */
static void
list_changes(struct simulation *sim, size_t nodes)
{
	const struct side *have = &sim->draft->have;
	bool *taken = xcalloc(have->count + 1, sizeof(*taken));
	size_t *heads = xcalloc(nodes + 1, sizeof(*heads));
	size_t *links = xcalloc(have->count + 1, sizeof(*links));
	for (size_t i = 0; i <= nodes; i++)
		heads[i] = NOWHERE;
	list_by_key(sim, heads, links);
	list_additions(sim, heads, links, taken);
	for (size_t i = have->count; i-- > 0;)
		if (have->pair[i] == NOWHERE && !taken[i])
			sim->changes[sim->changes_count++] = (struct change){
				NOWHERE, i, false, false
			};
	free(taken);
	free(heads);
	free(links);
}

static void
look_at(struct simulation *sim, size_t nodes, const struct acl_flow *flow)
{
	const struct acl_edit_ask *asked = sim->draft->ask;
	struct view *view = &sim->views[sim->views_count++];
	view->flow = flow;
	view->before = acl_decide(asked->dialect, asked->have, flow);
	view->nodes = xcalloc(nodes + 1, sizeof(*view->nodes));
	view->overlaps = xcalloc(nodes + 1, 1);
	for (size_t i = 0; i < nodes; i++) {
		enum acl_overlap overlap = acl_entry_overlap(
		    sim->nodes[i].entry, flow);
		if (overlap == ACL_OVERLAP_NONE)
			continue;
		view->nodes[view->count] = i;
		view->overlaps[view->count++] = (unsigned char)overlap;
	}
}

/* Flows that are denied already have nothing to lose. Where the lines act
 * together there is nothing between the old list and the new one. */
static void
look_at_flows(struct simulation *sim, size_t nodes)
{
	const struct acl_edit_ask *asked = sim->draft->ask;
	sim->views = xcalloc(asked->protect_count + 1, sizeof(*sim->views));
	if (asked->dialect->applies_at_exit)
		return;
	for (size_t i = 0; i < asked->protect_count; i++) {
		const struct acl_flow *flow = &asked->protect[i];
		if (acl_flow_concerns(flow, sim->draft->writing->type) &&
		    acl_decide(asked->dialect, asked->have, flow).answer !=
			ACL_ANSWER_DENY)
			look_at(sim, nodes, flow);
	}
}

static bool
may_be_empty(const struct acl_edit_ask *ask)
{
	for (size_t i = 0; i < ask->want->count; i++)
		if (ask->want->items[i].action != ACL_REMARK)
			return ask->dialect->applies_at_exit;
	return true;
}

/* The header alone makes an absent list an empty one. */
static bool
opens(struct simulation *sim)
{
	const struct draft *draft = sim->draft;
	if (draft->ask->have->present || !draft->writing->open)
		return true;
	return all_live(sim, NOWHERE, NOWHERE, 0);
}

/* The first move that did not come to pass. */
static size_t
find_stuck(const struct simulation *sim)
{
	for (size_t i = 0; i < sim->changes_count; i++) {
		const struct change *change = &sim->changes[i];
		if (!change->done && change->add != NOWHERE &&
		    change->remove != NOWHERE)
			return change->remove;
	}
	return NOWHERE;
}

bool
draft_order(struct draft *draft)
{
	struct simulation sim = { .draft = draft };
	size_t h = draft->have.count, w = draft->want.count;
	sim.nodes = xcalloc(h + w + 1, sizeof(*sim.nodes));
	sim.have_nodes = xcalloc(h + 1, sizeof(*sim.have_nodes));
	sim.want_nodes = xcalloc(w + 1, sizeof(*sim.want_nodes));
	sim.changes = xcalloc(h + w + 1, sizeof(*sim.changes));
	sim.next = xcalloc(h + 1, sizeof(*sim.next));
	for (size_t i = 0; i < h; i++)
		sim.next[i] = NOWHERE;
	draft->steps_count = 0;
	draft->stuck = NOWHERE;
	sim.key_live = xcalloc(h + w + 1, sizeof(*sim.key_live));
	size_t nodes = merge(&sim);
	give_keys(&sim, nodes);
	sim.may_be_empty = may_be_empty(draft->ask);
	look_at_flows(&sim, nodes);
	list_changes(&sim, nodes);
	bool done = opens(&sim) && run(&sim);
	if (!done)
		draft->stuck = find_stuck(&sim);
	for (size_t i = 0; i < sim.views_count; i++) {
		free(sim.views[i].nodes);
		free(sim.views[i].overlaps);
	}
	free(sim.views);
	free(sim.key_live);
	free(sim.nodes);
	free(sim.have_nodes);
	free(sim.want_nodes);
	free(sim.changes);
	free(sim.next);
	return done;
}
