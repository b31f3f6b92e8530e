/* What show commands have in common: filters, and access lists. */
#ifndef LAB_SHOW_H
#define LAB_SHOW_H

#include "cli.h"

#define SHOW_LIMIT (4u << 20) /* bytes of one output */

/* Prints TEXT through the filter that starts at word FILTER of the line
 * (`| include REGEX`); all of it when there is no such word. */
void show_filtered(struct cli *cli, const char *text, const struct words *words,
    size_t filter);

/* Adds the running configuration's lines that both platforms share. */
void show_lines(const struct strs *lines, const char *indent, struct buf *out);

/* Adds " (N matches)" to entries when the device is told to count. */
unsigned show_matches(
    const struct device *device, const struct acl_entry *entry);

#endif
