/*
 * Where a list is applied, from hostile text, by the rules of each profile. The
 * first line of the input is the list's name. Whatever it is: the line that
 * puts the same list there is the line that was read, and a reference that was
 * moved to another list is found there.
 */
#include "model/acl_uses.h"

#include "base/alloc.h"
#include "base/diag.h"
#include "model/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static struct profiles profiles;

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
load(void)
{
	struct diags diags = { 0 };
	struct strs directories = { 0 };
	if (profiles.count)
		return;
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	must(profiles_load(&profiles, &directories, &diags) == 0);
	strs_clear(&directories);
}

/* The section of one use, with another list in its place. */
static void
check_moved(const struct profile *profile, const struct acl_use *use)
{
	struct acl_uses found = { 0 };
	char *line = acl_use_line(use, "MOVED__np");
	char *text = use->header ? xasprintf("%s\n %s\n", use->header, line)
				 : xstrdup(line);
	acl_uses_read(&found, profile->acl_uses, profile->acl_uses_count, text,
	    "MOVED__np");
	must(found.count == 1 && found.items[0].way == use->way);
	acl_uses_clear(&found);
	free(text);
	free(line);
}

static void
check(const struct profile *profile, const char *name, const char *text)
{
	struct acl_uses uses = { 0 };
	acl_uses_read(
	    &uses, profile->acl_uses, profile->acl_uses_count, text, name);
	for (size_t i = 0; i < uses.count; i++) {
		char *line = acl_use_line(&uses.items[i], name);
		must(str_eq(line, uses.items[i].line));
		free(line);
		if (uses.items[i].moves)
			check_moved(profile, &uses.items[i]);
	}
	acl_uses_clear(&uses);
	if (profile->acl_client)
		free(acl_client_address(profile->acl_client, text));
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *input = xstrndup((const char *)data, size);
	char *text = strchr(input, '\n');
	load();
	if (text && text > input) {
		*text++ = '\0';
		for (size_t i = 0; i < profiles.count; i++)
			check(profiles.items[i], input, text);
	}
	free(input);
	return 0;
}
