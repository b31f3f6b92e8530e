/* A profile as YAML, after inheritance: what netpush really goes by. */
#ifndef NETPUSH_MODEL_PROFILE_PRINT_H
#define NETPUSH_MODEL_PROFILE_PRINT_H

#include <stdio.h>

struct profile;

/*
 * Writes PROFILE to OUT as YAML that loads again as the same profile, without
 * `inherits`: the ancestors' keys are among its own. 0, or -1 when it could
 * not be written.
 */
int profile_print(const struct profile *profile, FILE *out);

/* libcyaml's version, for --version. */
const char *profile_print_library_version(void);

#endif
