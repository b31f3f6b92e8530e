/*
 * Drives the SSH layer by itself, for tests against real servers:
 *
 *	ssh-driver PORT IDENTITY REPORT exec COMMAND
 *	ssh-driver PORT IDENTITY REPORT copy up|down METHOD LOCAL REMOTE [WORD]...
 *	ssh-driver PORT IDENTITY REPORT free REMOTE
 *
 * connects to 127.0.0.1, logs in with the key, and writes one JSON object to
 * the file REPORT. `exec` gives its standard input to the command and hands on
 * what that says. The WORDs of `copy` are tree, preserve, compared, trusted,
 * fd, mode=OCTAL, silence=MILLISECONDS. Exit status: 0 if it came to its end,
 * else 1.
 */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/str.h"
#include "device/copy.h"
#include "device/exec.h"
#include "device/fault.h"
#include "device/target.h"
#include "device/transport_ssh2.h"
#include "model/profile.h"

#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define INPUT_LIMIT (64U << 20)

struct drive {
	struct ssh *ssh;
	json_t *report;
	char **argv; /* behind the verb */
	int argc;
	struct fault *fault;
};

static void
hear(void *data, const char *text)
{
	(void)data;
	(void)text;
}

static int
hand_on(void *data, enum exec_stream stream, const char *bytes, size_t len,
    struct err *err)
{
	(void)data;
	int fd = stream == EXEC_STDERR ? STDERR_FILENO : STDOUT_FILENO;
	return fd_write_all(fd, bytes, len)
	    ? err_set(err, ERR_INTERNAL, "nobody reads")
	    : 0;
}

static void
read_input(struct buf *input)
{
	char chunk[65536];
	ssize_t n;
	buf_init(input, INPUT_LIMIT);
	while ((n = read(STDIN_FILENO, chunk, sizeof(chunk))) > 0)
		buf_add(input, chunk, (size_t)n);
}

static int
drive_exec(struct drive *drive)
{
	struct buf input;
	struct exec_end end = { 0 };
	read_input(&input);
	struct exec *exec = ssh_exec(
	    drive->ssh, drive->argv[0], EXEC_WINDOW_BYTES);
	struct exec_io io = { .input = buf_str(&input),
		.input_len = input.len,
		.take = hand_on };
	int rc = exec_run(
	    exec, &io, deadline_in(PATIENCE_MS), -1, &end, &drive->fault->err);
	json_object_set_new(drive->report, "may_have_run",
	    json_boolean(exec_may_have_run(exec)));
	json_object_set_new(drive->report, "status",
	    end.has_status ? json_integer(end.status) : json_null());
	json_object_set_new(drive->report, "signal", json_string(end.signal));
	exec_free(exec);
	buf_clear(&input);
	return rc;
}

struct counting {
	struct copy_pace pace;
	json_t *notes;
	unsigned calls;
	uint64_t bytes, total;
	bool backwards;
};

static void
on_progress(void *data, uint64_t bytes, uint64_t total)
{
	struct counting *counting = data;
	counting->backwards |= bytes < counting->bytes;
	counting->bytes = bytes;
	counting->total = total;
	counting->calls++;
	copy_pace_note(&counting->pace, clock_ms(), bytes);
}

static void
on_note(void *data, const char *text)
{
	struct counting *counting = data;
	json_array_append_new(counting->notes, json_string(text));
}

static int
copy_word(struct copy_ask *ask, const char *word)
{
	if (str_eq(word, "tree"))
		ask->tree = true;
	else if (str_eq(word, "preserve"))
		ask->preserve = true;
	else if (str_eq(word, "compared"))
		ask->resume = COPY_RESUME_COMPARED;
	else if (str_eq(word, "trusted"))
		ask->resume = COPY_RESUME_TRUSTED;
	else if (str_eq(word, "fd"))
		ask->fd = open(ask->local,
		    ask->direction == COPY_UP ? O_RDONLY : O_RDWR | O_CREAT,
		    0644);
	else if (str_starts(word, "mode="))
		ask->mode = (mode_t)strtoul(word + 5, NULL, 8);
	else if (str_starts(word, "silence="))
		ask->silence_ms = strtol(word + 8, NULL, 10);
	else
		return -1;
	return 0;
}

