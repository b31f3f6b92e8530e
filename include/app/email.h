/*
 * The mail about a run, on its way (docs/mail.md). Nothing here changes what
 * became of the run: a mail that cannot be sent is kept and said, no more.
 */
#ifndef NETPUSH_APP_EMAIL_H
#define NETPUSH_APP_EMAIL_H

#include "run/result.h"

#include <stdbool.h>
#include <stdio.h>

struct err;
struct job_email;
struct secret;
struct strs;

/*
 * The password for the mail server, first that is set: `password_file`,
 * NETPUSH_SMTP_PASSWORD, systemd's credential smtp_password. The variable is
 * taken out of the environment in any case: call it before anything is forked.
 * *PASSWORD is NULL if EMAIL is (NULL: no mail) or has no user name. -1 with
 * ERR when there is none to be had.
 */
int email_gather(
    const struct job_email *email, struct secret **password, struct err *err);

/* Does EMAIL's `when` want a mail about this run? */
bool email_is_wanted(
    const struct job_email *email, const struct run_view *view);

/*
 * Makes the mail and sends it, trying again within EMAIL's timeout as long as
 * that may help. Until it was taken for all recipients it stands in the run's
 * directory as mail.eml. -1 with ERR, which says where it is kept. ^C and
 * SIGTERM give it up in the same way. Uses threads (libcurl's, to look up
 * names): nothing may be forked meanwhile.
 */
int email_send(const struct job_email *email, const struct secret *password,
    const struct run_view *view, struct err *err);

/*
 * Sends the mail about a kept run again, to the addresses TO, as the job that
 * stands in its directory says; SMTP (NULL: the job's) is another server, on
 * which nobody logs in. -1 with ERR.
 */
int email_again(const struct run_view *view, const struct strs *to,
    const char *smtp, struct err *err);

/* Sends the whole file MESSAGE, the part of email_send() that knows servers.
 * -1 with ERR when somebody did not get it. */
int email_transfer(const struct job_email *email, const struct secret *password,
    FILE *message, struct err *err);

/* libcurl's version, for --version. */
const char *email_library_version(void);

#endif
