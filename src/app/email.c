/*
 * SMTP through libcurl: one message to all who wait for it, again and again
 * as long as that may help. What the server says is read in email_dialogue.c.
 */
#include "app/email.h"

#include "base/deadline.h"
#include "base/err.h"
#include "base/secret.h"
#include "email_parts.h"
#include "model/job.h"

/* Its checks of types are macros that call the functions by their names. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <dlfcn.h>
#include <malloc.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define ATTEMPTS_MAX		6
#define FIRST_DELAY_MS		1000 /* before the second attempt; doubles */
#define CONNECT_TIMEOUT_MS	20000
#define RESPONSE_TIMEOUT_S	60L /* for each answer of the server */
#define STALL_BYTES_PER_S	1L
#define STALL_S			30L
#define CODE_BAD_AUTHENTICATION 535

struct sending {
	const struct job_email *email;
	const struct secret *password;
	FILE *message;
	int64_t deadline;
	int attempts;
	sigset_t signals; /* blocked; one of them gives up */
	bool given_up;
	struct dialogue dialogue;
	char error[CURL_ERROR_SIZE];
};

enum verdict {
	DONE, /* nobody waits any more, whatever became of them */
	AGAIN, /* it may help to try again */
	HOPELESS,
};

/*
 * libcurl, loaded when the first mail goes out. It brings thirty libraries,
 * which would cost each start of netpush some milliseconds, each worker their
 * mappings, and put their code into processes that read hostile bytes.
 */
#define LIBRARY "libcurl.so.4"
#define ENTRY(name)                                                            \
	{                                                                      \
		"curl_" #name, &api.name                                       \
	}

static struct {
	__typeof__(curl_global_init_mem) *global_init_mem;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_version_info) *version_info;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_perform) *easy_perform;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
} api;

static int
load_library(struct err *err)
{
	static const struct {
		const char *name;
		void *entry;
	} entries[] = {
		ENTRY(global_init_mem),
		ENTRY(global_cleanup),
		ENTRY(version_info),
		ENTRY(easy_init),
		ENTRY(easy_setopt),
		ENTRY(easy_perform),
		ENTRY(easy_strerror),
		ENTRY(easy_cleanup),
		ENTRY(slist_append),
		ENTRY(slist_free_all),
	};
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(err, ERR_INTERNAL, "%s", dlerror());
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		/* POSIX: a pointer to a function fits. */
		void *found = dlsym(library, entries[i].name);
		if (!found)
			return err_set(err, ERR_INTERNAL, "%s", dlerror());
		memcpy(entries[i].entry, &found, sizeof(found));
	}
	return 0;
}

const char *
email_library_version(void)
{
	return load_library(NULL) ? "is not installed"
				  : api.version_info(CURLVERSION_NOW)->version;
}

/* libcurl copies the password: what it frees is wiped. */
static void
wiping_free(void *ptr)
{
	if (ptr)
		secret_wipe(ptr, malloc_usable_size(ptr));
	free(ptr);
}

static void *
wiping_realloc(void *ptr, size_t size)
{
	void *moved = malloc(size);
	if (moved && ptr) {
		size_t old = malloc_usable_size(ptr);
		memcpy(moved, ptr, old < size ? old : size);
		wiping_free(ptr);
	}
	return moved;
}

/* Was ^C or SIGTERM sent? */
static bool
is_given_up(struct sending *sending)
{
	struct timespec now = { 0 };
	if (!sending->given_up &&
	    sigtimedwait(&sending->signals, NULL, &now) > 0)
		sending->given_up = true;
	return sending->given_up;
}

static int
on_progress(void *data, curl_off_t dl_total, curl_off_t dl_now,
    curl_off_t ul_total, curl_off_t ul_now)
{
	(void)dl_total, (void)dl_now, (void)ul_total, (void)ul_now;
	return is_given_up(data);
}

static size_t
on_read(char *out, size_t size, size_t count, void *data)
{
	const struct sending *sending = data;
	size_t len = fread(out, 1, size * count, sending->message);
	return ferror(sending->message) ? CURL_READFUNC_ABORT : len;
}

/* The dialogue, as libcurl tells it. Commands hold the password: only RCPT and
 * QUIT are looked for, and nothing of them is kept. */
