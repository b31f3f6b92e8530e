/*
 * The random cases as JSON, one a line, for another engine to judge
 * (tests/lab/plans): what is there, the lines of the plan, what is wanted.
 */
#ifndef TESTS_MODEL_ACL_CASES_H
#define TESTS_MODEL_ACL_CASES_H

#include "model/acl_edit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* Where they go: the descriptor that NETPUSH_CASES_FD names; NULL: nowhere. */
static inline FILE *
cases_file(void)
{
	static FILE *file;
	const char *fd = getenv("NETPUSH_CASES_FD");
	if (!file && fd)
		file = fdopen((int)strtol(fd, NULL, 10), "w");
	return file;
}

static inline json_t *
cases_lines(const struct acl_edit_plan *plan)
{
	json_t *lines = json_array();
	for (size_t i = 0; i < plan->blocks_count; i++) {
		const struct acl_edit_block *block = &plan->blocks[i];
		for (size_t k = 0; k < block->count; k++)
			json_array_append_new(lines,
			    json_pack("[s?, s]", block->header,
				plan->lines[block->first + k].text));
	}
	return lines;
}

static inline json_t *
cases_words(const struct acl *acl)
{
	json_t *words = json_array();
	for (size_t i = 0; i < acl->count; i++)
		json_array_append_new(words, json_string(acl->items[i].words));
	return words;
}

#endif
