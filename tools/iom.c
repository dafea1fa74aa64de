/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `iom`: finds the subcommand and nothing else.
 */
#include <stdio.h>
#include <string.h>

#include <iom/base/field.h>

#include "iom.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "decode", iom_tool_decode, "say what the words of an SMMUv3's structure mean" },
	{ "fw", iom_tool_fw, "read and write firmware tables: VIOT, IORT, device trees" },
#ifndef IOM_NO_STRICT
	{ "replay", iom_tool_replay, "run a recorded strict SMMUv3 again: the same reports" },
#endif
	{ "serve", iom_tool_serve, "offer the functions of a machine to QEMU, by vfio-user" },
	{ "walk", iom_tool_walk, "follow an SMMUv3's structures in a core" },
};

static void usage(FILE *f)
{
	unsigned int i;

	fputs("usage: iom COMMAND [ARGUMENT...]\n\n", f);
	for (i = 0; i < IOM_ARRAY_SIZE(commands); i++)
		fprintf(f, "  %-8s %s\n", commands[i].name, commands[i].help);
	fputs("\n\"iom COMMAND --help\" says more and has an example.\n", f);
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc < 2) {
		usage(stderr);
		return IOM_TOOL_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return IOM_TOOL_OK;
	}
	for (i = 0; i < IOM_ARRAY_SIZE(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "iom: unknown command \"%s\"; \"iom --help\" lists them\n", argv[1]);
	return IOM_TOOL_USAGE;
}
