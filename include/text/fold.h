/*
 * Many names in few words and back: web01, web02, web03, db <-> web[01-03],db.
 * Reports fold the names of devices, people give ranges of them.
 */
#ifndef NETPUSH_TEXT_FOLD_H
#define NETPUSH_TEXT_FOLD_H

#include <stddef.h>

struct err;
struct strs;

/* Some of the names, written as one word. */
struct fold_piece {
	char *text;
	size_t count; /* of the names in it */
};

struct fold {
	struct fold_piece *pieces; /* by the first of their names */
	size_t count;
};

/*
 * Folds NAMES wherever three or more become shorter by it. Of the numbers in a name it is
 * the one that varies among the others that goes into the brackets: "R1-2",
 * "R3-2", "R7-2" is "R[1,3,7]-2". Names given twice count once where they are
 * folded. A word is not longer than WIDTH bytes if that can be had by cutting
 * it in two. Names in which a bracket or a comma stands are left as they are
 * (and cannot be expanded).
 */
void fold_names(struct fold *fold, const struct strs *names, size_t width);
void fold_clear(struct fold *fold);

/*
 * The reverse: adds to NAMES what the words in TEXT stand for, in their order.
 * Words are separated by commas; brackets hold numbers and ranges of them,
 * "web[01-40,60]"; the zeros in front of a range's first number say how many
 * digits there are. -1 with ERR (kind job) for what is none of that, and when
 * it would be more than LIMIT names; NAMES may then hold some of them.
 */
int fold_expand(
    struct strs *names, const char *text, size_t limit, struct err *err);

#endif
