/* SPDX-License-Identifier: BSD-2-Clause */
/* The two that play a script: libiom's SMMUv3 here, and QEMU's. */
#ifndef TESTS_DIFF_DIFF_MODEL_H
#define TESTS_DIFF_DIFF_MODEL_H

#include <iom/dev/smmuv3_dev.h>

#include "diff/diff_script.h"

/* QEMU's SMMUv3 in the forms that it has, and the IDRs that libiom's is given. */
struct diff_kind {
	const char *name;
	const char *machine, *device;	/* QEMU's arguments; device or NULL */
	uint64_t smmu;			/* address of its registers */
	uint32_t idr[6];
};

/* NULL: no such kind. */
const struct diff_kind *diff_kind(const char *name);

/*
 * 0; else it said why on standard error. ram: DIFF_RAM_SIZE bytes with a script.
 * fresh: for each access, whether its answer was that of a fresh walk.
 */
int diff_model_run(const struct diff_kind *k, uint8_t *ram, bool *fresh);
int diff_qemu_run(const struct diff_kind *k, const char *qemu, const char *elf,
		  const char *ram_file);

#endif
