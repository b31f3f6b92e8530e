/*
 * The report as one HTML page that needs nothing else: no network, no other
 * file. The page (src/app/html) is part of the executable; what is written
 * here is the data that its script shows.
 */
#ifndef NETPUSH_APP_REPORT_HTML_H
#define NETPUSH_APP_REPORT_HTML_H

#include "run/result.h"

#include <stdio.h>

/*
 * A page holds so much of one text and of all texts together: a browser must
 * be able to open it. What is cut or left out is marked so; the texts of
 * devices that did not succeed come first.
 */
#define HTML_TEXT_LIMIT_BYTES  (256u << 10)
#define HTML_TEXTS_LIMIT_BYTES (48u << 20)

/* Writes the page. -1 when FILE could not take it (see errno). */
int report_html(FILE *file, const struct run_view *view);

#endif
