/*
 * A simulated device: who it is, what it is configured with (running and
 * startup, separately), how it misbehaves, and what has been counted on it.
 */
#ifndef LAB_DEVICE_H
#define LAB_DEVICE_H

#include "config.h"
#include "fault.h"
#include "history.h"
#include "machine.h"
#include "undo.h"

#include <jansson.h>

struct platform;
struct err;
struct cli;

/* How a client that a list shuts out notices. */
enum lockout {
	LOCKOUT_RESET, /* TCP reset, now */
	LOCKOUT_CLOSE, /* FIN */
	LOCKOUT_SILENCE, /* nothing, until the list lets it through again */
};

enum auth_method { AUTH_PASSWORD = 1, AUTH_KEYBOARD = 2, AUTH_KEY = 4 };

struct counters {
	uint64_t connections, logins, failed_logins, auth_none, turns, lines,
	    config_lines, refused, saves, clean_exits, disconnects;
	uint64_t connections_now, sessions_now, sessions_max;
};

struct device {
	const struct platform *platform;
	char *name; /* its name in the inventory; the hostname may change */
	char *address;
	char *username, *password, *enable;
	char *banner; /* printed before the first prompt, or NULL */
	char *authorized_keys; /* path, or NULL */
	char *above_prompt; /* Junos: "{master:0}", or NULL */
	char *terminal; /* socket of who plays the terminal, or NULL */
	char *kex, *ciphers, *macs, *host_key_type; /* NULL: ours */
	unsigned auth; /* enum auth_method */
	int64_t auth_tries, latency_ms, line_limit;
	int64_t prompts; /* of keyboard-interactive: 0, 1, 2 */
	int64_t tech_mb; /* what show tech-support prints */
	bool user_mode, own_host_key, exec, prompt_cut, numbers, matches;
	bool missing_acl_error; /* NX-OS: `no ip access-list` of none */
	bool quiet_prompt; /* IOS: `file prompt quiet` */

	/* Who may come in (reach.h), and what happens to who may not. */
	char *client; /* the address that clients seem to have; NULL: theirs */
	char *way; /* "GigabitEthernet0/1": where they come in, or NULL */
	enum lockout lockout;
	bool empty_permits; /* an applied list without entries */
	bool vty_spares; /* access-class: for new connections only */

	/* Changes that take themselves back. */
	int64_t minute_ms; /* how long a minute takes */
	bool no_archive; /* IOS: a switch that knows no archive */
	bool rollback_cuts; /* sessions end when a timer rolls back */
	bool logs_always; /* even after `terminal no monitor` */
	struct undo revert, reload_in, confirm;
	unsigned archives; /* IOS: how many were made */
	struct nxos_changes *nxos; /* nxos_change.c; NULL: none yet */
	struct junos *junos; /* junos_commit.c; NULL: none yet */
	struct machine machine; /* its software, and that it goes down */
	bool keeps_history;
	struct history history;

	struct config running;
	char *startup; /* what a reload would start from */
	char *first_config; /* what reset goes back to; may be "" */
	struct faults faults;
	json_t *first_faults; /* owned, may be NULL */
	struct counters counters;
	unsigned shown; /* how often the running configuration was */
};

/* Who is told of what happens on devices: the server. */
struct device_watcher {
	/* The running configuration may be another one: who is shut out? */
	void (*changed)(struct device *device);
	/* TEXT appears on all terminals; a LOG only where logs do. */
	void (*say)(struct device *device, const char *text, bool log);
	void (*cut)(struct device *device, const char *reason);
	/* It went down (as its machine says) or is up again. */
	void (*power)(struct device *device, bool up);
};
void device_watch(const struct device_watcher *watcher);

/* Tells the watcher and the history. LINE is what changed it. */
void device_changed(struct device *device, unsigned session, const char *line);
void device_say(struct device *device, bool log, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void device_cut(struct device *device, const char *reason);
void device_power(struct device *device, bool up);

/* What is to be taken back in some minutes is taken back now. */
void device_expire(struct device *device);

/*
 * Makes a device from one object of the configuration file; what the object
 * does not say comes from DEFAULTS (may be NULL). NULL with ERR filled when
 * a key is unknown, a value is wrong or its startup text is refused.
 */
struct device *device_new(const json_t *object, const json_t *defaults,
    const char *address, struct err *err);
void device_free(struct device *device);

/* The running configuration as it is saved, lines ending in "\n". */
void device_print(const struct device *device, struct buf *out);

void device_save(struct device *device);

/* What runs is what a reload would start from. */
bool device_is_saved(const struct device *device);

/* Running becomes startup, as after power was lost. */
int device_reload(struct device *device, struct err *err);

/* Back to what the configuration file said; counters of now are kept. */
int device_reset(struct device *device, struct err *err);

/* A number of four digits, the same for ever and another for each device. */
unsigned device_serial(const struct device *device);

/* Counters as a JSON object; the caller owns it. */
json_t *device_stats(const struct device *device);

/* The state for the control socket; the caller owns it. */
json_t *device_state(const struct device *device);

#endif
