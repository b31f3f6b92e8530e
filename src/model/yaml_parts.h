/* What the files yaml*.c share with each other and with nobody else. */
#ifndef NETPUSH_MODEL_YAML_PARTS_H
#define NETPUSH_MODEL_YAML_PARTS_H

#include "model/yaml.h"

/* ---- yaml_source.c: the text, and where its lines begin ---- */

struct yaml_source {
	const char *file;
	const char *text;
	size_t len;
	size_t *lines; /* offset of each, as libyaml counts lines */
	size_t count, cap;
};

void yaml_source_init(
    struct yaml_source *source, const char *file, const char *text, size_t len);
void yaml_source_clear(struct yaml_source *source);

/* What no later stage should have to expect; false after a message. */
bool yaml_source_is_text(const struct yaml_source *source, struct diags *diags);

/* The place of a byte; the column counts characters. */
struct place yaml_source_place(const struct yaml_source *source, size_t offset);

/* Where the text of a block begins whose header stands in LINE (from 0). */
struct place yaml_source_block(
    const struct yaml_source *source, size_t line, const char *text);

/* True if a tab stands before the first other character of LINE (from 0);
 * *offset = which byte. */
bool yaml_source_tab(
    const struct yaml_source *source, size_t line, size_t *offset);

/* True if LINE (from 0) holds "{{": braces of a template begin a map where a
 * value is not in quotes. */
bool yaml_source_braces(const struct yaml_source *source, size_t line);

/* ---- yaml_map.c: memory of a document, and the making of maps ---- */

struct yaml {
	struct yaml_chunk *chunks;
	struct yaml_node *root;
};

/* Zeroes nothing; lives as long as the document. */
void *yaml_get_memory(struct yaml *yaml, size_t size);

/* Makes MAP of COUNT nodes, keys and values in turn; `<<` is unfolded and
 * duplicate keys are said. -1 after a message without which the map would
 * make no sense. */
int yaml_map_fill(struct yaml *yaml, struct yaml_node *map,
    struct yaml_node **nodes, size_t count, struct diags *diags);

#endif
