/*
 * rcmd on network devices, whose command line is no shell: a job of one
 * command is made of the call and run as any other (session engine, one check
 * of the credentials, journal), and its result is shown as that of a tool.
 */
#include "shell_parts.h"

#include "app/execute.h"
#include "app/load.h"
#include "app/login.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "base/fdio.h"
#include "base/log.h"
#include "model/plan.h"
#include "model/ssh_config.h"
#include "run/result.h"
#include "run/run.h"
#include "run/rundir.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The command is a variable of each device: what looks like a template in it
 * is none, and ?HOST is the device's own. */
#define COMMAND_VAR "shell_command"
#define PHASES                                                                 \
	"\nphases: [{name: rcmd, steps: [{command: \"{{{" COMMAND_VAR          \
	"}}}\"}]}]\n"
#define MEMORY_LIMIT_BYTES (32u << 20)

struct network {
	const struct shell_options *options;
	struct shell_call call;
	struct loaded loaded;
	char *text; /* of the job */
	struct hosts hosts; /* the devices, as hosts */
	struct capture_place place;
	int status;
};

bool
shell_is_device_list(const char *text)
{
	static const char key[] = "device_list:";
	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, key, sizeof(key) - 1) == 0)
			return true;
	}
	return false;
}

static json_t *
device_json(const struct shell_options *options,
    const struct ssh_config *config, const struct host *host)
{
	struct ssh_settings settings;
	ssh_config_find(config, host->address,
	    host->user ? host->user : options->shared.username, host->port,
	    login_name(), &settings);
	const char *user = host->user  ? host->user
	    : options->shared.username ? NULL
				       : settings.user;
	json_t *device = json_pack("{s:s, s:s, s:s, s:i, s:s*, s:s*}",
	    "hostname", host->name, "address", settings.address, "device_type",
	    options->device_type, "port",
	    host->port		? host->port
		: settings.port ? settings.port
				: 22,
	    "username", user, "proxy_jump", settings.proxy_jump);
	ssh_settings_clear(&settings);
	return device;
}

/* The hosts as a device_list. The caller frees; NULL after a message. */
static char *
list_of(const struct shell_options *options, const struct hosts *hosts)
{
	struct ssh_config *config = shell_config_load(options);
	if (!config)
		return NULL;
	json_t *list = json_array();
	for (size_t i = 0; i < hosts->count; i++)
		json_array_append_new(
		    list, device_json(options, config, &hosts->items[i]));
	char *array = json_dumps(list, JSON_COMPACT);
	char *text = xasprintf("name: rcmd\ndevice_list: %s\n", array);
	free(array);
	json_decref(list);
	ssh_config_free(config);
	return text;
}

/* What was asked on the command line wins over the file. */
static void
apply_options(const struct shell_options *options, struct job *job)
{
	for (size_t i = 0; i < job->device_count; i++) {
		struct job_device *device = &job->devices[i];
		struct host host = { .name = device->hostname };
		struct shell_call call = { .words = &options->words };
		char *command = shell_command_text(&call, &host);
		json_t *vars = device->vars ? json_copy(device->vars)
					    : json_object();
		json_object_set_new(vars, COMMAND_VAR, json_string(command));
		json_decref(device->vars);
		device->vars = vars;
		free(command);
		if (options->timeout_ms)
			device->timeouts.device_ms = options->timeout_ms;
		if (options->connect_ms)
			device->timeouts.connect_ms = options->connect_ms;
	}
	job->policy.retries = options->attempts - 1;
	load_set_threads(job,
	    options->sequential		  ? 1
		: options->shared.threads ? options->shared.threads
					  : SHELL_THREADS);
}

/* The job, judged and rendered. -1 after every mistake was told. */
static int
make_job(struct network *network, const char *path, const char *text)
{
	const struct shell_options *options = network->options;
	struct diags diags = { 0 };
	struct strs dirs = { 0 };
	int rc = -1;
	network->text = xasprintf("%s%s", text, PHASES);
	load_profile_dirs(&options->shared, &dirs);
	profiles_load(&network->loaded.profiles, &dirs, &diags);
	struct job *job = network->loaded.job = job_parse(path, network->text,
	    strlen(network->text), &network->loaded.profiles, &diags);
	if (!diags_any(&diags) && job) {
		apply_options(options, job);
		rc = plan_check(job, &job->digest, &diags);
	}
	diags_sort(&diags);
	diags_print(&diags);
	diags_clear(&diags);
	strs_clear(&dirs);
	return rc;
}

static void
list_hosts(struct network *network)
{
	const struct job *job = network->loaded.job;
	struct hosts *hosts = &network->hosts;
	for (size_t i = 0; i < job->device_count; i++) {
		const struct job_device *device = &job->devices[i];
		GROW(hosts->items, hosts->count, hosts->cap);
		hosts->items[hosts->count++] = (struct host){
			.name = xstrdup(device->hostname),
			.user = xstrdup(device->username),
		};
	}
}

