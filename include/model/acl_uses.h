/*
 * Where a list is applied: read from lines of a configuration by the rules of
 * a profile. A list that is applied nowhere can be built again at leisure; one
 * on our own way must go on to permit us; one whose uses can all be moved can
 * be swapped for another. And the address that a device sees us at.
 *
 * Pure functions over text.
 */
#ifndef NETPUSH_MODEL_ACL_USES_H
#define NETPUSH_MODEL_ACL_USES_H

#include "base/diag.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct re;

/* Does what we send to the device pass a list that is applied so? */
enum acl_way {
	ACL_WAY_NONE, /* no */
	ACL_WAY_PACKETS, /* it may: all of the packet is looked at */
	ACL_WAY_SOURCE, /* yes, but only our address is looked at */
	ACL_WAY__COUNT,
};

/* The way called NAME ("none", "packets", "source"); false: there is none. */
bool acl_way_get(const char *name, enum acl_way *way);

/*
 * A line that applies a list. Its group "list" is the name; without that
 * group every word behind the match may be one.
 */
struct acl_use_rule {
	struct re *pattern, *under; /* UNDER: the header above, or NULL: any */
	char *pattern_text, *under_text, *way_text;
	enum acl_way way;
	bool moves; /* the same line with another name puts that list there */
	struct place place;
};

void acl_use_rule_clear(struct acl_use_rule *rule);

struct acl_use {
	char *header; /* the line at the left margin above it; NULL: none */
	char *line; /* as shown, without its indentation */
	size_t name_at, name_len; /* where in LINE the list's name stands */
	enum acl_way way;
	bool moves;
};

/* In the order of the configuration. Zeroed storage is an empty list. */
struct acl_uses {
	struct acl_use *items;
	size_t count, cap;
};

/* Adds what TEXT, lines of a configuration with the headers above them, says
 * of the list NAME. The first rule that fits a line counts. A use that is
 * there already is not added again. */
void acl_uses_read(struct acl_uses *uses, const struct acl_use_rule *rules,
    size_t rule_count, const char *text, const char *name);
void acl_uses_clear(struct acl_uses *uses);

/* The first that cannot be moved, or NULL. */
const struct acl_use *acl_uses_fixed(const struct acl_uses *uses);

/* Some use on our way: ACL_WAY_PACKETS or ACL_WAY_SOURCE. */
bool acl_uses_on_way(const struct acl_uses *uses, enum acl_way way);

/* The line that puts the list NAME in the place of the one that is there. The
 * caller frees it. */
char *acl_use_line(const struct acl_use *use, const char *name);

/* Adds the lines that put the list NAME in every place of USES: one visit for
 * each section. */
void acl_uses_move(
    const struct acl_uses *uses, const char *name, struct strs *lines);

/* For people: "interface Gi0/1, ip access-group EDGE in". The caller frees. */
char *acl_use_text(const struct acl_use *use);

/* The address in TEXT that the group "address" of PATTERN catches on the first
 * line where it is one, IPv4 or IPv6. The caller frees it; NULL: none. */
char *acl_client_address(const struct re *pattern, const char *text);

#endif
