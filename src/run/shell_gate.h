/*
 * How many logins may be under way at one address. OpenSSH refuses more than
 * some (MaxStartups, 10 where nobody set it), and hosts that share an address
 * or a jump host share that limit. A door that turns somebody away lets fewer
 * in from then on.
 */
#ifndef NETPUSH_RUN_SHELL_GATE_H
#define NETPUSH_RUN_SHELL_GATE_H

#include <stdbool.h>
#include <stddef.h>

struct gates;

struct gates *gates_new(size_t hosts);
void gates_free(struct gates *gates);

/* HOST is behind the door NAME. */
void gates_put(struct gates *gates, size_t host, const char *name);

bool gate_is_open(const struct gates *gates, size_t host);
void gate_enter(struct gates *gates, size_t host);

/* It is logged in, or at its end; TURNED_AWAY: it was not let in at all. Only
 * the first call after gate_enter() counts. */
void gate_leave(struct gates *gates, size_t host, bool turned_away);

#endif
