/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The subcommands of `iom`. Each gets its own name as argv[0] and returns the
 * exit status: 0 only if the work was done, 2 for bad input or use, 1 if the
 * system failed (a file that cannot be written, no memory).
 */
#ifndef TOOLS_IOM_H
#define TOOLS_IOM_H

#define IOM_TOOL_OK	0
#define IOM_TOOL_FAIL	1
#define IOM_TOOL_USAGE	2

int iom_tool_decode(int argc, char **argv);
int iom_tool_fw(int argc, char **argv);
int iom_tool_replay(int argc, char **argv);
int iom_tool_serve(int argc, char **argv);
int iom_tool_walk(int argc, char **argv);

#endif
