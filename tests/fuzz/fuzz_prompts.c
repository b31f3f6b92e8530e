/*
 * Fuzzes the prompts with a profile of the real ones: the first line teaches,
 * the others are asked for. What was learnt is found, and a prompt that is
 * found is a prefix of itself.
 */
#include "base/diag.h"
#include "base/die.h"
#include "base/str.h"
#include "device/prompts.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct profile *
pick(unsigned number)
{
	static struct profiles profiles;
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	if (!profiles.count) {
		strs_add(&directories, SOURCE_DIR "/device-profiles");
		BUG_IF(profiles_load(&profiles, &directories, &diags));
		strs_clear(&directories);
	}
	return profiles.items[number % profiles.count];
}

static void
ask(struct prompts *prompts, const char *text, size_t len)
{
	size_t prefix = prompts_prefix(prompts, text, len);
	bool found = prompts_find(prompts, text, len) != NULL;
	BUG_IF(prefix > len);
	BUG_IF(found && !prefix);
	BUG_IF(found && !prompts_learnt(prompts));
	(void)prompts_is_first(prompts, text, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The screen lets no NUL through. */
	if (!size || memchr(data + 1, '\0', size - 1))
		return 0;
	struct prompts *prompts = prompts_new(pick(data[0]));
	const char *text = (const char *)data + 1;
	const char *stop = (const char *)data + size;
	bool first = true;
	while (text < stop) {
		const char *end = memchr(text, '\n', (size_t)(stop - text));
		size_t len = (size_t)((end ? end : stop) - text);
		if (first && prompts_learn(prompts, text, len))
			BUG_IF(!prompts_find(prompts, text, len));
		BUG_IF(prompts_learnt(prompts) && !prompts_stem(prompts)[0]);
		first = false;
		ask(prompts, text, len);
		text += len + (end != NULL);
	}
	prompts_free(prompts);
	return 0;
}
