/* Checksums as the devices compute them: slowly, and with dots. */
#ifndef LAB_CHECKSUM_H
#define LAB_CHECKSUM_H

#include "cli.h"
#include "flash.h"

/*
 * Computes the MD5 of NAME as a task of CLI, for `verify_ms`; with DOTS a dot
 * a step. DONE prints HEX; GIVEN (copied, may be NULL) is handed through.
 * False when there is no such file.
 */
bool checksum_start(struct cli *cli, const struct flash_name *name, bool dots,
    const char *given,
    void (*done)(struct cli *cli, const struct flash_name *name,
	const char *hex, const char *given));

#endif
