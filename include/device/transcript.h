/*
 * What was said on one connection, in a file for people: lines sent with
 * ">", lines received with "<", notes with "#", each with the time. Secrets
 * never get there: what is sent as a secret is noted as such, and all else
 * passes the redactor before it is written. Control characters are shown, not
 * written.
 */
#ifndef NETPUSH_DEVICE_TRANSCRIPT_H
#define NETPUSH_DEVICE_TRANSCRIPT_H

#include <stddef.h>

struct redactor;
struct transcript;

/* A file does not grow beyond this; where it was cut is said in it. */
#define TRANSCRIPT_LIMIT_BYTES (16u << 20)

/* Appends to PATH (0600). NULL when PATH is NULL or cannot be opened: the
 * other functions take NULL and do nothing, a device is not failed for it. */
struct transcript *transcript_open(
    const char *path, const struct redactor *redactor);
void transcript_close(struct transcript *transcript);

/* MARK is '>', '<' or '#'. */
void transcript_line(
    struct transcript *transcript, char mark, const char *text, size_t len);

#endif
