/*
 * Junos in the lab. The configuration is a list of statements, as `display
 * set` shows them, without their `set`: no tree, but in the tree's order.
 */
#ifndef LAB_JUNOS_H
#define LAB_JUNOS_H

#include "cli.h"

struct flow;
struct junos; /* of one device: candidate, lock, past, confirm timer */

/* junos_statement.c: one list of statements. */
enum junos_answer { JUNOS_OK, JUNOS_NOT_FOUND, JUNOS_SYNTAX };

/* SET true: adds PATH, else removes it and all below. *word: which word of
 * PATH is wrong, for JUNOS_SYNTAX. */
enum junos_answer junos_apply(
    struct strs *lines, bool set, const char *path, size_t *word);

/* Moves what is below PATH before or after what is below OTHER. */
enum junos_answer junos_insert(
    struct strs *lines, const char *path, bool before, const char *other);

/* Statements below PATH ("" = all): with SET as commands, else in braces. */
void junos_print(
    const struct strs *lines, const char *path, bool set, struct buf *out);

/* What makes NOW of OLD, in the manner of `show | compare`. */
void junos_compare(
    const struct strs *old, const struct strs *now, struct buf *out);

/* True if LINE is PATH or below it. */
bool junos_below(const char *line, const char *path);

/* junos_filter.c: firewall filters that are applied to what comes in. */
bool junos_permits(
    const struct device *device, const struct flow *flow, struct buf *why);

/* True when every filter that is applied is there; else WHY tells. */
bool junos_check(const struct strs *lines, struct buf *why);

/* Makes the access lists of CONFIG what its filters are, for the history. */
void junos_list_filters(struct config *config);

/* junos_commit.c */
void junos_free(struct junos *junos);
void junos_leave(struct cli *cli);

/* Minutes until the commit is rolled back; 0: none is to be confirmed. */
int64_t junos_pending(const struct device *device);

HANDLER(junos_configure);
HANDLER(junos_exit);
HANDLER(junos_rollback);
HANDLER(junos_compare_command);
HANDLER(junos_commit_check);
HANDLER(junos_commit);
HANDLER(junos_commit_confirmed);
HANDLER(junos_show_commits);

#endif