static int
drive_copy(struct drive *drive)
{
	struct counting counting = { .notes = json_array() };
	struct copy_result result;
	struct copy_ask ask = {
		.direction = str_eq(drive->argv[0], "up") ? COPY_UP : COPY_DOWN,
		.local = drive->argv[2],
		.remote = drive->argv[3],
		.fd = -1,
		.deadline = deadline_in(10 * PATIENCE_MS),
		.silence_ms = COPY_SILENCE_MS,
		.cancel_fd = -1,
		.progress = on_progress,
		.note = on_note,
		.data = &counting,
	};
	if (!copy_method_get(drive->argv[1], &ask.method))
		return err_set(&drive->fault->err, ERR_JOB, "which method?");
	for (int i = 4; i < drive->argc; i++)
		if (copy_word(&ask, drive->argv[i]))
			return err_set(&drive->fault->err, ERR_JOB,
			    "what is %s?", drive->argv[i]);
	int64_t begun = clock_ms();
	int rc = copy_run(drive->ssh, &ask, &result, drive->fault);
	json_t *report = json_pack(
	    "{ss, sI, sI, si, si, sb, sI, sI, si, sb, so, "
	    "sI}",
	    "method", copy_method_name(result.method), "bytes",
	    (json_int_t)result.bytes, "resumed_at",
	    (json_int_t)result.resumed_at, "files", (int)result.files,
	    "left_out", (int)result.left_out, "stalled", (int)result.stalled,
	    "told", (json_int_t)counting.bytes, "total",
	    (json_int_t)counting.total, "calls", (int)counting.calls,
	    "backwards", (int)counting.backwards, "notes", counting.notes, "ms",
	    (json_int_t)(clock_ms() - begun));
	json_object_update(drive->report, report);
	json_decref(report);
	return rc;
}

static int
drive_free(struct drive *drive)
{
	uint64_t bytes = 0;
	int rc = copy_free_bytes(drive->ssh, drive->argv[0],
	    deadline_in(PATIENCE_MS), -1, &bytes, drive->fault);
	json_object_set_new(
	    drive->report, "free", json_integer((json_int_t)bytes));
	return rc;
}

/* Resident memory at most, since this program began. */
static json_int_t
memory_peak(void)
{
	char line[128];
	long kib = 0;
	FILE *file = fopen("/proc/self/status", "r");
	while (file && fgets(line, sizeof(line), file))
		if (str_starts(line, "VmHWM:"))
			kib = strtol(line + 6, NULL, 10);
	if (file)
		fclose(file);
	return (json_int_t)kib * 1024;
}

static const struct verb {
	const char *name;
	int args;
	int (*run)(struct drive *);
} verbs[] = {
	{ "exec", 1, drive_exec },
	{ "copy", 4, drive_copy },
	{ "free", 1, drive_free },
};

static struct ssh *
log_in(const char *port, char *identity, struct fault *fault)
{
	static struct profile profile;
	static struct job_device device;
	static struct credentials credentials;
	static struct target target;
	static const struct observer observer = {
		.cancel_fd = -1, .log = hear, .warn = hear
	};
	device.address = device.hostname = xstrdup("127.0.0.1");
	device.port = (int)strtol(port, NULL, 10);
	device.profile = &profile;
	credentials.username = xstrdup("root");
	credentials.method = CREDENTIALS_KEY;
	credentials.identity = identity;
	target.device = &device;
	target.credentials = &credentials;
	target.host_keys = HOST_KEYS_OFF;
	int64_t deadline = deadline_in(PATIENCE_MS);
	struct ssh *ssh = ssh_connect(
	    &target, &observer, deadline, &fault->err);
	if (ssh && ssh_login(ssh, &target, deadline, fault)) {
		ssh_close(ssh, deadline_in(1000));
		ssh = NULL;
	}
	free(device.address);
	free(credentials.username);
	return ssh;
}

static const struct verb *
find_verb(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc > 4 && str_eq(argv[4], verbs[i].name) &&
		    argc >= 5 + verbs[i].args)
			return &verbs[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	const struct verb *verb = find_verb(argc, argv);
	struct fault fault = { 0 };
	if (!verb) {
		fprintf(stderr, "ssh-driver PORT IDENTITY REPORT VERB ...\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	ssh_warm_up();
	struct drive drive = { .ssh = log_in(argv[1], argv[2], &fault),
		.report = json_object(),
		.argv = argv + 5,
		.argc = argc - 5,
		.fault = &fault };
	int rc = drive.ssh ? verb->run(&drive) : -1;
	ssh_close(drive.ssh, deadline_in(5000));
	json_object_set_new(drive.report, "kind",
	    json_string(rc ? err_kind_name(fault.err.kind) : "none"));
	json_object_set_new(
	    drive.report, "message", json_string(rc ? fault.err.text : ""));
	json_object_set_new(drive.report, "device_text",
	    fault.device_text ? json_string(fault.device_text) : json_null());
	json_object_set_new(drive.report, "peak", json_integer(memory_peak()));
	if (json_dump_file(drive.report, argv[3], 0))
		rc = -1;
	json_decref(drive.report);
	fault_clear(&fault);
	return rc ? 1 : 0;
}
