/* Names of stages and the small questions about a target. */
#include "device/target.h"

#include "base/str.h"

#include <string.h>

static const char *const stage_names[STAGE__COUNT] = {
	[STAGE_NONE] = "none",
	[STAGE_CONNECT] = "connect",
	[STAGE_LOGIN] = "login",
	[STAGE_PREPARE] = "prepare",
	[STAGE_CHANGE] = "change",
	[STAGE_CONFIRM] = "confirm",
	[STAGE_SAVE] = "save",
	[STAGE_VERIFY] = "verify",
	[STAGE_CLOSE] = "close",
};

const char *
stage_name(enum stage stage)
{
	return (unsigned)stage < STAGE__COUNT ? stage_names[stage] : "none";
}

bool
stage_get(const char *name, enum stage *stage)
{
	int found = str_index(stage_names, STAGE__COUNT, name);
	if (found < 0)
		return false;
	*stage = (enum stage)found;
	return true;
}

const char *
target_username(const struct target *target)
{
	return target->device->username ? target->device->username
					: target->credentials->username;
}
