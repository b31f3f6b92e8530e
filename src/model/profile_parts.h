/* What the files profile*.c share with each other and with nobody else. */
#ifndef NETPUSH_MODEL_PROFILE_PARTS_H
#define NETPUSH_MODEL_PROFILE_PARTS_H

#include "model/profile.h"
#include "model/yaml.h"

/*
 * Puts the keys of the map ROOT over what PROFILE holds: an ancestor's keys
 * first, then the profile's own. PROFILE->file is the place of what is read.
 */
void profile_read(
    struct profile *profile, const struct yaml_node *root, struct diags *diags);

/* The map `acl` (ACL may be NULL). */
void profile_read_acl(
    struct profile *profile, const struct yaml_node *acl, struct diags *diags);

/* A pattern of the profile; NULL after a message at its place. */
struct re *profile_compile(const char *pattern, unsigned flags,
    struct place place, struct diags *diags);

/* Judges the whole: what is missing, what refers to nothing. ROOT is the
 * profile's own map, for places. */
void profile_judge(
    struct profile *profile, const struct yaml_node *root, struct diags *diags);

/* Commands that are templates: one that does not parse is said here. NODE is a
 * text, a list of them, or NULL. */
void profile_check_template(const struct yaml_node *node, struct diags *diags);

/* The keys `image`, `boot` and `reload` (each may be NULL) of the map ROOT. */
struct profile_image_nodes {
	const struct yaml_node *image, *boot, *reload;
};
void profile_image_read(struct profile *profile, const struct yaml_node *root,
    const struct profile_image_nodes *nodes, struct diags *diags);
void profile_image_clear(struct profile_image *image);

/* Compiles PATTERN, the value of KEY. It must have one of the groups ANY, where
 * the first is not NULL. */
void profile_pattern_compile(struct profile_pattern *pattern, const char *key,
    const char *const any[2], struct place place, struct diags *diags);

/* The map `pull`. */
void profile_pull_read(
    struct profile *profile, const struct yaml_node *map, struct diags *diags);
void profile_pull_clear(struct profile_pull *pull);

struct profile *profile_new(const char *file);
void profile_free(struct profile *profile);
void profile_rules_clear(struct profile_rules *rules);
void profile_mode_clear(struct profile_mode *mode);
void profile_question_clear(struct profile_question *question);
void profile_until_clear(struct profile_until *until);
void profile_template_clear(struct profile_template *template);
void profile_uses_clear(struct profile *profile);

/* A pattern of the profile; NULL after a message at its place. */
struct re *profile_compile(const char *pattern, unsigned flags,
    struct place place, struct diags *diags);

/* Adds the questions of LIST (may be NULL); one of the same pattern is
 * replaced. */
void profile_questions_read(struct profile_question **questions, size_t *count,
    const struct yaml_node *list, struct diags *diags);

/* The key `guards` (LIST may be NULL) in place of what was there. */
void profile_guards_read(
    struct profile *profile, const struct yaml_node *list, struct diags *diags);
void profile_guards_judge(const struct profile *profile, struct diags *diags);
void profile_guards_clear(struct profile *profile);

#endif
