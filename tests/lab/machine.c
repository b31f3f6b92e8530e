/*
 * Takes devices down and brings them up. Which image they come up with is
 * said by boot.c; who listens, and who hangs, is the watcher's.
 */
#include "machine.h"

#include "boot.h"
#include "cli.h"
#include "flash.h"
#include "witness.h"

#include "base/alloc.h"
#include "base/deadline.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_S 60
#define HOUR_S	 3600
#define DAY_S	 86400
#define WEEK_S	 604800

/* What a device has been up for that was not reloaded: always the same, so
 * that devices that were not touched look alike. */
#define LONG_S (9 * DAY_S + 3 * HOUR_S + 4 * MINUTE_S + 5)

#define REGISTER_BOOT	   0xf /* 0: stay in rommon */
#define REGISTER_NO_CONFIG 0x40

#define FLASH_BYTES (256 << 20)

static void
back_fired(struct timer *timer)
{
	struct machine *machine = CONTAINER(timer, struct machine, back);
	machine_boot(CONTAINER(machine, struct device, machine));
}

int
machine_init(
    struct device *device, const struct machine_wishes *wishes, struct err *err)
{
	struct machine *machine = &device->machine;
	const struct platform *platform = device->platform;
	bool silent = str_eq(wishes->down, "silence");
	if (wishes->down && !silent && !str_eq(wishes->down, "refuse"))
		return err_set(
		    err, ERR_JOB, "down: unknown \"%s\"", wishes->down);
	*machine = (struct machine){
		.first_version = xstrdup(
		    wishes->version ? wishes->version : platform->version),
		.first_image = xstrdup(wishes->image ? wishes->image
			: wishes->install_mode	     ? "flash:packages.conf"
						     : platform->image),
		.down_ms = wishes->down_ms,
		.silent = silent,
		.back.fire = back_fired,
		.flash_bytes = wishes->flash_bytes ? wishes->flash_bytes
						   : FLASH_BYTES,
		.members = wishes->members > 0 ? wishes->members : 1,
		.verify_ms = wishes->verify_ms,
		.copy_rate = wishes->copy_rate,
		.install_mode = wishes->install_mode,
		.dir_kbytes = wishes->dir_kbytes,
	};
	return 0;
}

void
machine_clear(struct machine *machine)
{
	timer_disarm(&machine->back);
	free(machine->version);
	free(machine->image);
	free(machine->pending);
	free(machine->lost_port);
	free(machine->first_version);
	free(machine->first_image);
	*machine = (struct machine){ 0 };
}

static void
run_software(struct machine *machine, const char *version, const char *image)
{
	char *new_version = xstrdup(version), *new_image = xstrdup(image);
	free(machine->version);
	free(machine->image);
	machine->version = new_version;
	machine->image = new_image;
}

void
machine_pend(struct device *device, const char *image)
{
	char *copy = xstrdup(image);
	free(device->machine.pending);
	device->machine.pending = copy;
}

static void
lose_port(struct machine *machine, const char *name)
{
	free(machine->lost_port);
	machine->lost_port = xstrdup(name);
}

void
machine_reset(struct device *device)
{
	struct machine *machine = &device->machine;
	timer_disarm(&machine->back);
	run_software(machine, machine->first_version, machine->first_image);
	machine_pend(device, NULL);
	flash_reset(device);
	lose_port(machine, NULL);
	machine->mismatch = false;
	machine->why = "power-on";
	machine->booted_ms = 0;
	machine->other_key = false;
	machine->refuse_logins = machine->refuse_until_ms = 0;
	machine->config_register = machine
				       ->next_register = device->platform
							     ->config_register;
	if (machine->down) {
		machine->down = false;
		device_power(device, true);
	}
}

static bool
fault_acts(struct device *device, enum fault_kind kind)
{
	if (!faults_take(&device->faults, kind, WHEN_ANY, NULL, 0))
		return false;
	witness_add("fault", device->name, 0,
	    json_pack("{s:s}", "kind", fault_kind_name(kind)));
	return true;
}

void
machine_reload(struct device *device, const char *why)
{
	struct machine *machine = &device->machine;
	if (machine->down || fault_acts(device, FAULT_RELOAD_IGNORED))
		return;
	witness_add("reload", device->name, 0,
	    json_pack("{s:s s:b s:s}", "why", why, "saved",
		device_is_saved(device), "version", machine->version));
	bool stays = fault_acts(device, FAULT_NEVER_BACK) ||
	    machine->down_ms < 0;
	machine->at_once = !stays && !machine->down_ms;
	machine->down = true;
	device_power(device, false);
	if (machine->at_once)
		machine_boot(device);
	else if (!stays)
		timer_arm(&machine->back, clock_ms() + machine->down_ms);
}

