/*
 * Diagnostics for the person at the terminal: standard error, one line each.
 * What belongs to a run is an event (run/event.h), not a log line.
 */
#ifndef NETPUSH_BASE_LOG_H
#define NETPUSH_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Lines above this level are dropped; LOG_LEVEL_WARN at the start. */
void log_set_level(enum log_level level);

/* BEFORE (NULL: nothing) is called before each line that is written: what is
 * drawn on the terminal makes room for it. */
void log_set_before(void (*before)(void));

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
