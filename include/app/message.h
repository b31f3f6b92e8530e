/*
 * The mail about a run: what stands in it. How it gets to a server is
 * app/email.h's. All of it is drawn from the view, so that a mail can be made
 * again from the run's directory.
 */
#ifndef NETPUSH_APP_MESSAGE_H
#define NETPUSH_APP_MESSAGE_H

#include "run/result.h"

#include <stdbool.h>
#include <stdio.h>

struct buf;
struct err;
struct job_email;

/* The run came to its end and every device succeeded. */
bool message_is_good_news(const struct run_view *view);

/* Adds the subject: "[netpush] OK 40/40 acl_push", "[netpush] FAILED 3/40
 * acl_push (1 unknown, 1 skipped)". */
void message_subject(struct buf *out, const struct run_view *view);

/*
 * Writes the message (RFC 5322): the text report and a page without scripts,
 * each way of the same; attached result.json and the run's transcripts, packed
 * above a size, left out (which the text says) above a larger one. The
 * addresses of EMAIL must be sound. -1 with ERR.
 */
int message_write(FILE *out, const struct job_email *email,
    const struct run_view *view, struct err *err);

/* The part for readers of HTML: all that it needs is in it, no script, no
 * picture. Long lists are cut and say so. */
void message_html(FILE *out, const struct run_view *view);

#endif
