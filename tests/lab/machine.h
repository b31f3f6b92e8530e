/*
 * The machine under a device: what software it runs, since when, and how it
 * goes down and comes up again. It must not know commands or sockets.
 */
#ifndef LAB_MACHINE_H
#define LAB_MACHINE_H

#include "loop.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct buf;
struct device;
struct err;

/* What the configuration file says; texts are borrowed, NULL: as usual. */
struct machine_wishes {
	const char *version, *image, *down;
	json_int_t down_ms, flash_bytes, members, verify_ms, copy_rate;
	int install_mode, dir_kbytes;
};

struct machine {
	char *version, *image; /* that run now */
	char *first_version, *first_image; /* what reset goes back to */
	char *pending; /* to be booted next, whatever startup says */
	char *lost_port; /* that stays down since the boot; see around.c */
	bool mismatch; /* a member of the stack lacks the image */
	const char *why; /* it was started: "power-on", "reload" */
	int64_t booted_ms; /* of clock_ms(); 0: long before the lab */
	int64_t down_ms; /* how long a reload takes; -1: until told */
	bool silent; /* while it is down: nothing answers, else TCP refuses */
	bool down;
	bool at_once; /* back in the same moment */
	struct timer back;
	bool other_key; /* a host key was made at the boot */
	int64_t refuse_logins, refuse_until_ms; /* AAA is late */
	int64_t config_register, next_register;
	int64_t flash_bytes, members; /* of each member of the stack */
	int64_t verify_ms; /* how long to compute a checksum takes */
	int64_t copy_rate; /* bytes a second; 0: as fast as it goes */
	bool dir_kbytes; /* IOS: what `dir` counts space in */
	bool install_mode; /* XE: runs from packages.conf */
};

/* -1 with ERR filled when a wish is wrong. */
int machine_init(struct device *device, const struct machine_wishes *wishes,
    struct err *err);
void machine_clear(struct machine *machine);

/* As at the start of the lab, and up. */
void machine_reset(struct device *device);

/* IMAGE (copied; NULL: none) is tried first at the next boot. */
void machine_pend(struct device *device, const char *image);

/* Goes down now, and up again as `down_ms` and the faults say. WHY is for
 * the witness: "command", "timer", "control", "install". */
void machine_reload(struct device *device, const char *why);

/* Comes up now if it is down: from startup, with what is to be booted. */
void machine_boot(struct device *device);

/* AAA cannot be asked yet; counts a login that is refused for it. */
bool machine_refuses_login(struct device *device);

int64_t machine_seconds_up(const struct device *device);

/* "1 week, 2 days, 3 hours, 4 minutes"; the other form names each unit:
 * "9 day(s), 3 hour(s), 4 minute(s), 5 second(s)". */
void machine_uptime(const struct device *device, bool each, struct buf *out);

/* Adds what a test may ask of it to STATE. */
void machine_state(const struct device *device, json_t *state);

#endif
