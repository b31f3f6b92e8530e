/* Cuts command lines into words. It knows nothing of what they mean. */
#include "words.h"

#include "base/alloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void
words_init(struct words *words, const char *line)
{
	words->copy = xstrdup(line);
	words->line = line;
	words->count = 0;
	char *at = words->copy;
	while (words->count < WORDS_MAX) {
		while (isspace((unsigned char)*at))
			at++;
		if (!*at)
			break;
		struct word *word = &words->items[words->count++];
		word->text = at;
		word->offset = (size_t)(at - words->copy);
		while (*at && !isspace((unsigned char)*at))
			at++;
		if (*at)
			*at++ = '\0';
	}
}

void
words_clear(struct words *words)
{
	free(words->copy);
	words->copy = NULL;
	words->count = 0;
}

const char *
words_rest(const struct words *words, size_t index)
{
	if (index >= words->count)
		return "";
	return words->line + words->items[index].offset;
}

bool
word_abbreviates(const char *word, const char *keyword)
{
	size_t len = strlen(word);
	return len && len <= strlen(keyword) &&
	    strncasecmp(word, keyword, len) == 0;
}

size_t
word_common(const char *word, const char *keyword, size_t len)
{
	size_t i = 0;
	while (
	    i < len && word[i] && tolower((unsigned char)word[i]) == keyword[i])
		i++;
	return i;
}

bool
word_is_number(const char *word)
{
	return *word && word[strspn(word, "0123456789")] == '\0';
}
