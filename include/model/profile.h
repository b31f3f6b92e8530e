/*
 * A device profile: all that netpush knows about a platform, read from
 * device-profiles/<device_type>.yml (docs/profiles.md explains each key). No
 * C code knows a vendor; it asks the profile.
 *
 * Loaded and checked in the parent, read-only afterwards.
 */
#ifndef NETPUSH_MODEL_PROFILE_H
#define NETPUSH_MODEL_PROFILE_H

#include "base/diag.h"
#include "base/str.h"
#include "model/acl_uses.h"
#include "model/profile_guard.h"
#include "model/profile_image.h"
#include "model/profile_pull.h"
#include "model/timeouts.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct re;
struct redact_spans;
struct template;

/*
 * A mode of the command line, known by its prompt. `prompt` is a pattern for
 * the whole prompt; {{stem}} in it stands for the device's name as learnt
 * from its first prompt, {{stem16}} for the first 16 bytes of that (IOS cuts
 * its prompt in configuration mode); both are quoted when they are put in.
 */
struct profile_mode {
	char *name;
	char *prompt;
	char *from; /* the mode from which `enter` leads here, or NULL */
	char *enter; /* the command, or NULL */
	char *leave; /* the command back to `from`, or NULL */
	bool config; /* lines here change the device: refusals are looked for */
	bool nested; /* entered by a header line, not by `enter` */
	bool secret; /* `enter` asks for the enable password */
};

/* A pattern with what is to be done about it. */
struct profile_rule {
	struct re *pattern; /* matched against one line (RE_MULTILINE off) */
	char *text; /* as written */
	struct place place;
};

struct profile_rules {
	struct profile_rule *items;
	size_t count, cap;
	struct re *any; /* all of them as one pattern, or NULL: each line of a
			   long show is asked once instead of COUNT times */
};

/* The device asks in the middle of a line; `answer` is sent with a Return
 * (or alone, when `bare`). No answer: the question fails the line. */
struct profile_question {
	struct profile_rule when;
	char *answer; /* NULL: never answer */
	bool bare; /* send the answer without a Return (a pager's blank) */
	struct re *unless; /* not answered if a line of what the command showed
			      before matches; or NULL */
	char *unless_text;
};

/*
 * A line that opens a text: what follows is read as it stands, without a
 * prompt, until the mark. That is a fixed one, or what the pattern's group
 * "mark" caught in the opening line (`banner motd ^`). Or there is none, and
 * the bytes `ends` end it (Ctrl-D); then the lines that are indented deeper
 * than the first are the text.
 */
struct profile_until {
	struct profile_rule when;
	struct re *opened; /* what the device then shows; before, no line of the
			      text is sent */
	char *opened_text;
	char *mark; /* NULL: the group, or ends */
	bool alone; /* it counts on a line of its own only, and indentation and
		       blank lines are not the text's */
	char *ends; /* NULL: the mark does */
};

/* Where a text that was opened ends. The mark is borrowed from the opening
 * line, or the profile. */
struct until_end {
	const struct profile_until *until;
	const char *mark;
	size_t mark_len;
};

struct profile_template {
	char *name;
	char *text;
	struct template *parsed;
	char *proof; /* how the result is read back: a row of device/proof, or
			NULL: by the difference of the running configuration */
	struct place place;
};

struct profile {
	char *device_type;
	char *description;
	char *inherits; /* device_type or NULL */
	char *file; /* where it came from */

	struct re *first_prompt; /* group "stem" = the device's name */
	char *first_prompt_text;
	struct profile_mode *modes; /* in the order of the file */
	size_t mode_count;
	char *exec_mode; /* show commands are given here */
	char *config_mode; /* configuration lines begin here; NULL: none */

	struct profile_rules new_password; /* what a device asks that wants
					      its password changed first */
	struct strs setup; /* commands sent after login, in one write */
	char *close; /* the command that ends the session, or NULL */
	char *abort_line; /* brings the prompt back from a question ("\x03") */
	char *literal_next; /* the byte that takes a "?" literally ("\x16") */

