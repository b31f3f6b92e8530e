/* Doors, found by their name in a hash table. */
#include "shell_gate.h"

#include "base/alloc.h"
#include "base/str.h"

#include <stdint.h>
#include <stdlib.h>

#define LOGINS_AT_ONCE 10 /* where OpenSSH begins to refuse them */

struct gate {
	char *name;
	unsigned limit, inside;
	unsigned narrowed; /* how often */
};

struct visitor {
	size_t gate;
	bool inside;
	unsigned narrowed; /* the gate's count when it entered */
};

struct gates {
	struct gate *gates; /* a table of `size`, by hash */
	size_t size;
	struct visitor *visitors;
};

struct gates *
gates_new(size_t hosts)
{
	struct gates *gates = xcalloc(1, sizeof(*gates));
	gates->size = 2 * hosts + 1;
	gates->gates = xcalloc(gates->size, sizeof(*gates->gates));
	gates->visitors = xcalloc(hosts + 1, sizeof(*gates->visitors));
	return gates;
}

void
gates_free(struct gates *gates)
{
	if (!gates)
		return;
	for (size_t i = 0; i < gates->size; i++)
		free(gates->gates[i].name);
	free(gates->gates);
	free(gates->visitors);
	free(gates);
}

void
gates_put(struct gates *gates, size_t host, const char *name)
{
	size_t at = str_hash(STR_HASH_START, name) % gates->size;
	while (gates->gates[at].name && !str_eq(gates->gates[at].name, name))
		at = (at + 1) % gates->size;
	struct gate *gate = &gates->gates[at];
	if (!gate->name) {
		gate->name = xstrdup(name);
		gate->limit = LOGINS_AT_ONCE;
	}
	gates->visitors[host].gate = at;
}

bool
gate_is_open(const struct gates *gates, size_t host)
{
	const struct gate *gate = &gates->gates[gates->visitors[host].gate];
	return gate->inside < gate->limit;
}

void
gate_enter(struct gates *gates, size_t host)
{
	struct visitor *visitor = &gates->visitors[host];
	struct gate *gate = &gates->gates[visitor->gate];
	gate->inside++;
	visitor->inside = true;
	visitor->narrowed = gate->narrowed;
}

/* Half of what it was, once for all who entered together; and no more than
 * were not turned away. */
static void
narrow(struct gate *gate, const struct visitor *visitor)
{
	unsigned limit = gate->limit;
	if (visitor->narrowed == gate->narrowed) {
		limit /= 2;
		gate->narrowed++;
	}
	if (limit > gate->inside)
		limit = gate->inside;
	gate->limit = limit ? limit : 1;
}

void
gate_leave(struct gates *gates, size_t host, bool turned_away)
{
	struct visitor *visitor = &gates->visitors[host];
	struct gate *gate = &gates->gates[visitor->gate];
	if (!visitor->inside)
		return;
	visitor->inside = false;
	gate->inside--;
	if (turned_away)
		narrow(gate, visitor);
}
