/* A command line cut into words that remember their column. */
#ifndef LAB_WORDS_H
#define LAB_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX 128

struct words {
	char *copy; /* owned; the words point into it */
	const char *line; /* borrowed: the whole line as it was typed */
	size_t count;
	struct word {
		const char *text;
		size_t offset; /* bytes from the start of the line */
	} items[WORDS_MAX];
};

/* Past WORDS_MAX the rest is left out, which no command accepts anyway. */
void words_init(struct words *words, const char *line);
void words_clear(struct words *words);

/* The typed text from word INDEX to the end of the line; "" past the end. */
const char *words_rest(const struct words *words, size_t index);

/* True if WORD is KEYWORD or an abbreviation of it (letters in any case). */
bool word_abbreviates(const char *word, const char *keyword);

/* How many leading characters WORD and KEYWORD share. */
size_t word_common(const char *word, const char *keyword, size_t len);

bool word_is_number(const char *word);

#endif
