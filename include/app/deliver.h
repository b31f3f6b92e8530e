/*
 * The job's key `report`: who gets what when a run is over. Whatever goes
 * wrong here is said on standard error and changes nothing else.
 */
#ifndef NETPUSH_APP_DELIVER_H
#define NETPUSH_APP_DELIVER_H

struct job_report;
struct run_view;
struct secret;

/* Before the run: warns of files that could not be written now. */
void deliver_look_ahead(const struct job_report *report);

/* The files, then the command, then the mail (SMTP_PASSWORD: of email_gather).
 * Nothing for a run that left no directory: it was called off before it
 * began. */
void deliver(const struct job_report *report,
    const struct secret *smtp_password, const struct run_view *view);

#endif
