/*
 * Text of devices and jobs as it may stand in a format. It is hostile: what
 * a device said must neither end a field nor reach a terminal, a spreadsheet
 * or a parser as anything but text. All texts are UTF-8.
 */
#ifndef NETPUSH_APP_REPORT_PUT_H
#define NETPUSH_APP_REPORT_PUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * As character data of XML 1.0, also within an attribute in double quotes.
 * Control characters, of which XML forbids most even as references, become
 * their pictures (ESC: U+241B), U+FFFE and U+FFFF become U+FFFD. Tab and line
 * feed stay. NULL is nothing.
 */
void report_put_xml(FILE *file, const char *text);

/*
 * As a field of CSV (RFC 4180), quoted where that is needed. Control
 * characters as above. A field that a spreadsheet would take for a formula
 * (it begins with = + - @, a tab or a carriage return) gets a ' in front.
 */
void report_put_csv(FILE *file, const char *text);

/* As the value of a label in Prometheus' text format, without the quotes. */
void report_put_label(FILE *file, const char *text);

/* Milliseconds as seconds, "1.500"; what is not known (less than 0) is 0. */
void report_put_seconds(FILE *file, int64_t duration_ms);

#endif
