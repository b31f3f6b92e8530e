/*
 * Regular expressions over device text, and the only file that knows PCRE2.
 * Patterns are trusted to be well meant, subjects are not: every match has a
 * budget of steps, of memory and of processor time. Subjects are bytes, not
 * UTF-8, because a device may send anything.
 */
#include "text/re.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/die.h"
#include "base/err.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATTERN_LIMIT 16384 /* bytes */

/*
 * PCRE2 counts its match limit anew for every place in the subject where it
 * tries, so the limit alone leaves length * limit steps. Hence the windows:
 * a search is cut into runs of starting places, with a look at the processor
 * time between them. They stay small, because cheap text says nothing about
 * what comes after it.
 */
#define STEP_LIMIT	1000000
#define HEAP_LIMIT_KIB	32768
#define JIT_STACK_START 32768
#define JIT_STACK_LIMIT 524288
#define WINDOW_START	64
#define WINDOW_LIMIT	1024
#define TIME_LIMIT_US	1000000
#define TIME_PLENTY_US	1000

struct re {
	char *pattern;
	pcre2_code *code;
	pcre2_match_context *context;
	pcre2_match_data *match;
	bool anchored;
	bool first_known; /* anchored, and can only match what starts with: */
	uint8_t first[32]; /* a set of bytes, one bit each */
};

/* One for all patterns: matches do not nest, and a mapping of its own for
 * each would cost a short-lived worker more than all its matching. Kept until
 * the process ends. */
static pcre2_jit_stack *jit_stack;

static uint32_t
compile_options(unsigned flags)
{
	/* NEVER_UTF: a "(*UTF)" in the pattern would turn every subject with
	 * a stray byte into an error. */
	uint32_t options = PCRE2_USE_OFFSET_LIMIT | PCRE2_NEVER_UTF;
	if (flags & RE_ICASE)
		options |= PCRE2_CASELESS;
	if (flags & RE_MULTILINE)
		options |= PCRE2_MULTILINE;
	if (flags & RE_ANCHORED)
		options |= PCRE2_ANCHORED;
	if (flags & RE_WHOLE)
		options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	return options;
}

static pcre2_code *
compile_code(const char *pattern, unsigned flags, struct err *err)
{
	int number;
	size_t offset;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context)
		fatal("out of memory");
	/* Said here, so that the library's build options do not matter. */
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_set_max_pattern_length(context, PATTERN_LIMIT);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern,
	    PCRE2_ZERO_TERMINATED, compile_options(flags), &number, &offset,
	    context);
	pcre2_compile_context_free(context);
	if (!code) {
		PCRE2_UCHAR why[256];
		pcre2_get_error_message(number, why, sizeof(why));
		err_set(err, ERR_JOB, "at character %zu: %s", offset + 1,
		    (const char *)why);
	}
	return code;
}

/* The byte that every match of an anchored pattern starts with, where that is
 * plain to see: a literal that is there at least once, and no alternatives
 * anywhere. -1: not plain. */
static int
first_literal(const char *p)
{
	if (strchr(p, '|'))
		return -1;
	p += *p == '^';
	bool escaped = *p == '\\';
	p += escaped;
	if (!*p ||
	    (escaped ? isalnum((unsigned char)*p) != 0
		     : strchr("\\^$.[]()?*+{}", *p) != NULL))
		return -1;
	bool optional = p[1] == '?' || p[1] == '*' ||
	    (p[1] == '{' && !(p[2] >= '1' && p[2] <= '9'));
	return optional ? -1 : (unsigned char)*p;
}

/* Most lines of a long show differ from every prompt and log line in their
 * first byte. PCRE2 knows a set of them for some anchored patterns, but not
 * for those that start with a literal. */
static void
find_first(struct re *re)
{
	const uint8_t *set = NULL;
	uint32_t options = 0;
	pcre2_pattern_info(re->code, PCRE2_INFO_ARGOPTIONS, &options);
	pcre2_pattern_info(re->code, PCRE2_INFO_FIRSTBITMAP, &set);
	int literal = options & PCRE2_CASELESS ? -1
					       : first_literal(re->pattern);
	re->first_known = set || literal >= 0;
	if (set)
		memcpy(re->first, set, sizeof(re->first));
	else if (literal >= 0)
		re->first[literal / 8] |= (uint8_t)(1u << literal % 8);
}

