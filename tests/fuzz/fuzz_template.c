/*
 * Fuzzes the template parser and the renderer. The input is lines of data
 * (JSON), a line "---", and a template, which may use itself as partial. A
 * second render must give the same text, and every line its entry in the map.
 */
#include "text/template.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/die.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct template *
itself(void *data, const char *name)
{
	return name[0] == 'x' ? NULL : data;
}

static size_t
count_lines(const struct buf *text)
{
	size_t lines = 0;
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == '\n' || i + 1 == text->len)
			lines++;
	return lines;
}

static void
render_twice(struct template *t, const json_t *context, struct diags *diags)
{
	const json_t *contexts[] = { context };
	struct template_scope scope = { contexts, context ? 1 : 0, itself, t };
	struct template_map map = { 0 };
	struct buf once, again;
	buf_init(&once, 4096);
	buf_init(&again, 4096);
	int rc = template_render(t, &scope, &once, &map, diags);
	BUG_IF((rc == 0) != !diags_any(diags));
	if (rc == 0) {
		BUG_IF(once.cut);
		BUG_IF(map.count != count_lines(&once));
		BUG_IF(template_render(t, &scope, &again, NULL, diags));
		BUG_IF(strcmp(buf_str(&once), buf_str(&again)));
	}
	template_map_clear(&map);
	buf_clear(&once);
	buf_clear(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags diags = { 0 };
	json_t *context = NULL;
	char *text = xstrndup((const char *)data, size);
	char *start = text;
	char *cut = strstr(text, "\n---\n");
	if (cut) {
		*cut = '\0';
		start = cut + 5;
		context = json_loads(text, JSON_DECODE_ANY, NULL);
	}
	struct place place = { "t", 1, 1 };
	struct template *t = template_parse(start, place, &diags);
	BUG_IF(!t != diags_any(&diags));
	if (t)
		render_twice(t, context, &diags);
	diags_sort(&diags);
	diags_clear(&diags);
	template_free(t);
	json_decref(context);
	free(text);
	return 0;
}
