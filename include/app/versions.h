/* netpush --version: this version, and the libraries that it runs with. */
#ifndef NETPUSH_APP_VERSIONS_H
#define NETPUSH_APP_VERSIONS_H

void versions_print(void);

#endif
