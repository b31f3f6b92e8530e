/*
 * The parallel shell tools: rhosts, lcmd, rcmd, rpush, rpull, rscript, as
 * subcommands and by their own names (symbolic links to the executable).
 */
#ifndef NETPUSH_APP_SHELL_H
#define NETPUSH_APP_SHELL_H

#include <stdbool.h>

/* Is the last part of PATH one of the six names? */
bool shell_tool_is(const char *path);

/* ARGV[0] names the tool. BY_NAME: it was called as such, and says with 255
 * what is 1 otherwise, that some host failed. Returns the exit status, or
 * dies by the signal that ended it. */
int shell_main(int argc, char **argv, bool by_name);

#endif
