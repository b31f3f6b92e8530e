/*
 * Access lists: what the user wants, what a device shows, and whether the two
 * are the same list. Every spelling of one entry (sequence numbers, counters,
 * names of ports and protocols, host and wildcard and prefix) has one normal
 * form, and only normal forms are compared. What is not understood is kept
 * as words and equals only itself: a false difference is safe here, a false
 * equality is not.
 *
 * Pure functions over text: nothing here knows of sessions or profiles.
 */
#ifndef NETPUSH_MODEL_ACL_H
#define NETPUSH_MODEL_ACL_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

#define ACL_ENTRIES_MAX 100000 /* in one list */
#define ACL_PORTS_MAX	10 /* `eq` takes up to ten ports on IOS */

enum acl_action {
	ACL_PERMIT,
	ACL_DENY,
	ACL_REMARK,
	ACL_OPAQUE, /* none of these: `text` holds all its words */
	ACL_PASS, /* a term that leaves the packet to the next one */
};

/*
 * What sort of list. ACL_ANY: not known, compares with every type. ACL_IPV4:
 * where the platform does not tell standard from extended (NX-OS, FRR): these
 * two are taken as ACL_IPV4 there.
 */
enum acl_type {
	ACL_ANY,
	ACL_IPV4,
	ACL_STANDARD,
	ACL_EXTENDED,
	ACL_IPV6,
};

enum acl_address_kind {
	ACL_ADDRESS_NONE, /* not given: the destination in a standard list */
	ACL_ADDRESS_ANY,
	ACL_ADDRESS_IPV4,
	ACL_ADDRESS_IPV6,
	ACL_ADDRESS_GROUP, /* by reference; `group` holds the words */
};

/* A set bit in `wildcard` means that this bit does not matter; such bits are
 * zero in `bytes`. IPv4 uses the first four bytes. */
struct acl_address {
	enum acl_address_kind kind;
	uint8_t bytes[16];
	uint8_t wildcard[16];
	bool prefix; /* was written as A/N: another match than A W on FRR */
	char *group;
};

enum acl_ports_kind {
	ACL_PORTS_NONE,
	ACL_PORTS_EQ,
	ACL_PORTS_NEQ,
	ACL_PORTS_GT,
	ACL_PORTS_LT,
	ACL_PORTS_RANGE, /* two values: first, last */
	ACL_PORTS_GROUP, /* by reference; `group` holds the words */
};

struct acl_ports {
	enum acl_ports_kind kind;
	uint16_t values[ACL_PORTS_MAX]; /* ascending for EQ and NEQ */
	unsigned count;
	char *group;
};

#define ACL_PROTOCOL_NONE (-2) /* not given: a standard list */
#define ACL_PROTOCOL_IP	  (-1) /* `ip`, `ipv6`: every protocol */

/*
 * One entry. Of a permit or deny with `text` NULL, all fields are meant; with
 * `text` set, the entry was not understood and `text` is what followed the
 * action, blanks normalised. A remark has its text there, trailing blanks
 * removed; an opaque entry all of its words.
 *
 * A term of a Junos filter is one entry that takes many lines: `term` is its
 * name, `statements` what is said of it, the other fields of a match are not
 * used. It is opaque, `text` NULL, where a statement was not understood.
 */
struct acl_entry {
	uint32_t sequence; /* 0: none */
	unsigned line; /* 1-based, in the text that it came from */
	enum acl_action action;
	int protocol; /* IANA's number or ACL_PROTOCOL_... */
	char *protocol_group; /* `object-group NAME` in its place, or NULL */
	struct acl_address source, destination;
	struct acl_ports source_ports, destination_ports;
	struct strs flags; /* sorted, each once: "log", "dscp 46", "icmp 8 0" */
	char *term; /* NULL: no term */
	struct strs statements; /* as written: "from protocol tcp" */
	char *text;
	char *normal; /* what is compared; never NULL in a parsed entry */
	char *words; /* what a device takes: as it was written or shown, without
			number and counters; never NULL in a parsed entry */
};