static int
on_dialogue(
    CURL *curl, curl_infotype type, char *data, size_t len, void *sending_)
{
	struct sending *sending = sending_;
	(void)curl;
	if (type == CURLINFO_HEADER_OUT)
		dialogue_says(&sending->dialogue, data, len);
	else if (type == CURLINFO_HEADER_IN)
		dialogue_hears(&sending->dialogue, data, len);
	return 0;
}

static void
set_up_encryption(CURL *curl, const struct sending *sending)
{
	const struct job_email *email = sending->email;
	api.easy_setopt(curl, CURLOPT_USE_SSL,
	    email->starttls == EMAIL_STARTTLS_OFF ? (long)CURLUSESSL_NONE
						  : (long)CURLUSESSL_ALL);
	api.easy_setopt(
	    curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (email->ca) {
		api.easy_setopt(curl, CURLOPT_CAINFO, email->ca);
		api.easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (email->username) {
		api.easy_setopt(curl, CURLOPT_USERNAME, email->username);
		api.easy_setopt(
		    curl, CURLOPT_PASSWORD, secret_reveal(sending->password));
	}
}

static void
set_up_limits(CURL *curl, struct sending *sending)
{
	int64_t left = sending->deadline - clock_ms();
	long left_ms = left > 1 ? (long)left : 1;
	api.easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms);
	api.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
	    left_ms < CONNECT_TIMEOUT_MS ? left_ms : CONNECT_TIMEOUT_MS);
	api.easy_setopt(
	    curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, RESPONSE_TIMEOUT_S);
	api.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, STALL_BYTES_PER_S);
	api.easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_S);
	api.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	api.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	api.easy_setopt(curl, CURLOPT_XFERINFODATA, sending);
}

static void
set_up(CURL *curl, struct sending *sending, struct curl_slist *recipients)
{
	struct stat st;
	api.easy_setopt(curl, CURLOPT_URL, sending->email->smtp);
	api.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	api.easy_setopt(curl, CURLOPT_PROXY, ""); /* not ALL_PROXY's, either */
	api.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	api.easy_setopt(curl, CURLOPT_MAIL_FROM, sending->email->from);
	api.easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	/* One bad address must not keep the news from the others. */
	api.easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	api.easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	api.easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
	api.easy_setopt(curl, CURLOPT_READDATA, sending);
	if (fstat(fileno(sending->message), &st) == 0)
		api.easy_setopt(
		    curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)st.st_size);
	api.easy_setopt(curl, CURLOPT_VERBOSE, 1L);
	api.easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_dialogue);
	api.easy_setopt(curl, CURLOPT_DEBUGDATA, sending);
	api.easy_setopt(curl, CURLOPT_ERRORBUFFER, sending->error);
	set_up_encryption(curl, sending);
	set_up_limits(curl, sending);
}

/* May the same succeed later? A wrong password never: it locks accounts. */
static bool
may_pass(CURLcode code, int reply)
{
	if (reply_is_for_now(reply))
		return true;
	if (reply_is_for_good(reply))
		return false;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_AGAIN:
		return true;
	default:
		return false;
	}
}

static void
explain(const struct sending *sending, CURLcode code, struct err *err)
{
	const struct job_email *email = sending->email;
	char why[CURL_ERROR_SIZE];
	/* The server's words about a login may hold parts of it. */
	if (code == CURLE_LOGIN_DENIED ||
	    sending->dialogue.code == CODE_BAD_AUTHENTICATION) {
		err_set(err, ERR_AUTH,
		    "%s: the server refused the login of %s (answer %d)",
		    email->smtp, email->username ? email->username : "nobody",
		    sending->dialogue.code);
		return;
	}
	if (reply_is_refusal(sending->dialogue.code)) {
		err_set(err, ERR_REFUSED, "%s: the server said: %s",
		    email->smtp, sending->dialogue.reply);
		return;
	}
	if (code == CURLE_USE_SSL_FAILED) {
		err_set(err, ERR_CONNECT,
		    "%s: the server does not offer STARTTLS", email->smtp);
		return;
	}
	const char *text = sending->error[0] ? sending->error
					     : api.easy_strerror(code);
	size_t len = strlen(text);
	for (size_t i = 0; i <= len; i++)
		why[i] = text[i] && (text[i] < ' ' || text[i] > '~') ? '?'
								     : text[i];
	err_set(err, ERR_CONNECT, "%s: %s", email->smtp, why);
}

