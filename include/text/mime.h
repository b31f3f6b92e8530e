/*
 * How text and files become the lines of a mail: encodings and header fields
 * (RFC 2045 to 2047, 2231, 5322). Whatever bytes come in, what is written is
 * ASCII in lines of at most 78 characters that end in CRLF, and no text can
 * begin a header field of its own. Errors are left in the stream (ferror).
 */
#ifndef NETPUSH_TEXT_MIME_H
#define NETPUSH_TEXT_MIME_H

#include <stdio.h>

struct strs;

/* The longest text that a header field takes; the rest is cut, marked by
 * "...". */
#define MIME_FIELD_LIMIT_BYTES 300

/* "NAME: TEXT", folded; as encoded words (RFC 2047) where it must be. Control
 * characters become blanks. */
void mime_put_field(FILE *out, const char *name, const char *text);

/* "NAME: a, b, c", folded between the items. They must be addresses already:
 * printable ASCII without blanks. */
void mime_put_addresses(
    FILE *out, const char *name, const struct strs *addresses);

/* "; NAME=VALUE", folded, behind a field that has not been ended, and ends it:
 * quoted if VALUE is plain, else encoded (RFC 2231). */
void mime_put_parameter(FILE *out, const char *name, const char *value);

/* The text that IN holds, quoted-printable. Line ends become CRLF. */
void mime_put_text(FILE *out, FILE *in);

/* What IN holds, base64. */
void mime_put_base64(FILE *out, FILE *in);

#endif
