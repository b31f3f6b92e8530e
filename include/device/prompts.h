/*
 * The prompts of one device: its name as learnt from what it showed, and from
 * then on the exact form of every mode's prompt. Nothing else on the screen
 * is taken for a prompt.
 */
#ifndef NETPUSH_DEVICE_PROMPTS_H
#define NETPUSH_DEVICE_PROMPTS_H

#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>

struct err;
struct prompts;

/* PROFILE is borrowed. */
struct prompts *prompts_new(const struct profile *profile);
void prompts_free(struct prompts *prompts);

/* Could this open line be a first prompt (the profile's first_prompt)? */
bool prompts_is_first(
    const struct prompts *prompts, const char *text, size_t len);

/*
 * Learns the device's name from a text that is known to be a prompt (it stood
 * in front of the echo of our own command). False if first_prompt or no mode
 * fits it; then what was known is forgotten.
 */
bool prompts_learn(struct prompts *prompts, const char *text, size_t len);

/*
 * A prompt of an unknown name, right after a command of ours that may show
 * one (into the configuration mode of a device whose exec prompt was set with
 * `prompt`; `hostname`): if it has the form of one of the modes, its name is
 * taken for the device's second one. Never used on text that comes by itself.
 */
bool prompts_guess(struct prompts *prompts, const char *text, size_t len);
bool prompts_learnt(const struct prompts *prompts);

/* The learnt name; "" before that. */
const char *prompts_stem(const struct prompts *prompts);

/* The mode whose prompt is exactly TEXT, or NULL. */
const struct profile_mode *prompts_find(
    const struct prompts *prompts, const char *text, size_t len);

/* Does TEXT begin with a prompt? Its length then, else 0. */
size_t prompts_prefix(
    const struct prompts *prompts, const char *text, size_t len);

/* Does TEXT end with a prompt (and blanks)? Its length with those, the shortest
 * if there are more, else 0. */
size_t prompts_suffix(
    const struct prompts *prompts, const char *text, size_t len);

#endif
