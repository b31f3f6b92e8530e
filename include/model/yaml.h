/*
 * YAML as the user wrote it: a tree of nodes that know their place, and
 * const tables that judge a mapping and fill a struct from it, saying all
 * that is wrong at once.
 *
 * libyaml reads, not libcyaml: cyaml stops at its first mistake, takes `4x`
 * for 4, has no ranges, no free-form maps and no value that may be a text or
 * a list. (It prints profiles, see model/profile_print.h: writing needs none
 * of that.)
 */
#ifndef NETPUSH_MODEL_YAML_H
#define NETPUSH_MODEL_YAML_H

#include "base/diag.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define YAML_NODES_MAX	 2000000 /* with every alias counted in full */
#define YAML_DEPTH_MAX	 64
#define YAML_ANCHORS_MAX 1000
#define YAML_MERGE_MAX	 1000 /* keys that << brings into one map */

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };
enum yaml_style { YAML_STYLE_PLAIN, YAML_STYLE_QUOTED, YAML_STYLE_BLOCK };

/* Nodes belong to their document. An alias is the very node that it names, so
 * a node may be reached on several ways; it never holds itself. */
struct yaml_node {
	enum yaml_kind kind;
	enum yaml_style style; /* of a scalar */
	struct place place; /* where the value begins */
	struct place text_place; /* where a scalar's text begins: behind the
				    quote; a block's first line and column */
	const char *text; /* of a scalar; no NUL within; else NULL */
	struct yaml_node **keys; /* of a map: scalars, in the file's order */
	struct yaml_node **items; /* of a list; the values of a map */
	size_t count;
	size_t weight; /* nodes in it, itself included */
};

struct yaml;

/*
 * Reads PATH, of at most LIMIT_BYTES (a larger file is refused without being
 * read). NULL after at least one message: cannot be read, not UTF-8, syntax,
 * duplicate keys, several documents, too deep, too large once unfolded.
 * PATH is borrowed by all places and must outlive them.
 */
struct yaml *yaml_load(
    const char *path, size_t limit_bytes, struct diags *diags);

/* The same for LEN bytes in memory; FILE stands in messages. */
struct yaml *yaml_parse(
    const char *file, const char *text, size_t len, struct diags *diags);

/* Takes NULL. (libyaml exports a yaml_free of its own.) */
void yaml_release(struct yaml *yaml);
const struct yaml_node *yaml_root(const struct yaml *yaml);

/* The value of a map's key; NULL if there is none, or if it is no map. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Where the value of KEY begins; the map's own place if it has no such key. */
struct place yaml_place(const struct yaml_node *map, const char *key);

/* A plain scalar with nothing in it, `~` or `null`. */
bool yaml_is_null(const struct yaml_node *node);

/* true/false/yes/no/on/off without quotes. */
bool yaml_to_bool(const struct yaml_node *node, bool *value);

/* "a text", "a list" or "a map", for messages. */
const char *yaml_kind_text(const struct yaml_node *node);

/*
 * A free-form value as JSON; a new reference. Plain words become null,
 * booleans and whole numbers; every other scalar stays the very text that was
 * written (1.10 and 007 are not numbers here), because it ends in a line that
 * is sent to a device.
 */
json_t *yaml_json(const struct yaml_node *node);

enum yaml_field_kind {
	YAML_FIELD_LINE, /* char *: not empty, no control character */
	YAML_FIELD_TEXT, /* char *: anything, may be empty */
	YAML_FIELD_LINES, /* struct strs: a list of lines, or one */
	YAML_FIELD_INT, /* int within min..max */
	YAML_FIELD_BOOL, /* bool */
	YAML_FIELD_DURATION, /* int64_t, milliseconds within min..max */
	YAML_FIELD_LIST, /* const struct yaml_node *: a list */
	YAML_FIELD_MAP, /* const struct yaml_node *: a map */
	YAML_FIELD_ANY, /* const struct yaml_node *: not judged */
	YAML_FIELD_TABLE, /* a struct in place, by `table` */
	YAML_FIELD_LATER, /* a known key that is not supported yet */
};

struct yaml_table;

struct yaml_field {
	const char *key;
	enum yaml_field_kind kind;
	size_t offset;
	bool required;
	int64_t min, max;
	const struct yaml_table *table;
};

struct yaml_table {
	const char *what; /* "a device", for messages */
	const struct yaml_field *fields;
	size_t count;
};

#define YAML_TABLE(what, fields)                                               \
	{                                                                      \
		(what), (fields), sizeof(fields) / sizeof((fields)[0])         \
	}

/*
 * Judges the map NODE by TABLE and fills OUT, a zeroed or initialised struct:
 * members whose key is absent or wrong keep their value; texts and lists that
 * are set replace (free) what was there. 0, or -1 after at least one message.
 */
int yaml_read(const struct yaml_node *node, const struct yaml_table *table,
    void *out, struct diags *diags);

/* The text of NODE if it is a line as in YAML_FIELD_LINE, else NULL after a
 * message that calls it WHAT. Borrowed. */
const char *yaml_line(
    const struct yaml_node *node, const char *what, struct diags *diags);

/* libyaml's version, for --version. */
const char *yaml_library_version(void);

#endif
