/*
 * Fuzzes session, exchange and sender with a hostile device. The input, cut
 * at bytes 0xff, is what the device says: a piece each time it has heard
 * something. "%E" in a piece is the echo of what it heard last. When nothing
 * is left, it hangs up. Nobody sleeps: every read has something or the end.
 */
#include "base/alloc.h"
#include "base/deadline.h"
#include "base/diag.h"
#include "base/die.h"
#include "base/secret.h"
#include "base/str.h"
#include "device/sender.h"
#include "device/session.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct hostile {
	struct transport base;
	const char *at, *stop;
	struct buf heard, say;
	size_t said;
};

static void
next_piece(struct hostile *hostile)
{
	buf_reset(&hostile->say);
	hostile->said = 0;
	while (hostile->at < hostile->stop) {
		char byte = *hostile->at++;
		if (byte == '\xff')
			break;
		if (byte == '%' && hostile->at < hostile->stop &&
		    *hostile->at == 'E') {
			hostile->at++;
			buf_add(&hostile->say, buf_str(&hostile->heard),
			    hostile->heard.len);
		} else {
			buf_addc(&hostile->say, byte);
		}
	}
	buf_reset(&hostile->heard);
}

static ssize_t
hostile_read(
    struct transport *transport, char *data, size_t len, struct err *err)
{
	struct hostile *hostile = (struct hostile *)transport;
	(void)err;
	size_t left = hostile->say.len - hostile->said;
	/* Silence would be waited for: who has no more to say hangs up. */
	if (!left && hostile->at == hostile->stop)
		return 0;
	if (!left) {
		next_piece(hostile);
		return TRANSPORT_AGAIN;
	}
	size_t n = left < len ? left : len;
	memcpy(data, hostile->say.data + hostile->said, n);
	hostile->said += n;
	return (ssize_t)n;
}

static ssize_t
hostile_write(
    struct transport *transport, const char *data, size_t len, struct err *err)
{
	struct hostile *hostile = (struct hostile *)transport;
	(void)err;
	buf_add(&hostile->heard, data, len);
	return (ssize_t)len;
}

/* Always ready. */
static int
hostile_fd(const struct transport *transport)
{
	static int fd = -1;
	(void)transport;
	if (fd < 0)
		fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	return fd;
}

static short
hostile_events(const struct transport *transport)
{
	(void)transport;
	return POLLIN | POLLOUT;
}

static void
hostile_close(struct transport *transport, int64_t deadline)
{
	(void)transport;
	(void)deadline;
}

static int
any_stage(void *data, enum stage stage)
{
	(void)data;
	(void)stage;
	return 0;
}

static void
any_log(void *data, const char *text)
{
	(void)data;
	(void)text;
}

static struct profiles profiles;

static void
load_profiles(void)
{
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	if (profiles.count)
		return;
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	BUG_IF(profiles_load(&profiles, &directories, &diags));
	strs_clear(&directories);
}

static void
visit(struct session *session)
{
	static const char *const texts[] = { "interface a", " shutdown",
		" description b", "router bgp 1", " address-family x",
		"  network y", " neighbor z", "ntp server c", "banner ^",
		" of the text", "^" };
	struct plan_line items[11];
	const struct plan_lines lines = { .items = items, .count = 11 };
	const struct profile *profile = session_profile(session);
	struct fault fault = { 0 };
	struct push push;
	struct buf out;
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < 11; i++)
		items[i] = (struct plan_line){ .text = (char *)texts[i] };
	if (profile->until_count) {
		items[8].until = profile->untils;
		items[9].in_text = items[10].in_text = true;
	}
	push_init(&push, &lines, deadline_in(200));
	if (session_prepare(session, &fault)) {
		BUG_IF(fault.err.kind == ERR_NONE);
		goto out;
	}
	if (session_command(session, "show clock", 200, &out, &fault) &&
	    !session_is_usable(session))
		goto out;
	fault_clear(&fault);
	int rc = sender_push(session, &push, &fault);
	BUG_IF(push.accepted > push.sent || push.sent > lines.count);
	BUG_IF(rc == 0 && push.accepted != lines.count);
	BUG_IF(rc && fault.err.kind == ERR_NONE);
	BUG_IF(fault.line > lines.count);
out:
	fault_clear(&fault);
	push_clear(&push);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct transport_ops ops = {
		.name = "hostile",
		.read = hostile_read,
		.write = hostile_write,
		.fd = hostile_fd,
		.events = hostile_events,
		.close = hostile_close,
	};
	static const struct observer observer = {
		.cancel_fd = -1,
		.stage = any_stage,
		.log = any_log,
	};
	if (!size)
		return 0;
	load_profiles();
	struct hostile hostile = {
		.base = { .ops = &ops },
		.at = (const char *)data + 1,
		.stop = (const char *)data + size,
	};
	struct job_device device = {
		.hostname = (char *)"R1",
		.address = (char *)"R1",
		.profile = profiles.items[data[0] % profiles.count],
		.timeouts = { 200, 200, 200, 200, 200 },
	};
	struct credentials credentials = {
		.password = secret_new("sesame", 6),
		.enable = secret_new("open", 4),
	};
	struct target target = {
		.device = &device,
		.credentials = &credentials,
	};
	buf_init(&hostile.heard, 1 << 16);
	buf_init(&hostile.say, 1 << 20);
	struct session *session = session_new(
	    &hostile.base, &target, &observer, deadline_in(200));
	if (device.profile->config_mode)
		visit(session);
	session_close(session, 0);
	secret_free(credentials.password);
	secret_free(credentials.enable);
	buf_clear(&hostile.heard);
	buf_clear(&hostile.say);
	return 0;
}
