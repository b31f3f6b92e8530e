/* Memory that is either there or ends the process (see base/die.h). */
#ifndef NETPUSH_BASE_ALLOC_H
#define NETPUSH_BASE_ALLOC_H

#include <stdarg.h>
#include <stddef.h>

/* The caller owns what these return and gives it back with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t count, size_t size);
char *xstrdup(const char *text); /* NULL stays NULL */
char *xstrndup(const char *text, size_t len);
void *xmemdup(const void *data, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap);

/*
 * Makes room for one more element in an array that is kept as ITEMS, COUNT,
 * CAP: doubles CAP when it is full. The new element is not initialised.
 */
#define GROW(items, count, cap)                                                \
	do {                                                                   \
		if ((count) == (cap)) {                                        \
			(cap) = (cap) ? (cap)*2 : 8;                           \
			(items) = xrealloc((items), (cap), sizeof(*(items)));  \
		}                                                              \
	} while (0)

#endif