static int
code_of(enum err_kind kind)
{
	switch (kind) {
	case ERR_NONE:
		return 0;
	case ERR_RESOLVE:
	case ERR_CONNECT:
	case ERR_HOST_KEY:
	case ERR_AUTH:
	case ERR_CLOSED:
		return SHELL_CODE_FAILED;
	case ERR_TIMEOUT:
		return SHELL_CODE_TIMEOUT;
	case ERR_CANCELLED:
		return SHELL_CODE_CANCELLED;
	default:
		return 1;
	}
}

/* A device's result as that of a host. */
static void
take_result(struct network *network, const struct run_view *view,
    const struct ledger_device *device, struct shell_result *result)
{
	struct event event;
	struct err err;
	capture_init(&result->out, &network->place);
	capture_init(&result->err, &network->place);
	result->attempts = device->attempts;
	result->started_ms = device->started_ms;
	result->finished_ms = device->started_ms + device->duration_ms;
	result->state = device->status == DEVICE_SKIPPED ? SHELL_NOT_RUN
							 : SHELL_DONE;
	result->kind = device->error;
	result->code = code_of(device->error);
	if (!device_status_is_success(device->status) && !result->code)
		result->code = 1;
	if (device->output_at >= 0 &&
	    result_read_event(view->journal_fd, device->output_at, &event) ==
		0) {
		if (event.output &&
		    capture_add(
			&result->out, event.output, strlen(event.output), &err))
			log_error("%s", err.text);
		event_clear(&event);
	}
	capture_done(&result->out);
	if (device->error == ERR_NONE)
		return;
	if (result_read_end(view->journal_fd, device, &event)) {
		result->message = xstrdup(device->message);
		return;
	}
	/* What the device answered is its output, if it came so far. */
	result->message = event.error.device_text && !result->out.size
	    ? xasprintf("%s\n%s", event.error.err.text, event.error.device_text)
	    : xstrdup(event.error.err.text);
	event_clear(&event);
}

static void
show(void *data, const struct run_view *run)
{
	struct network *network = data;
	size_t count = network->hosts.count;
	struct shell_result *results = xcalloc(count, sizeof(*results));
	struct shell_view view = {
		.options = network->options,
		.call = &network->call,
		.hosts = &network->hosts,
		.results = results,
	};
	shell_view_init(&view);
	view.started_ms = run->about.started_ms;
	for (size_t i = 0; i < count; i++) {
		take_result(
		    network, run, &run->ledger->devices[i], &results[i]);
		shell_show_done(&view, i);
	}
	network->status = shell_conclude(&view);
	if (run->stopped)
		log_error("%s; no further device was tried", run->stopped);
	for (size_t i = 0; i < count; i++)
		shell_result_forget(&results[i]);
	shell_view_clear(&view);
	free(results);
}

/* The run keeps a copy of its job: TEXT is put where it can be copied from,
 * DIR/rcmd.yml. */
static int
put_job(struct job *job, const char *dir, const char *text, struct err *err)
{
	char *path = xasprintf("%s/rcmd-%d.yml", dir, (int)getpid());
	int rc = dir_make(dir, 0700, err);
	if (rc == 0)
		rc = file_write_atomic(path, text, strlen(text), 0600, err);
	free(job->path);
	job->path = path;
	return rc;
}

static int
run_job_of(struct network *network)
{
	const struct shell_options *options = network->options;
	struct execute_face face = { .data = network, .show = show };
	struct options shared = options->shared;
	char *state = rundir_state_dir(shared.state_dir);
	char *spill = xasprintf("%s/shell", state);
	struct job *job = network->loaded.job;
	struct err err;
	capture_place_init(&network->place, spill, MEMORY_LIMIT_BYTES);
	network->status = EXIT_USAGE;
	/* The outputs are what was asked for, not a report of progress. */
	shared.quiet = true;
	int status = EXIT_USAGE;
	if (put_job(job, spill, network->text, &err))
		log_error("%s", err.text);
	else
		status = execute_for(job, &shared, NULL, &face);
	unlink(job->path);
	free(spill);
	free(state);
	capture_place_clear(&network->place);
	/* What a run knows apart is for a tool that some host failed. */
	return status == EXIT_CREDENTIALS || status == EXIT_STOPPED
	    ? EXIT_DEVICES_FAILED
	    : status == EXIT_ALL_WELL ? network->status
				      : status;
}

int
shell_run_network(const struct shell_options *options,
    const struct hosts *hosts, const char *path, const char *text)
{
	struct network network = {
		.options = options,
		.call = { .kind = SHELL_COMMAND, .words = &options->words },
	};
	int status = EXIT_USAGE;
	if (options->stream)
		return shell_misused(options,
		    "--stream is not for network devices: their command line "
		    "shows an answer when it is complete");
	char *made = text ? NULL : list_of(options, hosts);
	if (!text && !made)
		return status;
	if (make_job(&network, text ? path : "rcmd", text ? text : made) == 0) {
		list_hosts(&network);
		if (shell_outdir_prepare(options, &network.hosts) == 0)
			status = run_job_of(&network);
	}
	hosts_clear(&network.hosts);
	loaded_clear(&network.loaded);
	free(network.text);
	free(made);
	return status;
}
