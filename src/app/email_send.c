/* What is around the sending of a mail: its password, whether it is wanted,
 * and the copy that is kept until a server has taken it. */
#include "app/email.h"

#include "app/message.h"
#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "message_parts.h"
#include "model/credentials.h"
#include "model/job.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
email_gather(
    const struct job_email *email, struct secret **password, struct err *err)
{
	struct secret *environment = credentials_take_env(
	    "NETPUSH_SMTP_PASSWORD");
	int rc = 0;
	*password = NULL;
	if (!email || !email->username)
		goto out;
	if (email->password_file) {
		*password = credentials_read_file(email->password_file, err);
		rc = *password ? 0 : -1;
		goto out;
	}
	*password = environment;
	environment = NULL;
	if (!*password)
		*password = credentials_from_systemd("smtp_password");
	if (!*password)
		rc = err_set(err, ERR_JOB,
		    "there is no password for the mail server: set "
		    "NETPUSH_SMTP_PASSWORD, or name a \"password_file\"");
out:
	secret_free(environment);
	return rc;
}

bool
email_is_wanted(const struct job_email *email, const struct run_view *view)
{
	switch (email->when) {
	case EMAIL_ON_FAILURE:
		return !message_is_good_news(view);
	case EMAIL_ON_CHANGE:
		return !message_is_good_news(view) ||
		    view->ledger->totals[DEVICE_CHANGED];
	default:
		return true;
	}
}

/* Addresses come from a job that was judged, or from an option. Whatever
 * happens before us, none of them gets into a header or a command unseen. */
static int
judge_addresses(const struct job_email *email, struct err *err)
{
	const char *wrong = job_email_address_wrong(email->from);
	if (wrong)
		return err_set(err, ERR_JOB, "the sender %s", wrong);
	for (size_t i = 0; i < email->to.count; i++) {
		wrong = job_email_address_wrong(email->to.items[i]);
		if (wrong)
			return err_set(err, ERR_JOB, "a recipient %s", wrong);
	}
	return 0;
}

/*
 * Makes the mail and puts it at PATH (NULL: nowhere), whole or not at all.
 * *KEPT: it is there. The file comes back open; NULL with ERR.
 */
static FILE *
make(const struct job_email *email, const struct run_view *view,
    const char *path, bool *kept, struct err *err)
{
	char *temporary = path ? xasprintf("%s.XXXXXX", path) : NULL;
	/* Always 0600. */
	int fd = temporary ? mkostemp(temporary, O_CLOEXEC) : -1;
	FILE *file = fd >= 0 ? fdopen(fd, "w+") : message_scratch(view, err);
	*kept = false;
	if (file && message_write(file, email, view, err)) {
		fclose(file);
		file = NULL;
	}
	if (file && fd >= 0)
		*kept = fsync(fd) == 0 && rename(temporary, path) == 0;
	if (fd >= 0 && !*kept)
		unlink(temporary);
	free(temporary);
	return file;
}

int
email_send(const struct job_email *email, const struct secret *password,
    const struct run_view *view, struct err *err)
{
	char *path = view->dir ? xasprintf("%s/mail.eml", view->dir) : NULL;
	bool kept = false;
	FILE *file = NULL;
	int rc = judge_addresses(email, err);
	if (rc == 0) {
		file = make(email, view, path, &kept, err);
		rc = file ? email_transfer(email, password, file, err) : -1;
	}
	if (rc)
		err_prefix(err, "the mail could not be sent: ");
	if (rc && kept)
		err_suffix(err, "; it is kept in %s", path);
	if (rc == 0 && kept)
		unlink(path);
	if (file)
		fclose(file);
	free(path);
	return rc;
}