	struct profile_rules
	    refusals; /* a line that matches fails its command */
	struct profile_rules notices; /* harmless lines in configuration mode */
	/* Exec commands that change nothing: only these are run by --check. */
	struct profile_rules read_only;
	struct profile_rules alone; /* lines that ask, swallow what follows or
			       change the prompt: nothing else is in flight
			       with them */
	struct profile_rules above_prompt; /* lines over a prompt, part of it */
	struct profile_rules renames; /* lines after which the prompt may show
				 another name */
	struct profile_until *untils; /* lines that open a text */
	size_t until_count;
	struct profile_rules log_lines; /* cut out wherever they appear */
	struct profile_rules secrets; /* what is not to be written down */
	struct profile_question *questions;
	size_t question_count;

	struct strs save; /* commands */
	struct re *save_proof; /* must match what the last of them shows */
	char *save_proof_text;
	/* Where lines only prepare a change (a candidate configuration): */
	struct strs commit; /* lines behind every text, to make it count */
	struct re *commit_proof; /* must match what the last of them says */
	char *commit_proof_text;
	struct strs undo; /* lines that drop what is not committed */
	/* What the device has to take a change back; the first that is there
	 * counts. */
	struct profile_guard *guards;
	size_t guard_count;
	struct profile_rules risky; /* configuration lines that may cut off who
				       sends them */
	char *running_config; /* the command that shows it, or NULL */
	struct profile_rules config_ignore; /* its lines that are not content */

	char *acl_dialect; /* a row of model/acl's table, or NULL */
	struct strs acl_read; /* commands (templates) that show the ACL */
	struct strs acl_otherwise; /* asked too when one of those is refused */
	char *acl_show; /* the one (template) kept as the output */
	/* Commands (templates) that show where lists are applied; none: what
	 * acl_read shows tells it. */
	struct strs acl_uses_read;
	struct acl_use_rule *acl_uses;
	size_t acl_uses_count; /* 0: nobody can tell */
	char *acl_client_read; /* shows from where we are logged in, or NULL */
	struct re *acl_client; /* group "address" */
	char *acl_client_text;
	int acl_ssh_port; /* where the device itself listens; 0: where we
			     connect to */

	struct profile_image image; /* image, boot, reload */
	struct profile_pull pull;

	struct profile_template *templates;
	size_t template_count;
	json_t *vars; /* object: defaults under the job's vars */
	json_t *names; /* object: its device_type and those that it inherits
			  from, each true: what templates ask for */

	int pipeline; /* lines in flight at most; 1 = strict */
	struct timeouts timeouts; /* where the job gives none */
	bool typeahead_echo; /* the terminal echoes before the prompt */
};

/* A set of profiles, by device_type. */
struct profiles {
	struct profile **items; /* sorted by device_type */
	size_t count, cap;
};

/*
 * Loads every *.yml of the directories, the later ones replacing a profile
 * of the same device_type in the earlier; then resolves `inherits` and judges
 * each one. -1 after at least one message.
 */
int profiles_load(struct profiles *profiles, const struct strs *directories,
    struct diags *diags);
void profiles_clear(struct profiles *profiles);

const struct profile *profiles_find(
    const struct profiles *profiles, const char *device_type);
const char *profiles_nearest(
    const struct profiles *profiles, const char *device_type);

const struct profile_mode *profile_mode_find(
    const struct profile *profile, const char *name);
/* Makes `any` of the items, anew. */
void profile_rules_join(struct profile_rules *rules);

/* A redact_find_fn (text/redact.h); PROFILE is a const struct profile *. What a
 * pattern's groups matched is secret; where none did, all that matched. */
void profile_find_secrets(const void *profile, const char *line, size_t len,
    size_t base, struct redact_spans *spans);

/* Does one of the patterns match this line? */
bool profile_rules_match(
    const struct profile_rules *rules, const char *line, size_t len);

/* Does this line open a text? Not if the mark stands in it once more: it is the
 * whole text then. */
bool profile_until_opens(const struct profile *profile, const char *line,
    size_t len, struct until_end *end);

/* Does this line of the text end it? Never, where bytes do. */
bool profile_until_ends(
    const struct until_end *end, const char *line, size_t len);

const struct profile_template *profile_template_find(
    const struct profile *profile, const char *name);

#endif
