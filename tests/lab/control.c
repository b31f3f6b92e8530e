/*
 * Answers tests: how often, what state, and misbehave from now on. Requests
 * are rows of a table; it must not know how devices do what they are told.
 */
#include "control.h"
#include "loop.h"
#include "server.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_LIMIT (4u << 20)
#define ANSWER_LIMIT  (64u << 20)

struct client {
	struct client *next, **link;
	struct source source;
	struct timer closing; /* freed from here, when no event refers to it */
	struct buf in, out;
	bool dead;
};

static struct {
	const struct lab *lab;
	struct source source;
	struct client *clients;
} control;

static json_t *
do_stats(json_t *request, struct err *err)
{
	uint64_t now, max, logins = 0, failed = 0;
	struct rusage usage;
	json_t *devices = json_object();
	(void)request, (void)err;
	server_totals(&now, &max);
	getrusage(RUSAGE_SELF, &usage);
	for (size_t i = 0; i < control.lab->count; i++) {
		const struct device *device = control.lab->devices[i];
		logins += device->counters.logins;
		failed += device->counters.failed_logins;
		json_object_set_new(
		    devices, device->name, device_stats(device));
	}
	return json_pack("{s:o s:{s:I s:I s:I s:I s:f s:I}}", "devices",
	    devices, "totals", "sessions_now", (json_int_t)now, "sessions_max",
	    (json_int_t)max, "logins", (json_int_t)logins, "failed_logins",
	    (json_int_t)failed, "cpu_seconds",
	    (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
		(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	    "memory_kb", (json_int_t)usage.ru_maxrss);
}

static json_t *
do_sync(json_t *request, struct err *err)
{
	(void)request, (void)err;
	return json_object(); /* every line is written when it happens */
}

static json_t *
do_state(json_t *request, struct err *err)
{
	const char *name = json_string_value(
	    json_object_get(request, "device"));
	const struct device *device = name ? lab_device(control.lab, name)
					   : NULL;
	if (!device) {
		err_set(err, ERR_JOB, "no such device");
		return NULL;
	}
	json_t *state = device_state(device);
	json_object_set_new(state, "modes", server_modes(device));
	return state;
}

static int
set_one(struct device *device, json_t *request, struct err *err)
{
	const json_t *faults = json_object_get(request, "faults");
	const struct {
		const char *key;
		int64_t *value;
	} numbers[] = { { "latency_ms", &device->latency_ms },
		{ "down_ms", &device->machine.down_ms },
		{ "flash_bytes", &device->machine.flash_bytes },
		{ "verify_ms", &device->machine.verify_ms },
		{ "copy_rate", &device->machine.copy_rate } };
	if (faults && faults_load(&device->faults, faults, err))
		return -1;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const json_t *number = json_object_get(request, numbers[i].key);
		if (number)
			*numbers[i].value = json_integer_value(number);
	}
	return 0;
}

static int
reset_one(struct device *device, json_t *request, struct err *err)
{
	(void)request;
	return device_reset(device, err);
}

static int
reload_one(struct device *device, json_t *request, struct err *err)
{
	(void)request, (void)err;
	machine_reload(device, "control");
	return 0;
}

static int
boot_one(struct device *device, json_t *request, struct err *err)
{
	(void)request, (void)err;
	machine_boot(device);
	return 0;
}

static int
drop_one(struct device *device, json_t *request, struct err *err)
{
	(void)request, (void)err;
	server_drop(device);
	return 0;
}

static int
release_one(struct device *device, json_t *request, struct err *err)
{
	(void)request, (void)err;
	server_release(device);
	return 0;
}

static int
down_one(struct device *device, json_t *request, struct err *err)
{
	(void)request;
	return server_down(device, err);
}

static int
up_one(struct device *device, json_t *request, struct err *err)
{
	(void)request;
	return server_up(device, err);
}

static int
expire_one(struct device *device, json_t *request, struct err *err)
{
	(void)request, (void)err;
	device_expire(device);
	return 0;
}

static const struct request {
	const char *name;
	json_t *(*whole)(json_t *request, struct err *err);
	/* Or for each device named, "*" meaning all. */
	int (*each)(struct device *device, json_t *request, struct err *err);
} requests[] = {
	{ "stats", do_stats, NULL },
	{ "sync", do_sync, NULL },
	{ "state", do_state, NULL },
	{ "set", NULL, set_one },
	{ "reset", NULL, reset_one },
	{ "reload", NULL, reload_one },
	{ "boot", NULL, boot_one },
	{ "drop", NULL, drop_one },
	{ "release", NULL, release_one },
	{ "down", NULL, down_one },
	{ "up", NULL, up_one },
	{ "expire", NULL, expire_one },
};

static json_t *
for_each(const struct request *row, json_t *request, struct err *err)
{
	const char *name = json_string_value(
	    json_object_get(request, "device"));
	size_t done = 0;
	for (size_t i = 0; name && i < control.lab->count; i++) {
		struct device *device = control.lab->devices[i];
		if (!str_eq(name, "*") && !str_eq(name, device->name))
			continue;
		if (row->each(device, request, err))
			return NULL;
		done++;
	}
	if (done)
		return json_pack("{s:I}", "devices", (json_int_t)done);
	err_set(err, ERR_JOB, "no such device");
	return NULL;
}

static json_t *
answer(const char *line)
{
	struct err err = { 0 };
	json_error_t error;
	json_t *request = json_loads(line, 0, &error), *result = NULL;
	const char *name = json_string_value(json_object_get(request, "do"));
	size_t i = 0, count = sizeof(requests) / sizeof(requests[0]);
	while (name && i < count && !str_eq(requests[i].name, name))
		i++;
	if (!name || i == count)
		err_set(&err, ERR_JOB, "unknown request");
	else
		result = requests[i].whole
		    ? requests[i].whole(request, &err)
		    : for_each(&requests[i], request, &err);
	json_decref(request);
	if (!result)
		return json_pack("{s:b s:s}", "ok", 0, "error", err.text);
	json_object_set_new(result, "ok", json_true());
	return result;
}

static void
client_free(struct client *client)
{
	int fd = client->source.fd;
	loop_remove(&client->source);
	if (fd >= 0)
		close(fd);
	timer_disarm(&client->closing);
	buf_clear(&client->in);
	buf_clear(&client->out);
	*client->link = client->next;
	if (client->next)
		client->next->link = client->link;
	free(client);
}

static void
closing_over(struct timer *timer)
{
	client_free(CONTAINER(timer, struct client, closing));
}

static void
client_end(struct client *client)
{
	if (client->dead)
		return;
	client->dead = true;
	loop_change(&client->source, 0);
	timer_arm(&client->closing, clock_ms());
}

static void
client_write(struct client *client)
{
	while (client->out.len) {
		ssize_t sent = send(client->source.fd, client->out.data,
		    client->out.len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0) {
			client_end(client);
			return;
		}
		buf_drop(&client->out, (size_t)sent);
	}
	loop_change(&client->source,
	    (uint32_t)EPOLLIN | (client->out.len ? (uint32_t)EPOLLOUT : 0));
}

static void
answer_lines(struct client *client)
{
	char *end;
	while (client->in.len &&
	    (end = memchr(client->in.data, '\n', client->in.len))) {
		*end = '\0';
		json_t *result = answer(client->in.data);
		char *text = json_dumps(result, JSON_COMPACT);
		buf_addf(&client->out, "%s\n", text);
		free(text);
		json_decref(result);
		buf_drop(&client->in, (size_t)(end + 1 - client->in.data));
	}
}

static void
client_ready(struct source *source, uint32_t events)
{
	struct client *client = CONTAINER(source, struct client, source);
	char bytes[4096];
	if (client->dead)
		return;
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
		ssize_t got = recv(source->fd, bytes, sizeof(bytes), 0);
		if (got == 0 || (got < 0 && errno != EAGAIN)) {
			client_end(client);
			return;
		}
		if (got > 0 && !buf_add(&client->in, bytes, (size_t)got)) {
			client_end(client);
			return;
		}
		answer_lines(client);
	}
	client_write(client);
}