/* What goes wrong just after a boot. */
static void
boot_faults(struct device *device)
{
	struct machine *machine = &device->machine;
	machine->refuse_logins = machine->refuse_until_ms = 0;
	const struct fault *late = faults_take(
	    &device->faults, FAULT_AAA_LATE, WHEN_ANY, NULL, 0);
	if (late) {
		machine->refuse_logins = late->ms ? 0 : late->count;
		machine->refuse_until_ms = late->ms ? clock_ms() + late->ms : 0;
	}
	const struct fault *lost = faults_take(
	    &device->faults, FAULT_PORT_LOST, WHEN_ANY, NULL, 0);
	lose_port(machine, lost ? lost->text ? lost->text : "CORE2" : NULL);
	if (fault_acts(device, FAULT_NEW_HOST_KEY))
		machine->other_key = true;
}

/* What stops a boot before an image is looked for, or NULL. */
static const char *
stopped_by(const struct machine *machine)
{
	if (!machine->config_register)
		return NULL; /* a platform that has none */
	if (!(machine->config_register & REGISTER_BOOT))
		return "rommon";
	return machine->config_register & REGISTER_NO_CONFIG ? "setup dialog"
							     : NULL;
}

/* All members of a stack boot the same. */
static bool
members_lack(const struct device *device, const char *image)
{
	struct flash_name name;
	bool lack = false;
	if (!flash_parse(device, image, true, &name))
		return false;
	for (name.member = 2; name.member <= device->machine.members;
	     name.member++) {
		char *version = flash_version(device, &name);
		lack |= !str_eq(version, device->machine.version);
		free(version);
	}
	return lack;
}

/* False when the device stays down: it stands in front of its console. */
static bool
load_image(struct device *device)
{
	struct machine *machine = &device->machine;
	const char *stop = stopped_by(machine);
	struct boot boot = { .tried = NULL };
	if (fault_acts(device, FAULT_BOOTS_OLD))
		boot.version = xstrdup(machine->version);
	else if (!stop)
		boot_choose(device, &boot);
	machine_pend(device, NULL);
	if (boot.version && boot.image)
		run_software(machine, boot.version, boot.image);
	bool loaded = boot.version != NULL;
	if (loaded)
		machine->mismatch = members_lack(device, machine->image);
	witness_add(loaded ? "boot" : "boot_failed", device->name, 0,
	    json_pack("{s:s s:s s:s? s:O?}", "version", machine->version,
		"image", machine->image, "stop", stop, "tried", boot.tried));
	boot_clear(&boot);
	return loaded;
}

void
machine_boot(struct device *device)
{
	struct machine *machine = &device->machine;
	struct err err = { 0 };
	if (!machine->down)
		return;
	timer_disarm(&machine->back);
	machine->config_register = machine->next_register;
	if (!load_image(device))
		return;
	machine->why = "reload";
	machine->booted_ms = clock_ms();
	boot_faults(device);
	machine->down = false;
	device_power(device, true);
	/* The startup configuration was printed by us: it is not refused. */
	if (device_reload(device, &err))
		device_say(device, true, "%s", err.text);
}

bool
machine_refuses_login(struct device *device)
{
	struct machine *machine = &device->machine;
	if (machine->refuse_until_ms > clock_ms())
		return true;
	if (machine->refuse_logins <= 0)
		return false;
	machine->refuse_logins--;
	return true;
}

int64_t
machine_seconds_up(const struct device *device)
{
	const struct machine *machine = &device->machine;
	return machine->booted_ms ? (clock_ms() - machine->booted_ms) / 1000
				  : LONG_S;
}

void
machine_uptime(const struct device *device, bool each, struct buf *out)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = { { WEEK_S, "week" }, { DAY_S, "day" }, { HOUR_S, "hour" },
		{ MINUTE_S, "minute" } };
	int64_t left = machine_seconds_up(device);
	if (each) {
		buf_addf(out,
		    "%lld day(s), %lld hour(s), %lld minute(s), %lld second(s)",
		    (long long)(left / DAY_S),
		    (long long)(left % DAY_S / HOUR_S),
		    (long long)(left % HOUR_S / MINUTE_S),
		    (long long)(left % MINUTE_S));
		return;
	}
	const char *between = "";
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		int64_t count = left / units[i].seconds;
		left %= units[i].seconds;
		bool last = units[i].seconds == MINUTE_S;
		if (!count && !(last && !*between))
			continue;
		buf_addf(out, "%s%lld %s%s", between, (long long)count,
		    units[i].name, count == 1 ? "" : "s");
		between = ", ";
	}
}

void
machine_state(const struct device *device, json_t *state)
{
	const struct machine *machine = &device->machine;
	json_t *more = json_pack("{s:s s:s s:b s:b}", "version",
	    machine->version, "image", machine->image, "down", machine->down,
	    "reloaded", machine->booted_ms != 0);
	json_object_update(state, more);
	json_decref(more);
}