struct re *
re_compile(const char *pattern, unsigned flags, struct err *err)
{
	pcre2_code *code = compile_code(pattern, flags, err);
	if (!code)
		return NULL;
	struct re *re = xcalloc(1, sizeof(*re));
	re->pattern = xstrdup(pattern);
	re->code = code;
	re->context = pcre2_match_context_create(NULL);
	re->match = pcre2_match_data_create_from_pattern(code, NULL);
	if (!re->context || !re->match)
		fatal("out of memory");
	pcre2_set_match_limit(re->context, STEP_LIMIT);
	pcre2_set_heap_limit(re->context, HEAP_LIMIT_KIB);

	uint32_t all = 0;
	pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &all);
	re->anchored = all & PCRE2_ANCHORED;
	if (re->anchored)
		find_first(re);

	/* A system that forbids writable code pages has no JIT: slower, but
	 * the same answers. */
	if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0 && !jit_stack)
		jit_stack = pcre2_jit_stack_create(
		    JIT_STACK_START, JIT_STACK_LIMIT, NULL);
	if (jit_stack)
		pcre2_jit_stack_assign(re->context, NULL, jit_stack);
	return re;
}

void
re_free(struct re *re)
{
	if (!re)
		return;
	pcre2_match_data_free(re->match);
	pcre2_match_context_free(re->context);
	pcre2_code_free(re->code);
	free(re->pattern);
	free(re);
}

const char *
re_pattern(const struct re *re)
{
	return re->pattern;
}

/* Processor time, not the wall's: a busy machine must not change answers. */
static int64_t
cpu_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Tries the starting places START..LAST. What JIT's small stack cannot hold,
 * the interpreter with its heap may. */
static int
match_window(const struct re *re, const char *subject, size_t len, size_t start,
    size_t last)
{
	pcre2_set_offset_limit(re->context, last);
	int rc = pcre2_match(re->code, (PCRE2_SPTR)subject, len, start, 0,
	    re->match, re->context);
	if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = pcre2_match(re->code, (PCRE2_SPTR)subject, len, start,
		    PCRE2_NO_JIT, re->match, re->context);
	return rc;
}

static bool
cannot_start(const struct re *re, const char *subject, size_t len)
{
	if (!re->first_known)
		return false;
	unsigned byte = len ? (unsigned char)subject[0] : 0;
	return !len || !(re->first[byte / 8] & (1u << byte % 8));
}

static bool
search(const struct re *re, const char *subject, size_t len)
{
	size_t window = WINDOW_START;
	int64_t began = 0, before = 0;
	if (cannot_start(re, subject, len))
		return false;
	for (size_t start = 0;;) {
		bool final = re->anchored || len - start <= window;
		size_t last = final ? len : start + window - 1;
		int rc = match_window(re, subject, len, start, last);
		if (rc >= 0)
			return true;
		if (rc != PCRE2_ERROR_NOMATCH || final)
			return false;
		start = last + 1;

		int64_t now = cpu_us();
		if (!began)
			began = before = now;
		if (now - began > TIME_LIMIT_US)
			return false;
		if (now - before < TIME_PLENTY_US && window < WINDOW_LIMIT)
			window *= 4;
		else if (now - before > TIME_LIMIT_US / 10 && window > 16)
			window /= 4;
		before = now;
	}
}

bool
re_match(
    const struct re *re, const char *subject, size_t len, struct re_span *span)
{
	return span ? re_match_groups(re, subject, len, span, 1)
		    : search(re, len ? subject : "", len);
}

bool
re_match_groups(const struct re *re, const char *subject, size_t len,
    struct re_span *spans, size_t count)
{
	bool found = search(re, len ? subject : "", len);
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(re->match);
	size_t groups = found ? pcre2_get_ovector_count(re->match) : 0;
	for (size_t i = 0; i < count; i++) {
		spans[i] = (struct re_span){ (size_t)-1, (size_t)-1 };
		if (i >= groups || ends[2 * i] == PCRE2_UNSET)
			continue;
		spans[i].start = ends[2 * i];
		spans[i].end = ends[2 * i + 1];
		/* Before 10.38 a "\K" in a lookahead could put the end before
		 * the start. */
		if (spans[i].end < spans[i].start)
			spans[i].end = spans[i].start;
	}
	return found;
}

int
re_group(const struct re *re, const char *name)
{
	int number = pcre2_substring_number_from_name(
	    re->code, (PCRE2_SPTR)name);
	return number > 0 ? number : -1;
}

void
re_quote(struct buf *out, const char *text, size_t len)
{
	static const char special[] = "\\^$.[]|()?*+{}-/#&~ ";
	for (size_t i = 0; i < len; i++) {
		char byte = text[i];
		/* A NUL would end the pattern, which is a C string. */
		if (!byte) {
			buf_adds(out, "\\x00");
			continue;
		}
		if (strchr(special, byte))
			buf_addc(out, '\\');
		buf_addc(out, byte);
	}
}

const char *
re_library_version(void)
{
	static char version[64];
	if (!version[0])
		pcre2_config(PCRE2_CONFIG_VERSION, version);
	return version;
}
