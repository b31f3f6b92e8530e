/*
 * What the device tests share: the real profiles, a device with short
 * timeouts, and an observer that writes down what it is told.
 */
#ifndef NETPUSH_TESTS_DEVICE_FIXTURE_H
#define NETPUSH_TESTS_DEVICE_FIXTURE_H

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/secret.h"
#include "device/target.h"
#include "model/credentials.h"
#include "model/job.h"
#include "model/profile.h"

#include <stdlib.h>
#include <string.h>

struct fixture {
	struct profiles profiles;
	struct job job;
	struct job_device device;
	struct credentials credentials;
	struct target target;
	struct observer observer;
	struct buf logs; /* "text|" for each */
	struct buf stages; /* "name|" for each */
	enum stage forbidden; /* that stage may not begin */
};

static inline int
fixture_stage(void *data, enum stage stage)
{
	struct fixture *fixture = data;
	buf_addf(&fixture->stages, "%s|", stage_name(stage));
	return stage == fixture->forbidden ? -1 : 0;
}

static inline void
fixture_log(void *data, const char *text)
{
	struct fixture *fixture = data;
	buf_addf(&fixture->logs, "%s|", text);
}

static inline void
fixture_host_key(void *data, const char *address, int port, const char *type,
    const void *key, size_t len)
{
	(void)data;
	(void)address;
	(void)port;
	(void)type;
	(void)key;
	(void)len;
}

/* Once for a program. False if the profiles cannot be read. */
static inline bool
fixture_init(struct fixture *fixture, const char *profiles_directory)
{
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	*fixture = (struct fixture){
		.device = {
			.hostname = (char *)"R1",
			.address = (char *)"127.0.0.1",
			.port = 22,
			.timeouts = {
				.connect_ms = 2000,
				.login_ms = 2000,
				.silence_ms = 2000,
				.step_ms = 2000,
				.device_ms = 2000,
			},
		},
		.observer = {
			.cancel_fd = -1,
			.stage = fixture_stage,
			.log = fixture_log,
			.warn = fixture_log,
			.host_key = fixture_host_key,
		},
	};
	fixture->observer.data = fixture;
	fixture->target = (struct target){
		.job = &fixture->job,
		.device = &fixture->device,
		.credentials = &fixture->credentials,
		.attempt = 1,
	};
	buf_init(&fixture->logs, 1 << 20);
	buf_init(&fixture->stages, 1 << 16);
	strs_add(&directories, profiles_directory);
	int rc = profiles_load(&fixture->profiles, &directories, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	strs_clear(&directories);
	return rc == 0;
}

/* As new, for the next test, with the profile of DEVICE_TYPE. */
static inline void
fixture_reset(struct fixture *fixture, const char *device_type)
{
	struct timeouts *timeouts = &fixture->device.timeouts;
	fixture->device.profile = profiles_find(
	    &fixture->profiles, device_type);
	fixture->device.pipeline = 0;
	*timeouts = (struct timeouts){ 2000, 2000, 2000, 2000, 2000 };
	fixture->observer.cancel_fd = -1;
	fixture->forbidden = STAGE_NONE;
	fixture->target.transcript = NULL;
	secret_free(fixture->credentials.enable);
	secret_free(fixture->credentials.password);
	fixture->credentials.enable = NULL;
	fixture->credentials.password = NULL;
	buf_reset(&fixture->logs);
	buf_reset(&fixture->stages);
}

static inline void
fixture_clear(struct fixture *fixture)
{
	fixture_reset(fixture, "");
	buf_clear(&fixture->logs);
	buf_clear(&fixture->stages);
	profiles_clear(&fixture->profiles);
}

static inline struct secret *
fixture_secret(const char *text)
{
	return secret_new(text, strlen(text));
}

#endif