/* A list. Zeroed storage is an absent one. */
struct acl {
	bool present; /* on the device, perhaps empty */
	enum acl_type type;
	struct acl_entry *items; /* in the order of evaluation */
	size_t count, cap;
	struct strs settings; /* lines of the list that are not entries, such
				 as NX-OS's `statistics per-entry` */
};

/* How a platform spells, shows and numbers lists; a row of a const table. */
struct acl_dialect;

/* The dialect of a profile's acl.dialect ("ios", "nxos", "frr", "junos"), or
 * NULL. */
const struct acl_dialect *acl_dialect_find(const char *name);
const char *acl_dialect_name(const struct acl_dialect *dialect);

/* The I-th name, NULL past the last: for messages. */
const char *acl_dialect_name_at(size_t i);

/*
 * A wanted line taken apart for a template. The number may stand bare, or as
 * `seq N` or `sequence N`; it counts only in 1..4294967295 and with something
 * after it. `rest` points into LINE, behind the number and its blanks.
 */
struct acl_line {
	uint32_t sequence; /* 0: none */
	const char *rest;
	bool is_remark;
};

struct acl_line acl_line_split(const char *line);

/*
 * Reads one line as the user writes it, into ENTRY (overwritten, give it back
 * with acl_entry_clear). Never fails: what is not understood becomes an
 * opaque entry, the device is the judge. LINE_NUMBER is kept as it is.
 */
void acl_entry_parse(struct acl_entry *entry, const struct acl_dialect *dialect,
    enum acl_type type, const char *line, unsigned line_number);
void acl_entry_clear(struct acl_entry *entry);
void acl_clear(struct acl *acl);

/*
 * Reads the list NAME from what the device showed for one or more commands
 * (a show of the list, a running configuration or a section of it; lists of
 * other names are passed over). Of several sources the one with the most
 * remarks is taken, with the numbers of another where it has none. A text in
 * which the list does not stand means that it is absent.
 *
 * -1 with ERR_VERIFY if the sources contradict each other in anything but
 * remarks and numbers, or if the list has more than ACL_ENTRIES_MAX entries;
 * ACL is then absent and empty.
 */
int acl_read(struct acl *acl, const struct acl_dialect *dialect,
    const char *name, const struct strs *outputs, struct err *err);

/*
 * The list that a device will hold after LINES were put into an empty one:
 * numbered entries in their place, the others after the highest number so
 * far, remarks where the platform keeps them (IOS: in front of the entry
 * that follows; NX-OS: numbered as entries; FRR: one for a list, the last
 * one given), repetitions dropped where the platform ignores them. Blank
 * lines and comments ("!") are no lines of the list. Lines of one term make
 * one entry, at the place of the first of them. TYPE should be what the
 * job asks for, ACL_IPV6 for an IPv6 list: it decides what a line means.
 * -1 with ERR_JOB if there are too many lines.
 */
int acl_wanted(struct acl *acl, const struct acl_dialect *dialect,
    enum acl_type type, const struct strs *lines, struct err *err);

/*
 * The list that a device will hold after LINES were added to EXISTING, and
 * in SEND (added to it) those of LINES that it does not hold yet, as they
 * were written; none: nothing is to be done. EXISTING's type is used; when it
 * is absent or of no known type, TYPE. Errors as acl_wanted.
 */
int acl_append(struct acl *acl, struct strs *send,
    const struct acl_dialect *dialect, enum acl_type type,
    const struct acl *existing, const struct strs *lines, struct err *err);

/*
 * True if both are the same list: present, of one type, the same entries in
 * the same order. If not, and DIFF is not NULL, adds to it what differs
 * first, as a small unified diff of normal forms ("-" wanted, "+" device).
 * Settings that are wanted must be on the device; others may be.
 */
bool acl_equal(
    const struct acl *wanted, const struct acl *device, struct buf *diff);

/* Adds the list line by line, in normal form: settings first. */
void acl_put_lines(const struct acl *acl, struct strs *lines);

#endif
