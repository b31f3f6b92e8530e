/* Lines on standard error. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static enum log_level current_level = LOG_LEVEL_WARN;
static void (*before_line)(void);

void
log_set_level(enum log_level level)
{
	current_level = level;
}

void
log_set_before(void (*before)(void))
{
	before_line = before;
}

static void
log_line(enum log_level level, const char *fmt, va_list ap)
{
	if (level > current_level)
		return;
	char line[2048];
	vsnprintf(line, sizeof(line), fmt, ap);
	if (before_line)
		before_line();
	/* One write, so that lines of several processes do not mix. */
	fprintf(stderr, "netpush: %s\n", line);
}

#define LOG_FUNCTION(name, level)                                              \
	void name(const char *fmt, ...)                                        \
	{                                                                      \
		va_list ap;                                                    \
		va_start(ap, fmt);                                             \
		log_line(level, fmt, ap);                                      \
		va_end(ap);                                                    \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