static void
control_ready(struct source *source, uint32_t events)
{
	(void)events;
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	struct client *client = xcalloc(1, sizeof(*client));
	buf_init(&client->in, REQUEST_LIMIT);
	buf_init(&client->out, ANSWER_LIMIT);
	client->source.ready = client_ready;
	client->closing.fire = closing_over;
	client->next = control.clients;
	client->link = &control.clients;
	if (control.clients)
		control.clients->link = &client->next;
	control.clients = client;
	loop_add(&client->source, fd, EPOLLIN);
}

int
control_start(const struct lab *lab, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	/* A directory's path may be longer than sun_path: go through /proc. */
	int dir = open(lab->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc = -1;
	control.lab = lab;
	control.source.ready = control_ready;
	snprintf(addr.sun_path, sizeof(addr.sun_path),
	    "/proc/self/fd/%d/control.sock", dir);
	unlink(addr.sun_path);
	if (dir < 0 || fd < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, 16) < 0) {
		err_sys(err, ERR_JOB, errno, "%s/control.sock", lab->dir);
		if (fd >= 0)
			close(fd);
		goto out;
	}
	loop_add(&control.source, fd, EPOLLIN);
	rc = 0;
out:
	if (dir >= 0)
		close(dir);
	return rc;
}

void
control_stop(void)
{
	int fd = control.source.fd;
	while (control.clients)
		client_free(control.clients);
	loop_remove(&control.source);
	if (fd >= 0)
		close(fd);
}