/* The recipients that wait; the caller frees. */
static struct curl_slist *
list_waiting(const struct dialogue *dialogue)
{
	struct curl_slist *list = NULL;
	for (size_t i = 0; i < dialogue->count; i++)
		if (!dialogue->recipients[i].over)
			list = api.slist_append(
			    list, dialogue->recipients[i].address);
	return list;
}

/* One connection: the message for all who wait for it. */
static enum verdict
attempt(struct sending *sending, struct err *err)
{
	CURL *curl = api.easy_init();
	if (!curl) {
		err_set(err, ERR_INTERNAL, "libcurl cannot begin");
		return HOPELESS;
	}
	dialogue_begin(&sending->dialogue);
	struct curl_slist *list = list_waiting(&sending->dialogue);
	sending->attempts++;
	sending->error[0] = '\0';
	rewind(sending->message);
	set_up(curl, sending, list);
	CURLcode code = api.easy_perform(curl);
	dialogue_settle(&sending->dialogue, code == CURLE_OK);
	api.easy_cleanup(curl);
	api.slist_free_all(list);
	/* Taken for some; or each one was refused, and that ended it. */
	bool about_one = code == CURLE_OK ||
	    dialogue_is_about_one(&sending->dialogue);
	if (about_one)
		dialogue_judge(&sending->dialogue, sending->email->smtp, err);
	else
		explain(sending, code, err);
	if (!dialogue_waiting(&sending->dialogue))
		return DONE;
	if (sending->given_up)
		return HOPELESS;
	return about_one || may_pass(code, sending->dialogue.code) ? AGAIN
								   : HOPELESS;
}

/* Waits before the next attempt; false if there is no time for one. */
static bool
wait_for_next(struct sending *sending, int64_t delay_ms)
{
	struct timespec delay = {
		.tv_sec = (time_t)(delay_ms / 1000),
		.tv_nsec = (long)(delay_ms % 1000) * 1000000,
	};
	if (clock_ms() + delay_ms >= sending->deadline)
		return false;
	if (sigtimedwait(&sending->signals, NULL, &delay) > 0)
		sending->given_up = true;
	return !sending->given_up;
}

static int
send_to_all(struct sending *sending, struct err *err)
{
	int64_t began = clock_ms(), delay = FIRST_DELAY_MS;
	char took[CLOCK_TEXT_BYTES];
	enum verdict verdict;
	while ((verdict = attempt(sending, err)) == AGAIN &&
	    sending->attempts < ATTEMPTS_MAX && wait_for_next(sending, delay))
		delay *= 2;
	if (verdict == DONE)
		return dialogue_judge(
		    &sending->dialogue, sending->email->smtp, err);
	duration_format(clock_ms() - began, took);
	if (sending->attempts > 1)
		err_suffix(
		    err, " (%d attempts in %s)", sending->attempts, took);
	if (sending->given_up)
		err_suffix(err, ", called off");
	return -1;
}

int
email_transfer(const struct job_email *email, const struct secret *password,
    FILE *message, struct err *err)
{
	sigset_t before;
	struct sending sending = {
		.email = email,
		.password = password,
		.message = message,
		.deadline = deadline_in(email->timeout_ms),
	};
	int rc = -1;
	dialogue_init(&sending.dialogue, &email->to);
	/* libcurl's threads inherit the mask: the signals stay ours. */
	sigemptyset(&sending.signals);
	sigaddset(&sending.signals, SIGINT);
	sigaddset(&sending.signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &sending.signals, &before);
	if (load_library(err)) {
		/* ERR says it. */
	} else if (api.global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free,
		       wiping_realloc, strdup, calloc)) {
		err_set(err, ERR_INTERNAL, "libcurl cannot begin");
	} else {
		rc = send_to_all(&sending, err);
		api.global_cleanup();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	dialogue_clear(&sending.dialogue);
	return rc;
}
