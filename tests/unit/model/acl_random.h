/*
 * Random cases that can be had again. NETPUSH_SEED and NETPUSH_ROUNDS choose
 * other ones; a failure names its seed.
 */
#ifndef TESTS_MODEL_ACL_RANDOM_H
#define TESTS_MODEL_ACL_RANDOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define ROUNDS 10000

static uint64_t state;
static unsigned long seed;

static inline unsigned
pick(unsigned below)
{
	state += 0x9e3779b97f4a7c15u; /* splitmix64 */
	uint64_t z = state;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (unsigned)((z ^ (z >> 31)) % below);
}

static inline void
fail_case(const char *what, const char *detail)
{
	fprintf(stderr, "NETPUSH_SEED=%lu NETPUSH_ROUNDS=1: %s%s%s\n", seed,
	    what, detail ? ": " : "", detail ? detail : "");
	fail();
}

static inline void
must(bool holds, const char *what, const char *detail)
{
	if (!holds)
		fail_case(what, detail);
}

static inline unsigned long
setting(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);
	return text ? strtoul(text, NULL, 10) : otherwise;
}

static inline unsigned long
random_first(void)
{
	return setting("NETPUSH_SEED", 1);
}

static inline unsigned long
random_rounds(void)
{
	return setting("NETPUSH_ROUNDS",
	    getenv("NETPUSH_VALGRIND") ? ROUNDS / 50 : ROUNDS);
}

/* The case of `seed` begins. */
static inline void
random_start(void)
{
	state = seed * 0x2545f4914f6cdd1du;
}

#endif
