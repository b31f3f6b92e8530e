/* Where the credentials of a run come from, in their fixed order. */
#include "app/login.h"

#include "app/options.h"
#include "app/prompt.h"
#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "model/credentials.h"
#include "model/job.h"
#include "model/plan.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The secrets of the environment. All are taken out of it whatever is used:
 * no child process may see one. */
struct environment {
	struct secret *password, *enable, *passphrase, *server;
};

const char *
login_name(void)
{
	const struct passwd *user = getpwuid(getuid());
	return user ? user->pw_name : "root";
}

static char *
text_of(struct secret *secret)
{
	char *text = secret ? xstrdup(secret_reveal(secret)) : NULL;
	secret_free(secret);
	return text;
}

static char *
find_username(const struct options *options, const struct job *job)
{
	const char *given = options->username ? options->username
	    : job->username		      ? job->username
					      : getenv("NETPUSH_USERNAME");
	if (given && *given)
		return xstrdup(given);
	char *name = text_of(credentials_from_systemd("username"));
	if (name)
		return name;
	return prompt_is_possible() ? prompt_line("Username", login_name())
				    : xstrdup(login_name());
}

static bool
wants_prompt(const struct job *job)
{
	return str_eq(job->source, "prompt");
}

static int
find_password(struct credentials *credentials, const struct options *options,
    const struct job *job, struct environment *env)
{
	struct err err;
	if (options->password_file) {
		credentials->password = credentials_read_file(
		    options->password_file, &err);
		if (!credentials->password)
			log_error("%s", err.text);
		return credentials->password ? 0 : -1;
	}
	if (!wants_prompt(job))
		credentials->password = env->password;
	if (credentials->password)
		env->password = NULL;
	else if (!wants_prompt(job))
		credentials->password = credentials_from_systemd("password");
	if (!credentials->password && !str_eq(job->source, "env") &&
	    prompt_is_possible())
		credentials->password = prompt_secret("Password");
	if (credentials->password)
		return 0;
	log_error("there is no password: set NETPUSH_PASSWORD, give "
		  "--password-file FILE, or run it on a terminal");
	return -1;
}

/* Is this private key encrypted? OpenSSH's own format says its cipher right
 * at the start ("none" in base64), PEM has it in words. */
static bool
key_is_encrypted(const char *text)
{
	static const char plain[] = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9u"
				    "ZQ";
	if (strstr(text, "BEGIN OPENSSH PRIVATE KEY"))
		return !strstr(text, plain);
	return strstr(text, "ENCRYPTED") != NULL;
}

int
login_identity_is_encrypted(const char *path, bool *encrypted, struct err *err)
{
	struct buf key;
	buf_init(&key, 1u << 20);
	int rc = file_read(path, &key, err);
	*encrypted = rc == 0 && key_is_encrypted(buf_str(&key));
	if (key.data)
		secret_wipe(key.data, key.len);
	buf_clear(&key);
	return rc;
}

static int
find_passphrase(struct credentials *credentials, struct environment *env)
{
	struct err err;
	bool encrypted;
	if (login_identity_is_encrypted(
		credentials->identity, &encrypted, &err)) {
		log_error("%s", err.text);
		return -1;
	}
	if (!encrypted)
		return 0;
	credentials->passphrase = env->passphrase;
	env->passphrase = NULL;
	if (!credentials->passphrase)
		credentials->passphrase = credentials_from_systemd(
		    "passphrase");
	if (!credentials->passphrase && prompt_is_possible())
		credentials->passphrase = prompt_secret(
		    "Passphrase of the private key");
	if (credentials->passphrase)
		return 0;
	log_error("%s is encrypted and there is no passphrase "
		  "(NETPUSH_PASSPHRASE)",
	    credentials->identity);
	return -1;
}

/* What devices log in to a file server with. Nothing is fetched by --check. */
static int
find_server_password(struct credentials *credentials,
    const struct options *options, const struct job *job,
    struct environment *env)
{
	struct err err;
	if (options->check || !plan_wants_server_password(job))
		return 0;
	if (options->server_password_file) {
		credentials->server = credentials_read_file(
		    options->server_password_file, &err);
		if (!credentials->server)
			log_error("%s", err.text);
		return credentials->server ? 0 : -1;
	}
	credentials->server = env->server;
	env->server = NULL;
	if (!credentials->server)
		credentials->server = credentials_from_systemd(
		    "server_password");
	if (!credentials->server && !str_eq(job->source, "env") &&
	    prompt_is_possible())
		credentials->server = prompt_secret(
		    "Password of the file server");
	if (credentials->server)
		return 0;
	log_error("there is no password for the file server that devices are "
		  "to fetch from: set NETPUSH_SERVER_PASSWORD, give "
		  "--server-password-file FILE, or run it on a terminal");
	return -1;
}

static int
gather(struct credentials *credentials, const struct options *options,
    const struct job *job, struct environment *env)
{
	const char *identity = options->identity ? options->identity
						 : job->identity;
	if (options->agent ||
	    (!identity && !options->password_file &&
		str_eq(job->source, "agent"))) {
		credentials->method = CREDENTIALS_AGENT;
	} else if (identity && !options->password_file) {
		credentials->method = CREDENTIALS_KEY;
		credentials->identity = xstrdup(identity);
	} else if (str_eq(job->source, "key") && !options->password_file) {
		log_error("%s: credentials.source is \"key\" but no key is "
			  "given (credentials.identity or --identity)",
		    job->path);
		return -1;
	}
	credentials->username = find_username(options, job);
	if (!credentials->username) {
		log_error("no user name was given");
		return -1;
	}
	credentials->enable = env->enable;
	env->enable = NULL;
	if (!credentials->enable)
		credentials->enable = credentials_from_systemd("enable");
	if (credentials->method == CREDENTIALS_KEY)
		return find_passphrase(credentials, env);
	if (credentials->method == CREDENTIALS_PASSWORD)
		return find_password(credentials, options, job, env);
	return 0;
}

int
login_gather(struct credentials *credentials, const struct options *options,
    const struct job *job)
{
	struct environment env = {
		.password = credentials_take_env("NETPUSH_PASSWORD"),
		.enable = credentials_take_env("NETPUSH_ENABLE_PASSWORD"),
		.passphrase = credentials_take_env("NETPUSH_PASSPHRASE"),
		.server = credentials_take_env("NETPUSH_SERVER_PASSWORD"),
	};
	*credentials = (struct credentials){ 0 };
	int rc = gather(credentials, options, job, &env);
	if (rc == 0)
		rc = find_server_password(credentials, options, job, &env);
	secret_free(env.password);
	secret_free(env.enable);
	secret_free(env.passphrase);
	secret_free(env.server);
	return rc;
}

bool
login_ask_again(struct credentials *credentials)
{
	if (credentials->method != CREDENTIALS_PASSWORD ||
	    !prompt_is_possible())
		return false;
	char *username = prompt_line("Username", credentials->username);
	struct secret *password = username ? prompt_secret("Password") : NULL;
	if (!password) {
		free(username);
		return false;
	}
	free(credentials->username);
	secret_free(credentials->password);
	credentials->username = username;
	credentials->password = password;
	return true;
}
